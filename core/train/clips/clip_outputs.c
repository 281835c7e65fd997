#include "core/train/clips/clip_outputs.h"

#include "core/data/batch.h"

static const real SMALLEST_CLIP = (real)1e-3; /* as after every step: METHOD.md section 9, row 23 */

enum { IMAGES = 256 };

bool clip_outputs_counts(const model *quantized, int layer)
{
    const int q = quantized->nodes[layer].quantizer;
    return q >= 0 && q < quantized->graph->group_count;
}

void clip_outputs_visit(const clip_sources *from, void (*see)(void *ctx, int layer, const real *values, size_t count),
                        void *ctx)
{
    const graph *g = from->quantized->graph;
    const dataset *data = from->data;
    const int images = data->split_count[SPLIT_TRAIN] < IMAGES ? data->split_count[SPLIT_TRAIN] : IMAGES;
    int32_t sample[CLIPS_CAPACITY], labels[CLIPS_CAPACITY];
    model_prepare(from->float_model, from->float_values, MODEL_EVAL_FLOAT, 1, 0);
    for (int done = 0, n; done < images; done += n) {
        n = images - done < CLIPS_CAPACITY ? images - done : CLIPS_CAPACITY;
        for (int i = 0; i < n; i++)
            sample[i] = data->split_index[SPLIT_TRAIN][(int64_t)(done + i) * data->split_count[SPLIT_TRAIN] / images];
        batch_load(model_input(from->float_model), labels, data, sample, n, NULL, 0, 0);
        model_forward(from->float_model, from->float_values, n, (model_pass){.training = false});
        for (int i = 0; i < g->layer_count; i++) {
            const layer_spec *l = &g->layers[i];
            if (clip_outputs_counts(from->quantized, i))
                see(ctx, i, from->float_model->nodes[i].out,
                    (size_t)n * (size_t)(l->out_height * l->out_width * l->out_channels));
        }
    }
}

void clip_outputs_clear(const model *quantized, real *values)
{
    for (int i = 0; i < quantized->graph->group_count; i++) {
        const model_quantizer *q = &quantized->quantizers[i];
        for (int j = 0; q->used && j < q->precisions; j++)
            values[quantized->layout.tensors[q->clips].offset + (size_t)j] = SMALLEST_CLIP;
    }
}

void clip_outputs_raise(const model *quantized, real *values, int layer, real clip)
{
    const model_quantizer *q = &quantized->quantizers[quantized->nodes[layer].quantizer];
    real *clips = values + quantized->layout.tensors[q->clips].offset;
    for (int j = 0; j < q->precisions; j++) clips[j] = clip > clips[j] ? clip : clips[j];
}
