/* cost_budget: which precision each channel gets so that a network costs no more than a budget. Works for every cost
 * model through its values and slopes; slopes reach through the number of kept channels to the layers that read them,
 * whatever the model does in training.
 *
 * Budgets are met from below, as closely as single steps to the next candidate allow. */
#ifndef CORE_COST_COST_BUDGET_H
#define CORE_COST_COST_BUDGET_H

#include "core/base/status.h"
#include "core/cost/cost_total.h"

/* Activations that may be lowered, too: those of each sharing group; the network input never is. Borrowed. */
typedef struct {
    const int *candidates; /* (candidate_count), ascending */
    int candidate_count;
    const double *numbers; /* cost_budget_round: (group_count) real numbers of bits */
    const double *loss;    /* cost_budget_allocate: [candidate][group_count], in the unit of the channels' losses */
} cost_budget_activations;

typedef struct {
    const cost_model *model; /* borrowed */
    double target;           /* in the model's unit; the cost may not be above */
    const int *candidates;   /* (candidate_count), ascending: weight precisions, 0 = pruned; borrowed */
    int candidate_count;
    const int8_t *activation_bits;              /* (group_count + 1), as in an allocation; borrowed */
    const cost_budget_activations *activations; /* NULL: they stay at activation_bits */
    bool whole_groups; /* cost_budget_allocate: all channels of a sharing group get the same precision, not 0 */
    bool by_groups;    /* cost_budget_allocate: tries cost_budget_groups.h, too, and takes what loses less */
    bool together;     /* with by_groups: channels of a group that are pruned lose (sum of sqrt(loss))^2, not the sum */
    bool keep_alive;   /* at least one channel of every sharing group stays */
} cost_budget;

/* Cost of an allocation. */
double cost_budget_value(const cost_model *model, const allocation *a);

/* The lowest cost that the candidates reach, and what it is reached with (a; may be NULL). Groups that may not be
 * pruned keep the lowest precision above 0. */
MUST_CHECK status cost_budget_least(double *cost, allocation *a, const graph *g, const cost_budget *b);

/* Rounds real numbers of bits to candidates. bits[channels of all groups, in the order of out->weight_bits]. Every
 * channel is cut to the candidate below; then those with the largest remainder, as a share of the way to the next
 * candidate, go up while the budget allows it (equal ones: the first). When already the cut ones cost too much, those
 * with the smallest remainder go down. STATUS_NUMERIC when the budget cannot be met: the message says what was reached.
 * out: of the graph. */
MUST_CHECK status cost_budget_round(allocation *out, const double *bits, const cost_budget *b);

/* Chooses the precisions with the smallest sum of losses: loss[candidate][channels of all groups], any unit, at each
 * candidate. Minimises loss + lambda * cost for each channel, by the cost's slopes, with lambda bisected to the budget
 * (exact for costs that are sums over channels); then single steps fill what is left of the budget, those first that
 * gain the most loss for their cost. Activations are chosen in turn with the weights, each for what the others are;
 * of equal ones the highest. Slopes say little of costs that rise in steps: by_groups is for those. STATUS_NUMERIC
 * when the budget cannot be met. */
MUST_CHECK status cost_budget_allocate(allocation *out, const double *loss, const cost_budget *b);

#endif
