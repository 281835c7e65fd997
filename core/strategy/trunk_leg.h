/* trunk_leg: a stretch of a trunk: the discrete network is trained at a constant rate while its budget falls
 * geometrically, from that of the leg before to its own. After each epoch the precisions are chosen anew, by what every
 * channel's error at each precision costs in loss:
 *
 *   loss[p][c] = sum_k v_k (w_k - Q_p(w_k))^2,   v = moving average of the squared gradient (Fisher's diagonal)
 *   loss[0][c] = moving average of (gamma dL/dgamma + beta dL/dbeta)^2, the squared gradient by a gate behind the
 * channel (without batch-norm: by a gate on its weights and bias; Molchanov et al. 2019, arXiv 1906.10771)
 *
 * summed over the layers of a sharing group, and the cheapest choice within the budget is that of
 * core/cost/cost_budget.h. Errors of rounding are independent of each other, so that their losses add up. The pruned
 * channels of a group are not: with gates g_c their loss is E (sum_c g_c)^2, between the sum of E g_c^2 (pruned =
 * "apart") and (sum_c sqrt(E g_c^2))^2, by Cauchy and Schwarz (pruned = "together"). Where the entry has
 * activation_bits, the activations of a group at a bit count
 *
 *   loss[a] = S step_a^2 / 12,   step_a = clip / (2^a - 1),   S = moving average of sum_h (dL/dA_h)^2
 *
 * over the elements h of a batch: the noise of the quantiser, in the unit of the weights' losses. The last choice,
 * which meets the leg's own budget, is not trained: branches and the next leg start with it. */
#ifndef CORE_STRATEGY_TRUNK_LEG_H
#define CORE_STRATEGY_TRUNK_LEG_H

#include "core/train/stage.h"

extern const stage trunk_leg_stage;

/* The budget at the start of the leg, in the cost model's unit: to be set by the task's start. */
void trunk_leg_start(trainer *t, double budget);

#endif
