#define _POSIX_C_SOURCE 200809L
#include "results/file/fields.h"

#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/number.h"
#include "core/base/shared_text.h"
#include "core/base/text.h"
#include "core/io/h5_column.h"
#include "core/io/h5_scale.h"

static int64_t get_integer(const field *f, const void *row)
{
    const char *at = (const char *)row + f->offset;
    if (f->type == FIELD_SEED) return (int64_t) * (const uint64_t *)(const void *)at;
    if (f->type == FIELD_SWITCH) return *(const bool *)(const void *)at;
    return *(const int *)(const void *)at;
}

static double get_real(const field *f, const void *row)
{
    return *(const double *)(const void *)((const char *)row + f->offset);
}

const char *field_text(const field *f, const void *row)
{
    const char *at = (const char *)row + f->offset;
    switch (f->type) {
    case FIELD_NAME:
    case FIELD_SWITCH:
        return f->names[get_integer(f, row)];
    case FIELD_SHARED:
    case FIELD_LONG_TEXT:
        return *(const char *const *)(const void *)at != NULL ? *(const char *const *)(const void *)at : "";
    default:
        return at;
    }
}

static void put_integer(const field *f, void *row, int64_t value)
{
    void *at = (char *)row + f->offset;
    if (f->type == FIELD_SEED)
        *(uint64_t *)at = (uint64_t)value;
    else if (f->type == FIELD_SWITCH)
        *(bool *)at = value != 0;
    else
        *(int *)at = (int)value;
}

/* Counts of a record are neither negative nor beyond an int; seeds are any 64 bits. */
static status check_integer(const field *f, int64_t value)
{
    if (f->type == FIELD_SEED || (value >= 0 && value <= INT32_MAX)) return status_ok();
    return status_fail(STATUS_DATA, "%s is %lld: that is impossible", f->name, (long long)value);
}

static void put_real(const field *f, void *row, double value)
{
    *(double *)(void *)((char *)row + f->offset) = value;
}

static status put_shared(const field *f, void *row, const char *text)
{
    char name[64];
    const size_t room = f->bytes < sizeof name ? f->bytes : sizeof name;
    snprintf(name, room, "%s", text);
    text_printable(name);
    return shared_text((const char **)(void *)((char *)row + f->offset), name);
}

static status put_text(const field *f, void *row, const char *text)
{
    if (f->type == FIELD_TEXT) {
        snprintf((char *)row + f->offset, f->bytes, "%s", text);
        text_printable((char *)row + f->offset);
        return status_ok();
    }
    if (f->type == FIELD_SHARED) return put_shared(f, row, text);
    if (f->type == FIELD_LONG_TEXT) {
        char **at = (char **)(void *)((char *)row + f->offset), *copy = strdup(text);
        if (copy == NULL) return status_fail(STATUS_MEMORY, "no memory for %s", f->name);
        text_printable_lines(copy);
        free(*at);
        *at = copy;
        return status_ok();
    }
    for (int i = 0; f->names[i] != NULL; i++) {
        if (strcmp(f->names[i], text) != 0) continue;
        put_integer(f, row, i);
        return status_ok();
    }
    return status_fail(STATUS_DATA, "'%s' is not a known value of %s", text, f->name);
}

void field_print(FILE *out, const field *f, const void *row)
{
    if (f->type == FIELD_REAL)
        fprintf(out, "%a", get_real(f, row));
    else
        fprintf(out, "%" PRId64, get_integer(f, row));
}

status field_parse(const field *f, void *row, const char *text)
{
    double real;
    int64_t whole;
    if (field_is_text(f)) return put_text(f, row, text);
    if (f->type == FIELD_REAL && number_printed(&real, text)) {
        put_real(f, row, real);
        return status_ok();
    }
    if (f->type != FIELD_REAL && number_whole(&whole, text, INT64_MIN, INT64_MAX)) {
        TRY(check_integer(f, whole));
        put_integer(f, row, whole);
        return status_ok();
    }
    return status_fail(STATUS_DATA, "'%.40s' is no value of %s", text, f->name);
}

bool field_is_text(const field *f)
{
    return f->type == FIELD_TEXT || f->type == FIELD_SHARED || f->type == FIELD_NAME || f->type == FIELD_SWITCH ||
           f->type == FIELD_LONG_TEXT;
}

h5_type field_stored(const field *f)
{
    return f->type == FIELD_REAL ? H5_F64 : f->type == FIELD_SEED ? H5_I64 : H5_I32;
}

size_t field_element_bytes(const field *f)
{
    return field_is_text(f) ? sizeof(uint32_t) : h5_type_size(field_stored(f));
}

void field_store(const field *f, const void *row, void *element)
{
    if (f->type == FIELD_REAL)
        *(double *)element = get_real(f, row);
    else if (f->type == FIELD_SEED)
        *(int64_t *)element = get_integer(f, row);
    else
        *(int32_t *)element = (int32_t)get_integer(f, row);
}

bool field_equal(const field *f, const void *a, const void *b)
{
    const char *x = (const char *)a + f->offset, *y = (const char *)b + f->offset;
    if (f->type == FIELD_TEXT || f->type == FIELD_SHARED || f->type == FIELD_LONG_TEXT)
        return strcmp(field_text(f, a), field_text(f, b)) == 0;
    if (f->type == FIELD_REAL) return memcmp(x, y, sizeof(double)) == 0;
    return get_integer(f, a) == get_integer(f, b);
}

status fields_write_attributes(h5_id group, const field_table *table, const void *row)
{
    for (int i = 0; i < table->count; i++) {
        const field *f = &table->fields[i];
        if (field_is_text(f))
            TRY(h5_set_text(group, ".", f->name, field_text(f, row)));
        else if (f->type == FIELD_REAL)
            TRY(h5_set_number(group, ".", f->name, get_real(f, row)));
        else
            TRY(h5_set_integer(group, ".", f->name, get_integer(f, row)));
    }
    return status_ok();
}

static status read_attribute(void *row, const field *f, h5_id group)
{
    if (f->absent != NULL && !h5_has_attribute(group, ".", f->name)) {
        if (field_is_text(f)) return put_text(f, row, f->absent);
        put_real(f, row, NAN);
        return status_ok();
    }
    if (f->type == FIELD_REAL) {
        double value;
        TRY(h5_get_number(&value, group, ".", f->name));
        put_real(f, row, value);
        return status_ok();
    }
    if (!field_is_text(f)) {
        int64_t value;
        TRY(h5_get_integer(&value, group, ".", f->name));
        TRY(check_integer(f, value));
        put_integer(f, row, value);
        return status_ok();
    }
    char *text;
    TRY(h5_get_text(&text, group, ".", f->name));
    status result = put_text(f, row, text);
    free(text);
    return result;
}

status fields_read_attributes(void *row, const field_table *table, h5_id group)
{
    for (int i = 0; i < table->count; i++) TRY(read_attribute(row, &table->fields[i], group));
    return status_ok();
}

/* The widest element of a column is a pointer or a 64-bit number. */
enum { ELEMENT_BYTES = 8 };

static status write_texts(h5_id group, const field *f, const char *dimension, const char *const *texts, size_t count)
{
    h5_text_shape shape = {0};
    h5_column out;
    for (size_t i = 0; i < count; i++) h5_text_shape_add(&shape, texts[i]);
    TRY(h5_column_begin_texts(&out, group, f->name, count, shape, (h5_about){f->unit, f->description}));
    out.dimensions = dimension;
    return h5_column_end(&out, h5_column_add_texts(&out, count, texts));
}

static status write_column(h5_id group, const field *f, const field_table *table, const char *dimension,
                           const void *rows, size_t count, void *column)
{
    for (size_t i = 0; i < count; i++) {
        const char *row = (const char *)rows + i * table->stride;
        if (field_is_text(f))
            ((const char **)column)[i] = field_text(f, row);
        else
            field_store(f, row, (char *)column + i * field_element_bytes(f));
    }
    if (field_is_text(f)) return write_texts(group, f, dimension, column, count);
    return h5_write_axes(group, f->name, field_stored(f), 1, &count, column, (h5_about){f->unit, f->description},
                         dimension);
}

status fields_write_columns(h5_id group, const field_table *table, const char *dimension, const void *rows,
                            size_t count)
{
    void *column = malloc((count + 1) * ELEMENT_BYTES);
    if (column == NULL) return status_fail(STATUS_MEMORY, "no memory for a column of %zu values", count);
    status result = status_ok();
    for (int i = 0; i < table->count && !failed(result); i++)
        result = write_column(group, &table->fields[i], table, dimension, rows, count, column);
    free(column);
    return result;
}

static status read_text_column(void *rows, const field *f, const field_table *table, h5_id set, size_t count)
{
    char **strings;
    size_t found;
    TRY(h5_read_strings(&strings, &found, set, "."));
    status result = status_ok();
    if (found != count) result = status_fail(STATUS_DATA, "column %s holds %zu values, not %zu", f->name, found, count);
    for (size_t i = 0; i < count && !failed(result); i++)
        result = put_text(f, (char *)rows + i * table->stride, strings[i]);
    free(strings);
    return result;
}

static status read_column(void *rows, const field *f, const field_table *table, h5_id set, size_t count, void *column)
{
    if (field_is_text(f)) return read_text_column(rows, f, table, set, count);
    TRY(h5_read(set, ".", f->type == FIELD_REAL ? H5_F64 : H5_I64, count, column));
    for (size_t i = 0; i < count; i++) {
        char *row = (char *)rows + i * table->stride;
        if (f->type == FIELD_REAL)
            put_real(f, row, ((double *)column)[i]);
        else {
            TRY(check_integer(f, ((int64_t *)column)[i]));
            put_integer(f, row, ((int64_t *)column)[i]);
        }
    }
    return status_ok();
}

status fields_read_columns(void *rows, const field_table *table, const h5_members *columns, size_t count)
{
    void *column = malloc((count + 1) * ELEMENT_BYTES);
    if (column == NULL) return status_fail(STATUS_MEMORY, "no memory for a column of %zu values", count);
    status result = status_ok();
    for (int i = 0; i < table->count && !failed(result); i++) {
        const field *f = &table->fields[i];
        h5_id set;
        result = h5_member_open(&set, columns, f->name);
        if (failed(result)) break;
        result = read_column(rows, f, table, set, count, column);
        h5_member_close(set);
    }
    free(column);
    return result;
}
