/* float_kernels: what net.c of an exported C program calls, as plain loops in float, for c_speed.sh: the same layers
 * and shapes, output channels innermost, which is the order in which compilers find vectors. Scaled values are clipped
 * and not rounded, so that logits are near those of the integers. Weights are made of the packed ones at the
 * first call. Borders are left out, as values have their zero point taken away. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "int_kernels.h"

enum { LAYERS = 64, CHANNELS = 2048 };

typedef struct {
    const int_conv *of;
    float *weights; /* (kernel row, kernel column, input channel, output channel), depthwise without the third */
    float bias[CHANNELS];
} float_layer;

static float_layer layers[LAYERS];
static int layer_count;

static float factor(const int_conv *l, int channel)
{
    return l->scaling.multiplier == NULL
               ? 1.0f
               : (float)l->scaling.multiplier[channel] / (float)((int64_t)1 << l->scaling.shift);
}

static float clipped(float x, float low, float high)
{
    return x < low ? low : x > high ? high : x;
}

static const float_layer *layer_of(const int_conv *l)
{
    const size_t rows = (size_t)(l->kernel_h * l->kernel_w * (l->depthwise ? 1 : l->in_channels));
    int i, b, k;
    size_t r;
    for (i = 0; i < layer_count; i++)
        if (layers[i].of == l) return &layers[i];
    layers[i].of = l;
    layers[i].weights = calloc(rows * (size_t)l->out_channels, sizeof(float));
    if (layers[i].weights == NULL) exit(3);
    for (b = 0; b < l->block_count; b++) {
        const int_block *block = &l->blocks[b];
        for (k = 0; k < block->count; k++) {
            const int channel = block->first + k;
            int64_t sum = l->bias[channel]; /* with the zero point of every weight's input */
            for (r = 0; r < rows && block->bits > 0; r++) {
                const size_t at = ((size_t)k * rows + r) * (size_t)block->bits;
                const int sign = 1 << (block->bits - 1), code = block->weights[at / 8] >> at % 8 & (2 * sign - 1);
                layers[i].weights[r * (size_t)l->out_channels + (size_t)channel] =
                    (float)((code ^ sign) - sign) * factor(l, channel);
                sum += l->zero * ((code ^ sign) - sign);
            }
            layers[i].bias[channel] = (float)sum * factor(l, channel);
        }
    }
    return &layers[layer_count++];
}

void float_input_run(const int_input *l, float *out, const uint8_t *samples)
{
    size_t p;
    int c;
    for (p = 0; p < l->pixels; p++)
        for (c = 0; c < l->channels; c++)
            *out++ = l->table[samples[p * (size_t)l->channels + (size_t)(l->order == NULL ? c : l->order[c])]];
}

void float_conv_run(const int_conv *l, float *out, const float *in)
{
    const float_layer *f = layer_of(l);
    const int channels = l->out_channels, read = l->depthwise ? 1 : l->in_channels;
    const float zero = (float)l->zero, low = (float)l->scaling.low, high = (float)l->scaling.high;
    int y, x, i, j, c, k;
    for (y = 0; y < l->out_height; y++) {
        for (x = 0; x < l->out_width; x++, out += channels) {
            float sums[CHANNELS];
            for (k = 0; k < channels; k++) sums[k] = f->bias[k];
            for (i = 0; i < l->kernel_h; i++) {
                const int row = y * l->stride_h - l->pad_h + i;
                if (row < 0 || row >= l->in_height) continue;
                for (j = 0; j < l->kernel_w; j++) {
                    const int column = x * l->stride_w - l->pad_w + j;
                    const float *from = in + (row * l->in_width + column) * l->in_channels;
                    const float *w = f->weights + (size_t)((i * l->kernel_w + j) * read * channels);
                    if (column < 0 || column >= l->in_width) continue;
                    if (l->depthwise) {
                        for (k = 0; k < channels; k++) sums[k] += from[k] * w[k];
                        continue;
                    }
                    for (c = 0; c < l->in_channels; c++, w += channels)
                        for (k = 0; k < channels; k++) sums[k] += (from[c] - zero) * w[k];
                }
            }
            if (l->scaling.multiplier == NULL)
                memcpy(out, sums, (size_t)channels * sizeof *out);
            else
                for (k = 0; k < channels; k++) out[k] = clipped(sums[k], low, high);
        }
    }
}

void float_add_run(const int_add *l, float *out, const float *a, const float *b)
{
    const float scale = 1.0f / (float)((int64_t)1 << l->shift);
    const float first = (float)l->factor[0] * scale, second = (float)l->factor[1] * scale;
    const float low = (float)l->low, high = (float)l->high;
    size_t i;
    for (i = 0; i < l->count; i++) {
        const float sum = (a[i] - (float)l->zero[0]) * first + (b[i] - (float)l->zero[1]) * second;
        out[i] = clipped(sum, low, high);
    }
}

void float_pool_run(const int_pool *l, float *out, const float *in)
{
    int y, x, c, i, j;
    for (y = 0; y < l->out_height; y++)
        for (x = 0; x < l->out_width; x++)
            for (c = 0; c < l->channels; c++) {
                float sum = 0;
                for (i = 0; i < l->kernel_h; i++)
                    for (j = 0; j < l->kernel_w; j++)
                        sum += in[((y * l->stride_h + i) * l->in_width + x * l->stride_w + j) * l->channels + c];
                *out++ = sum;
            }
}

void float_output_run(const int_output *l, int32_t *logits, const float *in)
{
    int i;
    for (i = 0; i < l->count; i++)
        logits[l->order[i]] =
            (int32_t)(in[i] * (float)l->multiplier[i % l->channels] / (float)((int64_t)1 << l->shift));
}
