#include "core/deploy/target/int_kernels.h"

#include <string.h>

/* Rounds down for negative numbers, too, where C leaves the shift to the compiler. */
static int64_t shift_down(int64_t value, int shift)
{
    return value >= 0 ? value >> shift : ~(~value >> shift);
}

static int32_t clamp(int64_t value, int32_t low, int32_t high)
{
    return value < low ? low : value > high ? high : (int32_t)value;
}

static int32_t load(const void *from, int_type type, size_t i)
{
    int16_t two;
    int32_t four;
    switch (type) {
    case INT_U8:
        return ((const uint8_t *)from)[i];
    case INT_S8:
        return ((const int8_t *)from)[i];
    case INT_S16:
        memcpy(&two, (const char *)from + i * sizeof two, sizeof two);
        return two;
    default:
        memcpy(&four, (const char *)from + i * sizeof four, sizeof four);
        return four;
    }
}

static void store(void *to, int_type type, size_t i, int32_t code)
{
    const int16_t two = (int16_t)code;
    switch (type) {
    case INT_U8:
        ((uint8_t *)to)[i] = (uint8_t)code;
        break;
    case INT_S8:
        ((int8_t *)to)[i] = (int8_t)code;
        break;
    case INT_S16:
        memcpy((char *)to + i * sizeof two, &two, sizeof two);
        break;
    default:
        memcpy((char *)to + i * sizeof code, &code, sizeof code);
        break;
    }
}

/* ---- sums of products ---- */

static int32_t weight_at(const int_block *b, size_t e)
{
    const unsigned per_byte = 8u / (unsigned)b->bits, sign = 1u << (b->bits - 1), mask = 2u * sign - 1u;
    const unsigned at = (unsigned)(e % per_byte) * (unsigned)b->bits;
    const unsigned code = ((unsigned)b->weights[e / per_byte] >> at) & mask;
    return (int32_t)(code ^ sign) - (int32_t)sign;
}

/* Four codes of 2 bit, or two of 4 bit, in a byte. */
static int32_t dot_byte_2(const uint8_t *x, unsigned w)
{
    return x[0] * ((int32_t)((w & 3u) ^ 2u) - 2) + x[1] * ((int32_t)((w >> 2 & 3u) ^ 2u) - 2) +
           x[2] * ((int32_t)((w >> 4 & 3u) ^ 2u) - 2) + x[3] * ((int32_t)((w >> 6) ^ 2u) - 2);
}

static int32_t dot_byte_4(const uint8_t *x, unsigned w)
{
    return x[0] * ((int32_t)((w & 15u) ^ 8u) - 8) + x[1] * ((int32_t)((w >> 4) ^ 8u) - 8);
}

/* Of `count` inputs of 8 bit and the weights from code e on: byte by byte where weights fill whole bytes. */
static int32_t dot_u8(const uint8_t *x, const int_block *b, size_t e, int count)
{
    int32_t sum = 0;
    int i = 0;
    if (b->bits == 8) {
        const int8_t *w = (const int8_t *)b->weights + e;
        for (; i + 4 <= count; i += 4)
            sum += x[i] * w[i] + x[i + 1] * w[i + 1] + x[i + 2] * w[i + 2] + x[i + 3] * w[i + 3];
        for (; i < count; i++) sum += x[i] * w[i];
        return sum;
    }
    const int per_byte = 8 / b->bits;
    for (; i < count && (e + (size_t)i) % (size_t)per_byte != 0; i++) sum += x[i] * weight_at(b, e + (size_t)i);
    const uint8_t *w = b->weights + (e + (size_t)i) / (size_t)per_byte;
    if (b->bits == 4)
        for (; i + 2 <= count; i += 2) sum += dot_byte_4(x + i, *w++);
    else
        for (; i + 4 <= count; i += 4) sum += dot_byte_2(x + i, *w++);
    for (; i < count; i++) sum += x[i] * weight_at(b, e + (size_t)i);
    return sum;
}

static int32_t dot(const void *in, int_type type, size_t at, const int_block *b, size_t e, int count)
{
    int32_t sum = 0;
    int i;
    if (type == INT_U8) return dot_u8((const uint8_t *)in + at, b, e, count);
    for (i = 0; i < count; i++) sum += load(in, type, at + (size_t)i) * weight_at(b, e + (size_t)i);
    return sum;
}

/* The border: all inputs have the same code. */
static int32_t dot_border(int32_t zero, const int_block *b, size_t e, int count)
{
    int32_t sum = 0;
    int i;
    if (zero == 0) return 0;
    for (i = 0; i < count; i++) sum += zero * weight_at(b, e + (size_t)i);
    return sum;
}

/* ---- layers ---- */

/* One line of the kernel, for one output channel: weights from code e on, `read` for each column. */
static int32_t line_sum(const int_conv *l, const int_block *b, const void *in, int y, int left, int channel, size_t e,
                        int read)
{
    const size_t line = (size_t)y * (size_t)l->in_width;
    int32_t sum = 0;
    int j;
    if (y < 0 || y >= l->in_height) return dot_border(l->zero, b, e, l->kernel_w * read);
    if (!l->depthwise && left >= 0 && left + l->kernel_w <= l->in_width) /* inputs and weights side by side */
        return dot(in, l->in_type, (line + (size_t)left) * (size_t)read, b, e, l->kernel_w * read);
    for (j = 0; j < l->kernel_w; j++, e += (size_t)read) {
        const int x = left + j;
        if (x >= 0 && x < l->in_width)
            sum += dot(in, l->in_type, (line + (size_t)x) * (size_t)l->in_channels + (size_t)channel, b, e, read);
        else
            sum += dot_border(l->zero, b, e, read);
    }
    return sum;
}

/* Output channel block->first + k at the window whose first input pixel is (top, left). */
static int32_t conv_sum(const int_conv *l, const int_block *b, int k, const void *in, int top, int left)
{
    const int read = l->depthwise ? 1 : l->in_channels, channel = l->depthwise ? b->first + k : 0;
    const size_t line = (size_t)l->kernel_w * (size_t)read;
    size_t e = (size_t)k * (size_t)l->kernel_h * line;
    int32_t sum = l->bias[b->first + k];
    int i;
    for (i = 0; i < l->kernel_h; i++, e += line) sum += line_sum(l, b, in, top + i, left, channel, e, read);
    return sum;
}

static int32_t scaled(const int_scaling *s, int32_t sum, int channel)
{
    if (s->multiplier == NULL) return sum;
    return clamp(shift_down((int64_t)sum * s->multiplier[channel] + s->offset, s->shift), s->low, s->high);
}

void int_conv_run(const int_conv *l, void *out, const void *in)
{
    int y, x, n, k;
    for (y = 0; y < l->out_height; y++) {
        for (x = 0; x < l->out_width; x++) {
            const size_t at = ((size_t)y * (size_t)l->out_width + (size_t)x) * (size_t)l->out_channels;
            for (n = 0; n < l->block_count; n++) {
                const int_block *b = &l->blocks[n];
                for (k = 0; k < b->count; k++) {
                    const int c = b->first + k;
                    int32_t sum = l->bias[c];
                    if (b->bits > 0)
                        sum = conv_sum(l, b, k, in, y * l->stride_h - l->pad_h, x * l->stride_w - l->pad_w);
                    store(out, l->out_type, at + (size_t)c, scaled(&l->scaling, sum, c));
                }
            }
        }
    }
}

void int_add_run(const int_add *l, void *out, const void *a, const void *b)
{
    size_t i;
    for (i = 0; i < l->count; i++) {
        const int64_t first = load(a, l->in_type[0], i) - l->zero[0], second = load(b, l->in_type[1], i) - l->zero[1];
        const int64_t sum = first * l->factor[0] + second * l->factor[1] + l->offset;
        store(out, l->out_type, i, clamp(shift_down(sum, l->shift), l->low, l->high));
    }
}

static int32_t pool_window(const int_pool *l, const void *in, int y, int x, int c)
{
    int32_t result = 0;
    int i, j;
    for (i = 0; i < l->kernel_h; i++) {
        for (j = 0; j < l->kernel_w; j++) {
            const size_t row = (size_t)(y * l->stride_h + i), column = (size_t)(x * l->stride_w + j);
            const size_t at = (row * (size_t)l->in_width + column) * (size_t)l->channels + (size_t)c;
            const int32_t code = load(in, l->in_type, at);
            if (!l->largest)
                result += code;
            else if ((i == 0 && j == 0) || code > result)
                result = code;
        }
    }
    return result;
}

void int_pool_run(const int_pool *l, void *out, const void *in)
{
    size_t at = 0;
    int y, x, c;
    for (y = 0; y < l->out_height; y++)
        for (x = 0; x < l->out_width; x++)
            for (c = 0; c < l->channels; c++, at++) store(out, l->out_type, at, pool_window(l, in, y, x, c));
}

void int_input_run(const int_input *l, uint8_t *out, const uint8_t *samples)
{
    size_t p;
    int c;
    for (p = 0; p < l->pixels; p++) {
        const uint8_t *pixel = samples + p * (size_t)l->channels;
        for (c = 0; c < l->channels; c++) *out++ = l->table[pixel[l->order == NULL ? c : l->order[c]]];
    }
}

void int_output_run(const int_output *l, int32_t *logits, const void *in)
{
    int i;
    for (i = 0; i < l->count; i++)
        logits[l->order[i]] = (int32_t)shift_down(
            (int64_t)load(in, INT_S32, (size_t)i) * l->multiplier[i % l->channels] + l->offset, l->shift);
}
