#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "results/file/columns_internal.h"
#include "results/file/fields.h"
#include "results/file/task_file.h"

status columns_new(columns **out, const char *scratch)
{
    const size_t count = (size_t)task_file_columns.count;
    *out = NULL;
    columns *c = calloc(1, sizeof *c);
    if (c == NULL) return status_fail(STATUS_MEMORY, "no memory for a table");
    c->rows = spool_new(scratch);
    c->shapes = calloc(count, sizeof *c->shapes);
    status result = c->shapes != NULL ? status_ok() : status_fail(STATUS_MEMORY, "no memory for a table");
    for (size_t i = 0; i < count && !failed(result); i++) result = spool_add_column(&c->rows);
    if (failed(result))
        columns_free(c);
    else
        *out = c;
    return result;
}

void columns_free(columns *c)
{
    if (c == NULL) return;
    spool_free(&c->rows);
    free(c->costs);
    free(c->shapes);
    free(c);
}

size_t columns_rows(const columns *c)
{
    return c->rows.rows;
}

size_t columns_find(const char *name)
{
    size_t i = 0;
    while (strcmp(task_file_columns.fields[i].name, name) != 0) i++;
    return i;
}

void columns_file_name(char out[COLUMNS_FILE_NAME], const char *key)
{
    snprintf(out, COLUMNS_FILE_NAME, "tasks/%.32s.h5", key);
}

static status add_number(columns *c, size_t cost, double value)
{
    return spool_add(&c->rows, (size_t)task_file_columns.count + cost, &value, sizeof value);
}

/* A column for a cost that no row had before. */
static status add_cost(columns *c, const record_cost *cost)
{
    record_cost *more = realloc(c->costs, (c->cost_count + 1) * sizeof *more);
    if (more == NULL) return status_fail(STATUS_MEMORY, "no memory for the column of a cost");
    c->costs = more;
    TRY(spool_add_column(&c->rows));
    c->costs[c->cost_count++] = *cost;
    for (size_t i = spool_open_rows(&c->rows); i > 0; i--) TRY(add_number(c, c->cost_count - 1, NAN));
    return status_ok();
}

static bool has_cost(const columns *c, const char *name)
{
    for (size_t i = 0; i < c->cost_count; i++)
        if (strcmp(c->costs[i].name, name) == 0) return true;
    return false;
}

static double cost_of(const record *head, const char *name)
{
    for (int i = 0; i < head->cost_count; i++)
        if (strcmp(head->costs[i].name, name) == 0) return head->costs[i].value;
    return NAN;
}

static status add_costs(columns *c, const record *head)
{
    for (int i = 0; i < head->cost_count; i++)
        if (!has_cost(c, head->costs[i].name)) TRY(add_cost(c, &head->costs[i]));
    for (size_t i = 0; i < c->cost_count; i++) TRY(add_number(c, i, cost_of(head, c->costs[i].name)));
    return status_ok();
}

static status add_field(columns *c, size_t column, const record *row)
{
    const field *f = &task_file_columns.fields[column];
    if (field_is_text(f)) {
        const char *text = field_text(f, row);
        h5_text_shape_add(&c->shapes[column], text);
        return spool_add(&c->rows, column, text, strlen(text) + 1);
    }
    int64_t element; /* the widest */
    field_store(f, row, &element);
    return spool_add(&c->rows, column, &element, field_element_bytes(f));
}

status columns_add(columns *c, const record *head)
{
    record row = *head;
    char file[COLUMNS_FILE_NAME];
    if (row.state == RECORD_FAILED)
        row.validation_accuracy = row.validation_loss = row.test_accuracy = row.test_loss = row.integer_accuracy = NAN;
    columns_file_name(file, row.task.key);
    h5_text_shape_add(&c->files, file);
    for (int i = 0; i < task_file_columns.count; i++) TRY(add_field(c, (size_t)i, &row));
    TRY(add_costs(c, &row));
    return spool_end_row(&c->rows);
}
