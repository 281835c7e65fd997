/* simd: one native vector of reals per instruction set, as a compiler vector type: `+ - * /` and comparisons work lane
 * by lane, a scalar operand is broadcast. Only loads and stores of a part of a vector, minimum, maximum, floor and the
 * transpose of a square need an instruction by name.
 *
 * The kernel sources are compiled once per instruction set; the compiler's flags decide which of the three is meant. */
#ifndef CORE_KERNELS_SIMD_H
#define CORE_KERNELS_SIMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/base/real.h"

#if defined(__AVX512F__) || defined(__AVX2__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
#define VECTOR_BYTES 64
#elif defined(__AVX2__)
#define VECTOR_BYTES 32
#else
#define VECTOR_BYTES 16
#endif

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* Before a loop of constant length over registers. */
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

#ifdef BITFRONT_DOUBLE
enum { LANES = VECTOR_BYTES / 8 };
typedef int64_t lane_bits;
#else
enum { LANES = VECTOR_BYTES / 4 };
typedef int32_t lane_bits;
#endif

typedef real vreal __attribute__((vector_size(VECTOR_BYTES)));
typedef lane_bits vmask __attribute__((vector_size(VECTOR_BYTES))); /* all ones or all zeros per lane */
typedef real vreal_anywhere __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(real)), may_alias));

ALWAYS_INLINE vreal vec_load(const real *p)
{
    return (vreal)(*(const vreal_anywhere *)p);
}

ALWAYS_INLINE void vec_store(real *p, vreal v)
{
    *(vreal_anywhere *)p = (vreal_anywhere)v;
}

ALWAYS_INLINE vreal vec_set(real x)
{
    return x - (vreal){0}; /* exact for every x; adding 0 would turn -0 into 0 */
}

/* v where the mask is set, else 0. */
ALWAYS_INLINE vreal vec_where(vmask mask, vreal v)
{
    return (vreal)(mask & (vmask)v);
}

#if defined(__AVX512F__) && !defined(BITFRONT_DOUBLE)
#define VECTOR_CALL(name) _mm512_##name##_ps
#define PART_MASK(lanes) ((__mmask16)((1u << (lanes)) - 1u))
#elif defined(__AVX512F__)
#define VECTOR_CALL(name) _mm512_##name##_pd
#define PART_MASK(lanes) ((__mmask8)((1u << (lanes)) - 1u))
#elif defined(__AVX2__) && !defined(BITFRONT_DOUBLE)
#define VECTOR_CALL(name) _mm256_##name##_ps
#elif defined(__AVX2__)
#define VECTOR_CALL(name) _mm256_##name##_pd
#endif

#ifdef VECTOR_CALL

/* a > b ? a : b, so b where one of them is not a number: put the data second to let it through. */
ALWAYS_INLINE vreal vec_max(vreal a, vreal b)
{
    return (vreal)VECTOR_CALL(max)(a, b);
}

/* a < b ? a : b; b where one of them is not a number. */
ALWAYS_INLINE vreal vec_min(vreal a, vreal b)
{
    return (vreal)VECTOR_CALL(min)(a, b);
}

ALWAYS_INLINE vreal vec_floor(vreal v)
{
    return (vreal)VECTOR_CALL(floor)(v);
}

#else

ALWAYS_INLINE vreal vec_max(vreal a, vreal b)
{
    vmask greater = (vmask)(a > b);
    return (vreal)((greater & (vmask)a) | (~greater & (vmask)b));
}

ALWAYS_INLINE vreal vec_min(vreal a, vreal b)
{
    vmask less = (vmask)(a < b);
    return (vreal)((less & (vmask)a) | (~less & (vmask)b));
}

ALWAYS_INLINE vreal vec_floor(vreal v)
{
    for (int lane = 0; lane < LANES; ++lane) v[lane] = real_floor(v[lane]);
    return v;
}

#endif

/* The first `lanes` (0 to LANES) elements, the others 0 on loading and untouched on storing. */
#if defined(__AVX512F__)

ALWAYS_INLINE vreal vec_load_part(const real *p, int lanes)
{
    return (vreal)VECTOR_CALL(maskz_loadu)(PART_MASK(lanes), p);
}

ALWAYS_INLINE void vec_store_part(real *p, vreal v, int lanes)
{
    VECTOR_CALL(mask_storeu)(p, PART_MASK(lanes), v);
}

#elif defined(__AVX2__)

ALWAYS_INLINE __m256i part_mask(int lanes)
{
    static const lane_bits window[2 * LANES] = {-1, -1, -1,
                                                -1,
#ifndef BITFRONT_DOUBLE
                                                -1, -1, -1,
                                                -1
#endif
    };
    return _mm256_loadu_si256((const __m256i *)(const void *)(window + LANES - lanes));
}

ALWAYS_INLINE vreal vec_load_part(const real *p, int lanes)
{
    return (vreal)VECTOR_CALL(maskload)(p, part_mask(lanes));
}

ALWAYS_INLINE void vec_store_part(real *p, vreal v, int lanes)
{
    VECTOR_CALL(maskstore)(p, part_mask(lanes), v);
}

#else

ALWAYS_INLINE vreal vec_load_part(const real *p, int lanes)
{
    vreal v = {0};
    for (int lane = 0; lane < lanes; ++lane) v[lane] = p[lane];
    return v;
}

ALWAYS_INLINE void vec_store_part(real *p, vreal v, int lanes)
{
    for (int lane = 0; lane < lanes; ++lane) p[lane] = v[lane];
}

#endif

/* A whole vector, or the first `lanes` elements: for loops that are compiled once for each. */
ALWAYS_INLINE vreal load_lanes(const real *p, const bool whole, int lanes)
{
    return whole ? vec_load(p) : vec_load_part(p, lanes);
}

ALWAYS_INLINE void store_lanes(real *p, vreal v, const bool whole, int lanes)
{
    if (whole)
        vec_store(p, v);
    else
        vec_store_part(p, v, lanes);
}

/* Sum of the lanes in double, lane 0 first. */
ALWAYS_INLINE double vec_sum(vreal v)
{
    double sum = 0.0;
    for (int lane = 0; lane < LANES; ++lane) sum += (double)v[lane];
    return sum;
}

/* Lanes of a and b alternating: the lower halves a0 b0 a1 b1 ..., or the upper halves. */
#if defined(BITFRONT_DOUBLE) && VECTOR_BYTES == 16
#define INTERLEAVE_LOW 0, 2
#define INTERLEAVE_HIGH 1, 3
#elif defined(BITFRONT_DOUBLE) ? VECTOR_BYTES == 32 : VECTOR_BYTES == 16
#define INTERLEAVE_LOW 0, 4, 1, 5
#define INTERLEAVE_HIGH 2, 6, 3, 7
#elif defined(BITFRONT_DOUBLE) ? VECTOR_BYTES == 64 : VECTOR_BYTES == 32
#define INTERLEAVE_LOW 0, 8, 1, 9, 2, 10, 3, 11
#define INTERLEAVE_HIGH 4, 12, 5, 13, 6, 14, 7, 15
#else
#define INTERLEAVE_LOW 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define INTERLEAVE_HIGH 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#endif

/* Transposes the square held in rows[LANES]: log2(LANES) perfect shuffles. */
ALWAYS_INLINE void vec_transpose(vreal rows[LANES])
{
    UNROLL
    for (int half = 1; half < LANES; half *= 2) {
        vreal mixed[LANES];
        UNROLL
        for (int i = 0; i < LANES / 2; ++i) {
            mixed[2 * i] = __builtin_shufflevector(rows[i], rows[i + LANES / 2], INTERLEAVE_LOW);
            mixed[2 * i + 1] = __builtin_shufflevector(rows[i], rows[i + LANES / 2], INTERLEAVE_HIGH);
        }
        UNROLL
        for (int i = 0; i < LANES; ++i) rows[i] = mixed[i];
    }
}

/* For loops that go through memory once: what is read, or written, soon. Tensors of a shard come from the third-level
 * cache, and a processor foresees nothing beyond the end of a page. */
enum { AHEAD_BYTES = 2048 };

ALWAYS_INLINE void foresee_read(const real *p)
{
    __builtin_prefetch((const char *)p + AHEAD_BYTES);
}

ALWAYS_INLINE void foresee_write(real *p)
{
    __builtin_prefetch((char *)p + AHEAD_BYTES, 1);
}

#endif
