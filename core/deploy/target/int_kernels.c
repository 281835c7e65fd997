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
 * The weights of four output channels are unpacked a piece at a time, and each piece is used for a whole tile of output
 * pixels: the work of unpacking is shared, and all that is needed besides the images is on the stack. */

enum {
    TILE = 32,    /* output pixels */
    QUAD = 4,     /* output channels: a code is loaded once for all of them */
    PIECE = 48,   /* weights of each: a line of 3 x 16 */
    TOGETHER = 16 /* products in a loop of constant length, for compilers that make vectors of no other */
};

/* Weights [from, from + count) in a line of the kernel. */
typedef struct {
    int from, count;
    int16_t w[QUAD][PIECE];
} piece;

/* Output pixels first ... first + count - 1, row by row, of `channels` output channels: four, or the last ones. */
typedef struct {
    int first, count, channel, channels;
    int32_t sums[TILE][QUAD];
} tile;

/* The code in the lowest bits. */
static int16_t code_of(unsigned packed, unsigned bits)
{
    const unsigned sign = 1u << (bits - 1);
    return (int16_t)((int)((packed & (2u * sign - 1u)) ^ sign) - (int)sign);
}

/* w[i] = code e + i of the block: whole bytes in loops of their own, from the first one that starts with a code. */
static void unpack(int16_t *w, const int_block *b, size_t e, int count)
{
    const unsigned bits = (unsigned)b->bits;
    const uint8_t *byte = b->weights + e * bits / 8;
    unsigned at = (unsigned)(e * bits % 8);
    int i = 0;
    for (; i < count && at > 0; at = (at + bits) % 8, byte += at == 0) w[i++] = code_of((unsigned)*byte >> at, bits);
    if (bits == 8) {
        for (; i < count; i++) w[i] = code_of(*byte++, 8);
    } else if (bits == 4) {
        for (; i + 2 <= count; i += 2, byte++) {
            w[i] = code_of(*byte, 4);
            w[i + 1] = code_of((unsigned)*byte >> 4, 4);
        }
    } else {
        for (; i + 4 <= count; i += 4, byte++) {
            w[i] = code_of(*byte, 2);
            w[i + 1] = code_of((unsigned)*byte >> 2, 2);
            w[i + 2] = code_of((unsigned)*byte >> 4, 2);
            w[i + 3] = code_of((unsigned)*byte >> 6, 2);
        }
    }
    for (; i < count; i++, at += bits) w[i] = code_of((unsigned)*byte >> at, bits);
}

static int32_t sum_of(const int16_t *w, int count)
{
    int32_t sum = 0;
    int i;
    for (i = 0; i < count; i++) sum += w[i];
    return sum;
}

/* Adds the products of codes x[0] ... x[count - 1] with the weights of four channels, PIECE apart. */
static void add_products(int32_t *sums, const uint8_t *x, const int16_t *w, int count)
{
    int32_t a = 0, b = 0, c = 0, d = 0;
    int i = 0, k;
    if (count == PIECE) {
        for (; i < PIECE; i++) {
            a += x[i] * w[i];
            b += x[i] * w[i + PIECE];
            c += x[i] * w[i + 2 * PIECE];
            d += x[i] * w[i + 3 * PIECE];
        }
    }
    for (; i + TOGETHER <= count; i += TOGETHER) {
        for (k = i; k < i + TOGETHER; k++) {
            a += x[k] * w[k];
            b += x[k] * w[k + PIECE];
            c += x[k] * w[k + 2 * PIECE];
            d += x[k] * w[k + 3 * PIECE];
        }
    }
    for (; i < count; i++) {
        a += x[i] * w[i];
        b += x[i] * w[i + PIECE];
        c += x[i] * w[i + 2 * PIECE];
        d += x[i] * w[i + 3 * PIECE];
    }
    sums[0] += a;
    sums[1] += b;
    sums[2] += c;
    sums[3] += d;
}

/* Adds the products of weights [begin, end) of the line for `pixels` output pixels side by side, the first of which
 * reads codes from `at` on. */
static void add_pixels(const int_conv *l, int32_t (*sums)[QUAD], int pixels, int channels, const void *in, size_t at,
                       const piece *w, int begin, int end)
{
    const size_t stride = (size_t)l->stride_w * (size_t)l->in_channels;
    const size_t step = l->depthwise ? (size_t)l->in_channels : 1, apart = l->depthwise ? 1 : 0;
    const int16_t *const first = w->w[0] + (begin - w->from);
    int p, k, i;
    if (l->in_type == INT_U8 && !l->depthwise) {
        const uint8_t *x = (const uint8_t *)in + at;
        for (p = 0; p < pixels; p++, x += stride) add_products(sums[p], x, first, end - begin);
        return;
    }
    for (p = 0; p < pixels; p++, at += stride)
        for (k = 0; k < channels; k++)
            for (i = 0; i < end - begin; i++)
                sums[p][k] += load(in, l->in_type, at + (size_t)k * apart + (size_t)i * step) * first[k * PIECE + i];
}

/* The same for weights that meet the border: [from, begin) and [end, from + count). */
static void add_border(const int_conv *l, int32_t (*sums)[QUAD], int pixels, const piece *w, int begin, int end)
{
    const int before = begin - w->from, behind = w->from + w->count - end;
    int p, k;
    if (l->zero == 0 || before + behind == 0) return;
    for (k = 0; k < QUAD; k++) {
        const int32_t sum = l->zero * (sum_of(w->w[k], before) + sum_of(w->w[k] + (end - w->from), behind));
        for (p = 0; p < pixels; p++) sums[p][k] += sum;
    }
}

/* ---- layers ---- */

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* Adds the products of a piece of line i of the kernel. */
static void add_piece(const int_conv *l, tile *t, const void *in, int i, const piece *w)
{
    const int read = l->depthwise ? 1 : l->in_channels;
    const int room = l->in_width + l->pad_w - l->kernel_w;
    const int last = room < 0 ? -1 : room / l->stride_w; /* output pixel that meets no border on the right */
    int y = t->first / l->out_width, x = t->first % l->out_width, p, pixels;
    for (p = 0; p < t->count; p += pixels) {
        const int row = y * l->stride_h - l->pad_h + i, left = x * l->stride_w - l->pad_w;
        const int in_line = smaller(l->out_width - x, t->count - p);
        int begin = w->from, end = begin; /* weights that meet the image, others its border */
        pixels = in_line;
        if (row >= 0 && row < l->in_height) {
            pixels = left < 0 || x > last ? 1 : smaller(last - x + 1, in_line); /* with the same begin and end */
            if (left < 0 && -left * read > begin) begin = -left * read;
            end = smaller(w->from + w->count, (l->in_width - left) * read);
            if (end <= begin) begin = end = w->from;
        }
        if (begin < end) {
            const size_t line = (size_t)row * (size_t)l->in_width, channels = (size_t)l->in_channels;
            const size_t at = l->depthwise ? (line + (size_t)(left + begin)) * channels + (size_t)t->channel
                                           : line * channels + (size_t)(left * read + begin);
            add_pixels(l, t->sums + p, pixels, t->channels, in, at, w, begin, end);
        }
        add_border(l, t->sums + p, pixels, w, begin, end);
        x += pixels;
        if (x == l->out_width) {
            x = 0;
            y++;
        }
    }
}

/* The sums of channels k ... k + t->channels - 1 of the block; the last one stands in for those that are missing. */
static void sum_tile(const int_conv *l, const int_block *b, int k, tile *t, const void *in)
{
    const int line = l->kernel_w * (l->depthwise ? 1 : l->in_channels), last = t->channels - 1;
    const size_t rows = (size_t)l->kernel_h * (size_t)line;
    piece w;
    int i, c;
    t->channel = b->first + k;
    for (i = 0; i < t->count; i++)
        for (c = 0; c < QUAD; c++) t->sums[i][c] = l->bias[t->channel + smaller(c, last)];
    if (b->bits == 0) return;
    for (i = 0; i < l->kernel_h; i++) {
        for (w.from = 0; w.from < line; w.from += PIECE) {
            w.count = smaller(line - w.from, PIECE);
            for (c = 0; c < QUAD; c++)
                unpack(w.w[c], b, (size_t)(k + smaller(c, last)) * rows + (size_t)(i * line + w.from), w.count);
            add_piece(l, t, in, i, &w);
        }
    }
}

static int32_t scaled(const int_scaling *s, int32_t sum, int channel)
{
    if (s->multiplier == NULL) return sum;
    return clamp(shift_down((int64_t)sum * s->multiplier[channel] + s->offset, s->shift), s->low, s->high);
}

static void scale_tile(const int_conv *l, const tile *t, void *out)
{
    int p, k;
    for (k = 0; k < t->channels; k++) {
        const int channel = t->channel + k;
        size_t at = (size_t)t->first * (size_t)l->out_channels + (size_t)channel;
        for (p = 0; p < t->count; p++, at += (size_t)l->out_channels)
            store(out, l->out_type, at, scaled(&l->scaling, t->sums[p][k], channel));
    }
}

void int_conv_run(const int_conv *l, void *out, const void *in)
{
    const int pixels = l->out_height * l->out_width;
    tile t;
    int n, k;
    for (t.first = 0; t.first < pixels; t.first += TILE) {
        t.count = smaller(pixels - t.first, TILE);
        for (n = 0; n < l->block_count; n++) {
            for (k = 0; k < l->blocks[n].count; k += QUAD) {
                t.channels = smaller(l->blocks[n].count - k, QUAD);
                sum_tile(l, &l->blocks[n], k, &t, in);
                scale_tile(l, &t, out);
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
