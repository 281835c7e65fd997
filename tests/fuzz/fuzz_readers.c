/* Feeds bytes to one reader of foreign files, which FUZZ_READER names at compile time. Built and run by run.sh with
 * libFuzzer; a crash, a leak, an endless loop or a report of the sanitizers is a fault. */
#define _GNU_SOURCE /* memfd_create */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/data/import/array_file.h"
#include "core/data/import/picture.h"
#include "core/data/import/wave_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
void read_picture(const uint8_t *bytes, size_t size);
void read_wave(const uint8_t *bytes, size_t size);
void read_npy(const uint8_t *bytes, size_t size);
void read_idx(const uint8_t *bytes, size_t size);

void read_picture(const uint8_t *bytes, size_t size)
{
    picture p;
    if (failed(picture_decode(&p, bytes, size, "bytes"))) return;
    uint8_t out[12 * 12 * 3];
    if (failed(picture_scale(out, 12, 12, 3, &p, size % 2 == 0 ? FIT_CROP : FIT_STRETCH))) abort();
    picture_free(&p);
}

void read_wave(const uint8_t *bytes, size_t size)
{
    int16_t *samples;
    size_t count;
    if (!failed(wave_read(&samples, &count, bytes, size, "bytes", 16000))) free(samples);
}

/* Everything of an array that is not absurdly large. */
static void read_array(const uint8_t *bytes, size_t size, array_opener *open, const char *member)
{
    char path[64];
    int fd = memfd_create("bytes", 0);
    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size) abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    array_file a;
    if (!failed(open(&a, path, member, NULL))) {
        double numbers[64];
        for (int i = 0; i < 1000 && a.left > 0; i++) {
            size_t n = a.left < 64 ? (size_t)a.left : 64;
            if (failed(array_read_numbers(&a, numbers, n))) break;
        }
        char shape[8];
        array_shape(shape, sizeof shape, &a);
        array_close(&a);
    }
    close(fd);
}

void read_npy(const uint8_t *bytes, size_t size)
{
    read_array(bytes, size, npy_open, NULL);
    read_array(bytes, size, npy_open, "x");
}

void read_idx(const uint8_t *bytes, size_t size)
{
    read_array(bytes, size, idx_open, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    FUZZ_READER(bytes, size);
    return 0;
}
