/* run_copy: brings a finished task of one run into another one. */
#ifndef RESULTS_RUN_RUN_COPY_H
#define RESULTS_RUN_RUN_COPY_H

#include "core/base/status.h"
#include "results/run/run.h"

/* Copies the file whole, with its seal, checks the copy, and publishes it complete or not at all; a task that is there
 * keeps its file. `owner` makes the temporary name unique. With `link` the file is shared by a hard link where both lie
 * on one file system: task files are never changed. */
MUST_CHECK status run_copy_task(const run *to, const run *from, const char *key, const char *owner, bool link);

/* Takes what `from` has finished of the plan and `to` has not. *taken: how many; files that cannot be used are told, on
 * `told` (NULL: nowhere), and left out. */
MUST_CHECK status run_reuse(int *taken, FILE *told, const run *to, const run *from, const task_plan *plan,
                            const char *owner);

#endif
