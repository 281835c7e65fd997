#include "core/strategy/impq_harm.h"

#include <math.h>
#include <stdlib.h>

#include "core/strategy/weight_error.h"

double impq_released(double gain_sum, double magnitude_sum, int count, int bits)
{
    return gain_sum / count * magnitude_sum / count / exp2(bits);
}

double impq_bound(double gain_sum, double step)
{
    return gain_sum * step * step / 24;
}

typedef struct {
    double gain, magnitude;
} channel_sums;

static channel_sums sums_of(const real *weight, const real *gain, size_t rows, size_t channels, size_t channel)
{
    channel_sums s = {.gain = 0};
    for (size_t k = channel; k < rows * channels; k += channels) {
        s.gain += (double)gain[k];
        s.magnitude += fabs((double)weight[k]);
    }
    return s;
}

/* Losses by sums over a channel's weights: bound, released. scratch: (channels). */
static void add_sums(double *loss, const model *m, int layer, const real *weight, const real *gain, int bits,
                     impq_metric metric, double *scratch, const weight_error_room *room)
{
    if (metric == IMPQ_BOUND) weight_error_distances(scratch, m, layer, weight, bits, room);
    const size_t rows = m->nodes[layer].rows, channels = (size_t)m->graph->layers[layer].out_channels;
    for (size_t c = 0; c < channels; c++) {
        const channel_sums s = sums_of(weight, gain, rows, channels, c);
        loss[c] += metric == IMPQ_RELEASED ? impq_released(s.gain, s.magnitude, (int)rows, bits)
                                           : impq_bound(s.gain, scratch[c]);
    }
}

static void add_errors(double *loss, const model *m, int layer, const real *weight, const real *gain, int bits,
                       double *scratch, const weight_error_room *room)
{
    const int channels = m->graph->layers[layer].out_channels;
    for (int c = 0; c < channels; c++) scratch[c] = 0;
    weight_error_add(scratch, m, layer, weight, gain, bits, room);
    for (int c = 0; c < channels; c++) loss[c] += scratch[c] / 2;
}

static void fill(double *loss, const model *m, const real *values, const gains *g, const allocation *present,
                 impq_metric metric, double *scratch, const weight_error_room *room)
{
    const int channels = present->first[m->graph->group_count];
    for (int i = 0; i < m->graph->layer_count; i++) {
        const layer_spec *l = &m->graph->layers[i];
        if (!layer_has_weights(l)) continue;
        const size_t at = m->layout.tensors[m->nodes[i].weight].offset;
        for (int p = 0; p < m->groups[l->group].precisions; p++) {
            const int bits = m->groups[l->group].bits[p];
            double *to = loss + (size_t)bits * (size_t)channels + (size_t)present->first[l->group];
            if (bits > 0 && metric == IMPQ_ERROR)
                add_errors(to, m, i, values + at, g->weights + at, bits, scratch, room);
            else if (bits > 0)
                add_sums(to, m, i, values + at, g->weights + at, bits, metric, scratch, room);
        }
    }
}

status impq_harm_fill(double *loss, const model *m, const real *values, const gains *g, const allocation *present,
                      impq_metric metric)
{
    const size_t channels = (size_t)present->first[m->graph->group_count];
    double *scratch = malloc((channels + 1) * sizeof *scratch);
    weight_error_room room = {.quantized = NULL};
    for (size_t c = 0; c < (ALLOCATION_MAX_WEIGHT_BITS + 1) * channels; c++) loss[c] = 0;
    status s = status_fail(STATUS_MEMORY, "no memory for the harms of %s", m->graph->name);
    if (scratch != NULL) s = weight_error_open(&room, m->graph);
    if (!failed(s)) fill(loss, m, values, g, present, metric, scratch, &room);
    weight_error_close(&room);
    free(scratch);
    return s;
}

double impq_harm_of_step(const double *loss, const gains *g, int channels, int channel, int bits, int next,
                         impq_metric metric)
{
    if (next < 0) return 0;
    if (next == 0) return (double)g->channels[channel] / 2;
    const double now = loss[bits * channels + channel];
    return metric == IMPQ_RELEASED ? now : loss[next * channels + channel] - now;
}

static double clip_of(const model *m, const real *values, int quantizer, int bits)
{
    const model_quantizer *q = &m->quantizers[quantizer];
    int j = 0;
    while (q->bits[j] != bits) j++;
    return (double)values[m->layout.tensors[q->clips].offset + (size_t)j];
}

double impq_harm_of_activation(const model *m, const real *values, const gains *g, int quantizer, int bits, int next,
                               impq_metric metric)
{
    const double gain = (double)g->quantizers[quantizer], clip = clip_of(m, values, quantizer, bits);
    const double left_out = m->options.quantizer.levels == LEVELS_OPEN ? 0 : 1;
    if (metric == IMPQ_RELEASED) return gain * clip / exp2(bits);
    return impq_bound(gain, clip_of(m, values, quantizer, next) / (exp2(next) - left_out)) -
           impq_bound(gain, clip / (exp2(bits) - left_out));
}
