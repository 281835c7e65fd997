#define _POSIX_C_SOURCE 200809L
#include "results/file/columns.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/io/h5_scale.h"
#include "results/file/fields.h"
#include "results/file/front.h"
#include "results/file/task_file.h"

/* The texts of a column, each kept once when it comes again soon: a strategy comes thousands of times. */
typedef struct {
    char **texts; /* (count), each owned; owned */
    size_t count, room;
} text_pool;

/* A cost that some task has. */
typedef struct {
    record_cost about; /* of the first task that has it */
    double *values;    /* (room of the table) owned */
} cost_column;

struct columns {
    size_t rows, room;
    void **values;    /* (task_file_columns.count) each (room) elements; owned. Texts: uint32_t, place in the pool */
    text_pool *pools; /* (task_file_columns.count) empty for numbers; owned */
    cost_column *costs;
    size_t cost_count;
};

static status pool_place(uint32_t *place, text_pool *pool, const char *text)
{
    enum { RECENT = 16 };
    for (size_t back = 1; back <= RECENT && back <= pool->count; back++) {
        if (strcmp(pool->texts[pool->count - back], text) != 0) continue;
        *place = (uint32_t)(pool->count - back);
        return status_ok();
    }
    if (pool->count == pool->room) {
        size_t room = 2 * pool->room + RECENT;
        char **more = realloc(pool->texts, room * sizeof *more);
        if (more == NULL) return status_fail(STATUS_MEMORY, "no memory for %zu texts", room);
        pool->texts = more;
        pool->room = room;
    }
    char *copy = strdup(text);
    if (copy == NULL) return status_fail(STATUS_MEMORY, "no memory for a text");
    *place = (uint32_t)pool->count;
    pool->texts[pool->count++] = copy;
    return status_ok();
}

status columns_new(columns **out, size_t room)
{
    size_t count = (size_t)task_file_columns.count;
    *out = NULL;
    columns *c = calloc(1, sizeof *c);
    if (c == NULL) return status_fail(STATUS_MEMORY, "no memory for a table");
    c->room = room;
    c->values = calloc(count, sizeof *c->values);
    c->pools = calloc(count, sizeof *c->pools);
    bool good = c->values != NULL && c->pools != NULL;
    /* Memory that is never touched costs nothing: most snapshots hold fewer rows than the plan has tasks. */
    for (size_t i = 0; i < count && good; i++)
        good = (c->values[i] = calloc(room + 1, field_element_bytes(&task_file_columns.fields[i]))) != NULL;
    if (good) {
        *out = c;
        return status_ok();
    }
    columns_free(c);
    return status_fail(STATUS_MEMORY, "no memory for a table of %zu rows", room);
}

void columns_free(columns *c)
{
    if (c == NULL) return;
    for (int i = 0; i < task_file_columns.count; i++) {
        if (c->values != NULL) free(c->values[i]);
        for (size_t t = 0; c->pools != NULL && t < c->pools[i].count; t++) free(c->pools[i].texts[t]);
        if (c->pools != NULL) free(c->pools[i].texts);
    }
    for (size_t i = 0; i < c->cost_count; i++) free(c->costs[i].values);
    free(c->costs);
    free(c->values);
    free(c->pools);
    free(c);
}

size_t columns_rows(const columns *c)
{
    return c->rows;
}

static status add_cost(columns *c, const record_cost *cost)
{
    cost_column *more = realloc(c->costs, (c->cost_count + 1) * sizeof *more);
    if (more == NULL) return status_fail(STATUS_MEMORY, "no memory for the column of a cost");
    c->costs = more;
    double *values = malloc((c->room + 1) * sizeof *values);
    if (values == NULL) return status_fail(STATUS_MEMORY, "no memory for a column of %zu values", c->room);
    for (size_t i = 0; i < c->rows; i++) values[i] = NAN;
    c->costs[c->cost_count++] = (cost_column){*cost, values};
    return status_ok();
}

static cost_column *find_cost(const columns *c, const char *name)
{
    for (size_t i = 0; i < c->cost_count; i++)
        if (strcmp(c->costs[i].about.name, name) == 0) return &c->costs[i];
    return NULL;
}

static status add_costs(columns *c, const record *head)
{
    for (int i = 0; i < head->cost_count; i++)
        if (find_cost(c, head->costs[i].name) == NULL) TRY(add_cost(c, &head->costs[i]));
    for (size_t i = 0; i < c->cost_count; i++) c->costs[i].values[c->rows] = NAN;
    for (int i = 0; i < head->cost_count; i++)
        find_cost(c, head->costs[i].name)->values[c->rows] = head->costs[i].value;
    return status_ok();
}

status columns_add(columns *c, const record *head)
{
    if (c->rows == c->room) return status_fail(STATUS_DATA, "a table of %zu rows is full", c->room);
    record row = *head;
    if (row.state == RECORD_FAILED)
        row.validation_accuracy = row.validation_loss = row.test_accuracy = row.test_loss = row.integer_accuracy = NAN;
    for (int i = 0; i < task_file_columns.count; i++) {
        const field *f = &task_file_columns.fields[i];
        char *at = (char *)c->values[i] + c->rows * field_element_bytes(f);
        if (field_is_text(f))
            TRY(pool_place((uint32_t *)(void *)at, &c->pools[i], field_text(f, &row)));
        else
            field_store(f, &row, at);
    }
    TRY(add_costs(c, &row));
    c->rows++;
    return status_ok();
}

static status write_texts(const columns *c, h5_id group, int i)
{
    const field *f = &task_file_columns.fields[i];
    const uint32_t *places = c->values[i];
    const char **texts = malloc((c->rows + 1) * sizeof *texts);
    if (texts == NULL) return status_fail(STATUS_MEMORY, "no memory for a column of %zu texts", c->rows);
    for (size_t row = 0; row < c->rows; row++) texts[row] = c->pools[i].texts[places[row]];
    status result = h5_write_strings(group, f->name, c->rows, texts, (h5_about){f->unit, f->description});
    free(texts);
    return result;
}

static size_t column_of(const char *name)
{
    size_t i = 0;
    while (strcmp(task_file_columns.fields[i].name, name) != 0) i++;
    return i;
}

static status write_files(const columns *c, h5_id group)
{
    enum { NAME_BYTES = 48 };
    const size_t key = column_of("key");
    const uint32_t *places = c->values[key];
    char *block = malloc(c->rows * (NAME_BYTES + sizeof(char *)) + 1);
    if (block == NULL) return status_fail(STATUS_MEMORY, "no memory for %zu file names", c->rows);
    const char **names = (const char **)(void *)block;
    char *text = block + c->rows * sizeof(char *);
    for (size_t i = 0; i < c->rows; i++, text += NAME_BYTES) {
        snprintf(text, NAME_BYTES, "tasks/%s.h5", c->pools[key].texts[places[i]]);
        names[i] = text;
    }
    status result = h5_write_strings(group, "file", c->rows, names,
                                     (h5_about){"1", "file of the task, relative to the run directory"});
    free(block);
    return result;
}

static status write_cost(const columns *c, h5_id group, const cost_column *cost)
{
    char description[160];
    snprintf(description, sizeof description, "%s; NaN for warm-ups and failed tasks", cost->about.description);
    return h5_write(group, cost->about.name, H5_F64, 1, &c->rows, cost->values,
                    (h5_about){cost->about.unit, description});
}

static status write_data(const columns *c, h5_id group, const char *data)
{
    const char **names = malloc((c->rows + 1) * sizeof *names);
    if (names == NULL) return status_fail(STATUS_MEMORY, "no memory for a column of %zu texts", c->rows);
    for (size_t i = 0; i < c->rows; i++) names[i] = data;
    status result = h5_write_strings(group, "data", c->rows, names, (h5_about){"1", "data set that was trained on"});
    free(names);
    return result;
}

static const char *text_of(const columns *c, size_t column, size_t row)
{
    return c->pools[column].texts[((const uint32_t *)c->values[column])[row]];
}

/* Costs of the finished points; not a number for the other rows, which so are on no front. */
static void collect_costs(double *out, const columns *c, const cost_column *cost)
{
    const size_t role = column_of("role"), state = column_of("state");
    for (size_t i = 0; i < c->rows; i++) {
        const bool counts = strcmp(text_of(c, role, i), "point") == 0 && strcmp(text_of(c, state, i), "done") == 0;
        out[i] = counts && cost != NULL ? cost->values[i] : NAN;
    }
}

/* The front of the model's size, or of the first cost. */
static status write_front(const columns *c, h5_id group)
{
    double *costs = malloc((c->rows + 1) * sizeof *costs);
    bool *member = malloc(c->rows + 1);
    int *order = malloc((c->rows + 1) * sizeof *order);
    int8_t *flags = malloc(c->rows + 1);
    status result = costs != NULL && member != NULL && order != NULL && flags != NULL
                        ? status_ok()
                        : status_fail(STATUS_MEMORY, "no memory for the front of %zu points", c->rows);
    const cost_column *cost = find_cost(c, "size_bits");
    if (cost == NULL && c->cost_count > 0) cost = &c->costs[0];
    if (!failed(result)) {
        char description[200];
        collect_costs(costs, c, cost);
        front_extract(member, order, costs, c->values[column_of("validation_accuracy")], (int)c->rows);
        for (size_t i = 0; i < c->rows; i++) flags[i] = (int8_t)member[i];
        snprintf(description, sizeof description,
                 "1: on the front of validation_accuracy and %s of all finished points here",
                 cost != NULL ? cost->about.name : "a cost");
        result = h5_write(group, "on_front", H5_I8, 1, &c->rows, flags, (h5_about){"1", description});
    }
    free(flags);
    free(order);
    free(member);
    free(costs);
    return result;
}

static status write_dimensions(const columns *c, h5_id group)
{
    static const char *const others[] = {"file", "data", "on_front"};
    for (int i = 0; i < task_file_columns.count; i++)
        TRY(h5_set_dimensions(group, task_file_columns.fields[i].name, "id"));
    for (size_t i = 0; i < c->cost_count; i++) TRY(h5_set_dimensions(group, c->costs[i].about.name, "id"));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) TRY(h5_set_dimensions(group, others[i], "id"));
    return h5_attach_scales(group);
}

status columns_write(const columns *c, h5_id group, const char *data)
{
    for (int i = 0; i < task_file_columns.count; i++) {
        const field *f = &task_file_columns.fields[i];
        if (field_is_text(f))
            TRY(write_texts(c, group, i));
        else
            TRY(h5_write(group, f->name, field_stored(f), 1, &c->rows, c->values[i],
                         (h5_about){f->unit, f->description}));
    }
    for (size_t i = 0; i < c->cost_count; i++) TRY(write_cost(c, group, &c->costs[i]));
    TRY(write_files(c, group));
    TRY(write_data(c, group, data));
    TRY(write_front(c, group));
    return write_dimensions(c, group);
}
