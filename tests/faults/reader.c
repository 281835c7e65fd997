/* reader RESULTS.h5: somebody who looks at a running sweep: opens the file again and again, a few hundred times a second,
 * and reads every row, until TERM. A file that is not there (yet) is no fault; one that is there must open and be whole.
 * Prints "N readings, M faults"; exit code 1 when there was a fault or no reading.
 * reader RESULTS.h5 --ids: reads once and prints the ids of the rows. */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <hdf5.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t ended = 0;

static void end(int number)
{
    (void)number;
    ended = 1;
}

/* Reads the column; its length, or -1. The caller frees *out. */
static hssize_t read_ids(int64_t **out, hid_t file)
{
    hid_t set = H5Dopen2(file, "points/id", H5P_DEFAULT);
    hid_t space = set >= 0 ? H5Dget_space(set) : -1;
    hssize_t count = space >= 0 ? H5Sget_simple_extent_npoints(space) : -1;
    *out = calloc((size_t)(count > 0 ? count : 1), sizeof **out);
    if (count > 0 && (*out == NULL || H5Dread(set, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, *out) < 0))
        count = -1;
    if (space >= 0) H5Sclose(space);
    if (set >= 0) H5Dclose(set);
    return count;
}

static hssize_t read_file(int64_t **ids, const char *path)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_file_locking(access, 0, 1);
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, access);
    H5Pclose(access);
    *ids = NULL;
    if (file < 0) return -1;
    hssize_t count = read_ids(ids, file);
    H5Fclose(file);
    return count;
}

/* By an open descriptor: the name may vanish in between. */
static void look(const char *path, long *readings, long *faults)
{
    int fd = open(path, O_RDONLY);
    if (fd < 0) return;
    char by_descriptor[64];
    int64_t *ids;
    snprintf(by_descriptor, sizeof by_descriptor, "/proc/self/fd/%d", fd);
    hssize_t count = read_file(&ids, by_descriptor);
    bool bad = count < 0;
    for (hssize_t i = 1; i < count; i++) bad = bad || ids[i] <= ids[i - 1];
    free(ids);
    close(fd);
    (*readings)++;
    if (bad) {
        (*faults)++;
        fprintf(stderr, "reader: %s cannot be read or is not in order, reading %ld\n", path, *readings);
    }
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: reader RESULTS.h5 [--ids]\n");
        return 2;
    }
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    if (argc > 2) {
        int64_t *ids;
        hssize_t count = read_file(&ids, argv[1]);
        for (hssize_t i = 0; i < count; i++) printf("%d\n", (int)ids[i]);
        free(ids);
        return count < 0;
    }
    struct sigaction action = {.sa_handler = end};
    sigaction(SIGTERM, &action, NULL);
    long readings = 0, faults = 0;
    while (!ended) {
        look(argv[1], &readings, &faults);
        nanosleep(&(struct timespec){.tv_nsec = 4000000}, NULL);
    }
    printf("%ld readings, %ld faults\n", readings, faults);
    return faults > 0 || readings == 0;
}
