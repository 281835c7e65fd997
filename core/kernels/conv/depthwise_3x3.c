/* Depthwise 3x3 convolutions of stride 1 and 2: one vector of channels at a time, its nine weights in registers, some
 * output rows together. A tile walks over the columns of the input; each input is loaded once and meets all its taps.
 * Rows outside the image are a row of zeros in scratch, columns outside are left out.
 *
 * An output is one chain of multiply-adds that starts from the bias: columns from left to right, in a column the rows
 * from top to bottom. It is the same wherever the output lies in a tile. */
#include "core/kernels/conv/depthwise_3x3.h"

#include <string.h>

#include "core/kernels/conv/conv_plan.h"
#include "core/kernels/simd.h"

/* Output rows of a tile: 3 running sums and 1 input each beside 9 weights in 32 registers, less where there are 16. */
enum { ROWS = VECTOR_BYTES == 64 ? 4 : 2, INPUT_ROWS = 2 * (ROWS - 1) + 3, SIDE = 3, NINE = SIDE * SIDE };

/* One image and one vector of channels; distances in reals. */
typedef struct {
    const real *in, *zeros; /* zeros: a row */
    real *out;              /* NULL for a weight gradient */
    int in_height, in_width, out_height, out_width, pad_h, pad_w, lanes;
    size_t pixel; /* the channels */
    bool accumulate;
} plane;

/* Rows of the input under output rows [first, first + R): of the image, or the row of zeros. */
ALWAYS_INLINE void find_rows(const int R, const int S, const real *row[INPUT_ROWS], int first, const plane *p)
{
    for (int k = 0; k < (R - 1) * S + SIDE; ++k) {
        int y = first * S + k - p->pad_h;
        row[k] = y >= 0 && y < p->in_height ? p->in + (size_t)y * (size_t)p->in_width * p->pixel : p->zeros;
    }
}

ALWAYS_INLINE void load_column(const int R, const int S, const bool whole, vreal column[INPUT_ROWS],
                               const real *const row[INPUT_ROWS], int x, const plane *p)
{
    UNROLL
    for (int k = 0; k < (R - 1) * S + SIDE; ++k) column[k] = load_lanes(row[k] + (size_t)x * p->pixel, whole, p->lanes);
}

/* sum of each row += its three inputs of the column times the taps of kernel column j. */
ALWAYS_INLINE void add_column(const int R, const int S, vreal sum[ROWS], const vreal weight[NINE], const int j,
                              const vreal column[INPUT_ROWS])
{
    UNROLL
    for (int i = 0; i < SIDE; ++i) {
        UNROLL
        for (int r = 0; r < R; ++r) sum[r] += weight[i * SIDE + j] * column[r * S + i];
    }
}

ALWAYS_INLINE real *output_at(int row, int x, const plane *p)
{
    return p->out + ((size_t)row * (size_t)p->out_width + (size_t)x) * p->pixel;
}

ALWAYS_INLINE void start_sums(const int R, const bool whole, vreal sum[ROWS], int first, int x, vreal start,
                              const plane *p)
{
    bool held = p->accumulate && x < p->out_width;
    UNROLL
    for (int r = 0; r < R; ++r) sum[r] = held ? load_lanes(output_at(first + r, x, p), whole, p->lanes) : start;
}

ALWAYS_INLINE void store_sums(const int R, const bool whole, const vreal sum[ROWS], int first, int x, const plane *p)
{
    UNROLL
    for (int r = 0; r < R; ++r) store_lanes(output_at(first + r, x, p), sum[r], whole, p->lanes);
}

ALWAYS_INLINE void copy_sums(const int R, vreal to[ROWS], const vreal from[ROWS])
{
    UNROLL
    for (int r = 0; r < R; ++r) to[r] = from[r];
}

/* Stride 1: a column ends the outputs before it, goes on with those at it and begins those behind it. */
ALWAYS_INLINE void walk_by_one(const int R, const bool whole, int first, const vreal weight[NINE], vreal start,
                               const plane *p)
{
    const real *row[INPUT_ROWS];
    find_rows(R, 1, row, first, p);
    vreal ending[ROWS], running[ROWS], fresh[ROWS], column[INPUT_ROWS];
    UNROLL
    for (int r = 0; r < R; ++r) ending[r] = running[r] = start;
    for (int c = 0; c < p->out_width + SIDE - 1; ++c) {
        int x = c - p->pad_w;
        start_sums(R, whole, fresh, first, c, start, p);
        if (x >= 0 && x < p->in_width) {
            load_column(R, 1, whole, column, row, x, p);
            add_column(R, 1, ending, weight, 2, column);
            add_column(R, 1, running, weight, 1, column);
            add_column(R, 1, fresh, weight, 0, column);
        }
        if (c >= SIDE - 1) store_sums(R, whole, ending, first, c - (SIDE - 1), p);
        copy_sums(R, ending, running);
        copy_sums(R, running, fresh);
    }
}

/* Stride 2: every other column ends one output and begins the next; those between them go on with one. */
ALWAYS_INLINE void walk_by_two(const int R, const bool whole, int first, const vreal weight[NINE], vreal start,
                               const plane *p)
{
    const real *row[INPUT_ROWS];
    find_rows(R, 2, row, first, p);
    vreal ending[ROWS], fresh[ROWS], column[INPUT_ROWS];
    UNROLL
    for (int r = 0; r < R; ++r) ending[r] = start;
    for (int c = 0; c <= p->out_width; ++c) {
        int x = 2 * c - p->pad_w;
        start_sums(R, whole, fresh, first, c, start, p);
        if (x >= 0 && x < p->in_width) {
            load_column(R, 2, whole, column, row, x, p);
            add_column(R, 2, ending, weight, 2, column);
            add_column(R, 2, fresh, weight, 0, column);
        }
        if (c > 0) store_sums(R, whole, ending, first, c - 1, p);
        if (x + 1 >= 0 && x + 1 < p->in_width) {
            load_column(R, 2, whole, column, row, x + 1, p);
            add_column(R, 2, fresh, weight, 1, column);
        }
        copy_sums(R, ending, fresh);
    }
}

ALWAYS_INLINE void walk(const int R, const int S, const bool whole, int first, const vreal weight[NINE], vreal start,
                        const plane *p)
{
    if (S == 1)
        walk_by_one(R, whole, first, weight, start, p);
    else
        walk_by_two(R, whole, first, weight, start, p);
}

/* One vector of channels of an image. The tap t of the kernel is at weight + |t - turn| * pixel: turn 0, or 8 for a
 * kernel that is turned around. */
ALWAYS_INLINE void channel_vector(const int S, const bool whole, const real *weight, int turn, const real *bias,
                                  const plane *p)
{
    vreal taps[NINE], start = bias != NULL ? load_lanes(bias, whole, p->lanes) : (vreal){0};
    UNROLL
    for (int t = 0; t < NINE; ++t)
        taps[t] = load_lanes(weight + (size_t)(turn > 0 ? turn - t : t) * p->pixel, whole, p->lanes);
    for (int y = 0; y < p->out_height;) {
        int left = p->out_height - y, tiles = (left + ROWS - 1) / ROWS, rows = (left + tiles - 1) / tiles;
        switch (rows) {
        case 1:
            walk(1, S, whole, y, taps, start, p);
            break;
        case 2:
            walk(2, S, whole, y, taps, start, p);
            break;
        case 3:
            walk(ROWS < 3 ? ROWS : 3, S, whole, y, taps, start, p);
            break;
        default:
            walk(ROWS, S, whole, y, taps, start, p);
            break;
        }
        y += rows;
    }
}

static void image(int stride, const real *weight, int turn, const real *bias, plane *p)
{
    const real *in = p->in;
    real *out = p->out;
    const int channels = (int)p->pixel;
    for (int c = 0; c < channels; c += LANES) {
        bool whole = channels - c >= LANES;
        p->lanes = whole ? LANES : channels - c;
        p->in = in + c;
        p->out = out + c;
        if (stride == 1 && whole)
            channel_vector(1, true, weight + c, turn, bias != NULL ? bias + c : NULL, p);
        else if (stride == 1)
            channel_vector(1, false, weight + c, turn, bias != NULL ? bias + c : NULL, p);
        else if (whole)
            channel_vector(2, true, weight + c, turn, bias != NULL ? bias + c : NULL, p);
        else
            channel_vector(2, false, weight + c, turn, bias != NULL ? bias + c : NULL, p);
    }
}

static void clear_row(real *zeros, int width, int channels)
{
    memset(zeros, 0, (size_t)width * (size_t)channels * sizeof(real));
}

void ISA(depthwise_3x3_forward)(real *out, const real *in, const real *weight, const real *bias, const conv_shape *s,
                                real *scratch)
{
    size_t in_image = (size_t)(s->in_height * s->in_width) * (size_t)s->in_channels;
    size_t out_image = (size_t)(s->out_height * s->out_width) * (size_t)s->in_channels;
    clear_row(scratch, s->in_width, s->in_channels);
    for (int n = 0; n < s->batch; ++n) {
        plane p = {in + (size_t)n * in_image,
                   scratch,
                   out + (size_t)n * out_image,
                   s->in_height,
                   s->in_width,
                   s->out_height,
                   s->out_width,
                   s->pad_h,
                   s->pad_w,
                   0,
                   (size_t)s->in_channels,
                   false};
        image(s->stride_h, weight, 0, bias, &p);
    }
}

void ISA(depthwise_3x3_backward_data)(real *din, const real *dout, const real *weight, const conv_shape *s,
                                      bool accumulate, real *scratch)
{
    size_t in_image = (size_t)(s->in_height * s->in_width) * (size_t)s->in_channels;
    size_t out_image = (size_t)(s->out_height * s->out_width) * (size_t)s->in_channels;
    clear_row(scratch, s->out_width, s->in_channels);
    for (int n = 0; n < s->batch; ++n) {
        plane p = {dout + (size_t)n * out_image,
                   scratch,
                   din + (size_t)n * in_image,
                   s->out_height,
                   s->out_width,
                   s->in_height,
                   s->in_width,
                   SIDE - 1 - s->pad_h,
                   SIDE - 1 - s->pad_w,
                   0,
                   (size_t)s->in_channels,
                   accumulate};
        image(1, weight, NINE - 1, NULL, &p);
    }
}

/* The three inputs of window column x of an output row, zero outside. */
ALWAYS_INLINE void load_three(const bool whole, vreal three[SIDE], const real *const row[INPUT_ROWS], int x,
                              const plane *p)
{
    bool inside = x >= 0 && x < p->in_width;
    UNROLL
    for (int i = 0; i < SIDE; ++i)
        three[i] = inside ? load_lanes(row[i] + (size_t)x * p->pixel, whole, p->lanes) : (vreal){0};
}

ALWAYS_INLINE void add_products(vreal sum[NINE], vreal g, const vreal three[SIDE], const int j)
{
    UNROLL
    for (int i = 0; i < SIDE; ++i) sum[i * SIDE + j] += g * three[i];
}

/* Adds the products of output rows [first, first + rows), of the gradients dout, to dweight and dbias. */
ALWAYS_INLINE void weight_block(const int S, const bool whole, real *dweight, real *dbias, const real *dout, int first,
                                int rows, const plane *p)
{
    vreal sum[NINE], bias = {0};
    UNROLL
    for (int t = 0; t < NINE; ++t) sum[t] = (vreal){0};
    for (int y = first; y < first + rows; ++y) {
        const real *row[INPUT_ROWS];
        find_rows(1, S, row, y, p);
        vreal left[SIDE], middle[SIDE], right[SIDE];
        load_three(whole, left, row, -p->pad_w, p);
        if (S == 1) load_three(whole, middle, row, 1 - p->pad_w, p);
        for (int x = 0; x < p->out_width; ++x) {
            vreal g = load_lanes(dout + ((size_t)y * (size_t)p->out_width + (size_t)x) * p->pixel, whole, p->lanes);
            if (S == 2) load_three(whole, middle, row, 2 * x + 1 - p->pad_w, p);
            load_three(whole, right, row, x * S + 2 - p->pad_w, p);
            add_products(sum, g, left, 0);
            add_products(sum, g, middle, 1);
            add_products(sum, g, right, 2);
            bias += g;
            UNROLL
            for (int i = 0; i < SIDE; ++i) {
                left[i] = S == 1 ? middle[i] : right[i];
                if (S == 1) middle[i] = right[i];
            }
        }
    }
    UNROLL
    for (int t = 0; t < NINE; ++t) {
        real *to = dweight + (size_t)t * p->pixel;
        store_lanes(to, load_lanes(to, whole, p->lanes) + sum[t], whole, p->lanes);
    }
    if (dbias != NULL) store_lanes(dbias, load_lanes(dbias, whole, p->lanes) + bias, whole, p->lanes);
}

/* Sums are short as in conv_weight.c: blocks of conv_block_rows output rows of an image, added in order. */
void ISA(depthwise_3x3_backward_weight)(real *dweight, real *dbias, const real *dout, const real *in,
                                        const conv_shape *s, real *scratch)
{
    const int channels = s->in_channels, block = conv_block_rows(s);
    size_t in_image = (size_t)(s->in_height * s->in_width) * (size_t)channels;
    size_t out_image = (size_t)(s->out_height * s->out_width) * (size_t)channels;
    clear_row(scratch, s->in_width, channels);
    memset(dweight, 0, (size_t)(NINE * channels) * sizeof(real));
    if (dbias != NULL) memset(dbias, 0, (size_t)channels * sizeof(real));
    for (int n = 0; n < s->batch; ++n, in += in_image, dout += out_image) {
        for (int c = 0; c < channels; c += LANES) {
            bool whole = channels - c >= LANES;
            plane p = {in + c,           scratch,      NULL,     s->in_height, s->in_width,
                       s->out_height,    s->out_width, s->pad_h, s->pad_w,     whole ? LANES : channels - c,
                       (size_t)channels, false};
            real *bias = dbias != NULL ? dbias + c : NULL;
            for (int y = 0; y < s->out_height; y += block) {
                int rows = s->out_height - y < block ? s->out_height - y : block;
                if (s->stride_h == 1 && whole)
                    weight_block(1, true, dweight + c, bias, dout + c, y, rows, &p);
                else if (s->stride_h == 1)
                    weight_block(1, false, dweight + c, bias, dout + c, y, rows, &p);
                else if (whole)
                    weight_block(2, true, dweight + c, bias, dout + c, y, rows, &p);
                else
                    weight_block(2, false, dweight + c, bias, dout + c, y, rows, &p);
            }
        }
    }
}
