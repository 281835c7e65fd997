/* The table as data sets: one block of rows of one column is in memory at a time. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/io/h5_scale.h"
#include "results/file/columns_internal.h"
#include "results/file/fields.h"
#include "results/file/task_file.h"

/* Adds one block of a column to a data set. values: as the spool has them. */
typedef status add_block(h5_column *out, const char *values, size_t rows, const void *ctx);

static status add_blocks(h5_column *out, const columns *c, size_t column, add_block *add, const void *ctx)
{
    spool_piece buffer = {NULL, 0, 0};
    status result = status_ok();
    for (size_t b = 0; b < spool_blocks(&c->rows) && !failed(result); b++) {
        const char *values;
        result = spool_read(&values, &buffer, &c->rows, b, column);
        if (!failed(result)) result = add(out, values, spool_block_rows(&c->rows, b), ctx);
    }
    spool_piece_free(&buffer);
    out->dimensions = COLUMNS_DIMENSION;
    return h5_column_end(out, result);
}

static status add_numbers(h5_column *out, const char *values, size_t rows, const void *ctx)
{
    (void)ctx;
    return h5_column_add(out, rows, values);
}

static status write_numbers(const columns *c, h5_id group, size_t column)
{
    const field *f = &task_file_columns.fields[column];
    h5_column out;
    TRY(h5_column_begin(&out, group, f->name, field_stored(f), columns_rows(c), (h5_about){f->unit, f->description}));
    return add_blocks(&out, c, column, add_numbers, NULL);
}

static status add_cost(h5_column *out, const char *values, size_t rows, const void *ctx)
{
    (void)ctx;
    double none[SPOOL_BLOCK];
    for (size_t i = 0; i < rows && values == NULL; i++) none[i] = NAN;
    return h5_column_add(out, rows, values != NULL ? (const void *)values : none);
}

static status write_cost(const columns *c, h5_id group, size_t cost)
{
    const record_cost *about = &c->costs[cost];
    char description[160];
    h5_column out;
    snprintf(description, sizeof description, "%s; NaN for warm-ups and failed tasks", about->description);
    TRY(h5_column_begin(&out, group, about->name, H5_F64, columns_rows(c), (h5_about){about->unit, description}));
    return add_blocks(&out, c, (size_t)task_file_columns.count + cost, add_cost, NULL);
}

void columns_texts(const char **texts, const char *bytes, size_t rows)
{
    for (size_t i = 0; i < rows; i++) {
        texts[i] = bytes;
        bytes += strlen(bytes) + 1;
    }
}

static status add_texts(h5_column *out, const char *values, size_t rows, const void *ctx)
{
    (void)ctx;
    const char *texts[SPOOL_BLOCK];
    columns_texts(texts, values, rows);
    return h5_column_add_texts(out, rows, texts);
}

static status write_texts(const columns *c, h5_id group, size_t column)
{
    const field *f = &task_file_columns.fields[column];
    h5_column out;
    TRY(h5_column_begin_texts(&out, group, f->name, columns_rows(c), c->shapes[column],
                              (h5_about){f->unit, f->description}));
    return add_blocks(&out, c, column, add_texts, NULL);
}

/* values: keys. */
static status add_files(h5_column *out, const char *values, size_t rows, const void *ctx)
{
    (void)ctx;
    static char names[SPOOL_BLOCK][COLUMNS_FILE_NAME];
    const char *keys[SPOOL_BLOCK], *texts[SPOOL_BLOCK];
    columns_texts(keys, values, rows);
    for (size_t i = 0; i < rows; i++) {
        columns_file_name(names[i], keys[i]);
        texts[i] = names[i];
    }
    return h5_column_add_texts(out, rows, texts);
}

static status write_files(const columns *c, h5_id group)
{
    h5_column out;
    TRY(h5_column_begin_texts(&out, group, "file", columns_rows(c), c->files,
                              (h5_about){"1", "file of the task, relative to the run directory"}));
    return add_blocks(&out, c, columns_find("key"), add_files, NULL);
}

/* ctx: the text of every row. */
static status add_same(h5_column *out, const char *values, size_t rows, const void *ctx)
{
    (void)values;
    const char *texts[SPOOL_BLOCK];
    for (size_t i = 0; i < rows; i++) texts[i] = ctx;
    return h5_column_add_texts(out, rows, texts);
}

static status write_data(const columns *c, h5_id group, const char *data)
{
    h5_text_shape shape = {0};
    h5_column out;
    if (columns_rows(c) > 0) h5_text_shape_add(&shape, data);
    TRY(h5_column_begin_texts(&out, group, "data", columns_rows(c), shape,
                              (h5_about){"1", "data set that was trained on"}));
    return add_blocks(&out, c, 0, add_same, data);
}

status columns_write(const columns *c, h5_id group, const char *data)
{
    for (size_t i = 0; i < (size_t)task_file_columns.count; i++)
        TRY(field_is_text(&task_file_columns.fields[i]) ? write_texts(c, group, i) : write_numbers(c, group, i));
    for (size_t i = 0; i < c->cost_count; i++) TRY(write_cost(c, group, i));
    TRY(write_files(c, group));
    TRY(write_data(c, group, data));
    TRY(columns_write_front(c, group));
    return h5_attach_scales(group);
}
