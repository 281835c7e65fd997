/* merge: the union of what several run directories have finished, in one. A result is known by its key, so that runs of
 * different configurations may be merged; the order of the inputs does not matter, and merging again changes nothing.
 */
#ifndef RESULTS_RUN_MERGE_H
#define RESULTS_RUN_MERGE_H

#include <stdio.h>

#include "core/base/status.h"
#include "core/task/plan.h"
#include "results/run/run.h"

typedef struct {
    int total;        /* tasks of the output's plan */
    int done, failed; /* of them */
    int others;       /* results in the output that are not of its plan */
    int added;        /* results new in the output */
    int equal;        /* found in more than one input, with equal content */
    int unusable;     /* files that were not used: damaged, renamed or changed */
} merge_summary;

/* Merges the runs `inputs` into the directory `output`, which may be a run already and is then one more input; a
 * directory that is given twice counts once. The output describes, or is made to describe, what `like` does, with the
 * plan `plan`. Two stages:
 *
 * First everything is read, nothing is written: a task that several have must have equal results in all (else
 * STATUS_DATA; every such task and what differs is told). Files that cannot be used are told and left out.
 *
 * Then task files are copied whole, with their seals, and appear complete or not at all; results.h5 is made anew, and
 * status.json unless a job is at work there. After a failure in this stage the same merge again completes it. */
MUST_CHECK status merge_runs(merge_summary *out, FILE *told, const char *output, const run *like, const task_plan *plan,
                             const run *inputs, int count);

#endif
