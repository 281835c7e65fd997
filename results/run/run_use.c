#include "results/run/run_use.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "results/run/run_log.h"

typedef struct {
    double since; /* s; < 0: nobody works on it */
    int ranks;
} task_use;

typedef struct {
    task_use *tasks; /* (count), owned; by id - 1 */
    int count;
    bool full;   /* no memory for more */
    int workers; /* of the start that is read */
    double last; /* s, of the last end of a group in it */
    run_use sum;
} use_reader;

static void end_start(use_reader *r)
{
    r->sum.makespan += r->last;
    r->sum.capacity += r->last * r->workers;
    r->last = 0;
    for (int i = 0; i < r->count; i++) r->tasks[i].since = -1;
}

static task_use *use_of(use_reader *r, int id)
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

static void take_line(void *ctx, const run_log_line *line)
{
    use_reader *r = ctx;
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

status run_use_read(run_use *out, const char *directory)
{
    use_reader r = {0};
    status s = run_log_read(directory, take_line, &r);
    end_start(&r);
    free(r.tasks);
    if (!failed(s) && r.full) s = status_fail(STATUS_MEMORY, "no memory for the log of %s", directory);
    *out = r.sum;
    return s;
}
