#include "core/strategy/trunk_bits_leg.h"

#include <stdlib.h>
#include <string.h>

#include "core/cost/cost_budget.h"
#include "core/net/model/model_allocation.h"
#include "core/strategy/trunk_options.h"
#include "core/train/budget_law.h"
#include "core/train/trainer_state.h"

enum { SUM_OF_ERRORS, FIRST_BUDGET, OWN_REALS };

static const phase_settings *settings_of(const settings *s)
{
    return &s->trunk;
}

static size_t state_reals(const trainer *t)
{
    (void)t;
    return OWN_REALS;
}

void trunk_bits_leg_start(trainer *t, double budget)
{
    t->own[0][FIRST_BUDGET] = (real)budget;
}

static void add_cost(trainer *t, real *own, real *gradients)
{
    model *m = t->now.model;
    const double steps = (double)trainer_epochs(t) * trainer_steps_per_epoch(t);
    const double done = (double)t->counters.stage_steps / steps;
    cost_choice_read(t->choices, m);
    const double cost = cost_total(t->cost, t->in.graph, t->choices, m->options.rules.published_costs, t->slopes);
    const double budget = budget_falling((double)own[FIRST_BUDGET], t->in.task->target, done);
    cost_choice_add_slope(m, gradients, t->slopes, budget_law(&own[SUM_OF_ERRORS], cost, budget) / t->full_cost);
}

/* ---- the start of a branch ---- */

static void read_bits(double *bits, const trainer *t, const allocation *a)
{
    for (int i = 0; i < t->in.graph->group_count; i++) {
        const model_weight_group *group = &t->network.groups[i];
        if (group->precisions == 0) continue;
        const real *numbers = t->values + t->network.layout.tensors[group->logits].offset;
        for (int c = 0; c < group->columns; c++) bits[a->first[i] + c] = (double)numbers[c];
    }
}

/* Of each group; of what nothing quantises the highest. */
static void read_activation_bits(double *bits, const trainer *t)
{
    const model *m = &t->network;
    for (int q = 0; q < m->graph->group_count; q++) {
        const model_quantizer *quantizer = &m->quantizers[q];
        bits[q] = quantizer->used && model_counts_bits(m, quantizer)
                      ? (double)t->values[m->layout.tensors[quantizer->logits].offset]
                      : m->options.activation_bits[m->options.activation_count - 1];
    }
}

static status round_with(trainer *t, allocation *a, double *bits)
{
    const model_options *o = &t->network.options;
    double *activation_bits = bits + a->first[t->in.graph->group_count];
    int8_t nearest[GRAPH_MAX_LAYERS + 1];
    memcpy(nearest, a->activation_bits, (size_t)t->in.graph->group_count + 1);
    read_bits(bits, t, a);
    read_activation_bits(activation_bits, t);
    const cost_budget_activations activations = {
        .candidates = o->activation_bits, .candidate_count = o->activation_count, .numbers = activation_bits};
    const bool moves = trunk_moves_activations(t->in.settings, t->in.task);
    TRY(cost_budget_round(a, bits,
                          &(cost_budget){.model = t->cost,
                                         .target = t->in.task->target,
                                         .candidates = o->weight_bits,
                                         .candidate_count = o->weight_count,
                                         .activation_bits = nearest,
                                         .activations = moves ? &activations : NULL,
                                         .keep_alive = t->in.settings->search.keep_alive}));
    for (int i = 0; i < t->in.graph->group_count; i++)
        if (t->network.groups[i].precisions > 0)
            model_allocation_write_group(&t->network, t->values, i, allocation_of_group(a, i));
    if (moves) model_allocation_write_activations(&t->network, t->values, a->activation_bits);
    return status_ok();
}

status trunk_bits_round(trainer *t)
{
    allocation a;
    TRY(allocation_new(&a, t->in.graph));
    model_prepare(&t->network, t->values, MODEL_HARD, 1, 0);
    model_allocation_read(&a, &t->network);
    const size_t numbers = (size_t)(a.first[t->in.graph->group_count] + t->in.graph->group_count);
    double *bits = calloc(numbers + 1, sizeof *bits);
    status s = bits != NULL ? round_with(t, &a, bits) : status_fail(STATUS_MEMORY, "no memory for the choices");
    free(bits);
    allocation_free(&a);
    return s;
}

const stage trunk_bits_leg_stage = {.name = "trunk",
                                    .phase = PHASE_SEARCH,
                                    .draws = 3,
                                    .mode = MODEL_SOFT,
                                    .choices_move = true,
                                    .keeps_last = true,
                                    .keeps_state = true,
                                    .task_length = true,
                                    .settings = settings_of,
                                    .state_reals = state_reals,
                                    .gradient = add_cost};
