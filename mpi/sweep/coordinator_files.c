#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "mpi/cli/exit_code.h"
#include "mpi/sweep/coordinator_internal.h"
#include "mpi/sweep/journal.h"
#include "results/file/checkpoint.h"
#include "results/run/run_index.h"
#include "results/run/run_inventory.h"

enum { MOST_TOLD = 3 };                     /* tasks named in one message */
static const double STATUS_SECONDS = 1.0;   /* between status files */
static const double SNAPSHOT_SECONDS = 2.0; /* between snapshots, at least ... */
static const double SNAPSHOT_SHARE = 0.05;  /* ... and at most this share of the time */
static const double SLICE_SECONDS = 0.005;  /* of a snapshot, at once */
static const double MOST_GROWTH = 2;

/* known: how it has ended, if the index of the last snapshot says so. `wholly`: the content of the file is looked at,
 * too. */
static status read_finished(coordinator *c, int id, unsigned char known, bool wholly, bool *finished)
{
    const task *t = coordinator_task(c, id);
    char warning[256] = "";
    record_state state = known == RECORD_FAILED ? RECORD_FAILED : RECORD_DONE;
    *finished = known != RUN_INDEX_UNKNOWN;
    if (!*finished) TRY(run_task_state(finished, &state, warning, c->run, t->key));
    if (*finished && wholly) TRY(run_check_task(finished, warning, c->run, t->key));
    if (warning[0] != '\0') TRY(coordinator_warn(c, warning));
    if (!*finished) return status_ok();
    queue_finished(&c->queue, id, state == RECORD_DONE);
    coordinator_show_point(c, t);
    coordinator_count_finished(c, t);
    return coordinator_end_rungs(c, id, state == RECORD_DONE);
}

/* Of a finished task: a kill between the result and the removal left it behind. */
static void remove_checkpoint(const coordinator *c, int id)
{
    char checkpoint[MAX_PATH_TEXT];
    run_checkpoint_path(checkpoint, c->run, coordinator_task(c, id)->key);
    checkpoint_remove(checkpoint);
}

void coordinator_show_point(coordinator *c, const task *t)
{
    record head;
    if (!c->progress->live || !t->point || failed(run_read_task(&head, c->run, t->key))) return;
    for (int i = 0; i < head.cost_count && head.state == RECORD_DONE; i++)
        if (strcmp(head.costs[i].name, "size_bits") == 0)
            progress_add_point(c->progress, head.costs[i].value, head.validation_accuracy);
    record_free(&head);
}

status coordinator_read_finished(coordinator *c, int id, bool *finished)
{
    TRY(read_finished(c, id, RUN_INDEX_UNKNOWN, false, finished));
    if (*finished) remove_checkpoint(c, id);
    return status_ok();
}

static status read_finished_elsewhere(void *ctx, int id, bool *finished)
{
    coordinator *c = ctx;
    TRY(coordinator_read_finished(c, id, finished));
    c->snapshot_due = c->snapshot_due || *finished;
    return status_ok();
}

job_claims_news coordinator_news(coordinator *c)
{
    return (job_claims_news){.read_finished = read_finished_elsewhere, .ctx = c};
}

/* From the last task to the first: when a task's turn comes, it is known whether others will start from it. */
static status find_finished(coordinator *c, bool *needed, unsigned char *known)
{
    const task_plan *plan = &c->in->plan;
    const bool left = run_inventory_checkpoints(c->run);
    run_index_read(known, c->run, plan);
    for (int id = plan->count; id >= 1; id--) {
        const task *t = coordinator_task(c, id);
        bool finished;
        TRY(read_finished(c, id, known[id - 1], needed[id - 1], &finished));
        if (finished && left) remove_checkpoint(c, id);
        for (int i = 0; i < t->parent_count && !finished; i++) needed[task_plan_parent(plan, t, i) - 1] = true;
    }
    return status_ok();
}

status coordinator_find_finished(coordinator *c)
{
    const size_t room = (size_t)c->queue.count + 1;
    bool *needed = calloc(room, sizeof *needed), current;
    unsigned char *known = malloc(room);
    status s = needed != NULL && known != NULL ? find_finished(c, needed, known)
                                               : status_fail(STATUS_MEMORY, "no memory for %d tasks", c->queue.count);
    free(known);
    free(needed);
    c->totals.weight_before = c->totals.finished_weight;
    TRY(s);
    TRY(run_index_current(&current, c->run, &c->in->plan));
    c->snapshot_due = !current;
    return run_inventory_others(&c->others, c->run, &c->in->plan);
}

/* Something of this job's part is not finished. */
static bool is_open(const coordinator *c)
{
    return c->queue.waiting + c->queue.running + c->queue.aside + c->queue.held + c->claims->awaited > 0;
}

static int exit_code_now(const coordinator *c)
{
    int done, failed_tasks;
    job_claims_count(c->claims, &done, &failed_tasks);
    if (failed(c->fault)) return exit_code_of(c->fault);
    if (is_open(c)) return EXIT_STOPPED;
    return failed_tasks > 0 ? EXIT_TASKS_FAILED : EXIT_DONE;
}

/* Nobody has anything left. */
static bool is_whole(const coordinator *c)
{
    return c->queue.done + c->queue.failed + c->queue.stopped == c->queue.count;
}

/* How this job ends. */
static const char *own_state(const coordinator *c)
{
    int code = exit_code_now(c);
    return code == EXIT_DONE ? "done" : code == EXIT_STOPPED ? "stopped" : "failed";
}

/* How the sweep stands at the end of this job. */
static const char *sweep_state(const coordinator *c)
{
    bool others = !is_whole(c) && job_claims_at_work(c->claims, 0) > 0;
    if (failed(c->fault) || is_whole(c)) return own_state(c);
    return others ? "running" : "stopped";
}

static status write_status(coordinator *c, const char *state, bool beside)
{
    for (int i = 0; i < c->running_count; i++) {
        progress_line(c->lines[i], sizeof c->lines[i], &c->running[i].shown);
        c->line_texts[i] = c->lines[i];
        c->shown[i] = &c->running[i].shown;
    }
    double fraction, left;
    const bool known = progress_outlook(&fraction, &left, c->progress, &c->totals, c->shown, c->running_count);
    run_state now = {
        .beside = beside,
        .job = c->claims->name,
        .state = state,
        .done = c->queue.done,
        .failed = c->queue.failed,
        .stopped = c->queue.stopped,
        .running = c->claims->leads ? job_claims_at_work(c->claims, c->running_count) : c->running_count,
        .total = c->queue.count,
        .others = c->others,
        .awaited = c->claims->awaited,
        .known = known,
        .fraction = known ? fraction : 0,
        .seconds_left = known ? left : 0,
        .holder = c->holder,
        .command = c->limits.command,
        .folder = c->limits.folder,
        .exit_code = exit_code_now(c),
        .group_count = c->running_count,
        .group_lines = c->line_texts,
    };
    c->last_status = clock_seconds();
    return run_write_status(c->run, &now);
}

static void drop_snapshot(coordinator *c)
{
    run_snapshot_end(c->snapshot);
    c->snapshot = NULL;
}

/* A slice of a snapshot, so that nobody waits for the coordinator as long as a whole one takes. */
static status work_on_snapshot(coordinator *c)
{
    double before = clock_seconds();
    bool published = false;
    status s = status_ok();
    if (c->snapshot == NULL) {
        c->snapshot_due = false; /* what ends from now on asks for the next one */
        c->snapshot_tasks = c->queue.done + c->queue.failed;
        c->snapshot_seconds = 0;
        s = run_snapshot_begin(&c->snapshot, c->run, &c->in->plan);
    }
    if (!failed(s)) s = run_snapshot_step(c->snapshot, SLICE_SECONDS, &published);
    c->last_snapshot = clock_seconds();
    c->snapshot_seconds += c->last_snapshot - before;
    if (failed(s) && c->snapshot != NULL && run_snapshot_is_gone(c->snapshot)) {
        c->snapshot_due = true;
        s = status_ok();
        drop_snapshot(c);
    }
    if (published || failed(s)) drop_snapshot(c);
    return s;
}

/* The next one takes longer by as much as it holds more; but the first ones are short and say little about that. */
static bool snapshot_is_due(const coordinator *c)
{
    double growth = (c->queue.done + c->queue.failed + 1.0) / (c->snapshot_tasks + 1.0);
    double expected = c->snapshot_seconds * fmin(growth, MOST_GROWTH);
    double pause = fmax(SNAPSHOT_SECONDS, expected / SNAPSHOT_SHARE);
    return c->snapshot_due && clock_seconds() - c->last_snapshot >= pause;
}

/* Only who leads writes results.h5. */
static status tend_snapshot(coordinator *c)
{
    if (!c->claims->leads) {
        drop_snapshot(c);
        return status_ok();
    }
    return c->snapshot != NULL || snapshot_is_due(c) ? work_on_snapshot(c) : status_ok();
}

status coordinator_tick(coordinator *c)
{
    for (int i = 0; i < c->running_count; i++) c->shown[i] = &c->running[i].shown;
    progress_tick(c->progress, &c->totals, c->shown, c->running_count);
    job_claims_news news = coordinator_news(c);
    TRY(coordinator_note(c, job_claims_tick(c->claims, &news)));
    if (failed(c->fault)) return status_ok(); /* the files are what failed, or may be */
    TRY(coordinator_note(c, tend_snapshot(c)));
    double now = clock_seconds();
    if (now - c->last_status >= STATUS_SECONDS) TRY(coordinator_note(c, write_status(c, "running", !c->claims->leads)));
    return status_ok();
}

/* Workers and other jobs see that this one lives. */
static status show_life(void *ctx)
{
    coordinator *c = ctx;
    bool active;
    if (c->members.size > 1) TRY(coordinator_listen(c, &active));
    return job_claims_renew(c->claims);
}

/* Again, as long as other jobs have finished something meanwhile: whoever comes last leaves the last word. */
static status leave_files(coordinator *c)
{
    job_claims_news news = coordinator_news(c);
    run_meanwhile meanwhile = {show_life, c};
    bool found = !failed(c->fault);
    drop_snapshot(c);
    TRY(run_inventory_others(&c->others, c->run, &c->in->plan));
    if (found) TRY(job_claims_look(c->claims, &found, &news));
    do {
        TRY(run_snapshot_last(c->run, &c->in->plan, &meanwhile));
        if (c->claims->leads || is_whole(c)) TRY(write_status(c, sweep_state(c), false));
        if (!c->claims->leads) TRY(write_status(c, own_state(c), true));
        if (!failed(c->fault)) TRY(job_claims_look(c->claims, &found, &news));
    } while (found && !failed(c->fault));
    return journal_sweep_ended(c->run, own_state(c), c->queue.done, c->queue.failed, exit_code_now(c));
}

/* The ids of the tasks set aside, in words. */
static void list_aside(char *out, size_t bytes, const coordinator *c)
{
    size_t used = 0;
    int told = 0;
    out[0] = '\0';
    for (int id = 1; id <= c->queue.count && used < bytes; id++) {
        if (queue_task(&c->queue, id) != QUEUE_ASIDE) continue;
        if (told++ == MOST_TOLD) {
            snprintf(out + used, bytes - used, " ...");
            return;
        }
        char label[128];
        task_label(label, coordinator_task(c, id));
        int more = snprintf(out + used, bytes - used, "%s%d (%s)", told == 1 ? "" : ", ", id, label);
        used += more > 0 ? (size_t)more : 0;
    }
}

static status tell_aside(const coordinator *c, int finished)
{
    char list[256];
    list_aside(list, sizeof list, c);
    return status_fail(
        STATUS_STOPPED,
        "stopped with %d of %d tasks finished; set aside because its ranks died %d times: task %s. Is there "
        "enough memory? See %.60s/log.jsonl and the output of the job; run the same command again to try "
        "once more",
        finished, c->claims->share, QUEUE_ATTEMPTS, list, c->run->directory);
}

status coordinator_conclude(coordinator *c)
{
    progress_clear(c->progress);
    if (is_open(c) && c->stop == STOP_NOT && c->queue.aside == 0 && isfinite(c->limits.end))
        coordinator_tell_time_is_up(c);
    status s = leave_files(c);
    if (failed(c->fault)) return c->fault;
    TRY(s);
    int done, failed_tasks;
    job_claims_count(c->claims, &done, &failed_tasks);
    if (!is_open(c)) return status_ok();
    if (c->queue.aside > 0) return tell_aside(c, done + failed_tasks);
    return status_fail(STATUS_STOPPED, "stopped with %d of %d tasks finished; run the same command again to continue",
                       done + failed_tasks, c->claims->share);
}
