/* clips_batchnorm: the activation clips of the authors' program of impq (Gonugondla and Shanbhag, ICASSP 2022), from
 * batch-norm instead of data: behind a layer with scale gamma and shift beta outputs have mean beta and deviation
 * |gamma|, so that
 *
 *   clip = max over channels (beta + 6 |gamma|)
 *
 * holds nearly all of them. Of a sharing group, whose tensors have one clip, the largest of its layers with batch-norm;
 * 4 where there is none. Clips follow batch-norm in training and have no gradient. */
#include "core/train/clips/clip_outputs.h"

static const real DEVIATIONS = 6, WITHOUT_NORM = 4;

static real clip_of_layer(const model *m, const real *values, int layer)
{
    const real *gamma = values + m->layout.tensors[m->nodes[layer].gamma].offset;
    const real *beta = values + m->layout.tensors[m->nodes[layer].beta].offset;
    real clip = 0;
    for (int c = 0; c < m->graph->layers[layer].out_channels; c++) {
        const real high = beta[c] + DEVIATIONS * real_abs(gamma[c]);
        clip = high > clip ? high : clip;
    }
    return clip;
}

static bool has_norm(const model *m, int group)
{
    for (int i = 0; i < m->graph->layer_count; i++)
        if (m->nodes[i].quantizer == group && m->nodes[i].gamma >= 0) return true;
    return false;
}

static void follow(const model *m, real *values)
{
    clip_outputs_clear(m, values);
    for (int i = 0; i < m->graph->layer_count; i++) {
        if (!clip_outputs_counts(m, i)) continue;
        if (m->nodes[i].gamma >= 0)
            clip_outputs_raise(m, values, i, clip_of_layer(m, values, i));
        else if (!has_norm(m, m->nodes[i].quantizer))
            clip_outputs_raise(m, values, i, WITHOUT_NORM);
    }
}

static status start(real *values, const clip_sources *from)
{
    follow(from->quantized, values);
    return status_ok();
}

extern const clip_rule clip_rule_batchnorm;
const clip_rule clip_rule_batchnorm = {.start = start, .follow = follow};
