/* cost_choice: from a model's probabilities to what cost models read, and the cost's gradient back. */
#ifndef CORE_COST_COST_CHOICE_H
#define CORE_COST_COST_CHOICE_H

#include "core/cost/cost_total.h"
#include "core/net/model/model.h"

/* Expected channels and activation probabilities of every group after model_prepare(soft or hard). groups[group_count +
 * 1]. */
void cost_choice_read(group_choice *groups, const model *m);

/* Adds factor * slope to dL/dprobability: of the weight choices in the model, of the activation choices in `gradients`.
 * Between model_choice_gradients and model_finish_gradients. */
void cost_choice_add_slope(model *m, real *gradients, const group_choice *slope, double factor);

#endif
