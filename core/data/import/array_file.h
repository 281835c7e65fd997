/* array_file: an array of numbers in a file, read from front to back: .npy (also inside .npz) and idx, also packed with
 * gzip or xz. Nothing but the header and what is asked for is held in memory. */
#ifndef CORE_DATA_IMPORT_ARRAY_FILE_H
#define CORE_DATA_IMPORT_ARRAY_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/checksum.h"
#include "core/base/status.h"
#include "core/data/archive.h"

enum { ARRAY_RANK = 6, ARRAY_NAME = 400 };

typedef enum { ARRAY_UNSIGNED, ARRAY_SIGNED, ARRAY_FLOAT } array_kind;

typedef struct {
    archive bytes;
    checksum *sum;         /* borrowed: gets every decompressed byte of the file or member; may be NULL */
    char name[ARRAY_NAME]; /* "FILE", or "MEMBER in FILE", for messages */
    array_kind kind;
    int element; /* bytes: 1, 2, 4 or 8 */
    bool big_endian;
    int rank;
    size_t dims[ARRAY_RANK];
    uint64_t left; /* elements that were not read yet */
} array_file;

/* Opens, reads the header and checks it. `member`: of an .npz, without .npy; NULL for a plain .npy. `path` and `sum`
 * are borrowed until array_close. STATUS_DATA: not this format, or something in it that is not read (objects,
 * structures, column order). */
MUST_CHECK status npy_open(array_file *out, const char *path, const char *member, checksum *sum);
/* Is there a member of that name in the .npz? */
MUST_CHECK status npy_has(bool *there, const char *path, const char *member);
bool npy_is_zip(const char *path);
/* The format of MNIST (LeCun 1998); `member` is NULL. */
MUST_CHECK status idx_open(array_file *out, const char *path, const char *member, checksum *sum);
/* The common signature. */
typedef status array_opener(array_file *out, const char *path, const char *member, checksum *sum);

/* The next `count` elements as they are stored; fails when the file ends before. */
MUST_CHECK status array_read_raw(array_file *a, void *out, size_t count);
/* The next `count` elements as numbers; integers above 2^53 are refused by the caller's range checks. */
MUST_CHECK status array_read_numbers(array_file *a, double *out, size_t count);
/* Passes over the next `count` elements (archive_skip); with a sum, they are missing in it. */
MUST_CHECK status array_skip(array_file *a, uint64_t count);
/* After the last element: fails when the file goes on. */
MUST_CHECK status array_end(array_file *a);
void array_close(array_file *a);

/* "(60000, 28, 28)" into text[room]; returns text. */
const char *array_shape(char *text, size_t room, const array_file *a);

/* For the two formats: the next bytes of the file, with the sum. */
MUST_CHECK status array_take(array_file *a, void *out, size_t count, const char *what);
/* For the two formats: checks rank and sizes, and sets `left`. */
MUST_CHECK status array_check_shape(array_file *a);

#endif
