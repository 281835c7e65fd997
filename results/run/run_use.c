#include "results/run/run_use.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    double since; /* s; < 0: nobody works on it */
    int ranks;
} task_use;

struct run_use_reader {
    task_use *tasks; /* (count), owned; by id - 1 */
    int count;
    bool full;   /* no memory for more */
    int workers; /* of the start that is read */
    double last; /* s, of the last end of a group in it */
    run_use sum;
};

static void end_start(run_use_reader *r)
{
    r->sum.makespan += r->last;
    r->sum.capacity += r->last * r->workers;
    r->last = 0;
    for (int i = 0; i < r->count; i++) r->tasks[i].since = -1;
}

static task_use *use_of(run_use_reader *r, int id)
{
    if (id > r->count) {
        task_use *more = realloc(r->tasks, (size_t)id * sizeof *more);
        if (more == NULL) {
            r->full = true;
            return NULL;
        }
        for (int i = r->count; i < id; i++) more[i] = (task_use){.since = -1};
        r->tasks = more;
        r->count = id;
    }
    return &r->tasks[id - 1];
}

void run_use_take(run_use_reader *r, const run_log_line *line)
{
    if (strcmp(line->event, "sweep_started") == 0) {
        end_start(r);
        r->workers = line->ranks > 1 ? line->ranks - 1 : 1;
    }
    task_use *t = line->task > 0 && line->at >= 0 ? use_of(r, line->task) : NULL;
    if (t == NULL) return;
    if (t->since >= 0) {
        r->sum.busy += t->ranks * fmax(line->at - t->since, 0);
        r->last = fmax(r->last, line->at);
    }
    bool starts = strcmp(line->event, "task_started") == 0;
    *t = (task_use){.since = starts ? line->at : -1, .ranks = line->ranks};
}

status run_use_begin(run_use_reader **out)
{
    *out = calloc(1, sizeof **out);
    return *out != NULL ? status_ok() : status_fail(STATUS_MEMORY, "no memory to read a log");
}

status run_use_end(run_use *out, run_use_reader *r)
{
    end_start(r);
    *out = r->sum;
    const bool full = r->full;
    free(r->tasks);
    free(r);
    return full ? status_fail(STATUS_MEMORY, "no memory for the tasks of a log") : status_ok();
}

static void take_line(void *ctx, const run_log_line *line)
{
    run_use_take(ctx, line);
}

status run_use_read(run_use *out, const char *directory)
{
    run_use_reader *r;
    TRY(run_use_begin(&r));
    const status seen = run_log_read(directory, take_line, r), summed = run_use_end(out, r);
    TRY(seen);
    return summed;
}
