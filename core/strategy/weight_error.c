#include "core/strategy/weight_error.h"

#include <stdlib.h>

#include "core/quant/weight_quant.h"

status weight_error_open(weight_error_room *out, const graph *g)
{
    size_t largest = 1, channels = 1;
    for (int i = 0; i < g->layer_count; i++) {
        if (!layer_has_weights(&g->layers[i])) continue;
        const size_t count = layer_weight_count(&g->layers[i]), width = (size_t)g->layers[i].out_channels;
        largest = count > largest ? count : largest;
        channels = width > channels ? width : channels;
    }
    *out =
        (weight_error_room){.quantized = malloc(largest * sizeof(real)), .steps = malloc(2 * channels * sizeof(real))};
    if (out->quantized != NULL && out->steps != NULL) return status_ok();
    weight_error_close(out);
    return status_fail(STATUS_MEMORY, "no memory for the weights of %s", g->name);
}

void weight_error_close(weight_error_room *room)
{
    free(room->quantized);
    free(room->steps);
    *room = (weight_error_room){.quantized = NULL};
}

/* Quantises a layer's weights into the room; *q becomes NULL at 0 bit. Returns the steps. */
static const real *quantise(const weight_quantizer **q, const model *m, int layer, const real *weight, int bits,
                            const weight_error_room *room)
{
    const size_t rows = m->nodes[layer].rows;
    const int channels = m->graph->layers[layer].out_channels;
    const real certain = 1;
    *q = bits > 0 ? weight_quantizer_of(&m->options.quantizer, m->options.rules.weight_tie_by_division, bits) : NULL;
    const weight_choice only = {.precisions = 1,
                                .bits = {bits},
                                .quantizer = {*q},
                                .columns = 1,
                                .probability = &certain,
                                .steps = room->steps};
    if (*q != NULL && (*q)->steps != NULL) weight_quantizer_steps(*q, room->steps, weight, rows, channels, bits);
    weight_mix(room->quantized, room->steps + channels, weight, rows, channels, &only);
    return room->steps + channels;
}

void weight_error_distances(double *distance, const model *m, int layer, const real *weight, int bits,
                            const weight_error_room *room)
{
    const weight_quantizer *q;
    const real *steps = quantise(&q, m, layer, weight, bits, room);
    const double apart = bits == 1 || (q != NULL && q->odd_codes) ? 2 : 1;
    for (int c = 0; c < m->graph->layers[layer].out_channels; c++) distance[c] = apart * (double)steps[c];
}

void weight_error_add(double *error, const model *m, int layer, const real *weight, const real *gain, int bits,
                      const weight_error_room *room)
{
    const size_t rows = m->nodes[layer].rows, channels = (size_t)m->graph->layers[layer].out_channels;
    const weight_quantizer *q;
    quantise(&q, m, layer, weight, bits, room);
    for (size_t k = 0; k < rows * channels; k++) {
        const double off = (double)(weight[k] - room->quantized[k]);
        error[k % channels] += (double)gain[k] * off * off;
    }
}
