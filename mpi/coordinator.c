#include "mpi/coordinator.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "hw_models/registry.h"
#include "mpi/agree.h"
#include "mpi/journal.h"
#include "mpi/runtime.h"
#include "results/checkpoint.h"

static const double STATUS_SECONDS = 1.0;   /* between status files */
static const double SNAPSHOT_SECONDS = 2.0; /* between snapshots, at least ... */
static const double SNAPSHOT_SHARE = 0.05;  /* ... and at most this share of the time */
static const double NAP_SECONDS = 5e-3;     /* the longest wait before a message is seen */

static const task *task_of(const coordinator *c, int id)
{
    return &c->in->tasks[id - 1];
}

/* Epochs of a task, for estimates of time only. */
static double task_weight(const settings *s, const task *t)
{
    if (t->kind == TASK_WARMUP) return s->warmup.epochs;
    return s->search_phase.epochs + s->finetune.epochs;
}

static status ask_workers_to_stop(coordinator *c)
{
    for (int rank = 1; rank < c->size; rank++) TRY(wire_send(c->world, rank, WIRE_TAG_STOP, NULL, 0));
    return status_ok();
}

static status begin_stop(coordinator *c)
{
    if (c->stopping) return status_ok();
    c->stopping = true;
    return ask_workers_to_stop(c);
}

/* The machine failed: keep the first reason, let the groups reach a checkpoint. Returns only a failure to say so. */
static status note_fault(coordinator *c, status fault)
{
    if (!failed(fault)) return status_ok();
    if (fault.code == STATUS_MPI) return fault;
    if (!failed(c->fault)) {
        c->fault = fault;
        progress_say(c->progress, "stopping: %s", fault.message);
    }
    return begin_stop(c);
}

static status take_signal(coordinator *c)
{
    if (c->interrupted) return status_ok();
    c->interrupted = true;
    if (!c->stopping) progress_say(c->progress, "stopping at the next step of every group");
    return begin_stop(c);
}

static void count_finished(coordinator *c, const task *t)
{
    c->totals.done = c->queue.done;
    c->totals.failed = c->queue.failed;
    c->totals.finished_weight += task_weight(&c->in->settings, t);
}

static status warn(coordinator *c, const char *text)
{
    progress_say(c->progress, "warning: %s", text);
    return note_fault(c, journal_warning(c->run, text));
}

static status find_finished(coordinator *c)
{
    for (int id = 1; id <= c->queue.count; id++) {
        char warning[256] = "";
        bool there = run_task_finished(warning, c->run, id);
        if (warning[0] != '\0') TRY(warn(c, warning));
        if (!there) continue;
        record found;
        TRY(run_read_task(&found, c->run, id));
        queue_finished(&c->queue, id, found.state == RECORD_DONE);
        record_free(&found);
        /* A kill between the result and this line left it behind. */
        char checkpoint[MAX_PATH_TEXT];
        run_checkpoint_path(checkpoint, c->run, id);
        checkpoint_remove(checkpoint);
        count_finished(c, task_of(c, id));
    }
    c->totals.weight_before = c->totals.finished_weight;
    return status_ok();
}

status coordinator_open(coordinator *out, const sweep_inputs *in, const run *r, progress *p, MPI_Comm world, int size)
{
    coordinator c = {
        .in = in, .run = r, .progress = p, .world = world, .size = size, .next_lot = 1, .fault = status_ok()};
    c.totals.total = in->task_count;
    c.totals.workers = size > 1 ? size - 1 : 1;
    for (int i = 0; i < in->task_count; i++) c.totals.total_weight += task_weight(&in->settings, &in->tasks[i]);
    int largest_group = in->settings.shards < WIRE_MAX_MEMBERS ? in->settings.shards : WIRE_MAX_MEMBERS;
    float *weights = calloc((size_t)in->task_count + 1, sizeof *weights);
    if (weights == NULL) return status_fail(STATUS_MEMORY, "no memory for %d tasks", in->task_count);
    for (int i = 0; i < in->task_count; i++) weights[i] = (float)task_weight(&in->settings, &in->tasks[i]);
    status queued = queue_init(&c.queue, in->tasks, weights, in->task_count, largest_group, c.totals.workers);
    free(weights);
    TRY(queued);
    c.idle = calloc((size_t)size, sizeof *c.idle);
    c.running = calloc((size_t)size, sizeof *c.running);
    c.shown = calloc((size_t)size, sizeof *c.shown);
    c.lines = calloc((size_t)size, sizeof *c.lines);
    c.line_texts = calloc((size_t)size, sizeof *c.line_texts);
    bool room = c.idle != NULL && c.running != NULL && c.shown != NULL && c.lines != NULL && c.line_texts != NULL;
    status s = status_ok();
    if (!room) s = status_fail(STATUS_MEMORY, "no memory to coordinate %d ranks", size);
    if (!failed(s)) s = find_finished(&c);
    if (failed(s)) {
        coordinator_close(&c);
        return s;
    }
    for (int rank = size > 1 ? 1 : 0; rank < size; rank++) c.idle[rank] = true;
    c.idle_count = c.totals.workers;
    *out = c;
    return status_ok();
}

void coordinator_close(coordinator *c)
{
    queue_free(&c->queue);
    free(c->idle);
    free(c->running);
    free(c->shown);
    free(c->lines);
    free(c->line_texts);
}

/* ---- handing out ---- */

/* Points whose warm-up failed become records of their own, so that the results say why they are missing. */
static status fail_hopeless(coordinator *c)
{
    int id;
    while (queue_hopeless(&c->queue, &id)) {
        const task *t = task_of(c, id);
        char label[128];
        task_label(label, task_of(c, t->depends_on));
        record result;
        memset(&result, 0, sizeof result);
        result.task = *t;
        result.state = RECORD_FAILED;
        snprintf(result.reason, sizeof result.reason, "its warm-up, task %d (%s), failed", t->depends_on, label);
        result.validation_accuracy = result.validation_loss = result.test_accuracy = result.test_loss = NAN;
        count_finished(c, t);
        c->snapshot_due = true;
        char warning[256];
        status written = run_write_task(warning, c->run, &result, NULL);
        if (warning[0] != '\0') TRY(warn(c, warning));
        if (!failed(written))
            written = journal_task_finished(c->run, t, status_fail(STATUS_NUMERIC, "%s", result.reason), 0);
        if (failed(written)) return note_fault(c, written);
        task_label(label, t);
        progress_say(c->progress, "task %d %s failed: %s", id, label, result.reason);
    }
    return status_ok();
}

/* Takes the lowest idle ranks. */
static assignment *assign(coordinator *c, int id, int ranks)
{
    const task *t = task_of(c, id);
    assignment *a = &c->running[c->running_count++];
    memset(a, 0, sizeof *a);
    a->order = (wire_order){.kind = ORDER_RUN, .task_id = id, .lot = c->next_lot++};
    for (int rank = 0; rank < c->size && a->order.member_count < ranks; rank++) {
        if (!c->idle[rank]) continue;
        c->idle[rank] = false;
        c->idle_count--;
        a->order.members[a->order.member_count++] = rank;
    }
    assert(a->order.member_count == ranks);
    const cost_model *model = cost_list_find(c->in->cost_models, t->cost_model);
    a->shown = (progress_group){.task_id = id,
                                .ranks = ranks,
                                .started = clock_seconds(),
                                .weight = task_weight(&c->in->settings, t),
                                .cost_unit = model != NULL ? model->unit : NULL};
    task_label(a->shown.label, t);
    progress_task_started(c->progress, &a->shown);
    return a;
}

/* *next = NULL when nothing can be started now. */
static status choose_next(coordinator *c, assignment **next)
{
    *next = NULL;
    TRY(fail_hopeless(c));
    int id, ranks;
    if (c->stopping || !queue_next(&c->queue, clock_seconds(), c->idle_count, &id, &ranks)) return status_ok();
    *next = assign(c, id, ranks);
    return note_fault(c, journal_task_started(c->run, task_of(c, id), (*next)->order.members[0], ranks));
}

/* ---- listening ---- */

static assignment *find_assignment(coordinator *c, int lot)
{
    for (int i = 0; i < c->running_count; i++)
        if (c->running[i].order.lot == lot) return &c->running[i];
    return NULL;
}

static void release(coordinator *c, assignment *a)
{
    for (int i = 0; i < a->order.member_count; i++) c->idle[a->order.members[i]] = true;
    c->idle_count += a->order.member_count;
    *a = c->running[--c->running_count];
}

static status take_end(coordinator *c, assignment *a, const wire_report *r)
{
    const task *t = task_of(c, r->task_id);
    status logged = status_ok();
    if (r->kind == REPORT_DONE) {
        queue_finished(&c->queue, r->task_id, !failed(r->outcome));
        count_finished(c, t);
        c->snapshot_due = true;
        progress_task_ended(c->progress, &a->shown, &c->totals, r->outcome, r->test_accuracy);
        logged = journal_task_finished(c->run, t, r->outcome, clock_seconds() - a->shown.started);
    } else {
        queue_returned(&c->queue, r->task_id);
        logged = journal_task_left(c->run, t, a->shown.latest.fraction);
    }
    release(c, a);
    TRY(note_fault(c, r->kind == REPORT_BROKEN ? r->outcome : status_ok()));
    TRY(note_fault(c, logged));
    /* A group that stopped by itself got a signal that did not reach rank 0. */
    return r->kind == REPORT_STOPPED && !c->stopping ? take_signal(c) : status_ok();
}

static status take_report(coordinator *c, const wire_report *r)
{
    if (r->kind == REPORT_STOP_WANTED) return take_signal(c);
    if (r->kind == REPORT_WARNING) return warn(c, r->outcome.message);
    assignment *a = find_assignment(c, r->lot);
    if (a == NULL) return status_fail(STATUS_MPI, "rank %d reports on lot %d, which nobody runs", r->rank, r->lot);
    if (r->kind != REPORT_BROKEN) {
        if (!a->shown.heard) a->shown.first_fraction = r->progress.fraction;
        a->shown.heard = true;
        a->shown.latest = r->progress;
    }
    if (r->kind != REPORT_PROGRESS) return take_end(c, a, r);
    progress_task_moved(c->progress, &a->shown);
    return status_ok();
}

/* ---- keeping the files ---- */

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

/* What has to be done every now and then. */
static status tick(coordinator *c)
{
    for (int i = 0; i < c->running_count; i++) c->shown[i] = &c->running[i].shown;
    progress_tick(c->progress, &c->totals, c->shown, c->running_count);
    if (failed(c->fault)) return status_ok(); /* the files are what failed, or may be */
    double now = clock_seconds();
    double pause = fmax(SNAPSHOT_SECONDS, c->snapshot_seconds / SNAPSHOT_SHARE);
    if (c->snapshot_due && now - c->last_snapshot >= pause) TRY(note_fault(c, write_snapshot(c)));
    if (now - c->last_status >= STATUS_SECONDS) TRY(note_fault(c, write_status(c, "running")));
    return status_ok();
}

/* ---- the two ways to run ---- */

static status run_with_workers(coordinator *c)
{
    patience waiting = {.longest_nap = NAP_SECONDS};
    while (true) {
        bool active = false, taken = true;
        while (taken) {
            wire_report message;
            TRY(wire_take(&taken, c->world, MPI_ANY_SOURCE, WIRE_TAG_REPORT, &message, sizeof message));
            if (taken) TRY(take_report(c, &message));
            active = active || taken;
        }
        if (runtime_stop_wanted()) TRY(take_signal(c));
        while (true) {
            assignment *next;
            TRY(choose_next(c, &next));
            if (next == NULL) break;
            for (int i = 0; i < next->order.member_count; i++)
                TRY(wire_send(c->world, next->order.members[i], WIRE_TAG_ORDER, &next->order, sizeof next->order));
            active = true;
        }
        if (c->running_count == 0) return status_ok();
        TRY(tick(c));
        if (active)
            waiting = (patience){.longest_nap = NAP_SECONDS};
        else
            patience_pause(&waiting);
    }
}

/* Afterwards no message of this sweep is left on its way. */
static status send_workers_away(coordinator *c)
{
    wire_order leave;
    memset(&leave, 0, sizeof leave);
    leave.kind = ORDER_LEAVE;
    for (int rank = 1; rank < c->size; rank++) TRY(wire_send(c->world, rank, WIRE_TAG_ORDER, &leave, sizeof leave));
    patience waiting = {.longest_nap = NAP_SECONDS};
    for (int staying = c->size - 1; staying > 0;) {
        wire_report message;
        bool taken;
        TRY(wire_take(&taken, c->world, MPI_ANY_SOURCE, WIRE_TAG_REPORT, &message, sizeof message));
        if (taken && message.kind == REPORT_LEFT) staying--;
        if (!taken) patience_pause(&waiting);
    }
    return status_ok();
}

static status take_own_report(void *ctx, const wire_report *message)
{
    return take_report(ctx, message);
}

static bool between_own_steps(void *ctx)
{
    coordinator *c = ctx;
    status s = status_ok();
    if (runtime_stop_wanted()) s = take_signal(c);
    if (!failed(s)) s = tick(c);
    if (failed(s) && !failed(c->fault)) c->fault = s;
    return c->stopping || failed(c->fault);
}

static status run_alone(coordinator *c, worker *own)
{
    own->link = (worker_link){.report = take_own_report, .should_stop = between_own_steps, .ctx = c};
    while (true) {
        if (runtime_stop_wanted()) TRY(take_signal(c));
        assignment *next;
        TRY(choose_next(c, &next));
        if (next == NULL) return status_ok();
        wire_order order = next->order; /* the assignment goes away with the last report */
        TRY(worker_perform(own, &order));
        TRY(tick(c));
    }
}

/* The last words in the files. What was finished stays readable whatever happens here. */
static status conclude(coordinator *c)
{
    progress_clear(c->progress);
    bool open = c->queue.waiting > 0;
    assert(c->queue.running == 0);
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

status coordinator_run(coordinator *c, worker *own, int *failed_tasks)
{
    int before = c->queue.done + c->queue.failed;
    c->last_status = c->last_snapshot = 0;
    TRY(note_fault(c, journal_sweep_started(c->run, c->size, c->queue.count, before)));
    if (before > 0) progress_say(c->progress, "%d of %d tasks were finished by an earlier run", before, c->queue.count);
    TRY(c->size > 1 ? run_with_workers(c) : run_alone(c, own));
    TRY(send_workers_away(c));
    status ending = conclude(c);
    *failed_tasks = c->queue.failed;
    return ending;
}
