#include "core/train/update.h"

#include "core/quant/choice_bits.h"
#include "core/train/clips/clip_rule.h"
#include "core/train/optimizer.h"

static const real SMALLEST_CLIP = (real)1e-3; /* METHOD.md section 9, row 23 */

static void guard_clips(const model *m, real *values)
{
    for (int q = 0; q <= m->graph->group_count; q++) {
        const model_quantizer *quantizer = &m->quantizers[q];
        if (!quantizer->used) continue;
        real *clip = values + m->layout.tensors[quantizer->clips].offset;
        for (int j = 0; j < quantizer->precisions; j++) clip[j] = clip[j] < SMALLEST_CLIP ? SMALLEST_CLIP : clip[j];
        if (quantizer->low < 0) continue;
        real *low = values + m->layout.tensors[quantizer->low].offset;
        *low = *low > -SMALLEST_CLIP ? -SMALLEST_CLIP : *low;
    }
}

static void guard_bits(const model *m, real *values)
{
    for (int i = 0; i < m->graph->group_count; i++) {
        const model_weight_group *group = &m->groups[i];
        if (group->precisions == 0) continue;
        choice_bits_clamp(values + m->layout.tensors[group->logits].offset, group->bits, group->precisions,
                          group->columns);
    }
    for (int q = 0; q <= m->graph->group_count; q++) {
        const model_quantizer *quantizer = &m->quantizers[q];
        if (quantizer->used && model_counts_bits(m, quantizer))
            choice_bits_clamp(values + m->layout.tensors[quantizer->logits].offset, quantizer->bits,
                              quantizer->precisions, 1);
    }
}

/* Quantised networks that keep batch-norm need its scale above 0. */
static void guard_norms(const model *m, real *values)
{
    if (!m->options.quantized) return;
    for (int i = 0; i < m->graph->layer_count; i++) {
        const model_node *node = &m->nodes[i];
        if (node->gamma < 0) continue;
        real *gamma = values + m->layout.tensors[node->gamma].offset;
        for (int c = 0; c < m->graph->layers[i].out_channels; c++)
            gamma[c] = gamma[c] < MODEL_SMALLEST_GAMMA ? MODEL_SMALLEST_GAMMA : gamma[c];
    }
}

static const double STEP_RATE = 0.1; /* of learned steps, beside the rate of weights */

static double rate_of(model_role role, const phase_settings *phase)
{
    return role == ROLE_STEP ? STEP_RATE * phase->learning_rate : phase->learning_rate;
}

static double decay_of(model_role role, const phase_settings *phase)
{
    bool decays = role == ROLE_WEIGHT || role == ROLE_BIAS || (role == ROLE_NORM && phase->decay_norm);
    return decays ? phase->weight_decay : 0;
}

/* One optimiser step of [first, end) of the block, all with the same decay. */
static void update_range(real *values, const update_moments *moments, const real *gradients, size_t first, size_t end,
                         const phase_settings *phase, double rate, double decay, int64_t step)
{
    real *v = values + first, *one = moments->first + first, *two = moments->second + first;
    const real *g = gradients + first;
    if (phase->optimizer == OPTIMIZER_ADAM)
        optimizer_adam(v, one, two, g, end - first, rate, decay, step);
    else if (phase->nesterov)
        optimizer_nesterov(v, one, g, end - first, rate, phase->momentum, decay);
    else
        optimizer_sgd(v, one, g, end - first, rate, phase->momentum, decay);
}

void update_values(const model *m, real *values, const update_moments *moments, const real *gradients,
                   const phase_settings *phase, const search_settings *search, double rate_factor, int64_t step)
{
    const model_layout *layout = &m->layout;
    for (int t = 0; t < layout->tensor_count; t++) {
        const size_t first = layout->tensors[t].offset;
        if (first >= layout->clips) break;
        if (layout->tensors[t].role == ROLE_CLIP && !clip_rule_of(&m->options.quantizer)->trained) continue;
        const size_t end = t + 1 < layout->tensor_count ? layout->tensors[t + 1].offset : layout->total;
        update_range(values, moments, gradients, first, end, phase,
                     rate_of(layout->tensors[t].role, phase) * rate_factor, decay_of(layout->tensors[t].role, phase),
                     step);
    }
    if (search != NULL)
        optimizer_sgd(values + layout->clips, moments->velocity, gradients + layout->clips,
                      layout->choices - layout->clips, search->logit_learning_rate * rate_factor,
                      search->logit_momentum, 0);
    if (m->options.sampling == SAMPLING_BITS) guard_bits(m, values);
    if (!m->options.rules.clips_unguarded) guard_clips(m, values);
    guard_norms(m, values);
}
