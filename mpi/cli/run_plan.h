/* run_plan: a run directory as it stands, with the plan that it describes: made anew from its own texts, so that every
 * result can be held against the key that it should have. Changes nothing. */
#ifndef MPI_CLI_RUN_PLAN_H
#define MPI_CLI_RUN_PLAN_H

#include "core/strategy/strategies.h"
#include "hw_models/registry.h"
#include "results/run/run.h"

typedef struct {
    run run; /* for reading; owned */
    settings settings;
    sweep_networks networks; /* owned */
    cost_registry costs;     /* of the settings */
    task_plan plan;          /* owned; borrows the members above */
} run_plan;

/* *out is to be closed also after a failure, and stays where it is. */
MUST_CHECK status run_plan_open(run_plan *out, const char *directory);
void run_plan_close(run_plan *p);

/* The task that `text` names: its id, or the first digits (at least 4) of its key. */
MUST_CHECK status run_plan_task(const task **out, const run_plan *p, const char *text);

#endif
