/* The table for AVX-512 with VNNI: four products of 8 bit at a time in each of 16 channels. Weights: (channels / 16,
 * depth / 4, 16, 4). */
#ifdef __AVX512VNNI__
#include <immintrin.h>

#include "core/deploy/kernels/int_lines.h"

extern const int_table int_table_vnni;

enum { TOGETHER = 4, ROWS = 8 }; /* inputs, and rows, at a time: 16 sums of 16 channels in registers */

static size_t pack_bytes(int channels, int pieces, int piece_bytes)
{
    return lines_weights(channels, pieces, piece_bytes);
}

static void pack(void *out, const int8_t *codes, int channels, int pieces, int piece_bytes)
{
    int8_t *to = out;
    const int depth = pieces * piece_bytes;
    memset(out, 0, pack_bytes(channels, pieces, piece_bytes));
    for (int c = 0; c < channels; c++)
        for (int k = 0; k < depth; k++)
            to[lines_weight_place(c, k, pieces, piece_bytes, TOGETHER)] = codes[(size_t)c * (size_t)depth + (size_t)k];
}

static inline __m512i four(const uint8_t *at)
{
    int32_t word;
    memcpy(&word, at, sizeof word);
    return _mm512_set1_epi32(word);
}

/* `count` rows by `vectors` times 16 channels; both are constants where it is called. */
__attribute__((always_inline)) static inline void multiply_rows(int32_t *sums, int stride, const int_rows *rows, int r,
                                                                const int count, const int vectors, const int8_t *block,
                                                                const int32_t *bias)
{
    const int bytes = int_table_round(rows->piece_bytes, INT_DEPTH);
    const size_t next_vector = (size_t)INT_LANES * (size_t)(rows->pieces * bytes);
    __m512i sum[ROWS][2];
    for (int k = 0; k < count; k++)
        for (int v = 0; v < vectors; v++) sum[k][v] = _mm512_loadu_si512(bias + v * INT_LANES);
    for (int i = 0; i < rows->pieces; i++) {
        const uint8_t *x = rows->first + (size_t)r * rows->row_step + (size_t)i * rows->piece_step;
        for (int at = 0; at < bytes; at += TOGETHER, block += TOGETHER * INT_LANES) {
            __m512i w[2];
            for (int v = 0; v < vectors; v++) w[v] = _mm512_loadu_si512(block + (size_t)v * next_vector);
            for (int k = 0; k < count; k++) {
                const __m512i input = four(x + (size_t)k * rows->row_step + at);
                for (int v = 0; v < vectors; v++) sum[k][v] = _mm512_dpbusd_epi32(sum[k][v], input, w[v]);
            }
        }
    }
    for (int k = 0; k < count; k++)
        for (int v = 0; v < vectors; v++) _mm512_storeu_si512(sums + (r + k) * stride + v * INT_LANES, sum[k][v]);
}

static void multiply(int32_t *sums, const int_rows *rows, const void *weights, const int32_t *bias, int channels)
{
    const int stride = int_table_round(channels, INT_LANES);
    const size_t depth = (size_t)(rows->pieces * int_table_round(rows->piece_bytes, INT_DEPTH));
    for (int first = 0; first < channels; first += 2 * INT_LANES) {
        const int8_t *block = (const int8_t *)weights + (size_t)first * depth;
        const bool two = first + INT_LANES < channels;
        int r = 0;
        for (; r + ROWS <= rows->count && two; r += ROWS)
            multiply_rows(sums + first, stride, rows, r, ROWS, 2, block, bias + first);
        for (; r + ROWS <= rows->count; r += ROWS)
            multiply_rows(sums + first, stride, rows, r, ROWS, 1, block, bias + first);
        for (; r < rows->count && two; r++) multiply_rows(sums + first, stride, rows, r, 1, 2, block, bias + first);
        for (; r < rows->count; r++) multiply_rows(sums + first, stride, rows, r, 1, 1, block, bias + first);
    }
}

/* Eight codes, in 64 bit each. */
static inline __m512i scaled(__m256i sum, __m512i multiplier, __m512i offset, __m128i shift, __m512i low, __m512i high)
{
    const __m512i product = _mm512_mul_epi32(_mm512_cvtepi32_epi64(sum), multiplier);
    const __m512i code = _mm512_sra_epi64(_mm512_add_epi64(product, offset), shift);
    return _mm512_min_epi64(_mm512_max_epi64(code, low), high);
}

/* Codes of 8 bit by vectors, others as everywhere. */
static void scale(void *out, int_type type, const int32_t *sums, const int_scaling *s, int pixels, int channels)
{
    if (s->multiplier == NULL || (type != INT_U8 && type != INT_S8)) {
        lines_scale(out, type, sums, s, pixels, channels);
        return;
    }
    const int stride = int_table_round(channels, INT_LANES);
    const __m512i offset = _mm512_set1_epi64(s->offset), low = _mm512_set1_epi64(s->low);
    const __m512i high = _mm512_set1_epi64(s->high);
    const __m128i shift = _mm_cvtsi32_si128(s->shift);
    for (int first = 0; first < channels; first += 8) {
        const __mmask8 lanes = (__mmask8)(channels - first < 8 ? (1 << (channels - first)) - 1 : 0xFF);
        const __m512i multiplier = _mm512_cvtepi32_epi64(_mm256_maskz_loadu_epi32(lanes, s->multiplier + first));
        for (int p = 0; p < pixels; p++) {
            const __m256i sum = _mm256_loadu_si256((const __m256i *)(sums + (size_t)p * (size_t)stride + first));
            _mm512_mask_cvtepi64_storeu_epi8((uint8_t *)out + (size_t)p * (size_t)channels + first, lanes,
                                             scaled(sum, multiplier, offset, shift, low, high));
        }
    }
}

const int_table int_table_vnni = {.name = "vnni",
                                  .pack_bytes = pack_bytes,
                                  .pack = pack,
                                  .multiply = multiply,
                                  .depthwise = lines_depthwise,
                                  .scale = scale,
                                  .add = lines_add};
#endif
