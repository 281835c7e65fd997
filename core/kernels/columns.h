/* columns: sums over the rows of a (rows, channels) array for several vectors of channels at a time, for batch-norm.
 *
 * Some vectors of channels (up to WIDE) go through memory together. Sums are blocked: BATCHNORM_BLOCK rows are summed
 * in two running sums per channel (even rows, odd rows) and blocks are added in order, whatever the number of vectors,
 * and however many blocks a call is asked for. */
#ifndef CORE_KERNELS_COLUMNS_H
#define CORE_KERNELS_COLUMNS_H

#include "core/kernels/kernels.h"
#include "core/kernels/simd.h"

enum { WIDE = 4 };

/* What is summed per element: in | (in - mean)^2 | g and g * (in - mean). */
typedef enum { SUM_VALUE, SUM_SQUARE, SUM_GRADIENT } sum_kind;

/* (rows, channels) arrays, at the first of the V vectors of channels in hand; the last vector has `lanes` channels. */
typedef struct {
    const real *in, *dout, *out; /* dout and out for SUM_GRADIENT; out NULL without a ReLU */
    row_range rows;
    size_t channels;
    int lanes;
} columns;

/* Vector v of V at p. */
ALWAYS_INLINE vreal load_vector(const real *p, const int v, const int V, int lanes)
{
    return v < V - 1 ? vec_load(p + v * LANES) : vec_load_part(p + v * LANES, lanes);
}

ALWAYS_INLINE void store_vector(real *p, vreal x, const int v, const int V, int lanes)
{
    if (v < V - 1)
        vec_store(p + v * LANES, x);
    else
        vec_store_part(p + v * LANES, x, lanes);
}

/* Behind the last row of the block that begins at `begin`. */
ALWAYS_INLINE size_t block_end(size_t begin, row_range rows)
{
    return rows.end - begin < BATCHNORM_BLOCK ? rows.end : begin + BATCHNORM_BLOCK;
}

ALWAYS_INLINE vreal load_gradient(const columns *c, size_t at, const int v, const int V)
{
    vreal g = load_vector(c->dout + at, v, V, c->lanes);
    if (c->out == NULL) return g;
    return vec_where((vmask)(load_vector(c->out + at, v, V, c->lanes) > (vreal){0}), g);
}

ALWAYS_INLINE void sum_row(const sum_kind kind, const int V, vreal first[WIDE], vreal second[WIDE], const columns *c,
                           size_t row, const vreal mean[WIDE])
{
    size_t at = row * c->channels;
    UNROLL
    for (int v = 0; v < V; ++v) {
        vreal x = load_vector(c->in + at, v, V, c->lanes);
        foresee_read(c->in + at + v * LANES);
        if (kind == SUM_GRADIENT) foresee_read(c->dout + at + v * LANES);
        if (kind == SUM_VALUE) {
            first[v] += x;
        } else if (kind == SUM_SQUARE) {
            first[v] += (x - mean[v]) * (x - mean[v]);
        } else {
            vreal g = load_gradient(c, at, v, V);
            first[v] += g;
            second[v] += g * (x - mean[v]);
        }
    }
}

/* Adds the sums of the rows, block by block; mean is not used by SUM_VALUE, second only by SUM_GRADIENT. */
ALWAYS_INLINE void column_sums(const sum_kind kind, const int V, vreal first[WIDE], vreal second[WIDE],
                               const columns *c, const vreal mean[WIDE])
{
    for (size_t begin = c->rows.first; begin < c->rows.end; begin += BATCHNORM_BLOCK) {
        size_t end = block_end(begin, c->rows), row = begin;
        vreal even[2][WIDE], odd[2][WIDE];
        UNROLL
        for (int v = 0; v < V; ++v) even[0][v] = even[1][v] = odd[0][v] = odd[1][v] = (vreal){0};
        for (; row + 2 <= end; row += 2) {
            sum_row(kind, V, even[0], even[1], c, row, mean);
            sum_row(kind, V, odd[0], odd[1], c, row + 1, mean);
        }
        if (row < end) sum_row(kind, V, even[0], even[1], c, row, mean);
        UNROLL
        for (int v = 0; v < V; ++v) {
            first[v] += even[0][v] + odd[0][v];
            second[v] += even[1][v] + odd[1][v];
        }
    }
}

/* The sums of the rows before: 0 in front of the first. */
ALWAYS_INLINE void load_sums(const int V, vreal sums[WIDE], const real *from, const columns *c)
{
    UNROLL
    for (int v = 0; v < V; ++v) sums[v] = c->rows.first > 0 ? load_vector(from, v, V, c->lanes) : (vreal){0};
}

ALWAYS_INLINE vreal square_root(vreal v)
{
    for (int lane = 0; lane < LANES; ++lane) v[lane] = real_sqrt(v[lane]);
    return v;
}

/* Vectors of the next group of columns, and the lanes of its last vector. */
static inline int group_vectors(int channels_left)
{
    return channels_left > 2 * LANES ? (channels_left > 3 * LANES ? WIDE : 2) : channels_left > LANES ? 2 : 1;
}

static inline int last_lanes(int channels_left, int vectors)
{
    int lanes = channels_left - (vectors - 1) * LANES;
    return lanes < LANES ? lanes : LANES;
}

/* The columns of whole arrays from channel `at` on. */
static inline columns columns_at(const columns *whole, int at, int lanes)
{
    columns c = *whole;
    c.in += at;
    if (c.dout != NULL) c.dout += at;
    if (c.out != NULL) c.out += at;
    c.lanes = lanes;
    return c;
}

/* Calls `call` (V, first channel, &c) for each group of columns of the arrays in `whole`. */
#define EACH_GROUP(call, whole)                                                                                        \
    for (int at = 0, vectors; at < channels; at += vectors * LANES) {                                                  \
        vectors = group_vectors(channels - at);                                                                        \
        columns c = columns_at(&(whole), at, last_lanes(channels - at, vectors));                                      \
        if (vectors == WIDE) {                                                                                         \
            call(WIDE, at, &c);                                                                                        \
        } else if (vectors == 2) {                                                                                     \
            call(2, at, &c);                                                                                           \
        } else {                                                                                                       \
            call(1, at, &c);                                                                                           \
        }                                                                                                              \
    }

#endif
