#include "core/cost/cost_total.h"

#include <assert.h>
#include <string.h>

#include "core/cost/cost_peak.h"
#include "core/net/model/producer.h"

cost_layer cost_layer_of(const layer_spec *l)
{
    cost_kind kind = l->kind == LAYER_CONV ? COST_CONV : l->kind == LAYER_DEPTHWISE ? COST_DEPTHWISE : COST_LINEAR;
    bool linear = kind == COST_LINEAR;
    return (cost_layer){.kind = kind,
                        .kernel_h = linear ? 1 : l->kernel_h,
                        .kernel_w = linear ? 1 : l->kernel_w,
                        .in_channels = l->in_channels,
                        .out_channels = l->out_channels,
                        .out_height = linear ? 1 : l->out_height,
                        .out_width = linear ? 1 : l->out_width,
                        .bias = l->bias || l->batchnorm};
}

/* Input features per channel of the producing group: above 1 behind a flatten. */
static double features_per_channel(const graph *g, const layer_spec *l)
{
    const layer_spec *producer = &g->layers[graph_producer(g, l->inputs[0])];
    return (double)l->in_channels / producer->out_channels;
}

int cost_input_entry(const graph *g, int index)
{
    int producer = graph_producer(g, g->layers[index].inputs[0]);
    return g->layers[producer].kind == LAYER_IMAGE ? g->group_count : g->layers[producer].group;
}

cost_choice cost_choice_of(const graph *g, int index, const group_choice *groups)
{
    const layer_spec *l = &g->layers[index];
    cost_choice choice;
    memcpy(choice.channels, groups[l->group].channels, sizeof choice.channels);
    choice.kept = l->out_channels - choice.channels[0];
    int from = cost_input_entry(g, index);
    double pruned = from == g->group_count ? 0 : groups[from].channels[0];
    choice.in_kept = l->in_channels - pruned * features_per_channel(g, l);
    memcpy(choice.activation, groups[from].activation, sizeof choice.activation);
    return choice;
}

double cost_of_layer(const cost_model *model, const graph *g, int index, const group_choice *groups, bool reference,
                     cost_slope *slope)
{
    assert(layer_has_weights(&g->layers[index]));
    if (model->per_live_bit > 0) return model->per_live_bit * cost_live_bits(g, index, groups);
    cost_layer geometry = cost_layer_of(&g->layers[index]);
    cost_choice choice = cost_choice_of(g, index, groups);
    return model->layer(model, &geometry, &choice, reference, slope);
}

double cost_total(const cost_model *model, const graph *g, const group_choice *groups, bool reference,
                  group_choice *slope)
{
    if (model->per_live_bit > 0) return cost_peak(model, g, groups, slope);
    if (slope != NULL) memset(slope, 0, (size_t)(g->group_count + 1) * sizeof *slope);
    double total = 0;
    for (int i = 0; i < g->layer_count; i++) {
        const layer_spec *l = &g->layers[i];
        if (!layer_has_weights(l)) continue;
        cost_slope d;
        total += cost_of_layer(model, g, i, groups, reference, slope != NULL ? &d : NULL);
        if (slope == NULL) continue;

        int from = cost_input_entry(g, i);
        for (int w = 0; w < COST_WEIGHT_BITS; w++) slope[l->group].channels[w] += d.channels[w];
        slope[l->group].channels[0] -= d.kept;
        if (from != g->group_count && !model->in_kept_detached)
            slope[from].channels[0] -= d.in_kept * features_per_channel(g, l);
        for (int a = 0; a < COST_ACTIVATION_BITS; a++) slope[from].activation[a] += d.activation[a];
    }
    return total;
}

void cost_uniform(group_choice *groups, const graph *g, int weight_bits, int activation_bits)
{
    memset(groups, 0, (size_t)(g->group_count + 1) * sizeof *groups);
    for (int i = 0; i <= g->group_count; i++) {
        if (i < g->group_count) groups[i].channels[weight_bits] = g->groups[i].channels;
        groups[i].activation[activation_bits] = 1;
    }
}

void cost_of_allocation(group_choice *groups, const allocation *a)
{
    const graph *g = a->graph;
    memset(groups, 0, (size_t)(g->group_count + 1) * sizeof *groups);
    for (int i = 0; i <= g->group_count; i++) {
        for (int c = 0; i < g->group_count && c < g->groups[i].channels; c++)
            groups[i].channels[allocation_of_group(a, i)[c]] += 1;
        groups[i].activation[a->activation_bits[i]] = 1;
    }
}
