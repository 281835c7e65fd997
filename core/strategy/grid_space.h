/* grid_space: numbered allocations of weights. Two ways to number them:
 *
 *   compositions  of the sharing groups of some layers: how many channels get each precision, in steps of several
 *                 channels; the first channels the lowest precision, and so on. All other groups have one precision.
 *                 A group of C channels has binomial(C / step + P - 1, P - 1) of them with P precisions, and number n
 *                 means one of each group, the last group's running fastest
 *   random        of all groups: fractions of the precisions drawn uniformly from those that add up to 1 (by the gaps
 *                 between sorted uniform numbers), then every channel's precision by them. A function of the number
 *                 alone
 *
 * Groups that may not be pruned go without 0 bit. Pure. */
#ifndef CORE_STRATEGY_GRID_SPACE_H
#define CORE_STRATEGY_GRID_SPACE_H

#include <stdbool.h>

#include "core/base/status.h"
#include "core/net/graph/allocation.h"
#include "core/strategy/precision_choice.h"

enum { GRID_MOST_LAYERS = 8, GRID_MOST_COMPOSITIONS = 1000000, GRID_MOST_TRIES = 100000 };

typedef struct {
    const graph *graph;      /* borrowed */
    precision_choice choice; /* ascending */
    int group_count;         /* that vary; 0: random allocations of all */
    int groups[GRID_MOST_LAYERS];
    int base_bits; /* of the groups that do not vary */
    int step;      /* channels */
} grid_space;

/* How many compositions there are. STATUS_CONFIG: more than GRID_MOST_COMPOSITIONS, or the channels of a group are no
 * multiple of the step (the message begins with the key that is wrong). Random: GRID_MOST_TRIES. */
MUST_CHECK status grid_space_count(int *count, const grid_space *s);

/* Allocation `number`, 0 ... count - 1: the weights of *out, which is of the graph. False: it is no network of its own,
 * because a group is pruned as a whole or because every channel has the same precision. */
bool grid_space_allocation(allocation *out, const grid_space *s, int number);

/* A number's turn where some are drawn without replacement: the smaller, the earlier; equal ones by number. */
uint32_t grid_space_turn(int number);

#endif
