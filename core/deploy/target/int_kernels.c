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

/* Code i. */
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

enum { GROUP = 16 }; /* values at a time: compilers make vectors of loops of such a constant length */

/* to[k] = code at + k, of `count` codes, GROUP at most. */
static void load_group(int32_t *to, const void *from, int_type type, size_t at, int count)
{
    const uint8_t *byte = (const uint8_t *)from + at;
    int k;
    if (type == INT_U8 && count == GROUP) {
        for (k = 0; k < GROUP; k++) to[k] = byte[k];
    } else if (type == INT_S8 && count == GROUP) {
        for (k = 0; k < GROUP; k++) to[k] = (int8_t)byte[k];
    } else {
        for (k = 0; k < count; k++) to[k] = load(from, type, at + (size_t)k);
    }
}

static void store_group(void *to, int_type type, size_t at, const int32_t *codes, int count)
{
    uint8_t *byte = (uint8_t *)to + at;
    int16_t two;
    int k;
    if (type == INT_S32) {
        memcpy((char *)to + at * sizeof *codes, codes, (size_t)count * sizeof *codes);
    } else if (type == INT_S16) {
        for (k = 0; k < count; k++) {
            two = (int16_t)codes[k];
            memcpy((char *)to + (at + (size_t)k) * sizeof two, &two, sizeof two);
        }
    } else if (count == GROUP) {
        for (k = 0; k < GROUP; k++) byte[k] = (uint8_t)codes[k];
    } else {
        for (k = 0; k < count; k++) byte[k] = (uint8_t)codes[k];
    }
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* ---- from sums to codes ---- */

/* Multipliers of a group of values, whose channels are first, first + 1 ... first + unit - 1, and again. Where codes
 * fit 32 bit before they are clamped, it is done without signs, which is what vectors can do: the shifted sum *
 * multiplier + offset is that of (sum + 2^31) * multiplier + start, less 2^(62 - shift), where start = offset + 2^62 -
 * 2^31 * multiplier. All of it fits 64 bit: multipliers are below 2^31. */
typedef struct {
    int fits;
    uint32_t multiplier[GROUP];
    uint64_t start[GROUP];
} group_scaling;

/* Do all codes of these channels fit? With shifts of 31 and more they do, others need sums below 1 << shift. */
static int codes_fit(const int_conv *l, int first, int channels)
{
    const int64_t weights = (int64_t)l->kernel_h * l->kernel_w * (l->depthwise ? 1 : l->in_channels);
    const int64_t most = weights * 128 * 255, room = (int64_t)1 << l->scaling.shift;
    int k;
    if (l->scaling.shift >= 31) return 1;
    for (k = 0; k < channels; k++)
        if (most + (l->bias[first + k] < 0 ? -(int64_t)l->bias[first + k] : l->bias[first + k]) >= room) return 0;
    return l->in_type == INT_U8;
}

/* Of `channels` channels, `unit` at most, which is a power of 2; 0 for those that are missing. */
static void open_scaling(group_scaling *g, const int_conv *l, int first, int channels, int unit)
{
    const int_scaling *s = &l->scaling;
    int k;
    if (s->multiplier == NULL) return;
    g->fits = codes_fit(l, first, channels);
    for (k = 0; k < GROUP; k++) {
        const int c = k & (unit - 1);
        g->multiplier[k] = c < channels ? (uint32_t)s->multiplier[first + c] : 0;
        g->start[k] = (uint64_t)s->offset + ((uint64_t)1 << 62) - ((uint64_t)g->multiplier[k] << 31);
    }
}

/* A group of sums becomes codes. */
static void scale_group(int32_t *restrict codes, const int32_t *restrict sums, const int_scaling *restrict s,
                        const group_scaling *restrict g)
{
    const int32_t low = s->low, high = s->high;
    const int shift = s->shift;
    int k;
    if (s->multiplier == NULL) {
        for (k = 0; k < GROUP; k++) codes[k] = sums[k];
    } else if (g->fits) {
        const int64_t less = (int64_t)1 << (62 - shift);
        for (k = 0; k < GROUP; k++) {
            const uint64_t product = (uint64_t)((uint32_t)sums[k] + 0x80000000u) * g->multiplier[k];
            const int32_t code = (int32_t)((int64_t)((product + g->start[k]) >> shift) - less);
            codes[k] = code < low ? low : code > high ? high : code;
        }
    } else {
        for (k = 0; k < GROUP; k++)
            codes[k] = clamp(shift_down((int64_t)sums[k] * (int64_t)g->multiplier[k] + s->offset, shift), low, high);
    }
}

/* ---- weights ---- */

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

/* ---- convolutions ----
 *
 * The weights of four output channels are unpacked a piece at a time, and each piece is used for a whole tile of output
 * pixels: the work of unpacking is shared, and all that is needed besides the images is on the stack. Windows that are
 * a single piece, but several lines, are collected first. */

enum {
    QUAD = 4,     /* output channels: a code is loaded once for all of them */
    TILE = 32,    /* output pixels */
    WINDOWS = 16, /* the same where windows are collected */
    PIECE = 64    /* weights of each channel */
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
    uint8_t windows[WINDOWS][PIECE]; /* collected; behind their codes there are zeros */
} tile;

static int32_t sum_of(const int16_t *w, int count)
{
    int32_t sum = 0;
    int i;
    for (i = 0; i < count; i++) sum += w[i];
    return sum;
}

/* Adds the products of codes x[0] ... x[count - 1] with the weights of four channels, PIECE apart. */
static inline void add_some_products(int32_t *sums, const uint8_t *x, const int16_t *w, const int count)
{
    int32_t a = 0, b = 0, c = 0, d = 0;
    int i;
    for (i = 0; i < count; i++) {
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

/* The same: the loops of constant length are those that compilers make vectors of. */
static void add_products(int32_t *sums, const uint8_t *x, const int16_t *w, int count)
{
    const int rest = count % GROUP, whole = count - rest;
    switch (whole / GROUP) {
    case 4:
        add_some_products(sums, x, w, 4 * GROUP);
        break;
    case 3:
        add_some_products(sums, x, w, 3 * GROUP);
        break;
    case 2:
        add_some_products(sums, x, w, 2 * GROUP);
        break;
    case 1:
        add_some_products(sums, x, w, GROUP);
        break;
    default:
        break;
    }
    if (rest > 0) add_some_products(sums, x + whole, w + whole, rest);
}

/* The same for codes of more than 8 bit, or with sign, from `at` on. */
static void add_wide_products(int32_t *sums, const void *in, int_type type, size_t at, const int16_t *w, int count)
{
    int32_t x[GROUP];
    int i, j, k;
    for (i = 0; i < count; i += GROUP) {
        const int some = smaller(count - i, GROUP);
        load_group(x, in, type, at + (size_t)i, some);
        for (j = 0; j < some; j++)
            for (k = 0; k < QUAD; k++) sums[k] += x[j] * w[k * PIECE + i + j];
    }
}

/* Adds the products of weights [begin, end) of the line for `pixels` output pixels side by side, the first of which
 * reads codes from `at` on. */
static void add_pixels(const int_conv *l, int32_t (*sums)[QUAD], int pixels, const void *in, size_t at, const piece *w,
                       int begin, int end)
{
    const size_t stride = (size_t)l->stride_w * (size_t)l->in_channels;
    const int16_t *const first = w->w[0] + (begin - w->from);
    int p;
    for (p = 0; p < pixels; p++, at += stride) {
        if (l->in_type == INT_U8)
            add_products(sums[p], (const uint8_t *)in + at, first, end - begin);
        else
            add_wide_products(sums[p], in, l->in_type, at, first, end - begin);
    }
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

/* Adds the products of a piece of line i of the kernel. */
static void add_piece(const int_conv *l, tile *t, const void *in, int i, const piece *w)
{
    const int read = l->in_channels, room = l->in_width + l->pad_w - l->kernel_w;
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
            const size_t line = (size_t)row * (size_t)l->in_width * (size_t)read;
            add_pixels(l, t->sums + p, pixels, in, line + (size_t)(left * read + begin), w, begin, end);
        }
        add_border(l, t->sums + p, pixels, w, begin, end);
        x += pixels;
        if (x == l->out_width) {
            x = 0;
            y++;
        }
    }
}

/* How many codes a collected window has, zeros included; 0: windows of this layer are not collected. */
static int collected(const int_conv *l)
{
    const int codes = l->kernel_h * l->kernel_w * l->in_channels;
    return l->in_type == INT_U8 && l->kernel_h > 1 && codes <= PIECE ? (codes + GROUP - 1) / GROUP * GROUP : 0;
}

static void collect_windows(const int_conv *l, tile *t, const uint8_t *in)
{
    const int line = l->kernel_w * l->in_channels, width = l->in_width * l->in_channels;
    int p, i, k;
    memset(t->windows, 0, sizeof t->windows);
    for (p = 0; p < t->count; p++) {
        const int y = (t->first + p) / l->out_width, x = (t->first + p) % l->out_width;
        const int left = (x * l->stride_w - l->pad_w) * l->in_channels;
        uint8_t *to = t->windows[p];
        for (i = 0; i < l->kernel_h; i++, to += line) {
            const int row = y * l->stride_h - l->pad_h + i, inside = row >= 0 && row < l->in_height;
            const int begin = smaller(left < 0 ? -left : 0, line), end = smaller(width - left, line);
            const uint8_t *from = in + (inside ? row : 0) * width;
            if (!inside || begin > 0 || end < line) memset(to, (int)l->zero, (size_t)line);
            for (k = begin; inside && k < end; k++) to[k] = from[left + k];
        }
    }
}

/* The sums of channels k ... k + t->channels - 1 of the block; the last one stands in for those that are missing. */
static void sum_tile(const int_conv *l, const int_block *b, int k, tile *t, const void *in)
{
    const int line = l->kernel_w * l->in_channels, last = t->channels - 1, window = collected(l);
    const int rows = l->kernel_h * line;
    int32_t bias[QUAD];
    piece w;
    int i, c;
    t->channel = b->first + k;
    for (c = 0; c < QUAD; c++) bias[c] = l->bias[t->channel + smaller(c, last)];
    for (i = 0; i < TILE; i++) memcpy(t->sums[i], bias, sizeof bias);
    if (b->bits == 0) return;
    if (window > 0) {
        memset(w.w, 0, sizeof w.w);
        for (c = 0; c < QUAD; c++) unpack(w.w[c], b, (size_t)(k + smaller(c, last)) * (size_t)rows, rows);
        for (i = 0; i < t->count; i++) add_products(t->sums[i], t->windows[i], w.w[0], window);
        return;
    }
    for (i = 0; i < l->kernel_h; i++) {
        for (w.from = 0; w.from < line; w.from += PIECE) {
            w.count = smaller(line - w.from, PIECE);
            for (c = 0; c < QUAD; c++)
                unpack(w.w[c], b, (size_t)(k + smaller(c, last)) * (size_t)rows + (size_t)(i * line + w.from), w.count);
            add_piece(l, t, in, i, &w);
        }
    }
}

static void scale_tile(const int_conv *l, const tile *t, void *out)
{
    const size_t next = (size_t)l->out_channels;
    size_t at = (size_t)t->first * next + (size_t)t->channel;
    group_scaling g;
    int32_t codes[GROUP];
    int p, q, k;
    open_scaling(&g, l, t->channel, t->channels, QUAD);
    for (p = 0; p < t->count; p += GROUP / QUAD) {
        const int pixels = smaller(t->count - p, GROUP / QUAD);
        scale_group(codes, t->sums[p], &l->scaling, &g);
        for (q = 0; q < pixels; q++, at += next) {
            if (l->out_type == INT_U8 && t->channels == QUAD)
                for (k = 0; k < QUAD; k++) ((uint8_t *)out)[at + (size_t)k] = (uint8_t)codes[q * QUAD + k];
            else
                store_group(out, l->out_type, at, codes + q * QUAD, t->channels);
        }
    }
}

static void run_conv(const int_conv *l, void *out, const void *in)
{
    const int pixels = l->out_height * l->out_width, step = collected(l) > 0 ? WINDOWS : TILE;
    tile t;
    int n, k;
    for (t.first = 0; t.first < pixels; t.first += step) {
        t.count = smaller(pixels - t.first, step);
        if (step == WINDOWS) collect_windows(l, &t, (const uint8_t *)in);
        for (n = 0; n < l->block_count; n++) {
            for (k = 0; k < l->blocks[n].count; k += QUAD) {
                t.channels = smaller(l->blocks[n].count - k, QUAD);
                sum_tile(l, &l->blocks[n], k, &t, in);
                scale_tile(l, &t, out);
            }
        }
    }
}

/* ---- depthwise convolutions: a group of channels at a time, one behind the other in the image ---- */

enum { TAPS = 25 }; /* weights of a channel that are unpacked at a time: of most layers all, once */

/* Weights from tap `first` on, which is at (line, column) of the kernel, of channels from `channel` on. */
typedef struct {
    int first, line, column, taps, channel, channels;
    int16_t w[TAPS][GROUP];
} taps;

static void unpack_taps(const int_conv *l, taps *t)
{
    const int rows = l->kernel_h * l->kernel_w;
    int16_t own[TAPS];
    int c, i, n = 0;
    t->line = t->first / l->kernel_w;
    t->column = t->first % l->kernel_w;
    t->taps = smaller(rows - t->first, TAPS);
    memset(t->w, 0, sizeof t->w);
    for (c = 0; c < t->channels; c++) {
        const int_block *b;
        while (l->blocks[n].first + l->blocks[n].count <= t->channel + c) n++;
        b = &l->blocks[n];
        if (b->bits == 0) continue;
        unpack(own, b, (size_t)(t->channel + c - b->first) * (size_t)rows + (size_t)t->first, t->taps);
        for (i = 0; i < t->taps; i++) t->w[i][c] = own[i];
    }
}

/* Adds the products of these taps for output pixel (y, x). Bytes are read as a whole group: those of channels that are
 * not there have weights of 0. */
static void add_taps(const int_conv *l, int32_t *restrict sums, const taps *t, const void *in, int y, int x)
{
    const int width = l->in_width, channels = l->in_channels;
    const size_t end = (size_t)l->in_height * (size_t)width * (size_t)channels;
    int32_t codes[GROUP] = {0};
    int line = t->line, column = t->column, i, c, some;
    for (i = 0; i < t->taps; i += some) {
        const int row = y * l->stride_h - l->pad_h + line, at = x * l->stride_w - l->pad_w + column;
        const int inside = row >= 0 && row < l->in_height && at >= 0 && at < width;
        const size_t first = inside ? ((size_t)row * (size_t)width + (size_t)at) * (size_t)channels : 0;
        const size_t code = first + (size_t)t->channel;
        const int bytes = inside && l->in_type == INT_U8 && code + GROUP <= end;
        const int three = at + 3 <= width && column + 3 <= l->kernel_w && i + 3 <= t->taps;
        const uint8_t *const byte = (const uint8_t *)in + code;
        const int16_t *const w = t->w[i];
        some = 1;
        if (bytes && three && code + 2 * (size_t)channels + GROUP <= end) {
            const uint8_t *const second = byte + channels, *const third = second + channels;
            for (c = 0; c < GROUP; c++)
                sums[c] += byte[c] * w[c] + second[c] * w[c + GROUP] + third[c] * w[c + 2 * GROUP];
            some = 3;
        } else if (bytes) {
            for (c = 0; c < GROUP; c++) sums[c] += byte[c] * w[c];
        } else if (inside) {
            load_group(codes, in, l->in_type, code, t->channels);
            for (c = 0; c < GROUP; c++) sums[c] += codes[c] * w[c];
        } else if (l->zero != 0) {
            for (c = 0; c < GROUP; c++) sums[c] += l->zero * w[c];
        }
        column += some;
        if (column == l->kernel_w) {
            column = 0;
            line++;
        }
    }
}

/* Channels t->channel ... t->channel + t->channels - 1, GROUP at most, of all pixels. */
static void run_taps(const int_conv *l, taps *t, void *out, const void *in)
{
    const int rows = l->kernel_h * l->kernel_w, pixels = l->out_height * l->out_width;
    int32_t bias[GROUP] = {0}, sums[GROUP], codes[GROUP];
    group_scaling g;
    int p, k, y = 0, x = 0;
    for (k = 0; k < t->channels; k++) bias[k] = l->bias[t->channel + k];
    open_scaling(&g, l, t->channel, t->channels, GROUP);
    for (p = 0; p < pixels; p++) {
        memcpy(sums, bias, sizeof bias);
        for (t->first = 0; t->first < rows; t->first += TAPS) {
            if (p == 0 || rows > TAPS) unpack_taps(l, t);
            add_taps(l, sums, t, in, y, x);
        }
        scale_group(codes, sums, &l->scaling, &g);
        store_group(out, l->out_type, (size_t)p * (size_t)l->out_channels + (size_t)t->channel, codes, t->channels);
        if (++x == l->out_width) {
            x = 0;
            y++;
        }
    }
}

static void run_depthwise(const int_conv *l, void *out, const void *in)
{
    const int channels = l->out_channels;
    taps t;
    for (t.channel = 0; t.channel < channels; t.channel += GROUP) {
        t.channels = smaller(channels - t.channel, GROUP);
        run_taps(l, &t, out, in);
    }
}

void int_conv_run(const int_conv *l, void *out, const void *in)
{
    if (l->depthwise)
        run_depthwise(l, out, in);
    else
        run_conv(l, out, in);
}

/* ---- other layers ---- */

/* Do sums of codes of 8 bit stay within 32 bit? */
static int adds_bytes(const int_add *l)
{
    const int64_t first = 255 + (int64_t)(l->zero[0] < 0 ? -l->zero[0] : l->zero[0]);
    const int64_t second = 255 + (int64_t)(l->zero[1] < 0 ? -l->zero[1] : l->zero[1]);
    const int bytes = l->in_type[0] <= INT_S8 && l->in_type[1] <= INT_S8;
    return bytes && first * l->factor[0] + second * l->factor[1] + l->offset <= INT32_MAX;
}

void int_add_run(const int_add *l, void *out, const void *a, const void *b)
{
    const int32_t zero[2] = {l->zero[0], l->zero[1]}, factor[2] = {l->factor[0], l->factor[1]};
    const int32_t offset = (int32_t)l->offset, low = l->low, high = l->high;
    const int bytes = adds_bytes(l), shift = l->shift;
    int32_t x[GROUP] = {0}, y[GROUP] = {0}, codes[GROUP];
    size_t i;
    int count, k;
    for (i = 0; i < l->count; i += (size_t)count) {
        count = l->count - i < GROUP ? (int)(l->count - i) : GROUP;
        load_group(x, a, l->in_type[0], i, count);
        load_group(y, b, l->in_type[1], i, count);
        if (bytes) {
            for (k = 0; k < GROUP; k++) { /* shifted without a sign: see scaling */
                const int32_t sum = (x[k] - zero[0]) * factor[0] + (y[k] - zero[1]) * factor[1] + offset;
                const int32_t code =
                    (int32_t)(((uint32_t)sum + 0x80000000u) >> shift) - (int32_t)(0x80000000u >> shift);
                codes[k] = code < low ? low : code > high ? high : code;
            }
        } else {
            for (k = 0; k < count; k++) {
                const int64_t first = (int64_t)(x[k] - zero[0]) * factor[0];
                const int64_t second = (int64_t)(y[k] - zero[1]) * factor[1];
                codes[k] = clamp(shift_down(first + second + l->offset, shift), low, high);
            }
        }
        store_group(out, l->out_type, i, codes, count);
    }
}

/* One output pixel of channels c ... c + count - 1, GROUP at most. */
static void pool_window(const int_pool *l, int32_t *result, const void *in, int y, int x, int c, int count)
{
    int32_t codes[GROUP] = {0};
    int i, j, k;
    for (i = 0; i < l->kernel_h; i++) {
        for (j = 0; j < l->kernel_w; j++) {
            const size_t row = (size_t)(y * l->stride_h + i), column = (size_t)(x * l->stride_w + j);
            const size_t at = (row * (size_t)l->in_width + column) * (size_t)l->channels + (size_t)c;
            load_group(codes, in, l->in_type, at, count);
            if (i == 0 && j == 0)
                memcpy(result, codes, sizeof codes);
            else if (l->largest)
                for (k = 0; k < GROUP; k++) result[k] = codes[k] > result[k] ? codes[k] : result[k];
            else
                for (k = 0; k < GROUP; k++) result[k] += codes[k];
        }
    }
}

void int_pool_run(const int_pool *l, void *out, const void *in)
{
    int32_t result[GROUP];
    size_t at = 0;
    int y, x, c, count;
    for (y = 0; y < l->out_height; y++)
        for (x = 0; x < l->out_width; x++)
            for (c = 0; c < l->channels; c += count, at += (size_t)count) {
                count = smaller(l->channels - c, GROUP);
                pool_window(l, result, in, y, x, c, count);
                store_group(out, l->out_type, at, result, count);
            }
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
