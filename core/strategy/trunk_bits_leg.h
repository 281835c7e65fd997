/* trunk_bits_leg: a stretch of a trunk in which every channel has a real number of bits (core/quant/choice_bits.h),
 * trained by gradient descent with the weights at a constant rate,
 *
 *   dL/db = <G, Q_hi - Q_lo> / (hi - lo) + strength dcost/db
 *
 * (G: gradient of the mixed weights), while the budget falls by the same factor in every step, from that of the leg
 * before to its own, and the strength follows it (core/train/budget_law.h). A pruned channel can come back. The numbers
 * stay real: branches round them to their budget, the next leg goes on with them. Where the entry has activation_bits,
 * the activations of every group have such a number, too. */
#ifndef CORE_STRATEGY_TRUNK_BITS_LEG_H
#define CORE_STRATEGY_TRUNK_BITS_LEG_H

#include "core/train/stage.h"

extern const stage trunk_bits_leg_stage;

/* The budget at the start of the leg, in the cost model's unit: to be set by the task's start. */
void trunk_bits_leg_start(trainer *t, double budget);

/* In the start of a branch: the numbers of bits in the state, as trained by a leg, become precisions within the task's
 * target (cost_budget_round). */
MUST_CHECK status trunk_bits_round(trainer *t);

#endif
