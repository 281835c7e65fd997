/* stopping: which runs of a rung go on, so that work goes to those that can still reach the front. Pure.
 *
 * n runs have trained equally long; k = floor(n / eta) of them go on, all while n < eta. Error and log cost are scaled
 * to 0 ... 1 over the rung. Layer 1 are those that no other run dominates (<= in both, < in one; of equal points the
 * first), layer 2 those that none of the rest dominates, and so on. Inside a layer the one with the smallest error
 * comes first, then the one with the smallest cost, then always the one whose nearest neighbour among those before it
 * is farthest; ties: the first. The first k by layer and order go on. So does a control run, and one that would reach
 * the front if it still gained as much as any control run has gained from here to its end: (error - gain, cost) is
 * dominated by no run of the rung and by no end of a control run.
 *
 * Unlike asynchronous halving (Li et al. 2020) a rung is judged when all its runs are there, so that no result depends
 * on who came first. */
#ifndef CORE_SWEEP_STOPPING_H
#define CORE_SWEEP_STOPPING_H

#include <stdbool.h>

#include "core/base/status.h"

typedef struct {
    double error, cost; /* of the validation split, 0 ... 1; at least 0 */
} stopping_point;

typedef enum {
    STOPPING_UNDECIDED,
    STOPPING_GOES_ON,       /* among the first k */
    STOPPING_HOPES,         /* may still reach the front */
    STOPPING_CONTROL,       /* a control run that would go on anyway */
    STOPPING_CONTROL_SAVED, /* a control run that would be stopped */
    STOPPING_STOPPED
} stopping_verdict;

/* verdicts[count] of the runs at a rung, in the order of their ids. control[count]; ends[end_count]: where control runs
 * ended; gain: the largest fall of the error that one of them has seen from this rung to its end, at least 0. */
MUST_CHECK status stopping_judge(stopping_verdict *verdicts, const stopping_point *runs, const bool *control, int count,
                                 int eta, double gain, const stopping_point *ends, int end_count);

/* a <= b in both and < in one. */
bool stopping_dominates(stopping_point a, stopping_point b);

#endif
