#define _POSIX_C_SOURCE 200809L
#include "mpi/sweep/earlier.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "results/run/run_copy.h"

static status reuse(const run *r, const task_plan *plan, const char *directory, FILE *told)
{
    run from;
    int taken = 0;
    TRY(run_open_read(&from, directory));
    status s = run_reuse(&taken, told, r, &from, plan, r->owner[0] != '\0' ? r->owner : "alone");
    run_close(&from);
    TRY(s);
    fprintf(told, "%d finished task%s of %s taken over\n", taken, taken == 1 ? "" : "s", directory);
    return status_ok();
}

static status forget_failed(const run *r, const task_plan *plan, FILE *told)
{
    int forgotten = 0;
    for (int i = 0; i < plan->count; i++) {
        bool finished;
        record_state state;
        char warning[256], path[MAX_PATH_TEXT];
        TRY(run_task_state(&finished, &state, warning, r, plan->tasks[i].key));
        if (!finished || state != RECORD_FAILED) continue;
        run_task_path(path, r, plan->tasks[i].key);
        if (unlink(path) != 0 && errno != ENOENT)
            return status_fail(STATUS_IO, "cannot remove %s: %s", path, strerror(errno));
        forgotten++;
    }
    fprintf(told, "%d failed task%s will be run again\n", forgotten, forgotten == 1 ? "" : "s");
    return status_ok();
}

status earlier_check(const earlier_options *o)
{
    for (int i = 0; i < o->reuse_count; i++) {
        run from;
        TRY(run_open_read(&from, o->reuse[i]));
        run_close(&from);
    }
    return status_ok();
}

status earlier_take(const run *r, const task_plan *plan, const earlier_options *o, FILE *told)
{
    if (o->retry_failed) TRY(forget_failed(r, plan, told));
    for (int i = 0; i < o->reuse_count; i++) TRY(reuse(r, plan, o->reuse[i], told));
    return status_ok();
}
