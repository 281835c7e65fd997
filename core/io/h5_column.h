/* h5_column: a data set of one dimension that is written piece by piece, so that its values need not be in memory
 * together. In the file it is what h5_write or h5_write_strings makes. */
#ifndef CORE_IO_H5_COLUMN_H
#define CORE_IO_H5_COLUMN_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/status.h"
#include "core/io/h5.h"

/* What has to be known of all texts before the first is written; begins as {0}. */
typedef struct {
    size_t longest; /* bytes without the zero */
    bool other;     /* some has characters that are not ASCII */
} h5_text_shape;
void h5_text_shape_add(h5_text_shape *shape, const char *text);

/* A column in the making; texts: borrowed until its end. */
typedef struct {
    h5_id parent, set, type; /* parent: borrowed; type: of texts, else -1 */
    h5_type number;
    size_t element;                /* bytes of a value */
    size_t count, at;              /* values in all, written so far */
    bool pointers;                 /* texts of variable length */
    const char *name, *dimensions; /* dimensions: NULL, or what its axis is called (h5_scale.h), set before the end */
    h5_about about;
} h5_column;

/* Of `count` values. After an error there is nothing to be ended. */
MUST_CHECK status h5_column_begin(h5_column *out, h5_id parent, const char *name, h5_type type, size_t count,
                                  h5_about about);
MUST_CHECK status h5_column_begin_texts(h5_column *out, h5_id parent, const char *name, size_t count,
                                        h5_text_shape shape, h5_about about);

/* The next values, in the type given; of a column of texts: no longer and no other than its shape says. */
MUST_CHECK status h5_column_add(h5_column *c, size_t values, const void *from);
MUST_CHECK status h5_column_add_texts(h5_column *c, size_t values, const char *const *texts);

/* Closes in any case. `before`: what adding came to, returned when it has failed. DATA when values are missing. */
MUST_CHECK status h5_column_end(h5_column *c, status before);

#endif
