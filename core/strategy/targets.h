/* targets: budgets in words become numbers, for a network. */
#ifndef CORE_STRATEGY_TARGETS_H
#define CORE_STRATEGY_TARGETS_H

#include "core/base/status.h"
#include "core/config/settings.h"
#include "core/cost/cost_model.h"
#include "core/net/graph/graph.h"
#include "core/strategy/precision_choice.h"
#include "core/strategy/strategy.h"
#include "core/task/task.h"

typedef struct {
    const char *cost_model; /* its name, the model's own */
    double value;           /* in the cost model's unit */
} budget;

/* The budgets of an entry, in the order in which it names them: (target_count). STATUS_CONFIG, naming the line, when a
 * text cannot be understood, its unit is none of the cost model's, or the precisions (the entry's, or the usual ones)
 * cannot reach the budget, even with one channel left of every group that can be pruned. */
MUST_CHECK status targets_of_entry(budget out[MAX_TARGETS], const settings *s, const plan_place *at,
                                   const precision_choice *usual);

/* What the unpruned network costs with all precisions at 8 bit. */
MUST_CHECK status targets_full_cost(double *out, const cost_model *m, const graph *g);

/* One text: "32 kB", "1.5e6 cycles mpic", "90 % of w4". `usual` is the cost model when none is named, or NULL. Whether
 * it can be reached is not asked. The message of a failure has no place in front. */
MUST_CHECK status targets_read(budget *out, const char *text, const cost_model *usual, const graph *g,
                               const cost_model *const *cost_models);

#endif
