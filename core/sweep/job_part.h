/* job_part: the part of a sweep that one job of an array does: every N-th point. What points start from belongs to
 * every part that has such points. Pure functions of the plan. */
#ifndef CORE_SWEEP_JOB_PART_H
#define CORE_SWEEP_JOB_PART_H

#include <stdbool.h>

#include "core/base/status.h"
#include "core/task/task.h"

typedef struct {
    int index, count; /* index 0 ... count - 1; {0, 1}: everything */
} job_part;

/* "2/4": the second of four. */
MUST_CHECK status job_part_parse(job_part *out, const char *text);

/* What the tasks of a Slurm array are told: SLURM_ARRAY_TASK_ID, _MIN, _MAX and _COUNT. Ids may have any regular step
 * (1-7:2); with holes that are not regular nobody knows the positions: an error that says what to do. Outside of an
 * array: everything. */
MUST_CHECK status job_part_from_slurm(job_part *out);

/* How many tasks belong to the part. */
MUST_CHECK status job_part_size(int *out, const job_part *s, const task *tasks, const int *parents, int count);

/* mine[i] := tasks[i] belongs to the part; returns how many. */
int job_part_mark(bool *mine, const job_part *s, const task *tasks, const int *parents, int count);

#endif
