/* fuzz_array: reads everything of an array that is not absurdly large. */
#ifndef TESTS_FUZZ_FUZZ_ARRAY_H
#define TESTS_FUZZ_FUZZ_ARRAY_H

#include "core/data/import/array_file.h"
#include "tests/fuzz/fuzz.h"

static inline void fuzz_array(const char *path, array_opener *open, const char *member)
{
    array_file a;
    double numbers[64];
    char shape[8];
    if (failed(open(&a, path, member, NULL))) return;
    for (int i = 0; i < 1000 && a.left > 0; i++)
        if (failed(array_read_numbers(&a, numbers, a.left < 64 ? (size_t)a.left : 64))) break;
    array_shape(shape, sizeof shape, &a);
    array_close(&a);
}

#endif
