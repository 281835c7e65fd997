#include "mpi/sweep/coordinator.h"

#include <math.h>
#include <stdlib.h>

#include "core/strategy/strategies.h"
#include "core/base/clock.h"
#include "mpi/link/patience.h"
#include "mpi/sweep/coordinator_internal.h"
#include "mpi/sweep/journal.h"

static const double NAP_SECONDS = 4e-3;      /* the longest wait before a message is seen */
static const double WAIT_SECONDS = 0.05;     /* between looks for the tasks of other jobs, by the only rank */
static const double LOOK_SECONDS = 0.25;     /* between looks for lost ranks, at most ... */
static const double LOOKS_PER_DEADLINE = 16; /* ... and at least so many within the deadline */

double coordinator_task_weight(const coordinator *c, const task *t)
{
    int epochs[PHASE_COUNT], sum = 0;
    const task_kind *kind = strategies_task_kind(t->kind);
    if (kind == NULL) return 1; /* nothing is trained: bench dispatch */
    task_kind_epochs(epochs, kind, &c->in->settings, t);
    for (int phase = 0; phase < PHASE_COUNT; phase++) sum += epochs[phase];
    return sum;
}

void coordinator_count_finished(coordinator *c, const task *t)
{
    c->totals.done = c->queue.done;
    c->totals.failed = c->queue.failed;
    c->totals.finished_weight += coordinator_task_weight(c, t);
}

status coordinator_warn(coordinator *c, const char *text)
{
    progress_say(c->progress, "warning: %s", text);
    return coordinator_note(c, journal_warning(c->run, text));
}

/* Another one in every sweep of a process, for the sake of messages that an abandoned assignment has left behind. */
static int first_assignment(void)
{
    return 1 + (int)fmod(1e3 * clock_seconds(), 1e9);
}

static status make_room(coordinator *c, int room)
{
    c->running = calloc((size_t)room, sizeof *c->running);
    c->shown = calloc((size_t)room, sizeof *c->shown);
    c->lines = calloc((size_t)room, sizeof *c->lines);
    c->line_texts = calloc((size_t)room, sizeof *c->line_texts);
    c->room = room;
    if (c->running == NULL || c->shown == NULL || c->lines == NULL || c->line_texts == NULL)
        return status_fail(STATUS_MEMORY, "no memory to coordinate %d ranks", room);
    return status_ok();
}

status coordinator_open(coordinator *out, const sweep_inputs *in, const run *r, progress *p, job_claims *shared,
                        const link_world *world, int size, const coordinator_limits *limits)
{
    coordinator c = {.in = in,
                     .run = r,
                     .progress = p,
                     .claims = shared,
                     .limits = *limits,
                     .next_assignment = first_assignment(),
                     .fault = status_ok()};
    c.totals.total = in->plan.count;
    c.totals.workers = size > 1 ? size - 1 : 1;
    for (int i = 0; i < in->plan.count; i++) c.totals.total_weight += coordinator_task_weight(&c, &in->plan.tasks[i]);
    int largest_group = in->settings.shards < WIRE_MAX_MEMBERS ? in->settings.shards : WIRE_MAX_MEMBERS;
    float *weights = calloc((size_t)in->plan.count + 1, sizeof *weights);
    if (weights == NULL) return status_fail(STATUS_MEMORY, "no memory for %d tasks", in->plan.count);
    for (int i = 0; i < in->plan.count; i++) weights[i] = (float)coordinator_task_weight(&c, &in->plan.tasks[i]);
    status s = queue_init(&c.queue, in->plan.tasks, in->plan.parents, weights, in->plan.count, largest_group,
                          c.totals.workers);
    free(weights);
    TRY(s);
    queue_set_deadline(&c.queue, limits->end);
    claim_holder_self(c.holder);
    s = make_room(&c, size);
    if (!failed(s)) s = members_open(&c.members, world, size, limits->deadline);
    if (!failed(s)) s = coordinator_open_rungs(&c);
    if (!failed(s)) s = coordinator_find_finished(&c);
    c.rungs_moved = true;
    if (failed(s)) {
        coordinator_close(&c);
        return s;
    }
    *out = c;
    return status_ok();
}

void coordinator_close(coordinator *c)
{
    run_snapshot_end(c->snapshot);
    c->snapshot = NULL;
    members_close(&c->members);
    queue_free(&c->queue);
    rungs_close(&c->rungs);
    free(c->running);
    free(c->shown);
    free(c->lines);
    free(c->line_texts);
}

/* ---- with workers ---- */

static status hand_out(coordinator *c, bool *active)
{
    while (true) {
        running_task *next;
        TRY(coordinator_choose_next(c, &next));
        if (next == NULL) return status_ok();
        members_tell_assignment(&c->members, &next->order);
        *active = true;
    }
}

static status look_around(coordinator *c)
{
    double now = clock_seconds(), within = c->limits.deadline / LOOKS_PER_DEADLINE;
    if (now - c->last_look < (within < LOOK_SECONDS ? within : LOOK_SECONDS)) return status_ok();
    c->last_look = now;
    coordinator_look_for_stop(c);
    coordinator_look_at_the_clock(c);
    return c->members.size > 1 ? coordinator_find_lost(c) : status_ok();
}

/* Nothing runs here, and everything left is at work elsewhere. */
static void tell_waiting(coordinator *c)
{
    int away = c->claims->awaited;
    if (c->told_waiting || c->running_count > 0 || away == 0) return;
    c->told_waiting = true;
    progress_say(c->progress, "%d task%s at work in other jobs; this one takes over what they leave", away,
                 away == 1 ? " is" : "s are");
}

/* Nothing runs, and all who could work are idle although everything possible was handed out; and other jobs have
 * nothing that could come back. */
static bool is_over(const coordinator *c)
{
    int living = members_living(&c->members);
    bool waits = c->claims->awaited > 0 && living > 0;
    return c->running_count == 0 && (c->stop != STOP_NOT || (c->members.idle == living && !waits));
}

static status run_with_workers(coordinator *c)
{
    patience waiting = {.longest_nap = NAP_SECONDS};
    while (true) {
        bool active = false;
        TRY(coordinator_listen(c, &active));
        coordinator_take_signal(c, stop_wished());
        TRY(look_around(c));
        TRY(hand_out(c, &active));
        if (is_over(c)) return status_ok();
        tell_waiting(c);
        TRY(coordinator_tick(c));
        if (active)
            waiting = (patience){.longest_nap = NAP_SECONDS};
        else
            patience_pause(&waiting);
    }
}

static bool all_left(const members *m)
{
    for (int rank = 1; rank < m->size; rank++)
        if (!m->list[rank].left && !m->list[rank].lost) return false;
    return true;
}

/* Afterwards no message of this sweep is left on its way, except to and from lost ranks. */
static status send_workers_away(coordinator *c, status outcome, const sweep_end *end)
{
    members_tell_all(&c->members, &(wire_order){.kind = ORDER_END,
                                                .outcome = outcome,
                                                .failed_tasks = end->failed_tasks,
                                                .ranks_lost = end->ranks_lost});
    patience waiting = {.longest_nap = NAP_SECONDS};
    while (!all_left(&c->members)) {
        bool active = false;
        int rank;
        TRY(coordinator_listen(c, &active));
        (void)members_find_lost(&c->members, &rank);
        if (!active) patience_pause(&waiting);
    }
    return status_ok();
}

/* ---- alone ---- */

static status take_own_report(void *ctx, const wire_report *message)
{
    return coordinator_take_report(ctx, message);
}

static status judge_own(void *ctx, const wire_report *question, bool *leave)
{
    bool running = coordinator_judge(ctx, question, leave);
    return running ? status_ok() : status_fail(STATUS_MPI, "the assignment was given up");
}

static bool between_own_steps(void *ctx)
{
    coordinator *c = ctx;
    coordinator_take_signal(c, stop_wished());
    status s = look_around(c);
    if (!failed(s)) s = coordinator_tick(c);
    if (failed(s) && !failed(c->fault)) c->fault = s;
    return c->stop == STOP_NOW || failed(c->fault);
}

static bool own_lot_given_up(void *ctx)
{
    (void)between_own_steps(ctx); /* keeps the files up to date during long steps */
    return false;
}

static status run_alone(coordinator *c, worker *own)
{
    own->link = (worker_link){.report = take_own_report,
                              .ask = judge_own,
                              .should_stop = between_own_steps,
                              .given_up = own_lot_given_up,
                              .ctx = c};
    while (true) {
        coordinator_take_signal(c, stop_wished());
        TRY(look_around(c));
        running_task *next;
        TRY(coordinator_choose_next(c, &next));
        if (next == NULL && (c->stop != STOP_NOT || c->claims->awaited == 0)) return status_ok();
        if (next == NULL) {
            tell_waiting(c);
            TRY(coordinator_tick(c));
            clock_sleep(WAIT_SECONDS);
            continue;
        }
        wire_order order = next->order; /* the assignment goes away with the last report */
        TRY(worker_perform(own, &order));
        TRY(coordinator_tick(c));
    }
}

status coordinator_run(coordinator *c, worker *own, sweep_end *end)
{
    int before = c->queue.done + c->queue.failed, size = c->members.size;
    c->last_status = c->last_snapshot = 0;
    c->started = clock_seconds();
    coordinator_forget_old_stop(c);
    TRY(job_claims_begin(c->claims, &c->queue, &c->in->plan));
    TRY(coordinator_note(c, journal_sweep_started(c->run, size, c->queue.count, before)));
    if (before > 0) progress_say(c->progress, "%d of %d tasks were finished by an earlier run", before, c->queue.count);
    if (!c->claims->leads) progress_say(c->progress, "another job is at work here: each task is done by one of them");
    TRY(size > 1 ? run_with_workers(c) : run_alone(c, own));
    status ending = coordinator_conclude(c);
    int done, failed_tasks;
    job_claims_count(c->claims, &done, &failed_tasks);
    *end =
        (sweep_end){.failed_tasks = failed_tasks, .stopped_tasks = c->queue.stopped, .ranks_lost = c->members.lost > 0};
    if (size > 1) TRY(send_workers_away(c, ending, end));
    end->ranks_lost = end->ranks_lost || c->members.lost > 0;
    return ending;
}
