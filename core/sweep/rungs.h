/* rungs: the points of a sweep that may be stopped, and what is known of them at each rung. Pure bookkeeping over
 * stopping.h: values come in in any order, decisions are made when a rung is complete, one rung after the other.
 *
 * A pool are the points of one cost model, network and seed that nothing starts from, in the order of their ids; points
 * that are charged for nothing are in none. Of its places 0, control, 2 control ... are control runs. Rung k is at
 * first * eta^k epochs of a point's last stage, and is complete when every point of the pool that has not failed, was
 * not stopped and is long enough for it has come there, and all control runs have ended. */
#ifndef CORE_SWEEP_RUNGS_H
#define CORE_SWEEP_RUNGS_H

#include "core/config/settings.h"
#include "core/sweep/stopping.h"
#include "core/task/plan.h"

enum { RUNGS_MOST = 18 }; /* 100000 epochs, doubled from 1 */

typedef struct {
    int pool;    /* number, from 0; -1: is never looked at */
    int id;      /* of its task */
    int count;   /* rungs on its way */
    int reached; /* rungs whose values are known */
    bool control, ended, failed;
    bool end_known; /* the caller's: `end` is set, though it is not known yet that the run has ended */
    int stopped;    /* at this rung; -1: was not */
    stopping_point at[RUNGS_MOST], end;
    stopping_verdict verdict[RUNGS_MOST];
} rungs_run;

typedef struct {
    stopping_settings how;
    rungs_run *runs; /* (count): all points of pools, pool after pool, by id; owned */
    int count, pools;
    int *run_of; /* (tasks + 1): index by id, or -1; owned */
    int tasks;
} rungs;

/* last[task - 1]: epochs of the last stage of each task. */
MUST_CHECK status rungs_open(rungs *out, const stopping_settings *how, const task_plan *plan, const int *last);
void rungs_close(rungs *r);

/* The run of a task, or NULL. */
rungs_run *rungs_find(const rungs *r, int id);

/* Epochs of rung k. */
int rungs_epochs(const stopping_settings *how, int k);

/* A run has come to its next rung. Values of rungs that are known already are not looked at. */
void rungs_reached(rungs_run *run, int k, stopping_point point);
/* It has ended, with values for all its rungs, or failed. */
void rungs_ended(rungs_run *run, stopping_point end);
void rungs_failed(rungs_run *run);

/* Must it wait at its last rung for others? */
bool rungs_waits(const rungs_run *run);

/* Judges every rung that has become complete. *changed: there was one. */
MUST_CHECK status rungs_judge(rungs *r, bool *changed);

/* Did a run that had ended end on the front of its pool, as far as the pool has ended? */
bool rungs_on_front(const rungs *r, const rungs_run *run);

#endif
