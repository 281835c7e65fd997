/* fuzz_h5: edits of an HDF5 file through the library's own interface: what comes out is a sound HDF5 file that says odd
 * things, as a hostile writer would make it. Seals are the caller's. */
#ifndef TESTS_FUZZ_FUZZ_H5_H
#define TESTS_FUZZ_FUZZ_H5_H

#include "tests/fuzz/fuzz.h"

enum { FUZZ_H5_OBJECTS = 256, FUZZ_H5_NAME = 96 };

typedef struct {
    uint8_t *image; /* the file; owned, until the process ends */
    size_t size;
    int count;
    char names[FUZZ_H5_OBJECTS][FUZZ_H5_NAME]; /* of its groups and data sets; [0] is "." */
} fuzz_h5;

/* Takes a file in as it is. */
void fuzz_h5_take(fuzz_h5 *out, const char *path);

/* Writes it to `path` (whatever is there is replaced) with a few edits, which the input says. */
void fuzz_h5_write(const char *path, const fuzz_h5 *base, fuzz_input *in);

#endif
