#include "results/run/run_times.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "results/run/run.h"
#include "results/run/run_inventory.h"
#include "results/run/run_log.h"

/* What the log says about one task while it is read. */
typedef struct {
    double begun; /* s, of the group at work; < 0: none */
    int level;
    double seconds[RUN_TIMES_LEVELS];
} group_log;

typedef struct {
    const run_inventory *results; /* borrowed */
    group_log *tasks;             /* (results->count), owned */
} log_reader;

/* The first line about a task after its start is its end, its departure or its failure. Tasks that have no result are
 * left out. */
static void take_line(void *ctx, const run_log_line *line)
{
    log_reader *r = ctx;
    const int place = run_inventory_find(r->results, line->key);
    if (place < 0) return;
    group_log *g = &r->tasks[place];
    static const double LEAST = 0.5; /* s: times in the log are whole seconds */
    if (g->begun >= 0) g->seconds[g->level] += line->time - g->begun > LEAST ? line->time - g->begun : LEAST;
    g->begun = -1;
    if (strcmp(line->event, "task_started") != 0) return;
    g->begun = line->time;
    g->level = 0;
    while (2 << g->level <= line->ranks && g->level + 1 < RUN_TIMES_LEVELS) g->level++;
}

static void fill_shares(run_times *t, const group_log *log)
{
    double sum = 0;
    for (int i = 0; i < RUN_TIMES_LEVELS; i++) sum += log->seconds[i];
    for (int i = 0; i < RUN_TIMES_LEVELS; i++) t->share[i] = sum > 0 ? log->seconds[i] / sum : i == 0;
}

/* *found = false when the task failed. */
static status read_task(bool *found, run_times *out, const run *r, const char *key)
{
    record rec;
    TRY(run_read_task(&rec, r, key));
    *found = rec.state == RECORD_DONE && rec.epoch_count > 0;
    *out = (run_times){.point = rec.task.point};
    task_label(out->label, &rec.task);
    for (int i = 0; i < rec.epoch_count; i++) {
        out->epochs[rec.curve[i].phase]++;
        out->seconds[rec.curve[i].phase] += rec.curve[i].seconds;
    }
    record_free(&rec);
    return status_ok();
}

/* list[*filled]: of all that have a time. */
static status read_all(run_times *list, int *filled, const run *r, const log_reader *log)
{
    for (int i = 0; i < log->results->count; i++) log->tasks[i].begun = -1;
    TRY(run_log_read(r->directory, take_line, (void *)log));
    for (int i = 0; i < log->results->count; i++) {
        bool found;
        TRY(read_task(&found, &list[*filled], r, log->results->keys[i]));
        if (found) fill_shares(&list[(*filled)++], &log->tasks[i]);
    }
    if (*filled > 0) return status_ok();
    return status_fail(STATUS_CONFIG, "%s has no finished task whose time could be taken", r->directory);
}

status run_times_read(run_times **out, int *count, const char *directory)
{
    run r;
    run_inventory results;
    memset(&r, 0, sizeof r);
    snprintf(r.directory, sizeof r.directory, "%s", directory);
    TRY(run_inventory_read(&results, &r));
    log_reader log = {&results, calloc((size_t)results.count + 1, sizeof *log.tasks)};
    run_times *list = calloc((size_t)results.count + 1, sizeof *list);
    int filled = 0;
    status s = list != NULL && log.tasks != NULL ? read_all(list, &filled, &r, &log)
                                                 : status_fail(STATUS_MEMORY, "no memory for %d tasks", results.count);
    run_inventory_free(&results);
    free(log.tasks);
    if (failed(s)) {
        free(list);
        return s;
    }
    *out = list;
    *count = filled;
    return status_ok();
}
