/* simulate: a sweep without training: the coordinator's queue (queue.h) with a clock that jumps from event to event. It
 * shows what a number of ranks would bring before anyone asks for them. Nothing is random. */
#ifndef CORE_SWEEP_SIMULATE_H
#define CORE_SWEEP_SIMULATE_H

#include <stdio.h>

#include "core/base/status.h"
#include "core/task/task.h"
#include "core/sweep/queue.h"

/* What one task takes, by phase: a phase without units is left out. A segment is one unit, the last may be shorter. */
typedef struct {
    double units[SPEED_PHASES];
    double seconds[SPEED_PHASES]; /* of one unit on one rank */
} simulated_work;

typedef struct {
    const task *tasks;          /* (count), ids 1 ... count; borrowed */
    const int *parents;         /* of all tasks, as ids; borrowed */
    const simulated_work *work; /* (count), borrowed */
    int count, shards;
    int workers;               /* ranks that compute */
    double part[SPEED_LEVELS]; /* time of a segment on 2^level ranks, as a part of that on one */
    double regroup_seconds;    /* from handing out to the first step */
    double walltime_seconds;   /* INFINITY: none */
} simulation;

/* One rank's part in one group. */
typedef struct {
    int rank;       /* 0 ... workers - 1 */
    int id;         /* of the task */
    float from, to; /* s; from the first step on */
} simulated_span;

typedef struct {
    double makespan;       /* s, until the last group has ended */
    double busy;           /* rank-seconds in segments */
    double useful;         /* of these, what the same work takes on one rank each */
    double utilisation;    /* busy / (workers * makespan) */
    int done, left;        /* tasks finished; not finished before the end of the walltime */
    int regroups;          /* groups that left to come back larger or smaller */
    int largest;           /* ranks of the largest group */
    simulated_span *spans; /* (span_count), owned */
    int span_count;
} simulated_sweep;

/* Parts of a segment's time by Amdahl's law: `serial` of it is not shared. */
void simulate_amdahl(double part[SPEED_LEVELS], double serial);

MUST_CHECK status simulate_run(simulated_sweep *out, const simulation *s);
void simulate_free(simulated_sweep *s);

#endif
