/* earlier: what a sweep takes from earlier ones before it starts. */
#ifndef MPI_SWEEP_EARLIER_H
#define MPI_SWEEP_EARLIER_H

#include <stdio.h>

#include "core/base/status.h"
#include "core/task/plan.h"
#include "results/run/run.h"

enum { EARLIER_MOST = 16 };

typedef struct {
    const char *reuse[EARLIER_MOST]; /* run directories; (reuse_count) */
    int reuse_count;
    bool retry_failed; /* tasks that failed are run again */
} earlier_options;

/* By rank 0, before the run is open: CONFIG when there is nothing to reuse at a directory. */
MUST_CHECK status earlier_check(const earlier_options *o);

/* By rank 0, when the run is open: links finished tasks of the plan from other runs, and removes the records of failed
 * ones. What was done is told on `told`. */
MUST_CHECK status earlier_take(const run *r, const task_plan *plan, const earlier_options *o, FILE *told);

#endif
