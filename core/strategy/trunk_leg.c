#include "core/strategy/trunk_leg.h"

#include <math.h>
#include <stdlib.h>

#include "core/cost/cost_budget.h"
#include "core/net/model/model_allocation.h"
#include "core/strategy/weight_error.h"
#include "core/train/trainer_state.h"

/* Weight of a step's squared gradients in their moving average: some hundred steps count. */
static const real NEWEST = (real)0.01;

static const phase_settings *settings_of(const settings *s)
{
    return &s->trunk;
}

static size_t state_reals(const trainer *t)
{
    (void)t;
    return 1; /* the budget at the start of the leg */
}

void trunk_leg_start(trainer *t, double budget)
{
    t->own[0][0] = (real)budget;
}

/* ---- in a step: moving averages of squared gradients, in the block of second moments, which SGD leaves alone ---- */

static void average(real *to, real squared)
{
    *to += NEWEST * (squared - *to);
}

/* In the place of the shift (or bias): the squared gradient by a gate behind each channel. */
static void average_gates(const trainer *t, const model_node *node, const real *gradients, int channels)
{
    const model *m = t->now.model;
    const model_tensor *tensors = m->layout.tensors;
    const real *values = t->now.values;
    const bool norm = node->gamma >= 0;
    const size_t shift = tensors[norm ? node->beta : node->bias].offset;
    const size_t scale = tensors[norm ? node->gamma : node->weight].offset;
    const size_t rows = norm ? 1 : node->rows;
    for (int c = 0; c < channels; c++) {
        real slope = values[shift + (size_t)c] * gradients[shift + (size_t)c];
        for (size_t k = 0; k < rows; k++) {
            const size_t at = scale + k * (size_t)channels + (size_t)c;
            slope += values[at] * gradients[at];
        }
        average(&t->now.second[shift + (size_t)c], slope * slope);
    }
}

static void watch_gradients(trainer *t, real *own, real *gradients)
{
    (void)own;
    const model *m = t->now.model;
    for (int i = 0; i < m->graph->layer_count; i++) {
        const model_node *node = &m->nodes[i];
        if (node->weight < 0) continue;
        const model_tensor *weight = &m->layout.tensors[node->weight];
        for (size_t k = weight->offset; k < weight->offset + weight->count; k++)
            average(&t->now.second[k], gradients[k] * gradients[k]);
        average_gates(t, node, gradients, m->graph->layers[i].out_channels);
    }
}

/* ---- between epochs: the precisions are chosen anew ---- */

typedef struct {
    const trainer *t;
    const allocation *at;
    const model_options *options;
    double *loss; /* (candidates, channels of all groups) */
    int channels;
    weight_error_room room;
} sensitivity;

/* Adds the loss of one layer at one precision above 0. */
static void add_precision(const sensitivity *s, int layer, int candidate)
{
    const trainer *t = s->t;
    const size_t offset = t->network.layout.tensors[t->network.nodes[layer].weight].offset;
    const int group = t->in.graph->layers[layer].group;
    weight_error_add(s->loss + (size_t)candidate * (size_t)s->channels + (size_t)s->at->first[group], &t->network,
                     layer, t->values + offset, t->second + offset, s->options->weight_bits[candidate], &s->room);
}

static void add_pruning(const sensitivity *s, int layer, int candidate)
{
    const trainer *t = s->t;
    const layer_spec *l = &t->in.graph->layers[layer];
    const model_node *node = &t->network.nodes[layer];
    const real *gates = t->second + t->network.layout.tensors[node->gamma >= 0 ? node->beta : node->bias].offset;
    double *loss = s->loss + (size_t)candidate * (size_t)s->channels + (size_t)s->at->first[l->group];
    for (int c = 0; c < l->out_channels; c++) loss[c] += (double)gates[c];
}

static void fill_losses(const sensitivity *s)
{
    for (int i = 0; i < s->t->in.graph->layer_count; i++) {
        if (!layer_has_weights(&s->t->in.graph->layers[i])) continue;
        for (int p = 0; p < s->options->weight_count; p++) {
            if (s->options->weight_bits[p] == 0)
                add_pruning(s, i, p);
            else
                add_precision(s, i, p);
        }
    }
}

/* The choices of the state become the best ones within the budget. */
static status choose_with(trainer *t, allocation *chosen, double budget, sensitivity *s)
{
    const cost_budget b = {.model = t->cost,
                           .target = budget,
                           .candidates = s->options->weight_bits,
                           .candidate_count = s->options->weight_count,
                           .activation_bits = chosen->activation_bits,
                           .keep_alive = t->in.settings->search.keep_alive};
    fill_losses(s);
    TRY(cost_budget_allocate(chosen, s->loss, &b));
    for (int i = 0; i < t->in.graph->group_count; i++)
        if (t->network.groups[i].precisions > 0)
            model_allocation_write_group(&t->network, t->values, i, allocation_of_group(chosen, i));
    return status_ok();
}

/* The network was prepared as discrete for an evaluation. */
static status choose(trainer *t, double budget)
{
    const graph *g = t->in.graph;
    allocation chosen;
    TRY(allocation_new(&chosen, g));
    model_allocation_read(&chosen, &t->network);
    sensitivity s = {.t = t, .at = &chosen, .options = &t->network.options, .channels = chosen.first[g->group_count]};
    s.loss = calloc((size_t)s.options->weight_count * (size_t)s.channels + 1, sizeof *s.loss);
    status outcome = status_fail(STATUS_MEMORY, "no memory for choosing the precisions of %s", g->name);
    if (s.loss != NULL) outcome = weight_error_open(&s.room, g);
    if (!failed(outcome)) outcome = choose_with(t, &chosen, budget, &s);
    weight_error_close(&s.room);
    free(s.loss);
    allocation_free(&chosen);
    return outcome;
}

/* The budget falls by the same factor in every epoch, to the leg's own behind the last one. */
static double budget_after(const trainer *t, const real *own, int epochs)
{
    const double start = (double)own[0], end = t->in.task->target;
    return epochs >= trainer_epochs(t) ? end : start * pow(end / start, (double)epochs / trainer_epochs(t));
}

static status after_epoch(trainer *t, real *own, const evaluation *validation, stage_verdict *verdict)
{
    (void)validation;
    if (*verdict == STAGE_OVER) return status_ok(); /* after_leg is next */
    return choose(t, budget_after(t, own, t->counters.epoch));
}

static status after_leg(trainer *t, real *own)
{
    return choose(t, budget_after(t, own, trainer_epochs(t)));
}

const stage trunk_leg_stage = {.name = "trunk",
                               .phase = PHASE_FINETUNE,
                               .draws = 3,
                               .mode = MODEL_HARD,
                               .compact = true,
                               .keeps_last = true,
                               .task_length = true,
                               .settings = settings_of,
                               .state_reals = state_reals,
                               .gradient = watch_gradients,
                               .epoch_end = after_epoch,
                               .end = after_leg};
