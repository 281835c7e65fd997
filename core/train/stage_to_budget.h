/* stage_to_budget: a search that ends at a budget. The strength of the cost follows what the choices cost
 * (budget_law.h), while the budget falls from the unpruned network's to the task's own, which it reaches half-way. The
 * last epoch is kept; then the precisions become the most probable ones within the budget: those with the smallest sum
 * of -log(probability) that cost no more (core/cost/cost_budget.h). */
#ifndef CORE_TRAIN_STAGE_TO_BUDGET_H
#define CORE_TRAIN_STAGE_TO_BUDGET_H

#include "core/train/stage.h"

extern const stage stage_to_budget;

#endif
