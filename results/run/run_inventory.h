/* run_inventory: what lies in a run directory: every task file, of the plan or not, found by its name. */
#ifndef RESULTS_RUN_RUN_INVENTORY_H
#define RESULTS_RUN_RUN_INVENTORY_H

#include <stdbool.h>

#include "core/base/status.h"
#include "core/task/plan.h"
#include "results/run/run.h"

typedef struct {
    char (*keys)[TASK_KEY]; /* (count), in increasing order; owned */
    int count;
} run_inventory;

/* The keys of all task files of the directory (none without a folder tasks); their content is not looked at. */
MUST_CHECK status run_inventory_read(run_inventory *out, const run *r);
void run_inventory_free(run_inventory *i);

/* The place of a key in keys; -1: it is not there. */
int run_inventory_find(const run_inventory *i, const char *key);

/* How many of them belong to the plan. */
int run_inventory_planned(const run_inventory *i, const task_plan *plan);

/* The number of those that do not. */
MUST_CHECK status run_inventory_others(int *out, const run *r, const task_plan *plan);

/* Is any checkpoint there? True also when that cannot be found out. */
bool run_inventory_checkpoints(const run *r);

#endif
