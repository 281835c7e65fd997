#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "mpi/sweep/coordinator_internal.h"
#include "mpi/sweep/journal.h"

enum { MOST_GIVE_UPS = 20 }; /* of assignments without a dead rank and without progress: then it is the network */

static running_task *find_running(coordinator *c, int assignment)
{
    for (int i = 0; i < c->running_count; i++)
        if (c->running[i].order.assignment == assignment) return &c->running[i];
    return NULL;
}

static void remove_assignment(coordinator *c, running_task *a)
{
    *a = c->running[--c->running_count];
}

static status take_loss(coordinator *c, const task *t)
{
    char label[128], text[256];
    job_claims_lose(c->claims, t->id);
    task_label(label, t);
    snprintf(text, sizeof text,
             "task %d %s was taken over by another job: this one was silent for longer than its lease", t->id, label);
    return coordinator_warn(c, text);
}

static status take_end(coordinator *c, running_task *a, const wire_report *r)
{
    const task *t = coordinator_task(c, r->task_id);
    status logged = status_ok();
    if (r->kind == REPORT_DONE) {
        queue_finished(&c->queue, r->task_id, !failed(r->outcome));
        coordinator_count_finished(c, t);
        TRY(coordinator_note(c, coordinator_end_rungs(c, r->task_id, !failed(r->outcome))));
        c->snapshot_due = true;
        coordinator_show_point(c, t);
        progress_task_ended(c->progress, &a->shown, &c->totals, r->outcome, r->test_accuracy);
        logged = journal_task_finished(c->run, t, coordinator_time(c), r->outcome, clock_seconds() - a->shown.started);
    } else {
        queue_returned(&c->queue, r->task_id);
        c->rungs_moved = true; /* perhaps it has to wait */
        if (r->outcome.code == STATUS_LOST) TRY(take_loss(c, t));
        logged = journal_task_left(c->run, t, coordinator_time(c), a->shown.latest.fraction);
    }
    for (int i = 0; i < a->order.member_count; i++) members_released(&c->members, a->order.members[i], r->assignment);
    remove_assignment(c, a);
    job_claims_leave(c->claims, r->task_id);
    TRY(coordinator_note(c, r->kind == REPORT_BROKEN ? r->outcome : status_ok()));
    return coordinator_note(c, logged);
}

/* Its group broke: it continues from its checkpoint elsewhere (the claim stays; with the next hand-out it gets a new
 * token), or not in this run. */
static status take_break(coordinator *c, const task *t)
{
    char label[128], text[256];
    if (queue_broken(&c->queue, t->id)) return status_ok();
    job_claims_leave(c->claims, t->id);
    task_label(label, t);
    snprintf(text, sizeof text, "task %d %s is set aside in this run: its group broke %d times", t->id, label,
             QUEUE_ATTEMPTS);
    return coordinator_warn(c, text);
}

/* The members are told to leave; the task continues elsewhere, unless its result was written just before. */
static status abandon(coordinator *c, running_task *a, int lost_rank)
{
    const task *t = coordinator_task(c, a->order.task_id);
    bool finished;
    progress_say(c->progress, "task %d %s is taken back: %s %d", t->id, a->shown.label,
                 c->members.list[lost_rank].lost ? "no sign of life from rank" : "given up by rank", lost_rank);
    status logged = journal_task_abandoned(c->run, t, coordinator_time(c), lost_rank);
    members_tell_assignment(&c->members, &(wire_order){.kind = ORDER_ABANDON, .assignment = a->order.assignment});
    remove_assignment(c, a);
    c->rungs_moved = true;
    TRY(coordinator_note(c, coordinator_read_finished(c, t->id, &finished)));
    if (finished) {
        c->snapshot_due = true;
        job_claims_leave(c->claims, t->id);
    } else {
        TRY(take_break(c, t));
    }
    return coordinator_note(c, logged);
}

/* The rank works on this assignment no more. If it left without being told to, because it has missed the coordinator,
 * nobody will end its task. */
static status take_leave(coordinator *c, const wire_report *r)
{
    members_released(&c->members, r->rank, r->assignment);
    running_task *a = find_running(c, r->assignment);
    return a != NULL ? abandon(c, a, r->rank) : status_ok();
}

static status take_give_up(coordinator *c, const wire_report *r)
{
    TRY(coordinator_warn(c, r->outcome.message));
    running_task *a = find_running(c, r->assignment);
    if (a != NULL) TRY(abandon(c, a, r->rank));
    if (++c->gave_up < MOST_GIVE_UPS) return status_ok();
    return coordinator_note(c, status_fail(STATUS_IO, "groups fall apart again and again: %.400s", r->outcome.message));
}

static void take_progress(coordinator *c, running_task *a, const wire_report *r)
{
    if (!a->shown.heard) {
        a->shown.first_fraction = r->progress.fraction;
        queue_begun(&c->queue, r->task_id, clock_seconds(), r->progress.fraction, r->progress.phase);
    }
    a->shown.heard = true;
    a->shown.latest = r->progress;
    if (r->kind == REPORT_BOUNDARY) c->gave_up = 0;
    progress_task_moved(c->progress, &a->shown);
    coordinator_take_rungs(c, r);
}

/* The group is at a checkpoint: may its ranks be used better? */
static bool should_leave(coordinator *c, const wire_report *r)
{
    queue_verdict verdict = queue_boundary(&c->queue, r->task_id, clock_seconds(), r->progress.fraction,
                                           r->progress.phase, c->members.idle);
    if (verdict == QUEUE_DEADLINE) coordinator_tell_time_is_up(c);
    return c->stop != STOP_NOT || verdict != QUEUE_GO_ON || coordinator_leaves_at_rung(c, r->task_id);
}

bool coordinator_judge(coordinator *c, const wire_report *r, bool *leave)
{
    running_task *a = find_running(c, r->assignment);
    *leave = true;
    if (a == NULL) return false;
    if (r->kind != REPORT_BOUNDARY) return true;
    take_progress(c, a, r);
    *leave = should_leave(c, r);
    return true;
}

static void answer(coordinator *c, const wire_report *r)
{
    wire_order verdict = {.kind = ORDER_VERDICT, .assignment = r->assignment};
    if (!coordinator_judge(c, r, &verdict.leave)) verdict.kind = ORDER_ABANDON;
    members_tell(&c->members, r->rank, &verdict);
}

static status note_return(coordinator *c, int rank)
{
    progress_say(c->progress, "rank %d is back", rank);
    return coordinator_note(c, journal_rank(c->run, "rank_back", rank));
}

static status take_task_report(coordinator *c, const wire_report *r)
{
    /* Of a assignment that was given up: it was told so; whether its task is finished is seen when it is taken up. */
    running_task *a = find_running(c, r->assignment);
    if (a == NULL) return status_ok();
    if (r->kind != REPORT_BROKEN) take_progress(c, a, r);
    return r->kind == REPORT_PROGRESS ? status_ok() : take_end(c, a, r);
}

status coordinator_take_report(coordinator *c, const wire_report *r)
{
    if (members_heard(&c->members, r->rank)) TRY(note_return(c, r->rank));
    switch (r->kind) {
    case REPORT_PULSE:
        members_tell(&c->members, r->rank, &(wire_order){.kind = ORDER_PULSE});
        return status_ok();
    case REPORT_BOUNDARY:
    case REPORT_READY:
        answer(c, r);
        return status_ok();
    case REPORT_GAVE_UP:
        return take_give_up(c, r);
    case REPORT_FREE:
        return take_leave(c, r);
    case REPORT_WARNING:
        return coordinator_warn(c, r->outcome.message);
    case REPORT_STOP_WANTED:
        coordinator_take_signal(c, r->now ? STOP_NOW : STOP_AT_BOUNDARY);
        return status_ok();
    case REPORT_LEFT:
        c->members.list[r->rank].left = true;
        return status_ok();
    default:
        return take_task_report(c, r);
    }
}

status coordinator_listen(coordinator *c, bool *active)
{
    for (bool taken = true; taken;) {
        wire_report message;
        TRY(wire_take(&taken, &c->members.inbox, &message));
        if (taken) TRY(coordinator_take_report(c, &message));
        *active = *active || taken;
    }
    return status_ok();
}

status coordinator_find_lost(coordinator *c)
{
    int rank;
    while (members_find_lost(&c->members, &rank)) {
        if (c->members.list[rank].unreachable)
            progress_say(c->progress, "warning: rank %d cannot be reached and gets no more work: %s", rank,
                         c->members.fault.message);
        else
            progress_say(c->progress, "warning: rank %d has been silent for %.3g s and gets no more work", rank,
                         c->limits.deadline);
        TRY(coordinator_note(c, journal_rank(c->run, "rank_lost", rank)));
        int assignment = c->members.list[rank].assignment;
        running_task *a = find_running(c, assignment);
        if (a != NULL)
            TRY(abandon(c, a, rank));
        else if (assignment != 0) /* its task is finished, but other members may still wait for its last message */
            members_tell_assignment(&c->members, &(wire_order){.kind = ORDER_ABANDON, .assignment = assignment});
    }
    c->totals.workers = members_living(&c->members);
    return status_ok();
}
