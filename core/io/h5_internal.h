/* h5_internal: what the h5*.c files share: errors, the text type, and the guard. */
#ifndef CORE_IO_H5_INTERNAL_H
#define CORE_IO_H5_INTERNAL_H

#include "core/base/status.h"
#include "core/io/h5.h"

/* "cannot ACTION NAME in FILE:GROUP: innermost message". Call it directly after the failed HDF5 call: the next call
 * into the library clears its error stack. `where` is any open file, group or data set; `name` an object below it. */
status h5_fail(h5_id where, const char *name, const char *action);

/* The path of the file that `where` is in, as it was opened. */
void h5_file_name(char *out, size_t room, h5_id where);

/* For messages: the name of the member (h5_member_open, the last one that is open) when `name` is "." of it. */
const char *h5_called(h5_id parent, const char *name);

/* The innermost message of HDF5's error stack; the system's words alone, and true, when it carries them. Also true when
 * the stack is empty: then nothing says that the file is at fault. */
bool h5_innermost(char *out, size_t room);
/* Directly after a failed call: by that message, is it the file, and neither the system nor memory? Keeps the stack. */
bool h5_blames_file(void);

/* Makes files that are created with the access list large ones (h5_create_large). */
bool h5_stream_use(h5_id access);
/* Is `where` a large new file, or in one? */
bool h5_is_stream(h5_id where);
/* Completes and closes such a file. */
status h5_stream_close(h5_id file, const char *path);

/* HDF5 type of a UTF-8 string of any length, and of one of at most `bytes` bytes, filled up with zeros; to be closed by
 * the caller; negative on failure. */
h5_id h5_text_type(void);
h5_id h5_fixed_text_type(size_t bytes);

/* How elements look in the file and in memory, and whether large data sets are compressed. */
typedef struct {
    h5_id stored, given;
    size_t element; /* bytes */
    bool compress;
} h5_layout;

h5_layout h5_number_layout(h5_type type, bool compress);

/* A new data set of any element, to be filled and finished. */
MUST_CHECK status h5_create_set(h5_id *out, h5_id parent, const char *name, h5_layout as, int rank, const size_t *dims,
                                h5_about about);
/* Says what it is about and, unless `dimensions` is NULL, what its axes are (h5_scale.h); closes it in any case.
 * `before`: what filling it came to, returned when it has failed. */
MUST_CHECK status h5_finish_set(h5_id set, h5_id parent, const char *name, h5_about about, const char *dimensions,
                                status before);

/* What the guard has seen of a data set; rank 0: one value. */
typedef struct {
    int rank;
    size_t dims[H5_MAX_RANK];
    bool texts; /* else numbers */
} h5_extent;
size_t h5_extent_count(const h5_extent *extent); /* values, saturated */

/* Opens a data set that has passed the guard; the caller closes it (H5Dclose). */
MUST_CHECK status h5_open_set(h5_id *out, h5_extent *extent, h5_id parent, const char *name);

/* Writes attributes that `target`, an open object, does not have yet. */
typedef struct {
    const char *name, *text;
} h5_text_attribute;
status h5_add_texts(h5_id target, const h5_text_attribute *list, size_t count);

/* Property list of a new file, group or data set (H5P_..._CREATE): without times, and with attributes in the object's
 * header however many there are, because H5Ocopy of HDF5 1.10.8 crashes on texts in its other ("dense") storage. */
h5_id h5_creation_list(h5_id class);
/* The same of a group or a data set (H5P_GROUP_CREATE, H5P_DATASET_CREATE), and the space of one value: neither to be
 * changed nor closed; negative on failure. */
h5_id h5_kept_list(h5_id class);
h5_id h5_scalar(void);

/* ---- the guard (h5_guard.c): what we take of a file that somebody else may have written or damaged. HDF5 follows
 * links into other files, runs filter plug-ins, and allocates what a file claims; everything that is read passes here
 * first. */

/* A part of a path that is a soft, external or user-defined link leads out of what was asked for. */
typedef enum { H5_PATH_MISSING, H5_PATH_PLAIN, H5_PATH_LINK, H5_PATH_UNKNOWN } h5_path;
/* UNKNOWN: HDF5 could not find out, and its error stack says why. */
h5_path h5_guard_path(h5_id parent, const char *name);

/* DATA unless `name` below `parent` is there and no link. `what`: "data set" or "group", for the message. */
MUST_CHECK status h5_guard_there(h5_id parent, const char *name, const char *what);

/* DATA when an open data set is virtual, keeps its values in other files, needs filters that we do not use, has
 * elements that are neither numbers nor texts, or claims more values than the file can hold. */
MUST_CHECK status h5_guard_set(h5_extent *out, h5_id set, const char *name);

/* DATA when an element of this type is neither a number nor a text of reasonable length. */
MUST_CHECK status h5_guard_type(h5_id type, const char *name);

#endif
