/* Dropout: Philox (core/base/rng.h) for several blocks at once. A block's four words stand in the lower halves of four
 * vectors of 64-bit lanes, one block a lane, because the product of two 32-bit words needs 64 bits. */
#include <math.h>

#include "core/base/rng.h"
#include "core/kernels/isa.h"
#include "core/kernels/simd.h"

typedef uint64_t vwide __attribute__((vector_size(VECTOR_BYTES)));
typedef uint64_t vwide_anywhere __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(uint32_t)), may_alias));

/* Vectors in flight, to hide the latency of the products. */
enum {
    WIDE_LANES = VECTOR_BYTES / 8,
    VECTORS = WIDE_LANES == 8 ? 2 : 4,
    BLOCKS = WIDE_LANES * VECTORS,
    WORDS = 4 * BLOCKS
};

/* Products of the lower 32 bits of each lane. */
ALWAYS_INLINE vwide multiply_words(vwide a, vwide b)
{
#if defined(__AVX512F__)
    return (vwide)_mm512_mul_epu32((__m512i)a, (__m512i)b);
#elif defined(__AVX2__)
    return (vwide)_mm256_mul_epu32((__m256i)a, (__m256i)b);
#else
    const uint64_t low = 0xFFFFFFFFu;
    return (a & low) * (b & low);
#endif
}

#if VECTOR_BYTES == 64
#define BLOCK_OF_LANE 0, 4, 1, 5, 2, 6, 3, 7
#define EVEN_LANES 0, 8, 2, 10, 4, 12, 6, 14
#define ODD_LANES 1, 9, 3, 11, 5, 13, 7, 15
#elif VECTOR_BYTES == 32
#define BLOCK_OF_LANE 0, 2, 1, 3
#define EVEN_LANES 0, 4, 2, 6
#define ODD_LANES 1, 5, 3, 7
#else
#define BLOCK_OF_LANE 0, 1
#define EVEN_LANES 0, 2
#define ODD_LANES 1, 3
#endif

/* x holds the first two words of each block in a lane, y the other two: blocks in order become words in order. */
ALWAYS_INLINE void store_words(uint32_t *words, vwide x, vwide y)
{
    *(vwide_anywhere *)words = (vwide_anywhere)__builtin_shufflevector(x, y, EVEN_LANES);
    *(vwide_anywhere *)(words + 2 * WIDE_LANES) = (vwide_anywhere)__builtin_shufflevector(x, y, ODD_LANES);
}

/* The words of BLOCKS blocks whose third counters begin at `block`. */
ALWAYS_INLINE void draw_words(uint32_t words[WORDS], const dropout_draw *d, uint32_t block)
{
    vwide c0[VECTORS], c1[VECTORS], c2[VECTORS], c3[VECTORS];
    const vwide zero = {0}, low = zero + 0xFFFFFFFFu, order = {BLOCK_OF_LANE};
    UNROLL
    for (int v = 0; v < VECTORS; ++v) {
        c0[v] = zero + d->counter[0];
        c1[v] = zero + d->counter[1];
        c2[v] = order + (block + (uint32_t)(v * WIDE_LANES));
        c3[v] = zero + d->counter[3];
    }
    uint32_t k0 = d->key[0], k1 = d->key[1];
    for (int round = 0; round < PHILOX_ROUNDS; ++round) {
        UNROLL
        for (int v = 0; v < VECTORS; ++v) { /* the upper halves hold what is never read */
            vwide p0 = multiply_words(c0[v], zero + PHILOX_FACTOR_0),
                  p1 = multiply_words(c2[v], zero + PHILOX_FACTOR_1);
            c0[v] = (p1 >> 32) ^ c1[v] ^ k0;
            c2[v] = (p0 >> 32) ^ c3[v] ^ k1;
            c1[v] = p1;
            c3[v] = p0;
        }
        k0 += PHILOX_KEY_STEP_0;
        k1 += PHILOX_KEY_STEP_1;
    }
    UNROLL
    for (int v = 0; v < VECTORS; ++v)
        store_words(words + v * 4 * WIDE_LANES, (c0[v] & low) | c1[v] << 32, (c2[v] & low) | c3[v] << 32);
}

typedef int32_t lane_words __attribute__((vector_size(LANES * sizeof(int32_t))));
typedef int32_t words_anywhere
    __attribute__((vector_size(LANES * sizeof(int32_t)), aligned(sizeof(int32_t)), may_alias));

/* The values of `words` that lie below count. */
ALWAYS_INLINE void apply(const bool whole, real *out, const real *in, const uint32_t words[WORDS], size_t count,
                         int32_t smallest, real scale, bool accumulate)
{
    UNROLL
    for (int k = 0; k < WORDS; k += LANES) {
        int lanes = whole ? LANES : (int)count - k < LANES ? (int)count - k : LANES;
        if (!whole && lanes <= 0) return;
        lane_words upper = (lane_words)(*(const words_anywhere *)(words + k)) >> 8 & 0xFFFFFF;
        vmask mask = __builtin_convertvector(upper >= smallest, vmask);
        vreal kept = vec_where(mask, (whole ? vec_load(in + k) : vec_load_part(in + k, lanes)) * scale);
        if (whole)
            vec_store(out + k, accumulate ? vec_load(out + k) + kept : kept);
        else
            vec_store_part(out + k, accumulate ? vec_load_part(out + k, lanes) + kept : kept, lanes);
    }
}

void ISA(dropout)(real *out, const real *in, const dropout_draw *d, size_t count, bool accumulate)
{
    const int32_t smallest = (int32_t)ceilf(d->rate * 16777216.0f); /* rng_uniform(word) >= rate in whole numbers */
    const real scale = 1 / (1 - (real)d->rate);
    for (size_t i = 0; i < count; i += WORDS) {
        uint32_t words[WORDS];
        draw_words(words, d, d->counter[2] + (uint32_t)(i / 4));
        if (count - i >= WORDS)
            apply(true, out + i, in + i, words, WORDS, smallest, scale, accumulate);
        else
            apply(false, out + i, in + i, words, count - i, smallest, scale, accumulate);
    }
}
