#include "core/train/stage_to_budget.h"

#include <math.h>
#include <stdlib.h>

#include "core/cost/cost_budget.h"
#include "core/net/model/model_allocation.h"
#include "core/train/budget_law.h"
#include "core/train/schedule.h"
#include "core/train/trainer_discrete.h"
#include "core/train/trainer_state.h"

static const double FALL = 0.5; /* part of the steps in which the budget falls */

enum { SUM_OF_ERRORS, OWN_REALS };

static const phase_settings *settings_of(const settings *s)
{
    return &s->search_phase;
}

static size_t state_reals(const trainer *t)
{
    (void)t;
    return OWN_REALS;
}

static double temperature(const trainer *t)
{
    return schedule_temperature(&t->in.settings->search, t->counters.epoch);
}

static void add_cost(trainer *t, real *own, real *gradients)
{
    model *m = t->now.model;
    const double steps = FALL * trainer_epochs(t) * trainer_steps_per_epoch(t);
    const double budget = budget_falling(t->full_cost, t->in.task->target, (double)t->counters.stage_steps / steps);
    cost_choice_read(t->choices, m);
    const double cost = cost_total(t->cost, t->in.graph, t->choices, m->options.rules.published_costs, t->slopes);
    const double strength = budget_law(&own[SUM_OF_ERRORS], cost, budget);
    cost_choice_add_slope(m, gradients, t->slopes, strength / t->full_cost);
}

/* losses[candidate][channel] = -log(probability): of all channels of the groups that have a choice. */
static void fill_losses(double *losses, const trainer *t, const allocation *a)
{
    const model *m = &t->network;
    const int channels = a->first[t->in.graph->group_count];
    for (int i = 0; i < t->in.graph->group_count; i++) {
        const model_weight_group *group = &m->groups[i];
        if (group->precisions == 0) continue;
        const real *logits = t->values + m->layout.tensors[group->logits].offset;
        for (int c = 0; c < t->in.graph->groups[i].channels; c++) {
            const int column = group->columns == 1 ? 0 : c;
            double largest = -INFINITY, sum = 0;
            for (int p = 0; p < group->precisions; p++)
                largest = fmax(largest, (double)logits[p * group->columns + column]);
            for (int p = 0; p < group->precisions; p++)
                sum += exp((double)logits[p * group->columns + column] - largest);
            for (int p = 0; p < group->precisions; p++) {
                int candidate = 0;
                while (m->options.weight_bits[candidate] != group->bits[p]) candidate++;
                losses[(size_t)candidate * (size_t)channels + (size_t)(a->first[i] + c)] =
                    log(sum) + largest - (double)logits[p * group->columns + column];
            }
        }
    }
}

static status choose_with(trainer *t, allocation *a, double *losses)
{
    const model_options *o = &t->network.options;
    fill_losses(losses, t, a);
    TRY(cost_budget_allocate(a, losses,
                             &(cost_budget){.model = t->cost,
                                            .target = t->in.task->target,
                                            .candidates = o->weight_bits,
                                            .candidate_count = o->weight_count,
                                            .activation_bits = a->activation_bits,
                                            .whole_groups = o->per_layer,
                                            .keep_alive = t->in.settings->search.keep_alive}));
    for (int i = 0; i < t->in.graph->group_count; i++)
        if (t->network.groups[i].precisions > 0)
            model_allocation_write_group(&t->network, t->values, i, allocation_of_group(a, i));
    return status_ok();
}

static status choose(trainer *t, real *own)
{
    (void)own;
    allocation a;
    TRY(allocation_new(&a, t->in.graph));
    model_prepare(&t->network, t->values, MODEL_HARD, 1, 0);
    model_allocation_read(&a, &t->network);
    const size_t channels = (size_t)a.first[t->in.graph->group_count];
    double *losses = calloc((size_t)t->network.options.weight_count * channels + 1, sizeof *losses);
    status s = losses != NULL ? choose_with(t, &a, losses) : status_fail(STATUS_MEMORY, "no memory for the choices");
    free(losses);
    allocation_free(&a);
    if (!failed(s)) trainer_remove_pruned(t);
    return s;
}

const stage stage_to_budget = {.name = "search",
                               .phase = PHASE_SEARCH,
                               .draws = 1,
                               .mode = MODEL_SOFT,
                               .choices_move = true,
                               .keeps_last = true,
                               .settings = settings_of,
                               .state_reals = state_reals,
                               .temperature = temperature,
                               .gradient = add_cost,
                               .end = choose};
