#include "core/train/allocation_record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cost/cost_total.h"

static const status no_memory = {.code = STATUS_MEMORY, .message = "no memory for a record"};

status allocation_record_write(record *out, const allocation *a)
{
    const graph *g = a->graph;
    out->allocations = calloc((size_t)g->layer_count, sizeof *out->allocations);
    if (out->allocations == NULL) return no_memory;
    for (int i = 0; i < g->layer_count; i++) {
        const layer_spec *l = &g->layers[i];
        if (!layer_has_weights(l)) continue;
        record_allocation *to = &out->allocations[out->allocation_count];
        to->bits = malloc((size_t)l->out_channels);
        if (to->bits == NULL) return no_memory;
        out->allocation_count++;
        snprintf(to->layer, sizeof to->layer, "%s", l->name);
        to->channels = l->out_channels;
        memcpy(to->bits, allocation_of_group(a, l->group), (size_t)l->out_channels);
        to->input_bits = a->activation_bits[cost_input_entry(g, i)];
    }
    return status_ok();
}

static status read_layer(allocation *out, bool *known, const record_allocation *from)
{
    const graph *g = out->graph;
    const int layer = graph_find(g, from->layer);
    if (layer < 0 || !layer_has_weights(&g->layers[layer]) || g->layers[layer].out_channels != from->channels)
        return status_fail(STATUS_DATA, "layer %s with %d channels is not in the network", from->layer, from->channels);
    for (int c = 0; c < from->channels; c++)
        if (from->bits[c] < 0 || from->bits[c] > ALLOCATION_MAX_WEIGHT_BITS)
            return status_fail(STATUS_DATA, "layer %s has a channel of %d bit", from->layer, from->bits[c]);
    if (from->input_bits < 1 || from->input_bits > ALLOCATION_MAX_ACTIVATION_BITS)
        return status_fail(STATUS_DATA, "layer %s has an input of %d bit", from->layer, from->input_bits);
    const int group = g->layers[layer].group;
    int8_t *bits = allocation_of_group(out, group);
    if (known[group] && memcmp(bits, from->bits, (size_t)from->channels) != 0)
        return status_fail(STATUS_DATA, "layer %s differs from the layers of its sharing group", from->layer);
    memcpy(bits, from->bits, (size_t)from->channels);
    out->activation_bits[cost_input_entry(g, layer)] = (int8_t)from->input_bits;
    known[group] = true;
    return status_ok();
}

status allocation_record_read(allocation *out, const record *from)
{
    const graph *g = out->graph;
    if (from->allocation_count == 0)
        return status_fail(STATUS_DATA, "a network in float has no precisions that were chosen");
    bool *known = calloc((size_t)g->group_count + 1, sizeof *known);
    if (known == NULL) return no_memory;
    allocation_uniform(out, 8, 8); /* what has no layer costs nothing */
    status s = status_ok();
    for (int i = 0; i < from->allocation_count && !failed(s); i++) s = read_layer(out, known, &from->allocations[i]);
    for (int i = 0; i < g->layer_count && !failed(s); i++)
        if (layer_has_weights(&g->layers[i]) && !known[g->layers[i].group])
            s = status_fail(STATUS_DATA, "it does not say what layer %s has", g->layers[i].name);
    free(known);
    return s;
}
