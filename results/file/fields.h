/* fields: tables that say how the members of a struct appear in HDF5, one line a member. The same table writes and
 * reads attributes of one struct and columns over an array of structs, so that names, units and texts exist once. */
#ifndef RESULTS_FILE_FIELDS_H
#define RESULTS_FILE_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "core/base/status.h"
#include "core/io/h5.h"

typedef enum {
    FIELD_INT,      /* int */
    FIELD_SEED,     /* uint64_t, stored as a signed 64-bit number with the same bits */
    FIELD_REAL,     /* double */
    FIELD_TEXT,     /* char[bytes] */
    FIELD_SHARED,   /* const char *, borrowed; read into core/base/shared_text.h, shorter than `bytes`; NULL is stored
                     * as an empty text */
    FIELD_NAME,     /* an enum, stored as names[value] */
    FIELD_SWITCH,   /* a bool, stored as names[value] */
    FIELD_LONG_TEXT /* char *, owned by the struct; NULL is stored as an empty text and read as one */
} field_type;

typedef struct {
    const char *name;
    field_type type;
    size_t offset;
    const char *unit, *description;
    size_t bytes;             /* FIELD_TEXT, FIELD_SHARED: room for it */
    const char *const *names; /* FIELD_NAME: NULL-terminated */
    const char *absent; /* younger than the first files: the text, or for a number NaN, of a file without it; NULL:
                         * it must be there */
} field;

typedef struct {
    const field *fields;
    int count;
    size_t stride; /* bytes of the struct */
} field_table;

/* Are the members of two structs the same bits (texts: the same characters)? */
bool field_equal(const field *f, const void *a, const void *b);

/* One member as an element of a column. */
bool field_is_text(const field *f);
const char *field_text(const field *f, const void *row);          /* of a text, borrowed from the row or the table */
h5_type field_stored(const field *f);                             /* of a number */
size_t field_element_bytes(const field *f);                       /* of a number; 4 for a text */
void field_store(const field *f, const void *row, void *element); /* of a number, in the type field_stored */

/* One member as text that reads back the same: a number in decimal or, of a real, in hexadecimal digits. */
void field_print(FILE *out, const field *f, const void *row);               /* not of a text */
MUST_CHECK status field_parse(const field *f, void *row, const char *text); /* DATA: impossible; also of a text */

/* One struct as attributes of `group`. */
MUST_CHECK status fields_write_attributes(h5_id group, const field_table *table, const void *row);
MUST_CHECK status fields_read_attributes(void *row, const field_table *table, h5_id group);

/* `count` structs as one-dimensional data sets below `group`; dimension: what their axis is called. */
MUST_CHECK status fields_write_columns(h5_id group, const field_table *table, const char *dimension, const void *rows,
                                       size_t count);
MUST_CHECK status fields_read_columns(void *rows, const field_table *table, const h5_members *columns, size_t count);

#endif
