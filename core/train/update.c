#include "core/train/update.h"

#include "core/train/optimizer.h"

static const real SMALLEST_CLIP = (real)1e-3; /* method.md section 9, row 23 */

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

void update_values(const model *m, real *values, const update_moments *moments, const real *gradients,
                   const phase_settings *phase, const search_settings *search, double rate_factor, int64_t step)
{
    const model_layout *layout = &m->layout;
    const size_t decayed = layout->decayed, clips = layout->clips - decayed, choices = layout->choices - layout->clips;
    const double rate = phase->learning_rate * rate_factor;
    real *first = moments->first, *second = moments->second;
    if (phase->optimizer == OPTIMIZER_ADAM) {
        optimizer_adam(values, first, second, gradients, decayed, rate, phase->weight_decay, step);
        optimizer_adam(values + decayed, first + decayed, second + decayed, gradients + decayed, clips, rate, 0, step);
    } else {
        optimizer_sgd(values, first, gradients, decayed, rate, phase->momentum, phase->weight_decay);
        optimizer_sgd(values + decayed, first + decayed, gradients + decayed, clips, rate, phase->momentum, 0);
    }
    if (search != NULL)
        optimizer_sgd(values + layout->clips, moments->velocity, gradients + layout->clips, choices,
                      search->logit_learning_rate * rate_factor, search->logit_momentum, 0);
    if (!m->options.rules.clips_unguarded) guard_clips(m, values);
}
