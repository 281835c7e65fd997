#include "core/strategy/trunk_leg.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/cost/cost_budget.h"
#include "core/net/model/model_allocation.h"
#include "core/strategy/trunk_options.h"
#include "core/strategy/weight_error.h"
#include "core/train/trainer_state.h"

/* Weight of a step's squared gradients in their moving average: some hundred steps count. */
static const real NEWEST = (real)0.01;

static const phase_settings *settings_of(const settings *s)
{
    return &s->trunk;
}

/* The budget at the start of the leg; moving averages of the squared gradients by each group's activations. */
enum { FIRST_BUDGET, SQUARES };

static bool watches(const trainer *t)
{
    return trunk_moves_activations(t->in.settings, t->in.task);
}

static bool prunes_together(const trainer *t)
{
    const task *k = t->in.task;
    return k->entry >= 0 && trunk_options_of(&t->in.settings->entries[k->entry])->pruned == TRUNK_PRUNED_TOGETHER;
}

static size_t state_reals(const trainer *t)
{
    return SQUARES + (watches(t) ? (size_t)t->in.graph->group_count : 0);
}

void trunk_leg_start(trainer *t, double budget)
{
    t->own[0][FIRST_BUDGET] = (real)budget;
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
    const model *m = t->now.model;
    const real *squares = trainer_activation_squares(t, gradients);
    for (size_t q = 0; q < t->watched; q++) average(&own[SQUARES + q], squares[q]);
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
    const real *squares;     /* (groups) of activations */
    double *activation_loss; /* (candidates of activations, groups) */
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

/* Of a quantiser at a candidate. */
static real *clip_of(const model *m, real *values, int quantizer, int bits)
{
    const model_quantizer *q = &m->quantizers[quantizer];
    int j = 0;
    while (q->bits[j] != bits) j++;
    return values + m->layout.tensors[q->clips].offset + j;
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

/* Channels that an earlier leg has pruned were not measured in this one: as much as the least of those that were. */
static void fill_unmeasured(const sensitivity *s)
{
    if (s->options->weight_bits[0] != 0) return;
    const graph *g = s->t->in.graph;
    for (int i = 0; i < g->group_count; i++) {
        double least = INFINITY;
        for (int c = s->at->first[i]; c < s->at->first[i + 1]; c++)
            if (s->loss[c] > 0) least = fmin(least, s->loss[c]);
        for (int c = s->at->first[i]; c < s->at->first[i + 1] && isfinite(least); c++)
            if (s->loss[c] == 0) s->loss[c] = least;
    }
}

/* Of the candidates of each group's activations; those of a group that nothing quantises cost nothing. */
static void fill_activation_losses(const sensitivity *s)
{
    const model *m = &s->t->network;
    const int groups = m->graph->group_count;
    for (int q = 0; q < groups; q++) {
        if (!m->quantizers[q].used) continue;
        const double clip = (double)*clip_of(m, s->t->values, q, s->at->activation_bits[q]);
        for (int p = 0; p < s->options->activation_count; p++) {
            const double step = clip / (exp2(s->options->activation_bits[p]) - 1);
            s->activation_loss[p * groups + q] = (double)s->squares[q] * step * step / 12;
        }
    }
}

/* A precision that takes over goes on with the clip of the one before. */
static void write_activations(trainer *t, const int8_t *before, const int8_t *now)
{
    const model *m = &t->network;
    for (int q = 0; q < m->graph->group_count; q++)
        if (m->quantizers[q].used && now[q] != before[q])
            *clip_of(m, t->values, q, now[q]) = *clip_of(m, t->values, q, before[q]);
    model_allocation_write_activations(m, t->values, now);
}

/* The choices of the state become the best ones within the budget. */
static status choose_with(trainer *t, allocation *chosen, double budget, sensitivity *s)
{
    const cost_budget_activations activations = {.candidates = s->options->activation_bits,
                                                 .candidate_count = s->options->activation_count,
                                                 .loss = s->activation_loss};
    int8_t before[GRAPH_MAX_LAYERS + 1];
    memcpy(before, chosen->activation_bits, (size_t)t->in.graph->group_count + 1);
    const cost_budget b = {.model = t->cost,
                           .target = budget,
                           .candidates = s->options->weight_bits,
                           .candidate_count = s->options->weight_count,
                           .activation_bits = before,
                           .activations = watches(t) ? &activations : NULL,
                           .by_groups = t->cost->stepped || prunes_together(t),
                           .together = prunes_together(t),
                           .keep_alive = t->in.settings->search.keep_alive};
    fill_losses(s);
    if (b.together) fill_unmeasured(s);
    if (b.activations != NULL) fill_activation_losses(s);
    TRY(cost_budget_allocate(chosen, s->loss, &b));
    if (b.activations != NULL) write_activations(t, before, chosen->activation_bits);
    for (int i = 0; i < t->in.graph->group_count; i++)
        if (t->network.groups[i].precisions > 0)
            model_allocation_write_group(&t->network, t->values, i, allocation_of_group(chosen, i));
    return status_ok();
}

/* The network was prepared as discrete for an evaluation. */
static status choose(trainer *t, const real *own, double budget)
{
    const graph *g = t->in.graph;
    allocation chosen;
    TRY(allocation_new(&chosen, g));
    model_allocation_read(&chosen, &t->network);
    sensitivity s = {.t = t,
                     .at = &chosen,
                     .options = &t->network.options,
                     .channels = chosen.first[g->group_count],
                     .squares = own + SQUARES};
    const size_t losses = (size_t)s.options->weight_count * (size_t)s.channels;
    s.loss = calloc(losses + (size_t)(s.options->activation_count * g->group_count) + 1, sizeof *s.loss);
    s.activation_loss = s.loss + losses;
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
    const double start = (double)own[FIRST_BUDGET], end = t->in.task->target;
    return epochs >= trainer_epochs(t) ? end : start * pow(end / start, (double)epochs / trainer_epochs(t));
}

static status after_epoch(trainer *t, real *own, const evaluation *validation, stage_verdict *verdict)
{
    (void)validation;
    if (*verdict == STAGE_OVER) return status_ok(); /* after_leg is next */
    return choose(t, own, budget_after(t, own, t->counters.epoch));
}

static status after_leg(trainer *t, real *own)
{
    return choose(t, own, budget_after(t, own, trainer_epochs(t)));
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
                               .watches = watches,
                               .gradient = watch_gradients,
                               .epoch_end = after_epoch,
                               .end = after_leg};
