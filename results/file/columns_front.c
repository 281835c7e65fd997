/* Who is on the front, found block by block: of the rows so far the members are kept, and the next block's are found
 * among them and its rows. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "results/file/columns_internal.h"
#include "results/file/front.h"
#include "results/file/task_file.h"

/* Candidates, by increasing row. */
typedef struct {
    double *cost, *accuracy; /* (room) each; owned, as all here */
    size_t *row;
    bool *member;
    int *order;
    size_t count, room;
} candidates;

static void free_candidates(candidates *p)
{
    free(p->cost);
    free(p->accuracy);
    free(p->row);
    free(p->member);
    free(p->order);
}

static bool grow(void **array, size_t bytes)
{
    void *more = realloc(*array, bytes);
    if (more != NULL) *array = more;
    return more != NULL;
}

/* Room for a block more. */
static status reserve(candidates *p)
{
    if (p->count + SPOOL_BLOCK <= p->room) return status_ok();
    const size_t room = 2 * p->count + SPOOL_BLOCK;
    if (!grow((void **)&p->cost, room * sizeof *p->cost) || !grow((void **)&p->accuracy, room * sizeof *p->accuracy) ||
        !grow((void **)&p->row, room * sizeof *p->row) || !grow((void **)&p->member, room * sizeof *p->member) ||
        !grow((void **)&p->order, room * sizeof *p->order))
        return status_fail(STATUS_MEMORY, "no memory for the front of %zu points", room);
    p->room = room;
    return status_ok();
}

/* The values of a block that decide. cost: NULL where no row of the block has it. */
typedef struct {
    const char *roles, *states;
    const double *accuracy, *cost;
} deciding;

/* Only finished points can be on the front. */
static void add_block(candidates *p, const deciding *d, size_t first, size_t rows)
{
    const char *roles[SPOOL_BLOCK], *states[SPOOL_BLOCK];
    columns_texts(roles, d->roles, rows);
    columns_texts(states, d->states, rows);
    for (size_t i = 0; i < rows && d->cost != NULL; i++) {
        if (strcmp(roles[i], "point") != 0 || strcmp(states[i], "done") != 0) continue;
        p->cost[p->count] = d->cost[i];
        p->accuracy[p->count] = d->accuracy[i];
        p->row[p->count++] = first + i;
    }
}

static void keep_members(candidates *p)
{
    size_t kept = 0;
    front_extract(p->member, p->order, p->cost, p->accuracy, (int)p->count);
    for (size_t i = 0; i < p->count; i++) {
        if (!p->member[i]) continue;
        p->cost[kept] = p->cost[i];
        p->accuracy[kept] = p->accuracy[i];
        p->row[kept++] = p->row[i];
    }
    p->count = kept;
}

enum { ROLE, STATE, ACCURACY, COST, DECIDING };

static status read_deciding(deciding *out, spool_piece buffers[DECIDING], const columns *c, size_t block, size_t cost)
{
    const size_t at[DECIDING] = {columns_find("role"), columns_find("state"), columns_find("validation_accuracy"),
                                 (size_t)task_file_columns.count + cost};
    const char *values[DECIDING];
    for (int i = 0; i < DECIDING; i++) TRY(spool_read(&values[i], &buffers[i], &c->rows, block, at[i]));
    *out = (deciding){values[ROLE], values[STATE], (const double *)(const void *)values[ACCURACY],
                      (const double *)(const void *)values[COST]};
    return status_ok();
}

static status find_members(candidates *p, const columns *c, size_t cost)
{
    spool_piece buffers[DECIDING] = {{NULL, 0, 0}};
    status result = status_ok();
    for (size_t b = 0; b < spool_blocks(&c->rows) && !failed(result); b++) {
        deciding d;
        result = reserve(p);
        if (!failed(result)) result = read_deciding(&d, buffers, c, b, cost);
        if (failed(result)) break;
        add_block(p, &d, b * SPOOL_BLOCK, spool_block_rows(&c->rows, b));
        keep_members(p);
    }
    for (int i = 0; i < DECIDING; i++) spool_piece_free(&buffers[i]);
    return result;
}

static status write_flags(const columns *c, h5_id group, const candidates *p, const char *cost)
{
    char description[200];
    int8_t flags[SPOOL_BLOCK];
    h5_column out;
    snprintf(description, sizeof description,
             "1: on the front of validation_accuracy and %s of all finished points here", cost);
    TRY(h5_column_begin(&out, group, "on_front", H5_I8, columns_rows(c), (h5_about){"1", description}));
    status result = status_ok();
    for (size_t b = 0, next = 0; b < spool_blocks(&c->rows) && !failed(result); b++) {
        const size_t rows = spool_block_rows(&c->rows, b);
        memset(flags, 0, sizeof flags);
        for (; next < p->count && p->row[next] < b * SPOOL_BLOCK + rows; next++) flags[p->row[next] % SPOOL_BLOCK] = 1;
        result = h5_column_add(&out, rows, flags);
    }
    out.dimensions = COLUMNS_DIMENSION;
    return h5_column_end(&out, result);
}

status columns_write_front(const columns *c, h5_id group)
{
    candidates p = {.count = 0};
    size_t cost = 0;
    while (cost < c->cost_count && strcmp(c->costs[cost].name, "size_bits") != 0) cost++;
    if (cost == c->cost_count) cost = 0;
    status result = c->cost_count > 0 ? find_members(&p, c, cost) : status_ok();
    if (!failed(result)) result = write_flags(c, group, &p, c->cost_count > 0 ? c->costs[cost].name : "a cost");
    free_candidates(&p);
    return result;
}
