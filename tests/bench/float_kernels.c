/* float_kernels: what net.c of an exported C program calls, as plain loops in float, for c_speed.sh: the same layers
 * and shapes, output channels innermost, which is the order in which compilers find vectors. Scaled values are kept
 * above 0 and not rounded, so that logits are near those of the integers. Weights are made of the packed ones at the
 * first call: FLOAT_ROOM of all layers together. Codes without a border of 0 and depthwise layers are not asked for. */
#include <stdint.h>
#include <string.h>

#include "int_kernels.h"

enum { FLOAT_ROOM = 1 << 20, LAYERS = 64, CHANNELS = 256 };

typedef struct {
    const int_conv *of;
    const float *weights; /* (kernel row, kernel column, input channel, output channel) */
    float bias[CHANNELS];
} float_layer;

static float room[FLOAT_ROOM];
static size_t used;
static float_layer layers[LAYERS];
static int layer_count;

static float factor(const int_conv *l, int channel)
{
    return l->scaling.multiplier == NULL
               ? 1.0f
               : (float)l->scaling.multiplier[channel] / (float)((int64_t)1 << l->scaling.shift);
}

static const float_layer *layer_of(const int_conv *l)
{
    const size_t rows = (size_t)(l->kernel_h * l->kernel_w * l->in_channels);
    int i, b, k;
    size_t r;
    for (i = 0; i < layer_count; i++)
        if (layers[i].of == l) return &layers[i];
    layers[i].of = l;
    layers[i].weights = room + used;
    for (b = 0; b < l->block_count; b++) {
        const int_block *block = &l->blocks[b];
        for (k = 0; k < block->count; k++) {
            const int channel = block->first + k;
            layers[i].bias[channel] = (float)l->bias[channel] * factor(l, channel);
            for (r = 0; r < rows && block->bits > 0; r++) {
                const size_t at = ((size_t)k * rows + r) * (size_t)block->bits;
                const int sign = 1 << (block->bits - 1), code = block->weights[at / 8] >> at % 8 & (2 * sign - 1);
                room[used + r * (size_t)l->out_channels + (size_t)channel] =
                    (float)((code ^ sign) - sign) * factor(l, channel);
            }
        }
    }
    used += rows * (size_t)l->out_channels;
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
    const int channels = l->out_channels;
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
                    const float *w = f->weights + (size_t)((i * l->kernel_w + j) * l->in_channels * channels);
                    if (column < 0 || column >= l->in_width) continue;
                    for (c = 0; c < l->in_channels; c++, w += channels)
                        for (k = 0; k < channels; k++) sums[k] += from[c] * w[k];
                }
            }
            for (k = 0; k < channels; k++) {
                const float low = l->scaling.multiplier == NULL ? sums[k] : (float)l->scaling.low;
                out[k] = sums[k] < low ? low : sums[k];
            }
        }
    }
}

void float_add_run(const int_add *l, float *out, const float *a, const float *b)
{
    const float scale = 1.0f / (float)((int64_t)1 << l->shift);
    const float first = (float)l->factor[0] * scale, second = (float)l->factor[1] * scale;
    size_t i;
    for (i = 0; i < l->count; i++) {
        const float sum = (a[i] - (float)l->zero[0]) * first + (b[i] - (float)l->zero[1]) * second;
        out[i] = sum < (float)l->low ? (float)l->low : sum;
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
