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

enum { MOST_TAPS = 28 }; /* of a depthwise layer whose weights stay in vectors: up to 5 x 5 */

/* Bytes of TOGETHER taps in 16 channels, one behind the other. */
static inline __m512i side_by_side(const __m512i tap[TOGETHER])
{
    const __m512i first = _mm512_or_si512(tap[0], _mm512_slli_epi32(tap[1], 8));
    return _mm512_ternarylogic_epi32(first, _mm512_slli_epi32(tap[2], 16), _mm512_slli_epi32(tap[3], 24), 0xFE);
}

/* The taps of a depthwise layer: how many, and where their codes are from the first one on. */
typedef struct {
    int count;
    size_t place[MOST_TAPS];
} tap_places;

/* Sixteen channels of all rows; sums in rows of `stride`. Taps beyond the last one have weights of 0. */
static void depthwise_lanes(int32_t *sums, int stride, const int_rows *rows, const tap_places *taps,
                            const int8_t *codes, __m512i bias, int channels, __mmask16 lanes)
{
    __m512i w[MOST_TAPS / TOGETHER], tap[TOGETHER];
    for (int t = 0; t < taps->count; t += TOGETHER) {
        for (int k = 0; k < TOGETHER; k++)
            tap[k] = _mm512_cvtepu8_epi32(
                _mm_maskz_loadu_epi8(t + k < taps->count ? lanes : 0, codes + (size_t)(t + k) * (size_t)channels));
        w[t / TOGETHER] = side_by_side(tap);
    }
    for (int r = 0; r < rows->count; r++) {
        const uint8_t *x = rows->first + (size_t)r * rows->row_step;
        __m512i sum = bias;
        for (int t = 0; t < taps->count; t += TOGETHER) {
            for (int k = 0; k < TOGETHER; k++)
                tap[k] = _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(lanes, x + taps->place[t + k]));
            sum = _mm512_dpbusd_epi32(sum, side_by_side(tap), w[t / TOGETHER]);
        }
        _mm512_storeu_si512(sums + (size_t)r * (size_t)stride, sum);
    }
}

static void depthwise(int32_t *sums, const int_rows *rows, const int8_t *codes, const int32_t *bias, int channels)
{
    const int stride = int_table_round(channels, INT_LANES);
    tap_places taps = {0};
    if (rows->pieces * (rows->piece_bytes / channels) > MOST_TAPS) {
        lines_depthwise(sums, rows, codes, bias, channels);
        return;
    }
    for (int i = 0; i < rows->pieces; i++)
        for (int at = 0; at < rows->piece_bytes; at += channels)
            taps.place[taps.count++] = (size_t)i * rows->piece_step + (size_t)at;
    for (int first = 0; first < channels; first += INT_LANES) {
        const __mmask16 lanes = (__mmask16)(channels - first < INT_LANES ? (1 << (channels - first)) - 1 : 0xFFFF);
        int_rows own = *rows;
        own.first += first;
        depthwise_lanes(sums + first, stride, &own, &taps, codes + first, _mm512_loadu_si512(bias + first), channels,
                        lanes);
    }
}

/* Sixteen codes in 32 bit, before they are clamped. Products of even and odd lanes in 64 bit each, of which the upper
 * halves are shifted on: shifts are 32 or more, and no multiplier reaches half of 1 << shift, so that no code leaves 32
 * bit. `odd`: the multiplier's odd lanes in even places. */
static inline __m512i scaled(__m512i sum, __m512i multiplier, __m512i odd, __m512i offset, __m128i shift)
{
    const __m512i first = _mm512_add_epi64(_mm512_mul_epi32(sum, multiplier), offset);
    const __m512i second = _mm512_add_epi64(_mm512_mul_epi32(_mm512_srli_epi64(sum, 32), odd), offset);
    return _mm512_sra_epi32(_mm512_mask_blend_epi32(0xAAAA, _mm512_srli_epi64(first, 32), second), shift);
}

enum { TOGETHER_SCALED = 4 * INT_LANES }; /* codes of 8 bit in a vector */

/* Codes of 8 bit, TOGETHER_SCALED at a time, where channels begin anew with each of them; returns how many. */
static size_t scale_whole(uint8_t *out, bool is_signed, const int32_t *sums, const int_scaling *s, size_t count,
                          int channels)
{
    const __m512i offset = _mm512_set1_epi64(s->offset);
    const __m512i low = _mm512_set1_epi8((char)s->low), high = _mm512_set1_epi8((char)s->high);
    const __m128i shift = _mm_cvtsi32_si128(s->shift - 32);
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    __m512i multiplier[4], odd[4], code[4];
    size_t i = 0;
    for (int v = 0; v < 4; v++) {
        multiplier[v] = _mm512_loadu_si512(s->multiplier + v * INT_LANES % channels);
        odd[v] = _mm512_srli_epi64(multiplier[v], 32);
    }
    for (; i + TOGETHER_SCALED <= count; i += TOGETHER_SCALED) {
        for (int v = 0; v < 4; v++)
            code[v] =
                scaled(_mm512_loadu_si512(sums + i + (size_t)(v * INT_LANES)), multiplier[v], odd[v], offset, shift);
        const __m512i first = _mm512_packs_epi32(code[0], code[1]), second = _mm512_packs_epi32(code[2], code[3]);
        const __m512i bytes = is_signed ? _mm512_packs_epi16(first, second) : _mm512_packus_epi16(first, second);
        const __m512i ordered = _mm512_permutexvar_epi32(order, bytes); /* packing goes by parts of 128 bit */
        _mm512_storeu_si512(out + i, is_signed ? _mm512_min_epi8(_mm512_max_epi8(ordered, low), high)
                                               : _mm512_min_epu8(_mm512_max_epu8(ordered, low), high));
    }
    return i;
}

/* Codes of 8 bit by vectors, others as everywhere. */
static void scale(void *out, int_type type, const int32_t *sums, const int_scaling *s, int pixels, int channels)
{
    if (s->multiplier == NULL || (type != INT_U8 && type != INT_S8) || s->shift < 32) {
        lines_scale(out, type, sums, s, pixels, channels);
        return;
    }
    const int stride = int_table_round(channels, INT_LANES);
    const __m512i offset = _mm512_set1_epi64(s->offset), low = _mm512_set1_epi32(s->low);
    const __m512i high = _mm512_set1_epi32(s->high);
    const __m128i shift = _mm_cvtsi32_si128(s->shift - 32);
    int done = 0; /* pixels */
    if (channels % INT_LANES == 0 && TOGETHER_SCALED % channels == 0)
        done = (int)scale_whole(out, type == INT_S8, sums, s, (size_t)pixels * (size_t)channels, channels) / channels;
    for (int first = 0; first < channels && done < pixels; first += INT_LANES) {
        const __mmask16 lanes = (__mmask16)(channels - first < INT_LANES ? (1 << (channels - first)) - 1 : 0xFFFF);
        const __m512i multiplier = _mm512_maskz_loadu_epi32(lanes, s->multiplier + first);
        const __m512i odd = _mm512_srli_epi64(multiplier, 32);
        for (int p = done; p < pixels; p++) {
            const __m512i sum = _mm512_loadu_si512(sums + (size_t)p * (size_t)stride + first);
            const __m512i code = scaled(sum, multiplier, odd, offset, shift);
            _mm512_mask_cvtepi32_storeu_epi8((uint8_t *)out + (size_t)p * (size_t)channels + first, lanes,
                                             _mm512_min_epi32(_mm512_max_epi32(code, low), high));
        }
    }
}

/* Codes without sign that are on the grid of the sum: 64 at a time. */
static void add_on_grid(const int_add *l, uint8_t *out, const uint8_t *a, const uint8_t *b)
{
    const __m512i high = _mm512_set1_epi8((char)l->high);
    for (size_t i = 0; i < l->count; i += 64) {
        const __mmask64 lanes = l->count - i < 64 ? ((__mmask64)1 << (l->count - i)) - 1 : ~(__mmask64)0;
        const __m512i sum =
            _mm512_adds_epu8(_mm512_maskz_loadu_epi8(lanes, a + i), _mm512_maskz_loadu_epi8(lanes, b + i));
        _mm512_mask_storeu_epi8(out + i, lanes, _mm512_min_epu8(sum, high));
    }
}

static bool is_on_grid(const int_add *l)
{
    for (int k = 0; k < 2; k++)
        if (l->in_type[k] != INT_U8 || l->zero[k] != 0 || l->factor[k] != 1) return false;
    return l->out_type == INT_U8 && l->shift == 0 && l->offset == 0 && l->low == 0;
}

static inline __m512i widened(const void *codes, size_t at, __mmask16 lanes, bool is_signed)
{
    const __m128i bytes = _mm_maskz_loadu_epi8(lanes, (const uint8_t *)codes + at);
    return is_signed ? _mm512_cvtepi8_epi32(bytes) : _mm512_cvtepu8_epi32(bytes);
}

static void add(const int_add *l, void *out, const void *a, const void *b)
{
    if (is_on_grid(l)) {
        add_on_grid(l, out, a, b);
        return;
    }
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
                                  .depthwise = depthwise,
                                  .scale = scale,
                                  .add = add};
#endif
