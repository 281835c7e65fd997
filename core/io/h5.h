/* h5: the only door to HDF5. Every call returns a status whose message is the innermost entry of HDF5's error stack;
 * the library's own printing is switched off. Handles are HDF5 identifiers (64-bit). Files are opened for reading
 * without locks, because what we publish is never open for writing. What is read passes a guard: links,
 * virtual data sets, other filters and impossible sizes are DATA errors. Not thread-safe, like the library. */
#ifndef CORE_IO_H5_H
#define CORE_IO_H5_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/status.h"

typedef int64_t h5_id;

typedef enum { H5_F32, H5_F64, H5_U8, H5_I8, H5_I32, H5_I64 } h5_type;
size_t h5_type_size(h5_type type);

/* Every data set carries both, as the attributes "unit" and "description", and as "units" and "long_name" (its first
 * clause) of the CF conventions. Dimensionless: unit "1". */
typedef struct {
    const char *unit, *description;
} h5_about;

enum { H5_MAX_RANK = 6 };

/* A new file is built in memory and written to `path` by h5_close, which closes in any case; then file_publish syncs
 * and renames it. h5_create replaces an existing file and fails at once when the place cannot be written. After an
 * error: h5_discard closes a new file and removes it (a file open for reading is just closed). */
MUST_CHECK status h5_create(h5_id *out, const char *path);
MUST_CHECK status h5_open_read(h5_id *out, const char *path);
/* The same for a file that h5_copy takes from: all of it is read at once, as HDF5 1.10 crashes when a read fails while
 * it copies. */
MUST_CHECK status h5_open_whole(h5_id *out, const char *path);
MUST_CHECK status h5_close(h5_id file);
void h5_discard(h5_id file);
/* The same for a file that may be larger than memory: it is written to `path` while it grows, and takes a few MB. A
 * write that fails (a full disk) is told by the next call that fails, by h5_check and by h5_close. */
MUST_CHECK status h5_create_large(h5_id *out, const char *path);
/* Was everything written so far? `where`: the file or anything in it. To be asked now and then while it grows. */
MUST_CHECK status h5_check(h5_id where);

/* A group below `parent` (a file or a group), created when missing. Close with h5_group_close. */
MUST_CHECK status h5_group(h5_id *out, h5_id parent, const char *name);
MUST_CHECK status h5_group_open(h5_id *out, h5_id parent, const char *name); /* error when missing */
void h5_group_close(h5_id group);
bool h5_exists(h5_id parent, const char *name); /* also for paths: "record/curve/loss" */

/* Copies the data set or the group with everything below it, also between files; `name` must not exist below `to`. */
MUST_CHECK status h5_copy(h5_id to, const char *name, h5_id from, const char *source);

/* Names of the links directly below `parent`, in increasing byte order. *out is one allocation: count pointers followed
 * by the strings; the caller frees it. */
MUST_CHECK status h5_list(char ***out, size_t *count, h5_id parent);

/* The groups and data sets directly below a group, in increasing byte order of their names. HDF5 looks a name up by
 * going through all names of the group; a member that is opened here was looked up once, and "." below it is itself. */
typedef struct h5_members h5_members;
MUST_CHECK status h5_members_new(h5_members **out, h5_id parent, const char *group);
void h5_members_free(h5_members *m); /* NULL is allowed */
size_t h5_members_count(const h5_members *m);
const char *h5_members_name(const h5_members *m, size_t i);
/* Fails when there is none of that name, or a link. Close with h5_member_close. */
MUST_CHECK status h5_member_open(h5_id *out, const h5_members *m, const char *name);
void h5_member_close(h5_id object);

/* Writes one data set. rank 0 is a scalar. Data sets above 64 KiB are chunked, shuffled, deflated (level 1) and
 * checksummed (fletcher32). */
MUST_CHECK status h5_write(h5_id parent, const char *name, h5_type type, int rank, const size_t *dims, const void *data,
                           h5_about about);
/* The same without chunks and compression whatever the size, for files that must be written quickly. */
MUST_CHECK status h5_write_plain(h5_id parent, const char *name, h5_type type, int rank, const size_t *dims,
                                 const void *data, h5_about about);
/* One-dimensional array of UTF-8 strings, on disk one byte longer than the longest, filled up with zeros; called ASCII
 * where they are (Octave reads no other). */
MUST_CHECK status h5_write_strings(h5_id parent, const char *name, size_t count, const char *const *strings,
                                   h5_about about);

/* A data set of bytes (H5_U8 or H5_I8) that is written, and read, in rows of its first dimension. Plain, as that of
 * h5_write_plain; rows that are never written are undefined. */
MUST_CHECK status h5_part_create(h5_id parent, const char *name, h5_type type, int rank, const size_t *dims,
                                 h5_about about);
MUST_CHECK status h5_part_write(h5_id parent, const char *name, h5_type type, size_t first, size_t rows,
                                const void *data);
MUST_CHECK status h5_part_read(h5_id parent, const char *name, h5_type type, size_t first, size_t rows, void *out);

/* What a data set looks like. */
typedef enum { H5_UNSIGNED, H5_SIGNED, H5_FLOAT, H5_TEXT, H5_OTHER } h5_kind;
typedef struct {
    int rank;
    size_t dims[H5_MAX_RANK];
    h5_kind kind;
    size_t element;          /* bytes of one in the file */
    bool plain;              /* its bytes lie in the file one after another ... */
    uint64_t offset;         /* ... from here on */
    char missing_filter[48]; /* what it is compressed with, when that is not read here; else "" */
} h5_description;
MUST_CHECK status h5_describe(h5_description *out, h5_id parent, const char *name);

/* Shape of a data set; fails when it is missing or its rank is not `rank`. */
MUST_CHECK status h5_dims(h5_id parent, const char *name, int rank, size_t *dims);
/* Reads a whole data set of exactly `count` elements into memory, converting the number type. */
MUST_CHECK status h5_read(h5_id parent, const char *name, h5_type type, size_t count, void *out);
/* The same of a data set of any shape with at most `most_rank` dimensions: rank 0 is a scalar; dims[most_rank], of
 * which the first `rank` are set. *out: owned by the caller, never NULL after success. */
MUST_CHECK status h5_read_new(void **out, int *rank, size_t *dims, int most_rank, h5_id parent, const char *name,
                              h5_type type);
/* Texts of fixed or variable length. *out is one allocation of `count` pointers followed by the strings; the caller
 * frees it. */
MUST_CHECK status h5_read_strings(char ***out, size_t *count, h5_id parent, const char *name);

/* Attributes of a group, a file or (with the data set's name) a data set below `parent`; name of object "." = parent.
 */
/* text NULL: as an empty one. */
MUST_CHECK status h5_set_text(h5_id parent, const char *object, const char *name, const char *text);
MUST_CHECK status h5_set_number(h5_id parent, const char *object, const char *name, double value);
MUST_CHECK status h5_set_integer(h5_id parent, const char *object, const char *name, int64_t value);
MUST_CHECK status h5_get_text(char **out, h5_id parent, const char *object, const char *name); /* caller frees */
MUST_CHECK status h5_get_number(double *out, h5_id parent, const char *object, const char *name);
MUST_CHECK status h5_get_integer(int64_t *out, h5_id parent, const char *object, const char *name);

bool h5_has_attribute(h5_id parent, const char *object, const char *name);

/* "1.10.8": the library in use. */
const char *h5_library_version(void);

#endif
