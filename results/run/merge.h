/* merge: what several run directories of one configuration have finished, in one. The result does not depend on the
 * order of the inputs, and merging again changes nothing. */
#ifndef RESULTS_RUN_MERGE_H
#define RESULTS_RUN_MERGE_H

#include <stdio.h>

#include "core/base/status.h"

typedef struct {
    int total;        /* tasks of the plan */
    int done, failed; /* in the output now */
    int added;        /* of them new in the output */
    int equal;        /* found in more than one input, with equal results */
    int unusable;     /* files that were not used: damaged, or of another run */
} merge_summary;

/* Merges the runs in `inputs` into `directory`, which is created, or is a run itself and then one more input (it may
 * also be among them). Two stages:
 *
 * First everything is read, nothing is written: all inputs must be runs of one configuration, network and data set
 * (else STATUS_CONFIG, naming the differing keys), and a task that several have must have equal results in all (else
 * STATUS_DATA; every such task and what differs is told). Files that are damaged or belong to another run are told and
 * not used.
 *
 * Then task files are copied whole, with their seals, and appear complete or not at all; results.h5 is made anew, and
 * status.json unless a job is at work there. After a failure in this stage the same merge again completes it. */
MUST_CHECK status merge_runs(merge_summary *out, FILE *told, const char *directory, const char *const *inputs,
                             int count);

#endif
