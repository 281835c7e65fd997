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

/* ---- sums of products ----
 *
 * Weights of one output channel are unpacked a piece at a time, and each piece is used for a whole tile of output
 * pixels: the work of unpacking is shared, and all that is needed besides the images is on the stack. */

enum { TILE = 64, PIECE = 64, TOGETHER = 16 }; /* output pixels; weights; products in a loop of constant length */

/* w[i] = code e + i of the block. */
static void unpack(int16_t *w, const int_block *b, size_t e, int count)
{
    const unsigned bits = (unsigned)b->bits, sign = 1u << (bits - 1), mask = 2u * sign - 1u;
    const uint8_t *byte = b->weights + e * bits / 8;
    unsigned at = (unsigned)(e * bits % 8);
    int i;
    for (i = 0; i < count; i++) {
        w[i] = (int16_t)((int)(((unsigned)*byte >> at & mask) ^ sign) - (int)sign);
        at += bits;
        byte += at / 8;
        at %= 8;
    }
}

static int32_t sum_of(const int16_t *w, int count)
{
    int32_t sum = 0;
    int i;
    for (i = 0; i < count; i++) sum += w[i];
    return sum;
}

static int32_t dot_u8(const uint8_t *x, const int16_t *w, int count)
{
    int32_t sum = 0;
    int i;
    for (; count >= TOGETHER; count -= TOGETHER, x += TOGETHER, w += TOGETHER) {
#pragma GCC unroll 16 /* TOGETHER: without a loop where there are no vectors */
        for (i = 0; i < TOGETHER; i++) sum += x[i] * w[i];
    }
    for (i = 0; i < count; i++) sum += x[i] * w[i];
    return sum;
}

/* Of inputs at, at + step, ... */
static int32_t dot(const void *in, int_type type, size_t at, size_t step, const int16_t *w, int count)
{
    int32_t sum = 0;
    int i;
    if (type == INT_U8 && step == 1) return dot_u8((const uint8_t *)in + at, w, count);
    for (i = 0; i < count; i++, at += step) sum += load(in, type, at) * w[i];
    return sum;
}

/* ---- layers ---- */

/* Output pixels first ... first + count - 1 of one output channel, row by row. */
typedef struct {
    int first, count, channel;
    int32_t sums[TILE];
} tile;

/* Adds the products of weights [from, from + count) in line i of the kernel. */
static void add_piece(const int_conv *l, tile *t, const void *in, int i, int from, const int16_t *w, int count)
{
    const int read = l->depthwise ? 1 : l->in_channels;
    int y = t->first / l->out_width, x = t->first % l->out_width, p;
    for (p = 0; p < t->count; p++) {
        const int row = y * l->stride_h - l->pad_h + i, left = x * l->stride_w - l->pad_w;
        int begin =
            left < 0 ? -left * read : 0; /* weights [begin, end) of the line meet the image, others its border */
        int end = (left + l->kernel_w > l->in_width ? l->in_width - left : l->kernel_w) * read;
        if (begin < from) begin = from;
        if (end > from + count) end = from + count;
        if (row < 0 || row >= l->in_height || end <= begin) begin = end = from;
        if (begin < end) {
            const size_t pixel = (size_t)row * (size_t)l->in_width, channels = (size_t)l->in_channels;
            const size_t at = l->depthwise ? (pixel + (size_t)(left + begin)) * channels + (size_t)t->channel
                                           : pixel * channels + (size_t)(left * read + begin);
            t->sums[p] += dot(in, l->in_type, at, l->depthwise ? channels : 1, w + (begin - from), end - begin);
        }
        if (l->zero != 0)
            t->sums[p] += l->zero * (sum_of(w, begin - from) + sum_of(w + (end - from), from + count - end));
        if (++x == l->out_width) {
            x = 0;
            y++;
        }
    }
}

/* The sums of channel block->first + k. */
static void sum_tile(const int_conv *l, const int_block *b, int k, tile *t, const void *in)
{
    const int line = l->kernel_w * (l->depthwise ? 1 : l->in_channels);
    size_t e = (size_t)k * (size_t)l->kernel_h * (size_t)line;
    int16_t w[PIECE];
    int i, from;
    t->channel = b->first + k;
    for (i = 0; i < t->count; i++) t->sums[i] = l->bias[t->channel];
    if (b->bits == 0) return;
    for (i = 0; i < l->kernel_h; i++) {
        for (from = 0; from < line; from += PIECE) {
            const int count = line - from < PIECE ? line - from : PIECE;
            unpack(w, b, e, count);
            add_piece(l, t, in, i, from, w, count);
            e += (size_t)count;
        }
    }
}

static int32_t scaled(const int_scaling *s, int32_t sum, int channel)
{
    if (s->multiplier == NULL) return sum;
    return clamp(shift_down((int64_t)sum * s->multiplier[channel] + s->offset, s->shift), s->low, s->high);
}

void int_conv_run(const int_conv *l, void *out, const void *in)
{
    const int pixels = l->out_height * l->out_width;
    tile t;
    int n, k, p;
    for (t.first = 0; t.first < pixels; t.first += TILE) {
        t.count = pixels - t.first < TILE ? pixels - t.first : TILE;
        for (n = 0; n < l->block_count; n++) {
            for (k = 0; k < l->blocks[n].count; k++) {
                sum_tile(l, &l->blocks[n], k, &t, in);
                for (p = 0; p < t.count; p++)
                    store(out, l->out_type, (size_t)(t.first + p) * (size_t)l->out_channels + (size_t)t.channel,
                          scaled(&l->scaling, t.sums[p], t.channel));
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
