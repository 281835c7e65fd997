#include "core/train/calibrate.h"

static const real SMALLEST_CLIP = (real)1e-3; /* as after every step: METHOD.md section 9, row 23 */

static int sample_value(const dataset *data, size_t i)
{
    return data->is_signed ? ((const int8_t *)data->samples)[i] : ((const uint8_t *)data->samples)[i];
}

void calibrate_input(const model *m, real *values, const dataset *data)
{
    const model_quantizer *q = &m->quantizers[m->graph->group_count];
    if (!q->used || q->low < 0) return;
    const size_t size = (size_t)data->height * (size_t)data->width * (size_t)data->channels;
    int low = 0, high = 0;
    for (int i = 0; i < data->split_count[SPLIT_TRAIN]; i++) {
        size_t first = (size_t)data->split_index[SPLIT_TRAIN][i] * size;
        for (size_t k = first; k < first + size; k++) {
            int value = sample_value(data, k);
            low = value < low ? value : low;
            high = value > high ? value : high;
        }
    }
    real below = (real)low * (real)data->scale, above = (real)high * (real)data->scale;
    values[m->layout.tensors[q->low].offset] = below < -SMALLEST_CLIP ? below : -SMALLEST_CLIP;
    real *clip = values + m->layout.tensors[q->clips].offset;
    for (int j = 0; j < q->precisions; j++) clip[j] = above > SMALLEST_CLIP ? above : SMALLEST_CLIP;
}
