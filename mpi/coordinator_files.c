#include <math.h>

#include "core/base/clock.h"
#include "mpi/coordinator_internal.h"
#include "mpi/journal.h"
#include "results/checkpoint.h"

static const double STATUS_SECONDS = 1.0;   /* between status files */
static const double SNAPSHOT_SECONDS = 2.0; /* between snapshots, at least ... */
static const double SNAPSHOT_SHARE = 0.05;  /* ... and at most this share of the time */

status coordinator_read_finished(coordinator *c, int id, bool *finished)
{
    char warning[256] = "";
    *finished = run_task_finished(warning, c->run, id);
    if (warning[0] != '\0') TRY(coordinator_warn(c, warning));
    if (!*finished) return status_ok();
    record found;
    TRY(run_read_task(&found, c->run, id));
    queue_finished(&c->queue, id, found.state == RECORD_DONE);
    record_free(&found);
    /* A kill between the result and this line left it behind. */
    char checkpoint[MAX_PATH_TEXT];
    run_checkpoint_path(checkpoint, c->run, id);
    checkpoint_remove(checkpoint);
    coordinator_count_finished(c, coordinator_task(c, id));
    return status_ok();
}

status coordinator_find_finished(coordinator *c)
{
    for (int id = 1; id <= c->queue.count; id++) {
        bool finished;
        TRY(coordinator_read_finished(c, id, &finished));
    }
    c->totals.weight_before = c->totals.finished_weight;
    return status_ok();
}

static int exit_code_now(const coordinator *c)
{
    if (failed(c->fault)) return runtime_exit_code(c->fault);
    if (c->queue.waiting + c->queue.running > 0) return EXIT_STOPPED;
    return c->queue.failed > 0 ? EXIT_TASKS_FAILED : EXIT_DONE;
}

static status write_status(coordinator *c, const char *state)
{
    for (int i = 0; i < c->running_count; i++) {
        progress_line(c->lines[i], sizeof c->lines[i], &c->running[i].shown);
        c->line_texts[i] = c->lines[i];
    }
    run_state now = {
        .state = state,
        .done = c->queue.done,
        .failed = c->queue.failed,
        .running = c->running_count,
        .total = c->queue.count,
        .exit_code = exit_code_now(c),
        .group_count = c->running_count,
        .group_lines = c->line_texts,
    };
    c->last_status = clock_seconds();
    return run_write_status(c->run, &now);
}

static status write_snapshot(coordinator *c)
{
    double before = clock_seconds();
    status s = run_snapshot(c->run, c->queue.count);
    c->last_snapshot = clock_seconds();
    c->snapshot_seconds = c->last_snapshot - before;
    c->snapshot_due = false;
    return s;
}

status coordinator_tick(coordinator *c)
{
    for (int i = 0; i < c->running_count; i++) c->shown[i] = &c->running[i].shown;
    progress_tick(c->progress, &c->totals, c->shown, c->running_count);
    if (failed(c->fault)) return status_ok(); /* the files are what failed, or may be */
    double now = clock_seconds();
    double pause = fmax(SNAPSHOT_SECONDS, c->snapshot_seconds / SNAPSHOT_SHARE);
    if (c->snapshot_due && now - c->last_snapshot >= pause) TRY(coordinator_note(c, write_snapshot(c)));
    if (now - c->last_status >= STATUS_SECONDS) TRY(coordinator_note(c, write_status(c, "running")));
    return status_ok();
}

status coordinator_conclude(coordinator *c)
{
    progress_clear(c->progress);
    bool open = c->queue.waiting > 0;
    if (open && c->stop == STOP_NOT && isfinite(c->limits.end)) coordinator_tell_time_is_up(c);
    const char *state = failed(c->fault) ? "failed" : open ? "stopped" : c->queue.failed > 0 ? "failed" : "done";
    status s = write_snapshot(c);
    if (!failed(s)) s = journal_sweep_ended(c->run, state, c->queue.done, c->queue.failed, exit_code_now(c));
    if (!failed(s)) s = write_status(c, state);
    if (failed(c->fault)) return c->fault;
    TRY(s);
    if (!open) return status_ok();
    return status_fail(STATUS_STOPPED, "stopped with %d of %d tasks finished; run the same command again to continue",
                       c->queue.done + c->queue.failed, c->queue.count);
}

