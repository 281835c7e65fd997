/* int_lines: what every table has in the same words: loops that compilers turn into the vectors of the instruction set
 * that the including file is compiled for. */
#ifndef CORE_DEPLOY_KERNELS_INT_LINES_H
#define CORE_DEPLOY_KERNELS_INT_LINES_H

#include <string.h>

#include "core/deploy/kernels/int_table.h"

/* Weights of tables that take `together` inputs at a time: (channels / 16, depth / together, 16, together), each piece
 * of the depth rounded up. How many there are, and the place of input k of channel c. */
static inline size_t lines_weights(int channels, int pieces, int piece_bytes)
{
    return (size_t)int_table_round(channels, INT_LANES) * (size_t)(pieces * int_table_round(piece_bytes, INT_DEPTH));
}

static inline size_t lines_weight_place(int c, int k, int pieces, int piece_bytes, int together)
{
    const int room = int_table_round(piece_bytes, INT_DEPTH), at = k / piece_bytes * room + k % piece_bytes;
    return (size_t)(c / INT_LANES) * (size_t)(INT_LANES * pieces * room) +
           (size_t)((at / together * INT_LANES + c % INT_LANES) * together + at % together);
}

static inline int64_t lines_scaled(const int_scaling *s, int32_t sum, int channel)
{
    const int64_t code = ((int64_t)sum * s->multiplier[channel] + s->offset) >> s->shift; /* down */
    return code < s->low ? s->low : code > s->high ? s->high : code;
}

static void lines_scale(void *out, int_type type, const int32_t *sums, const int_scaling *given, int pixels,
                        int channels)
{
    const int_scaling s = *given;
    const int stride = int_table_round(channels, INT_LANES);
    for (int p = 0; p < pixels; p++) {
        const int32_t *sum = sums + (size_t)p * (size_t)stride;
        const size_t at = (size_t)p * (size_t)channels;
        if (s.multiplier == NULL) {
            memcpy((int32_t *)out + at, sum, (size_t)channels * sizeof *sum);
        } else if (type == INT_S32) {
            for (int c = 0; c < channels; c++) ((int32_t *)out)[at + (size_t)c] = (int32_t)lines_scaled(&s, sum[c], c);
        } else if (type == INT_S16) {
            for (int c = 0; c < channels; c++) ((int16_t *)out)[at + (size_t)c] = (int16_t)lines_scaled(&s, sum[c], c);
        } else { /* bytes, signed or not */
            uint8_t *restrict to = (uint8_t *)out + at;
            for (int c = 0; c < channels; c++) to[c] = (uint8_t)lines_scaled(&s, sum[c], c);
        }
    }
}

static void lines_depthwise(int32_t *sums, const int_rows *rows, const int8_t *codes, const int32_t *bias, int channels)
{
    const int stride = int_table_round(channels, INT_LANES), width = rows->piece_bytes / channels;
    for (int r = 0; r < rows->count; r++) {
        int32_t *restrict sum = sums + (size_t)r * (size_t)stride;
        for (int c = 0; c < channels; c++) sum[c] = bias[c];
        const int8_t *w = codes;
        for (int i = 0; i < rows->pieces; i++) {
            const uint8_t *x = rows->first + (size_t)r * rows->row_step + (size_t)i * rows->piece_step;
            for (int j = 0; j < width; j++, x += channels, w += channels)
                for (int c = 0; c < channels; c++) sum[c] += x[c] * w[c];
        }
    }
}

#define LINES_ADD(first_type, second_type)                                                                             \
    for (size_t i = 0; i < count; i++) {                                                                               \
        const int32_t x = ((const first_type *)a)[i] - zero_a, y = ((const second_type *)b)[i] - zero_b;               \
        const int32_t code = (x * factor_a + y * factor_b + offset) >> shift;                                          \
        to[i] = (uint8_t)(code < low ? low : code > high ? high : code);                                               \
    }

static inline void lines_add(const int_add *l, void *out, const void *a, const void *b)
{
    const int32_t zero_a = l->zero[0], zero_b = l->zero[1], factor_a = l->factor[0], factor_b = l->factor[1];
    const int32_t offset = (int32_t)l->offset, low = l->low, high = l->high;
    const int shift = l->shift;
    const size_t count = l->count;
    uint8_t *restrict to = out;
    const bool signed_a = l->in_type[0] == INT_S8, signed_b = l->in_type[1] == INT_S8;
    if (!signed_a && !signed_b) {
        LINES_ADD(uint8_t, uint8_t)
    } else if (!signed_a) {
        LINES_ADD(uint8_t, int8_t)
    } else if (!signed_b) {
        LINES_ADD(int8_t, uint8_t)
    } else {
        LINES_ADD(int8_t, int8_t)
    }
}

#endif
