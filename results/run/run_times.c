#include "results/run/run_times.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "results/run/run.h"
#include "results/run/run_log.h"

/* What the log says about one task while it is read. */
typedef struct {
    double begun; /* s, of the group at work; < 0: none */
    int level;
    double seconds[RUN_TIMES_LEVELS];
} group_log;

typedef struct {
    group_log *tasks; /* (count), owned; by id - 1 */
    int count;
    bool full; /* no memory for more */
} log_reader;

static group_log *log_of(log_reader *r, int id)
{
    if (id > r->count) {
        int count = id;
        group_log *more = realloc(r->tasks, (size_t)count * sizeof *more);
        if (more == NULL) {
            r->full = true;
            return NULL;
        }
        for (int i = r->count; i < count; i++) more[i] = (group_log){.begun = -1};
        r->tasks = more;
        r->count = count;
    }
    return &r->tasks[id - 1];
}

/* The first line about a task after its start is its end, its departure or its failure. */
static void take_line(void *ctx, const run_log_line *line)
{
    log_reader *r = ctx;
    if (line->tasks > 0) (void)log_of(r, line->tasks); /* room for all of the sweep */
    group_log *g = line->task > 0 ? log_of(r, line->task) : NULL;
    if (g == NULL) return;
    static const double LEAST = 0.5; /* s: times in the log are whole seconds */
    if (g->begun >= 0) g->seconds[g->level] += line->time - g->begun > LEAST ? line->time - g->begun : LEAST;
    g->begun = -1;
    if (strcmp(line->event, "task_started") != 0) return;
    g->begun = line->time;
    g->level = 0;
    while (2 << g->level <= line->ranks && g->level + 1 < RUN_TIMES_LEVELS) g->level++;
}

static void fill_shares(run_times *t, const log_reader *log, int id)
{
    double sum = 0;
    for (int i = 0; i < RUN_TIMES_LEVELS; i++) sum += log->tasks[id - 1].seconds[i];
    for (int i = 0; i < RUN_TIMES_LEVELS; i++) t->share[i] = sum > 0 ? log->tasks[id - 1].seconds[i] / sum : i == 0;
}

/* *found = false when the task has no file, or failed. */
static status read_task(bool *found, run_times *out, const run *r, int id)
{
    char path[MAX_PATH_TEXT];
    run_task_path(path, r, id);
    *found = false;
    if (!file_exists(path)) return status_ok();
    record rec;
    TRY(run_read_task(&rec, r, id));
    *found = rec.state == RECORD_DONE && rec.epoch_count > 0;
    *out = (run_times){.kind = rec.task.kind};
    task_label(out->label, &rec.task);
    for (int i = 0; i < rec.epoch_count; i++) {
        out->epochs[rec.curve[i].phase]++;
        out->seconds[rec.curve[i].phase] += rec.curve[i].seconds;
    }
    record_free(&rec);
    return status_ok();
}

status run_times_read(run_times **out, int *count, const char *directory)
{
    run r;
    memset(&r, 0, sizeof r);
    snprintf(r.directory, sizeof r.directory, "%s", directory);
    log_reader log = {0};
    status s = run_log_read(directory, take_line, &log);
    run_times *list = calloc((size_t)log.count + 1, sizeof *list);
    if (!failed(s) && (list == NULL || log.full)) s = status_fail(STATUS_MEMORY, "no memory for %d tasks", log.count);
    int filled = 0;
    for (int id = 1; id <= log.count && !failed(s); id++) {
        bool found;
        s = read_task(&found, &list[filled], &r, id);
        if (!failed(s) && found) fill_shares(&list[filled++], &log, id);
    }
    if (!failed(s) && filled == 0)
        s = status_fail(STATUS_CONFIG, "%s has no finished task whose time could be taken", directory);
    free(log.tasks);
    if (failed(s)) {
        free(list);
        return s;
    }
    *out = list;
    *count = filled;
    return status_ok();
}
