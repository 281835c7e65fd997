/* cost_budget_groups: precisions within a budget, chosen sharing group by sharing group by what networks cost, where
 * cost_budget_allocate goes by slopes. For costs that rise in steps: on an accelerator with tiles, one channel less may
 * save nothing, all channels of one precision a whole tile. */
#ifndef CORE_COST_COST_BUDGET_GROUPS_H
#define CORE_COST_COST_BUDGET_GROUPS_H

#include "core/cost/cost_walk.h"

/* Minimises the sum of losses + lambda * cost by coordinate descent: each group in turn takes the numbers of channels
 * at each candidate, and the candidate of its activations, that are the best beside the other groups, until none moves;
 * lambda is bisected to the budget. Numbers go in steps of a part of the group. Of a group those channels are pruned
 * that lose the least by it; of the rest those have fewer bits that lose the least at the lowest precision.
 *
 * loss[candidate][channels of all groups], w->budget->activations->loss: as for cost_budget_allocate; borrowed. The
 * allocation of w becomes the result. *met: false when no lambda meets the budget. STATUS_MEMORY. */
MUST_CHECK status cost_budget_groups(bool *met, walk *w, const double *loss);

#endif
