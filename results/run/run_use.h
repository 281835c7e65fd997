/* run_use: how well a run used its ranks, from its log. */
#ifndef RESULTS_RUN_RUN_USE_H
#define RESULTS_RUN_RUN_USE_H

#include "core/base/status.h"
#include "results/run/run_log.h"

/* Summed over all starts of the job that keeps log.jsonl. A start that was killed counts up to its last line. */
typedef struct {
    double busy; /* rank-seconds between the hand-out of a task and its end, or departure, on the ranks of its group */
    double makespan; /* s from the start of the sweep to the end of its last group */
    double capacity; /* rank-seconds: makespan times ranks that compute (rank 0 of several does not) */
} run_use;

/* All zero when the log tells nothing. */
MUST_CHECK status run_use_read(run_use *out, const char *directory);

/* The same for whoever reads the log for more: every line of it, from the first on, between begin and end. */
typedef struct run_use_reader run_use_reader;
MUST_CHECK status run_use_begin(run_use_reader **out);
void run_use_take(run_use_reader *r, const run_log_line *line);
/* Frees it. */
MUST_CHECK status run_use_end(run_use *out, run_use_reader *r);

#endif
