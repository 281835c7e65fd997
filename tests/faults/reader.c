/* reader RESULTS.h5: somebody who looks at a running sweep: opens the file again and again, a few hundred times a
 * second, and reads every row, until TERM. A file that is not there (yet) is no fault; one that is there must open and
 * be whole. Prints "N readings, M faults"; exit code 1 when there was a fault or no reading. reader RESULTS.h5 --ids:
 * reads once and prints the ids of the rows. */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <hdf5.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

/* The whole file in memory: it may be replaced or removed while we look. *bytes = 0: it is not there. */
static char *load(size_t *bytes, const char *path)
{
    struct stat info;
    *bytes = 0;
    int fd = open(path, O_RDONLY);
    if (fd < 0) return NULL;
    char *image = fstat(fd, &info) == 0 ? malloc((size_t)info.st_size + 1) : NULL;
    ssize_t got = image != NULL ? read(fd, image, (size_t)info.st_size) : -1;
    *bytes = 1; /* there, but no HDF5 file */
    if (got > 0) *bytes = (size_t)got;
    close(fd);
    return image;
}

/* The number of rows, or -1. The caller frees *ids. */
static hssize_t read_image(int64_t **ids, char *image, size_t bytes)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fapl_core(access, 1 << 16, 0);
    H5Pset_file_image(access, image, bytes);
    hid_t file = H5Fopen("image", H5F_ACC_RDONLY, access);
    H5Pclose(access);
    *ids = NULL;
    if (file < 0) return -1;
    hssize_t count = read_ids(ids, file);
    H5Fclose(file);
    return count;
}

/* False when the file is not there. */
static bool read_file(hssize_t *count, int64_t **ids, const char *path)
{
    size_t bytes;
    char *image = load(&bytes, path);
    *ids = NULL;
    if (bytes > 0) *count = image != NULL ? read_image(ids, image, bytes) : -1;
    free(image);
    return bytes > 0;
}

static void look(const char *path, long *readings, long *faults)
{
    hssize_t count;
    int64_t *ids;
    if (!read_file(&count, &ids, path)) return;
    bool bad = count < 0;
    for (hssize_t i = 1; i < count; i++) bad = bad || ids[i] <= ids[i - 1];
    free(ids);
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
        hssize_t count = -1;
        if (!read_file(&count, &ids, argv[1])) return 1;
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
