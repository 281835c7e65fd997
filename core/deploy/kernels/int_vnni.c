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

/* Sixteen codes in 32 bit, from a shift of 31 on: no multiplier reaches 1 << shift, so that no product leaves 32 bit
 * when it is shifted. Products of even and odd lanes in 64 bit each. */
static inline __m512i scaled(__m512i sum, __m512i multiplier, __m512i offset, __m128i shift, __m512i low, __m512i high)
{
    const __m512i odd_product = _mm512_mul_epi32(_mm512_srli_epi64(sum, 32), _mm512_srli_epi64(multiplier, 32));
    const __m512i even = _mm512_sra_epi64(_mm512_add_epi64(_mm512_mul_epi32(sum, multiplier), offset), shift);
    const __m512i odd = _mm512_sra_epi64(_mm512_add_epi64(odd_product, offset), shift);
    const __m512i code = _mm512_mask_blend_epi32(0xAAAA, even, _mm512_slli_epi64(odd, 32));
    return _mm512_min_epi32(_mm512_max_epi32(code, low), high);
}

/* Codes of 8 bit by vectors, others as everywhere. */
static void scale(void *out, int_type type, const int32_t *sums, const int_scaling *s, int pixels, int channels)
{
    if (s->multiplier == NULL || (type != INT_U8 && type != INT_S8) || s->shift < 31) {
        lines_scale(out, type, sums, s, pixels, channels);
        return;
    }
    const int stride = int_table_round(channels, INT_LANES);
    const __m512i offset = _mm512_set1_epi64(s->offset), low = _mm512_set1_epi32(s->low);
    const __m512i high = _mm512_set1_epi32(s->high);
    const __m128i shift = _mm_cvtsi32_si128(s->shift);
    for (int first = 0; first < channels; first += INT_LANES) {
        const __mmask16 lanes = (__mmask16)(channels - first < INT_LANES ? (1 << (channels - first)) - 1 : 0xFFFF);
        const __m512i multiplier = _mm512_maskz_loadu_epi32(lanes, s->multiplier + first);
        for (int p = 0; p < pixels; p++) {
            const __m512i sum = _mm512_loadu_si512(sums + (size_t)p * (size_t)stride + first);
            _mm512_mask_cvtepi32_storeu_epi8((uint8_t *)out + (size_t)p * (size_t)channels + first, lanes,
                                             scaled(sum, multiplier, offset, shift, low, high));
        }
    }
}

static inline __m512i widened(const void *codes, size_t at, __mmask16 lanes, bool is_signed)
{
    const __m128i bytes = _mm_maskz_loadu_epi8(lanes, (const uint8_t *)codes + at);
    return is_signed ? _mm512_cvtepi8_epi32(bytes) : _mm512_cvtepu8_epi32(bytes);
}

static void add(const int_add *l, void *out, const void *a, const void *b)
{
    const bool signed_a = l->in_type[0] == INT_S8, signed_b = l->in_type[1] == INT_S8;
    const __m512i factor_a = _mm512_set1_epi32(l->factor[0]), factor_b = _mm512_set1_epi32(l->factor[1]);
    const __m512i low = _mm512_set1_epi32(l->low), high = _mm512_set1_epi32(l->high);
    /* what the zero points of both take away, modulo 2^32 as all that follows: the sum itself fits */
    const uint32_t zeros =
        (uint32_t)l->zero[0] * (uint32_t)l->factor[0] + (uint32_t)l->zero[1] * (uint32_t)l->factor[1];
    const __m512i constant = _mm512_set1_epi32((int32_t)((uint32_t)l->offset - zeros));
    const __m128i shift = _mm_cvtsi32_si128(l->shift);
    for (size_t i = 0; i < l->count; i += INT_LANES) {
        const __mmask16 lanes = (__mmask16)(l->count - i < INT_LANES ? (1 << (l->count - i)) - 1 : 0xFFFF);
        const __m512i x = _mm512_mullo_epi32(widened(a, i, lanes, signed_a), factor_a);
        const __m512i y = _mm512_mullo_epi32(widened(b, i, lanes, signed_b), factor_b);
        const __m512i sum = _mm512_add_epi32(_mm512_add_epi32(x, y), constant);
        const __m512i code = _mm512_min_epi32(_mm512_max_epi32(_mm512_sra_epi32(sum, shift), low), high);
        _mm512_mask_cvtepi32_storeu_epi8((uint8_t *)out + i, lanes, code);
    }
}

const int_table int_table_vnni = {.name = "vnni",
                                  .pack_bytes = pack_bytes,
                                  .pack = pack,
                                  .multiply = multiply,
                                  .depthwise = lines_depthwise,
                                  .scale = scale,
                                  .add = add};
#endif
