/* micro: the register tile all convolutions are made of, and the two packing helpers they share.
 *
 * A tile is P scalars (neighbouring elements of `a`) times V vectors (neighbouring vectors of `b`): P*V running sums
 * live in registers while k advances, each step is P broadcasts and V loads for P*V fused multiply-adds. P and V are
 * constants wherever the functions are inlined. */
#ifndef CORE_KERNELS_CONV_MICRO_H
#define CORE_KERNELS_CONV_MICRO_H

#include "core/kernels/conv/conv_plan.h"
#include "core/kernels/simd.h"

/* Running sums that fit the register file beside V vectors of b and a broadcast: 32 registers for AVX-512, else 16. */
#if VECTOR_BYTES == 64
#define TILE_SCALARS(V) ((V) == 1 ? 16 : (V) == 2 ? 12 : 6)
#elif VECTOR_BYTES == 32
#define TILE_SCALARS(V) ((V) == 1 ? 12 : (V) == 2 ? 6 : 3)
#else
#define TILE_SCALARS(V) ((V) == 1 ? 8 : (V) == 2 ? 5 : 2)
#endif
enum { TILE_MAX = 24 }; /* sums of the largest tile */

/* sum[p*V + v] += a[k*a_step + p] * b[k*b_step + v*LANES + lane] for k = 0 .. count-1 in this order. */
ALWAYS_INLINE void tile_accumulate(vreal sum[TILE_MAX], const int P, const int V, const real *a, size_t a_step,
                                   const real *b, size_t b_step, int count)
{
    for (int k = 0; k < count; ++k) {
        vreal vector[4];
        UNROLL
        for (int v = 0; v < V; ++v) vector[v] = vec_load(b + v * LANES);
        UNROLL
        for (int p = 0; p < P; ++p) {
            UNROLL
            for (int v = 0; v < V; ++v) sum[p * V + v] += a[p] * vector[v];
        }
        a += a_step;
        b += b_step;
    }
}

/* Calls call(P, V, ...) with P as a constant; P is between 1 and TILE_SCALARS(V). */
#define TILE_CASE(p, V, call, ...)                                                                                     \
    case p:                                                                                                            \
        if (p <= TILE_SCALARS(V)) call(p <= TILE_SCALARS(V) ? p : 1, V, __VA_ARGS__);                                  \
        break;
#define TILE_SWITCH(P, V, call, ...)                                                                                   \
    switch (P) {                                                                                                       \
        TILE_CASE(1, V, call, __VA_ARGS__)                                                                             \
        TILE_CASE(2, V, call, __VA_ARGS__)                                                                             \
        TILE_CASE(3, V, call, __VA_ARGS__)                                                                             \
        TILE_CASE(4, V, call, __VA_ARGS__)                                                                             \
        TILE_CASE(5, V, call, __VA_ARGS__)                                                                             \
        TILE_CASE(6, V, call, __VA_ARGS__)                                                                             \
        TILE_CASE(7, V, call, __VA_ARGS__)                                                                             \
        TILE_CASE(8, V, call, __VA_ARGS__)                                                                             \
        TILE_CASE(9, V, call, __VA_ARGS__)                                                                             \
        TILE_CASE(10, V, call, __VA_ARGS__)                                                                            \
        TILE_CASE(11, V, call, __VA_ARGS__)                                                                            \
        TILE_CASE(12, V, call, __VA_ARGS__)                                                                            \
        TILE_CASE(13, V, call, __VA_ARGS__)                                                                            \
        TILE_CASE(14, V, call, __VA_ARGS__)                                                                            \
        TILE_CASE(15, V, call, __VA_ARGS__)                                                                            \
        TILE_CASE(16, V, call, __VA_ARGS__)                                                                            \
    default:                                                                                                           \
        break;                                                                                                         \
    }

/* The next tile of `left` scalars: as few tiles as fit, of nearly equal size. */
ALWAYS_INLINE int tile_next(int left, int limit)
{
    int tiles = (left + limit - 1) / limit;
    return (left + tiles - 1) / tiles;
}

/* Vectors of the next block of output channels when `left` vectors remain: four when there are so few scalars that two
 * would leave the multipliers idle. */
ALWAYS_INLINE int block_vectors(int left, int scalars)
{
    if (left >= 4 && scalars <= TILE_SCALARS(4)) return 4;
    return left >= 2 ? 2 : 1;
}

ALWAYS_INLINE int vectors_of(int channels)
{
    return (channels + LANES - 1) / LANES;
}

/* First multiple of a vector's size at or behind p, at most LANES - 1 elements on. */
ALWAYS_INLINE real *align_vector(real *p)
{
    return p + (VECTOR_BYTES - (uintptr_t)p % VECTOR_BYTES) % VECTOR_BYTES / sizeof(real);
}

/* out[c*out_step + r] = in[r*in_step + c] for r, c < LANES. */
static __attribute__((noinline)) void transpose_square(real *out, size_t out_step, const real *in, size_t in_step)
{
    vreal square[LANES];
    UNROLL
    for (int r = 0; r < LANES; ++r, in += in_step) square[r] = vec_load(in);
    vec_transpose(square);
    UNROLL
    for (int c = 0; c < LANES; ++c, out += out_step) vec_store(out, square[c]);
}

/* The same for r < rows <= LANES, c < cols <= LANES. */
static __attribute__((noinline)) void transpose_part(real *out, size_t out_step, const real *in, size_t in_step,
                                                     int rows, int cols)
{
    vreal square[LANES];
    for (int r = 0; r < LANES; ++r) square[r] = r < rows ? vec_load_part(in + (size_t)r * in_step, cols) : (vreal){0};
    vec_transpose(square);
    for (int c = 0; c < cols; ++c) vec_store_part(out + (size_t)c * out_step, square[c], rows);
}

/* A few columns, where shuffling whole squares would be more work. */
ALWAYS_INLINE void transpose_columns(real *out, size_t out_step, const real *in, size_t in_step, int rows,
                                     const int cols)
{
    for (int r = 0; r < rows; ++r) {
        UNROLL
        for (int c = 0; c < cols; ++c) out[(size_t)c * out_step + r] = in[c];
        in += in_step;
    }
}

/* out[c*out_step + r] = in[r*in_step + c] for r < rows, c < cols. */
static __attribute__((noinline, unused)) void transpose_copy(real *out, size_t out_step, const real *in, size_t in_step,
                                                             int rows, int cols)
{
    switch (cols) {
    case 1:
        transpose_columns(out, out_step, in, in_step, rows, 1);
        return;
    case 2:
        transpose_columns(out, out_step, in, in_step, rows, 2);
        return;
    case 3:
        transpose_columns(out, out_step, in, in_step, rows, 3);
        return;
    default:
        break;
    }
    for (int r = 0; r < rows; r += LANES) {
        int height = rows - r < LANES ? rows - r : LANES;
        for (int c = 0; c < cols; c += LANES) {
            int width = cols - c < LANES ? cols - c : LANES;
            const real *from = in + (size_t)r * in_step + c;
            real *to = out + (size_t)c * out_step + r;
            if (width == LANES && height == LANES)
                transpose_square(to, out_step, from, in_step);
            else
                transpose_part(to, out_step, from, in_step, height, width);
        }
    }
}

#endif
