#include "core/strategy/pit_mask.h"

#include <math.h>
#include <string.h>

#include "core/cost/cost_total.h"
#include "core/train/optimizer.h"
#include "core/train/stage_search.h"
#include "core/train/trainer_state.h"

enum { FLOAT_BITS = 8 }; /* as what channels of the float network are charged for */

/* ---- which channels have a mask ---- */

static int channels_of(const graph *g)
{
    int channels = 0;
    for (int i = 0; i < g->group_count; i++) channels += g->groups[i].channels;
    return channels;
}

static bool is_prunable(const graph *g, int group)
{
    return !g->groups[group].holds_output && !g->groups[group].holds_image;
}

/* What is multiplied by a mask in one layer: vectors of channels, and the weight matrix without batch-norm. */
typedef struct {
    size_t offset, rows;
} masked_part;

static int parts_of(masked_part out[2], const model *m, int layer, bool all)
{
    const model_node *node = &m->nodes[layer];
    const bool norm = node->gamma >= 0;
    const int shift = norm ? node->beta : node->bias;
    out[0] = (masked_part){m->layout.tensors[norm ? node->gamma : node->weight].offset, norm ? 1 : node->rows};
    if (!all || shift < 0) return 1;
    out[1] = (masked_part){m->layout.tensors[shift].offset, 1};
    return 2;
}

/* ---- what the search keeps ---- */

typedef struct {
    real *number, *first, *second; /* (channels): m and Adam's moments */
    real *slope;                   /* (channels) of the step in hand */
    real *open;                    /* (channels): 1 or 0, the masks of the values */
    real *master;                  /* (layout.decayed): the values behind closed masks */
} masks;

static masks masks_in(const trainer *t, real *own)
{
    const size_t channels = (size_t)channels_of(t->in.graph);
    return (masks){.number = own,
                   .first = own + channels,
                   .second = own + 2 * channels,
                   .slope = own + 3 * channels,
                   .open = own + 4 * channels,
                   .master = own + 5 * channels};
}

static size_t search_reals(const trainer *t)
{
    return 5 * (size_t)channels_of(t->in.graph) + t->network.layout.decayed;
}

static bool masks_all(const trainer *t)
{
    return pit_options_of(&t->in.settings->entries[t->in.task->entry])->masked == 0;
}

static const phase_settings *search_settings_of(const settings *s)
{
    return &s->search_phase;
}

static status begin(trainer *t, real *own)
{
    const masks k = masks_in(t, own);
    for (int c = 0; c < channels_of(t->in.graph); c++) k.number[c] = k.open[c] = 1;
    memcpy(k.master, t->values, t->network.layout.decayed * sizeof *k.master);
    return status_ok();
}

/* ---- a step ---- */

/* dL/dtheta of all channels of one layer, from the gradients by what is masked; closed channels learn nothing else. */
static void collect(const masks *k, const model *m, int layer, int first, bool all, real *gradients)
{
    masked_part parts[2];
    const int count = parts_of(parts, m, layer, all);
    const size_t channels = (size_t)m->graph->layers[layer].out_channels;
    for (int p = 0; p < count; p++)
        for (size_t r = 0; r < parts[p].rows; r++)
            for (size_t c = 0; c < channels; c++) {
                const size_t at = parts[p].offset + r * channels + c;
                k->slope[(size_t)first + c] += k->master[at] * gradients[at];
                if (k->open[(size_t)first + c] == 0) gradients[at] = 0;
            }
}

/* The network with theta for its channels, into t->choices. */
static void count_channels(trainer *t, const masks *k)
{
    const graph *g = t->in.graph;
    cost_uniform(t->choices, g, FLOAT_BITS, FLOAT_BITS);
    for (int i = 0, first = 0; i < g->group_count; first += g->groups[i++].channels) {
        if (!is_prunable(g, i)) continue;
        double kept = 1;
        for (int c = 0; c + 1 < g->groups[i].channels; c++) kept += fabs((double)k->number[first + c]);
        t->choices[i].channels[FLOAT_BITS] = kept;
        t->choices[i].channels[0] = g->groups[i].channels - kept;
    }
}

static void add_cost(trainer *t, const masks *k)
{
    const graph *g = t->in.graph;
    if (t->cost == NULL) return;
    cost_model attached = *t->cost; /* slopes reach the layers that are read, whatever the model does in a search */
    attached.in_kept_detached = false;
    count_channels(t, k);
    cost_total(&attached, g, t->choices, false, t->slopes);
    const double strength = stage_search_strength(t);
    for (int i = 0, first = 0; i < g->group_count; first += g->groups[i++].channels)
        for (int c = 0; c < g->groups[i].channels; c++)
            k->slope[first + c] += (real)(strength * (t->slopes[i].channels[FLOAT_BITS] - t->slopes[i].channels[0]));
}

static void train_masks(trainer *t, real *own, real *gradients)
{
    const graph *g = t->in.graph;
    const masks k = masks_in(t, own);
    const int channels = channels_of(g);
    const bool all = masks_all(t);
    memset(k.slope, 0, (size_t)channels * sizeof *k.slope);
    for (int i = 0, first = 0; i < g->group_count; first += g->groups[i++].channels)
        for (int l = 0; l < g->layer_count && is_prunable(g, i); l++)
            if (layer_has_weights(&g->layers[l]) && g->layers[l].group == i)
                collect(&k, &t->network, l, first, all, gradients);
    add_cost(t, &k);
    for (int c = 0; c < channels; c++) k.slope[c] *= k.number[c] < 0 ? -1 : 1; /* theta = |m| */
    for (int i = 0, first = 0; i < g->group_count; first += g->groups[i++].channels) {
        const int trained = is_prunable(g, i) ? g->groups[i].channels - 1 : 0;
        for (int c = trained; c < g->groups[i].channels; c++)
            k.slope[first + c] = 0; /* Adam leaves them where they are */
    }
    optimizer_adam(k.number, k.first, k.second, k.slope, (size_t)channels,
                   pit_options_of(&t->in.settings->entries[t->in.task->entry])->mask_learning_rate, 0,
                   t->counters.stage_steps + 1);
}

/* The masks of the next step: closed channels are 0 in the values. */
static status apply_masks(trainer *t, real *own)
{
    const graph *g = t->in.graph;
    const masks k = masks_in(t, own);
    const bool all = masks_all(t);
    for (int i = 0, first = 0; i < g->group_count; first += g->groups[i++].channels) {
        if (!is_prunable(g, i)) continue;
        for (int l = 0; l < g->layer_count; l++) {
            if (!layer_has_weights(&g->layers[l]) || g->layers[l].group != i) continue;
            masked_part parts[2];
            const int count = parts_of(parts, &t->network, l, all), channels = g->groups[i].channels;
            for (int p = 0; p < count; p++)
                for (size_t at = 0; at < parts[p].rows * (size_t)channels; at++) {
                    const int c = first + (int)(at % (size_t)channels);
                    real *value = t->values + parts[p].offset + at, *master = k.master + parts[p].offset + at;
                    if (k.open[c] != 0) *master = *value;
                    *value = fabs((double)k.number[c]) > 0.5 ? *master : 0;
                }
        }
        for (int c = first; c < first + g->groups[i].channels; c++) k.open[c] = fabs((double)k.number[c]) > 0.5 ? 1 : 0;
    }
    return status_ok();
}

static double penalty(const trainer *t, double cost)
{
    return stage_search_strength(t) * cost;
}

/* ---- pruned channels ---- */

/* A channel is pruned when what every layer of its group is masked by is 0. */
static bool is_pruned(const trainer *t, const real *values, int group, int channel)
{
    const graph *g = t->in.graph;
    bool known = false;
    for (int l = 0; l < g->layer_count; l++) {
        if (!layer_has_weights(&g->layers[l]) || g->layers[l].group != group) continue;
        masked_part part[2];
        (void)parts_of(part, &t->network, l, false);
        known = true;
        for (size_t r = 0; r < part[0].rows; r++)
            if (values[part[0].offset + r * (size_t)g->groups[group].channels + (size_t)channel] != 0) return false;
    }
    return known && is_prunable(g, group);
}

static double cost_of(trainer *t, const real *values)
{
    const graph *g = t->in.graph;
    cost_uniform(t->choices, g, FLOAT_BITS, FLOAT_BITS);
    for (int i = 0; i < g->group_count; i++)
        for (int c = 0; c < g->groups[i].channels; c++)
            if (is_pruned(t, values, i, c)) {
                t->choices[i].channels[FLOAT_BITS]--;
                t->choices[i].channels[0]++;
            }
    return cost_total(t->cost, g, t->choices, false, NULL);
}

static double present_cost(trainer *t, const real *own)
{
    (void)own;
    return cost_of(t, t->values);
}

/* Shifts and biases of pruned channels, where they were not masked, go with them. */
static status remove_shifts(trainer *t, real *own)
{
    (void)own;
    const graph *g = t->in.graph;
    for (int l = 0; l < g->layer_count; l++) {
        if (!layer_has_weights(&g->layers[l])) continue;
        masked_part parts[2];
        if (parts_of(parts, &t->network, l, true) < 2) continue;
        for (int c = 0; c < g->layers[l].out_channels; c++)
            if (is_pruned(t, t->values, g->layers[l].group, c)) t->values[parts[1].offset + (size_t)c] = 0;
    }
    return status_ok();
}

/* ---- fine-tuning ---- */

static const phase_settings *tune_settings_of(const settings *s)
{
    return &s->finetune;
}

static size_t tune_reals(const trainer *t)
{
    return (size_t)channels_of(t->in.graph);
}

static status remember_pruned(trainer *t, real *own)
{
    const graph *g = t->in.graph;
    for (int i = 0, first = 0; i < g->group_count; first += g->groups[i++].channels)
        for (int c = 0; c < g->groups[i].channels; c++) own[first + c] = is_pruned(t, t->values, i, c) ? 1 : 0;
    return status_ok();
}

/* Values of pruned channels stay 0: no gradient, and decay of 0 is 0. */
static void stop_gradients(trainer *t, real *own, real *gradients)
{
    const graph *g = t->in.graph;
    for (int i = 0, first = 0; i < g->group_count; first += g->groups[i++].channels)
        for (int l = 0; l < g->layer_count; l++) {
            if (!layer_has_weights(&g->layers[l]) || g->layers[l].group != i) continue;
            masked_part parts[2];
            const int count = parts_of(parts, &t->network, l, true), channels = g->groups[i].channels;
            for (int p = 0; p < count; p++)
                for (size_t at = 0; at < parts[p].rows * (size_t)channels; at++)
                    if (own[first + (int)(at % (size_t)channels)] != 0) gradients[parts[p].offset + at] = 0;
        }
}

status pit_pruned_read(bool *pruned, const trainer *t, const record *from)
{
    const size_t channels = (size_t)channels_of(t->in.graph);
    for (int i = 0; i < from->tensor_count; i++) {
        const record_tensor *found = &from->tensors[i];
        if (strcmp(found->name, TRAINER_STATE_TENSOR) != 0 || found->rank != 1 || found->dims[0] != channels) continue;
        for (size_t c = 0; c < channels; c++) pruned[c] = found->data[c] != 0;
        return status_ok();
    }
    return status_fail(STATUS_DATA, "task %.8s, from which this one starts, does not say what is pruned",
                       from->task.key);
}

const stage pit_search_stage = {.name = "pit",
                                .phase = PHASE_SEARCH,
                                .draws = 5,
                                .mode = MODEL_TRAIN_FLOAT,
                                .settings = search_settings_of,
                                .state_reals = search_reals,
                                .begin = begin,
                                .gradient = train_masks,
                                .updated = apply_masks,
                                .cost = present_cost,
                                .penalty = penalty,
                                .end = remove_shifts};

const stage pit_tune_stage = {.name = "finetune",
                              .phase = PHASE_FINETUNE,
                              .draws = 2,
                              .mode = MODEL_TRAIN_FLOAT,
                              .keeps_state = true,
                              .settings = tune_settings_of,
                              .state_reals = tune_reals,
                              .begin = remember_pruned,
                              .gradient = stop_gradients,
                              .cost = present_cost};
