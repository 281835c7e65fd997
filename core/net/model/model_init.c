/* model_init: the values a network starts from: fresh, or converted from the float network. */
#include <assert.h>
#include <string.h>

#include "core/base/rng.h"
#include "core/net/model/batchnorm.h"
#include "core/net/model/model.h"
#include "core/net/model/model_memory.h"
#include "core/quant/choice.h"

static const real INITIAL_CLIP = 6; /* METHOD.md 2.2 */

static void fill_normal(real *out, size_t count, double deviation, uint64_t seed, uint32_t tensor)
{
    for (size_t i = 0; i < count; i += 2) {
        double pair[2];
        rng_normal(rng_draw(seed, RNG_INIT, tensor, (uint32_t)(i / 2), 0), pair);
        out[i] = (real)(deviation * pair[0]);
        if (i + 1 < count) out[i + 1] = (real)(deviation * pair[1]);
    }
}

static void fill_uniform(real *out, size_t count, double bound, uint64_t seed, uint32_t tensor)
{
    for (size_t i = 0; i < count; i++) {
        rng_block block = rng_draw(seed, RNG_INIT, tensor, (uint32_t)(i / 4), 0);
        out[i] = (real)(bound * (2.0 * (double)rng_uniform(block.word[i % 4]) - 1.0));
    }
}

static void fill_constant(real *out, int channels, real value)
{
    for (int c = 0; c < channels; c++) out[c] = value;
}

void model_initialize(const model *m, real *values, uint64_t seed)
{
    assert(!m->options.quantized);
    memset(values, 0, m->layout.total * sizeof *values);
    for (int i = 0; i < m->graph->layer_count; i++) {
        const layer_spec *l = &m->graph->layers[i];
        const model_node *node = &m->nodes[i];
        if (node->weight < 0) continue;
        double fan_in = (double)node->rows;
        real *weight = model_at(m, values, node->weight);
        size_t count = layer_weight_count(l);
        if (m->graph->init == INIT_HE_NORMAL)
            fill_normal(weight, count, sqrt(2.0 / fan_in), seed, (uint32_t)node->weight);
        else
            fill_uniform(weight, count, 1.0 / sqrt(fan_in), seed, (uint32_t)node->weight);
        if (node->bias >= 0)
            fill_uniform(model_at(m, values, node->bias), (size_t)l->out_channels, 1.0 / sqrt(fan_in), seed,
                         (uint32_t)node->bias);
        if (node->gamma < 0) continue;
        fill_constant(model_at(m, values, node->gamma), l->out_channels, 1);
        fill_constant(model_at(m, values, node->variance), l->out_channels, 1);
    }
}

/* logit_p = bits_p / the largest candidate; a single candidate (0 included) gives 1. METHOD.md 1.2 */
static real initial_logit(const int *bits, int precisions, int p)
{
    return bits[precisions - 1] > 0 ? (real)bits[p] / (real)bits[precisions - 1] : 1;
}

static void initialize_choices(const model *m, real *values)
{
    for (int i = 0; i < m->graph->group_count; i++) {
        const model_weight_group *group = &m->groups[i];
        if (group->precisions == 0) continue;
        real *logits = model_at(m, values, group->logits);
        if (m->options.sampling == SAMPLING_BITS) { /* as many as there are */
            fill_constant(logits, group->columns, (real)group->bits[group->precisions - 1]);
            continue;
        }
        for (int p = 0; p < group->precisions; p++)
            fill_constant(logits + p * group->columns, group->columns,
                          initial_logit(group->bits, group->precisions, p));
    }
    for (int q = 0; q <= m->graph->group_count; q++) {
        const model_quantizer *quantizer = &m->quantizers[q];
        if (!quantizer->used) continue;
        bool input = q == m->graph->group_count;
        real *logits = model_at(m, values, quantizer->logits), *clips = model_at(m, values, quantizer->clips);
        for (int j = 0; j < quantizer->precisions; j++) {
            logits[j] = initial_logit(quantizer->bits, quantizer->precisions, j);
            clips[j] = input ? (real)m->graph->input_clip_high : INITIAL_CLIP;
        }
        if (model_counts_bits(m, quantizer)) logits[0] = (real)quantizer->bits[quantizer->precisions - 1];
        if (quantizer->low >= 0) *model_at(m, values, quantizer->low) = (real)m->graph->input_clip_low;
    }
}

/* rho of METHOD.md 1.7: the probability that is not pruned at the start; 1 without 0 bit, and where probabilities are
 * one-hot. */
static real kept_share(const model *m, const model_weight_group *group)
{
    if (group->bits[0] != 0 || group->precisions == 1 || model_samples_hard(m)) return 1;
    if (m->options.sampling == SAMPLING_BITS || m->options.pruning_decided) return 1;
    real temperature = m->options.rules.compensation_at_temperature_one ? 1 : m->options.start_temperature;
    real logits[WEIGHT_PRECISIONS], probability[WEIGHT_PRECISIONS];
    for (int p = 0; p < group->precisions; p++) logits[p] = initial_logit(group->bits, group->precisions, p);
    choice_softmax(probability, logits, group->precisions, 1, temperature);
    real kept = 0;
    for (int p = 1; p < group->precisions; p++) kept += probability[p];
    return kept;
}

static void copy_channels(real *to, const real *from, int channels)
{
    memcpy(to, from, (size_t)channels * sizeof *to);
}

/* A layer that keeps its batch-norm. */
static void convert_kept(const model *quantized, real *values, const model *float_model, const real *float_values,
                         int index)
{
    const model_node *to = &quantized->nodes[index], *from = &float_model->nodes[index];
    const int channels = quantized->graph->layers[index].out_channels;
    const real *w = model_view(float_model, float_values, from->weight);
    const real *bias = model_view(float_model, float_values, from->bias);
    real *weight = model_at(quantized, values, to->weight);
    real *gamma = model_at(quantized, values, to->gamma), *mean = model_at(quantized, values, to->mean);
    copy_channels(gamma, model_view(float_model, float_values, from->gamma), channels);
    copy_channels(mean, model_view(float_model, float_values, from->mean), channels);
    copy_channels(model_at(quantized, values, to->beta), model_view(float_model, float_values, from->beta), channels);
    copy_channels(model_at(quantized, values, to->variance), model_view(float_model, float_values, from->variance),
                  channels);
    for (int c = 0; c < channels; c++) {
        const real sign = gamma[c] < 0 ? -1 : 1;
        gamma[c] = real_abs(gamma[c]) < MODEL_SMALLEST_GAMMA ? MODEL_SMALLEST_GAMMA : real_abs(gamma[c]);
        mean[c] = sign * (mean[c] - (bias != NULL ? bias[c] : 0));
        for (size_t k = 0; k < to->rows; k++) {
            const size_t at = k * (size_t)channels + (size_t)c;
            weight[at] = sign * w[at];
        }
    }
}

static bool compensates(const model *m)
{
    return m->options.quantizer.batchnorm == BATCHNORM_FOLDED; /* kept batch-norm takes any scale back */
}

void model_convert(const model *quantized, real *values, const model *float_model, const real *float_values)
{
    assert(quantized->options.quantized && !float_model->options.quantized);
    memset(values, 0, quantized->layout.total * sizeof *values);
    initialize_choices(quantized, values);
    for (int i = 0; i < quantized->graph->layer_count; i++) {
        const layer_spec *l = &quantized->graph->layers[i];
        const model_node *node = &quantized->nodes[i];
        if (node->weight < 0) continue;
        if (node->gamma >= 0) {
            convert_kept(quantized, values, float_model, float_values, i);
            continue;
        }
        real *weight = model_at(quantized, values, node->weight);
        batchnorm_fold(weight, model_at(quantized, values, node->bias), float_model, float_values, i);
        if (!compensates(quantized)) continue;
        real kept = kept_share(quantized, &quantized->groups[l->group]);
        for (size_t k = 0; k < layer_weight_count(l); k++) weight[k] /= kept;
    }
}
