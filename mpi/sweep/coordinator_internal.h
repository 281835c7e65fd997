/* What the files of the coordinator share. */
#ifndef MPI_SWEEP_COORDINATOR_INTERNAL_H
#define MPI_SWEEP_COORDINATOR_INTERNAL_H

#include "core/base/clock.h"
#include "mpi/sweep/coordinator.h"

static inline const task *coordinator_task(const coordinator *c, int id)
{
    return &c->in->plan.tasks[id - 1];
}

/* Seconds since the sweep was started. */
static inline double coordinator_time(const coordinator *c)
{
    return clock_seconds() - c->started;
}

/* Epochs of a task, for estimates of time only. */
double coordinator_task_weight(const coordinator *c, const task *t);

/* After the queue has learned that a task is finished. */
void coordinator_count_finished(coordinator *c, const task *t);

/* Into the front of the live view, from the task's file. */
void coordinator_show_point(coordinator *c, const task *t);

/* A line for people and the log. */
MUST_CHECK status coordinator_warn(coordinator *c, const char *text);

/* ---- stop ---- */

/* The machine failed: keep the first reason, let the groups reach a checkpoint. Returns only STATUS_MPI. */
MUST_CHECK status coordinator_note(coordinator *c, status fault);
void coordinator_take_signal(coordinator *c, stop_wish wish);
/* Says once that the time limit stops the sweep. */
void coordinator_tell_time_is_up(coordinator *c);
/* Groups whose segment is longer than was foreseen stop at the next step when time is up. */
void coordinator_look_at_the_clock(coordinator *c);
/* The stop file: one that was there at the start means earlier jobs. It stays: several jobs may have to see it. */
void coordinator_forget_old_stop(coordinator *c);
void coordinator_look_for_stop(coordinator *c);

/* ---- hand ---- */

/* *next = NULL when nothing can be started now. */
MUST_CHECK status coordinator_choose_next(coordinator *c, running_task **next);

/* ---- listen ---- */

/* Takes every message that has come; *active becomes true when there was one. */
MUST_CHECK status coordinator_listen(coordinator *c, bool *active);
MUST_CHECK status coordinator_take_report(coordinator *c, const wire_report *r);
/* The answer to a REPORT_BOUNDARY or REPORT_READY; false: the assignment is over. */
bool coordinator_judge(coordinator *c, const wire_report *r, bool *leave);
MUST_CHECK status coordinator_find_lost(coordinator *c);

/* ---- rungs ---- */

/* Stopping hopeless points (core/sweep/rungs.h): what reports and finished records say goes to the rungs, what follows
 * to the queue, the log, people and RUN/stopping.csv. A point that came to a rung waits at its checkpoint until all of
 * its pool are there; one that is stopped keeps its checkpoint. Nothing happens without settings.stopping.
 *
 * Before what is finished is looked for: takes what earlier jobs have seen. */
MUST_CHECK status coordinator_open_rungs(coordinator *c);
/* At a report of a task. */
void coordinator_take_rungs(coordinator *c, const wire_report *r);
/* The queue knows that a task has ended. */
MUST_CHECK status coordinator_end_rungs(coordinator *c, int id, bool ok);
/* The task is at a checkpoint: is it to be left? */
bool coordinator_leaves_at_rung(const coordinator *c, int id);
/* Decides what can be decided; then nothing that waits or is stopped can be handed out. */
MUST_CHECK status coordinator_tend_rungs(coordinator *c);

/* ---- files ---- */

MUST_CHECK status coordinator_find_finished(coordinator *c);
/* Learns from the task's file how it ended; *finished = false: there is none. */
MUST_CHECK status coordinator_read_finished(coordinator *c, int id, bool *finished);
/* How other jobs' results reach this one. */
job_claims_news coordinator_news(coordinator *c);
/* What has to be done every now and then. */
MUST_CHECK status coordinator_tick(coordinator *c);
/* The final state of the files. What was finished stays readable whatever happens here. */
MUST_CHECK status coordinator_conclude(coordinator *c);

#endif
