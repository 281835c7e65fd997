/* journal: the events of a sweep in log.jsonl, with their fields. */
#ifndef MPI_SWEEP_JOURNAL_H
#define MPI_SWEEP_JOURNAL_H

#include "core/base/status.h"
#include "core/task/task.h"
#include "results/run/run.h"

MUST_CHECK status journal_sweep_started(const run *r, int ranks, int total, int finished_before);
/* `at`: seconds since the sweep was started. */
MUST_CHECK status journal_task_started(const run *r, const task *t, double at, int leader, int ranks);
/* `outcome`: OK, or NUMERIC with the reason of a failed task. */
MUST_CHECK status journal_task_finished(const run *r, const task *t, double at, status outcome, double seconds);
MUST_CHECK status journal_task_left(const run *r, const task *t, double at, double fraction);
/* For good: it will have no result. */
MUST_CHECK status journal_task_stopped(const run *r, const task *t, double at, const char *reason);
/* A assignment was given up: the task continues elsewhere from its checkpoint. */
MUST_CHECK status journal_task_abandoned(const run *r, const task *t, double at, int lost_rank);
/* "rank_lost", "rank_back" */
MUST_CHECK status journal_rank(const run *r, const char *event, int rank);
MUST_CHECK status journal_warning(const run *r, const char *text);
MUST_CHECK status journal_sweep_ended(const run *r, const char *state, int done, int failed_tasks, int exit_code);

#endif
