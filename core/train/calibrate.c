#include "core/train/calibrate.h"

#include <stdlib.h>
#include <string.h>

#include "core/data/batch.h"

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

/* Magnitudes are counted by the upper 16 bits of their float: 128 bins for each power of two. */
enum { BINS = 1 << 15, NOT_FINITE = 0x7F80, IMAGES = 256 };

static int bin_of(float magnitude)
{
    uint32_t bits;
    memcpy(&bits, &magnitude, sizeof bits);
    return (int)(bits >> 16);
}

static float upper_edge(int bin)
{
    uint32_t bits = (uint32_t)(bin + 1) << 16;
    float edge;
    memcpy(&edge, &bits, sizeof edge);
    return edge;
}

static void count_magnitudes(uint32_t *bins, const real *values, size_t count, bool is_signed)
{
    for (size_t i = 0; i < count; i++) {
        float value = (float)values[i];
        if (value < 0) value = is_signed ? -value : 0;
        bins[bin_of(value) & (BINS - 1)]++;
    }
}

/* The upper edge of the first bin with which `percentile` of all magnitudes are counted. */
static status find_clip(real *clip, const uint32_t *bins, double percentile, const char *layer)
{
    double all = 0, below;
    for (int i = 0; i < BINS; i++) all += bins[i];
    for (int i = NOT_FINITE; i < BINS; i++)
        if (bins[i] > 0)
            return status_fail(STATUS_NUMERIC, "the float network puts out numbers that are not finite at %s", layer);
    int bin = 0;
    for (below = bins[0]; below < percentile / 100 * all; below += bins[bin]) bin++;
    *clip = (real)upper_edge(bin);
    return status_ok();
}

static bool is_counted(const model *quantized, int index)
{
    const int q = quantized->nodes[index].quantizer;
    return q >= 0 && q < quantized->graph->group_count;
}

/* Some images of the training split, evenly spread, through the float network. */
static void count_all(uint32_t *bins, const model *quantized, model *float_model, const real *float_values,
                      const dataset *data)
{
    const int images = data->split_count[SPLIT_TRAIN] < IMAGES ? data->split_count[SPLIT_TRAIN] : IMAGES;
    int32_t sample[CALIBRATION_CAPACITY], labels[CALIBRATION_CAPACITY];
    model_prepare(float_model, float_values, MODEL_EVAL_FLOAT, 1, false, 0);
    for (int done = 0, n; done < images; done += n) {
        n = images - done < CALIBRATION_CAPACITY ? images - done : CALIBRATION_CAPACITY;
        for (int i = 0; i < n; i++)
            sample[i] = data->split_index[SPLIT_TRAIN][(int64_t)(done + i) * data->split_count[SPLIT_TRAIN] / images];
        batch_load(model_input(float_model), labels, data, sample, n, NULL, 0, 0);
        model_forward(float_model, float_values, n, (model_pass){.training = false});
        for (int i = 0; i < quantized->graph->layer_count; i++) {
            const layer_spec *l = &quantized->graph->layers[i];
            if (!is_counted(quantized, i)) continue;
            count_magnitudes(bins + (size_t)i * BINS, float_model->nodes[i].out,
                             (size_t)n * (size_t)(l->out_height * l->out_width * l->out_channels),
                             quantized->nodes[i].is_signed);
        }
    }
}

static void raise_clips(const model *quantized, real *values, int index, real clip)
{
    const model_quantizer *q = &quantized->quantizers[quantized->nodes[index].quantizer];
    real *clips = values + quantized->layout.tensors[q->clips].offset;
    for (int j = 0; j < q->precisions; j++) clips[j] = clip > clips[j] ? clip : clips[j];
}

status calibrate_clips(const model *quantized, real *values, model *float_model, const real *float_values,
                       const dataset *data, double percentile)
{
    const int layers = quantized->graph->layer_count;
    uint32_t *bins = calloc((size_t)layers * BINS, sizeof *bins);
    if (bins == NULL) return status_fail(STATUS_MEMORY, "no memory for calibrating clips");
    for (int q = 0; q < quantized->graph->group_count; q++)
        for (int j = 0; quantized->quantizers[q].used && j < quantized->quantizers[q].precisions; j++)
            values[quantized->layout.tensors[quantized->quantizers[q].clips].offset + (size_t)j] = SMALLEST_CLIP;
    count_all(bins, quantized, float_model, float_values, data);
    status s = status_ok();
    for (int i = 0; i < layers && !failed(s); i++) {
        real clip = 0;
        if (!is_counted(quantized, i)) continue;
        s = find_clip(&clip, bins + (size_t)i * BINS, percentile, quantized->graph->layers[i].name);
        if (!failed(s)) raise_clips(quantized, values, i, clip);
    }
    free(bins);
    return s;
}
