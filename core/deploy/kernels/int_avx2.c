/* The table for AVX2: products of pairs in 16 bit, whose sum of two fits 32. Weights: (channels / 16, depth / 2, 16, 2)
 * in 16 bit. */
#ifdef __AVX2__
#include <immintrin.h>

#include "core/deploy/kernels/int_lines.h"

extern const int_table int_table_avx2;

enum { TOGETHER = 2, ROWS = 4 }; /* inputs, and rows, at a time: 8 sums of 8 channels in registers */

static size_t pack_bytes(int channels, int pieces, int piece_bytes)
{
    return lines_weights(channels, pieces, piece_bytes) * sizeof(int16_t);
}

static void pack(void *out, const int8_t *codes, int channels, int pieces, int piece_bytes)
{
    int16_t *to = out;
    const int depth = pieces * piece_bytes;
    memset(out, 0, pack_bytes(channels, pieces, piece_bytes));
    for (int c = 0; c < channels; c++)
        for (int k = 0; k < depth; k++)
            to[lines_weight_place(c, k, pieces, piece_bytes, TOGETHER)] = codes[(size_t)c * (size_t)depth + (size_t)k];
}

/* Two inputs, each in 16 bit, in every lane. */
static inline __m256i pair(const uint8_t *at)
{
    return _mm256_set1_epi32((int)((unsigned)at[0] | (unsigned)at[1] << 16));
}

/* `count` rows, a constant where it is called, by 16 channels. */
__attribute__((always_inline)) static inline void multiply_rows(int32_t *sums, int stride, const int_rows *rows, int r,
                                                                const int count, const int16_t *w, const int32_t *bias)
{
    __m256i low[ROWS], high[ROWS];
    for (int k = 0; k < count; k++) {
        low[k] = _mm256_loadu_si256((const __m256i *)bias);
        high[k] = _mm256_loadu_si256((const __m256i *)(bias + 8));
    }
    const int bytes = int_table_round(rows->piece_bytes, INT_DEPTH);
    for (int i = 0; i < rows->pieces; i++) {
        const uint8_t *x = rows->first + (size_t)r * rows->row_step + (size_t)i * rows->piece_step;
        for (int at = 0; at < bytes; at += TOGETHER, w += TOGETHER * INT_LANES) {
            const __m256i first = _mm256_loadu_si256((const __m256i *)w);
            const __m256i second = _mm256_loadu_si256((const __m256i *)(w + INT_LANES));
            for (int k = 0; k < count; k++) {
                const __m256i both = pair(x + (size_t)k * rows->row_step + at);
                low[k] = _mm256_add_epi32(low[k], _mm256_madd_epi16(both, first));
                high[k] = _mm256_add_epi32(high[k], _mm256_madd_epi16(both, second));
            }
        }
    }
    for (int k = 0; k < count; k++) {
        _mm256_storeu_si256((__m256i *)(sums + (r + k) * stride), low[k]);
        _mm256_storeu_si256((__m256i *)(sums + (r + k) * stride + 8), high[k]);
    }
}

static void multiply(int32_t *sums, const int_rows *rows, const void *weights, const int32_t *bias, int channels)
{
    const int stride = int_table_round(channels, INT_LANES);
    const size_t depth = (size_t)(rows->pieces * int_table_round(rows->piece_bytes, INT_DEPTH));
    for (int first = 0; first < channels; first += INT_LANES) {
        const int16_t *block = (const int16_t *)weights + (size_t)first * depth;
        int r = 0;
        for (; r + ROWS <= rows->count; r += ROWS)
            multiply_rows(sums + first, stride, rows, r, ROWS, block, bias + first);
        for (; r < rows->count; r++) multiply_rows(sums + first, stride, rows, r, 1, block, bias + first);
    }
}

const int_table int_table_avx2 = {.name = "avx2",
                                  .pack_bytes = pack_bytes,
                                  .pack = pack,
                                  .multiply = multiply,
                                  .depthwise = lines_depthwise,
                                  .scale = lines_scale,
                                  .add = lines_add};
#endif
