/* run_times: how long the tasks of a run took, from its task files, and on how many ranks, from its log. */
#ifndef RESULTS_RUN_RUN_TIMES_H
#define RESULTS_RUN_RUN_TIMES_H

#include "core/base/status.h"
#include "core/task/record.h"

enum { RUN_TIMES_LEVELS = 9, RUN_TIMES_PHASES = PHASE_COUNT };

typedef struct {
    char label[TASK_LABEL]; /* of the task (task_label) */
    bool point;             /* or a state that others start from */
    int epochs[RUN_TIMES_PHASES];
    double seconds[RUN_TIMES_PHASES]; /* wall clock over these epochs */
    double share[RUN_TIMES_LEVELS];   /* of that time on groups of 2^level ranks; sum 1 */
} run_times;

/* Every finished task, of the directory's plan or another one, in the order of the keys; *out is one allocation, the
 * caller frees it. Fails when there is none. A task whose groups the log does not tell counts as trained by one rank.
 */
MUST_CHECK status run_times_read(run_times **out, int *count, const char *directory);

#endif
