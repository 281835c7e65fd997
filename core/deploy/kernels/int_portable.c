/* The table for any processor. Weights: (channels / 16, depth, 16). */
#include "core/deploy/kernels/int_lines.h"

extern const int_table int_table_portable;

static size_t pack_bytes(int channels, int pieces, int piece_bytes)
{
    return (size_t)int_table_round(channels, INT_LANES) * (size_t)(pieces * piece_bytes);
}

static void pack(void *out, const int8_t *codes, int channels, int pieces, int piece_bytes)
{
    int8_t *to = out;
    const int depth = pieces * piece_bytes;
    memset(out, 0, pack_bytes(channels, pieces, piece_bytes));
    for (int c = 0; c < channels; c++)
        for (int k = 0; k < depth; k++)
            to[((size_t)(c / INT_LANES) * (size_t)depth + (size_t)k) * INT_LANES + (size_t)(c % INT_LANES)] =
                codes[(size_t)c * (size_t)depth + (size_t)k];
}

static void multiply(int32_t *sums, const int_rows *rows, const void *weights, const int32_t *bias, int channels)
{
    const int stride = int_table_round(channels, INT_LANES), depth = rows->pieces * rows->piece_bytes;
    for (int first = 0; first < channels; first += INT_LANES) {
        for (int r = 0; r < rows->count; r++) {
            const int8_t *w = (const int8_t *)weights + (size_t)first * (size_t)depth;
            int32_t sum[INT_LANES];
            memcpy(sum, bias + first, sizeof sum);
            for (int i = 0; i < rows->pieces; i++) {
                const uint8_t *x = rows->first + (size_t)r * rows->row_step + (size_t)i * rows->piece_step;
                for (int k = 0; k < rows->piece_bytes; k++, w += INT_LANES)
                    for (int c = 0; c < INT_LANES; c++) sum[c] += x[k] * w[c];
            }
            memcpy(sums + (size_t)r * (size_t)stride + first, sum, sizeof sum);
        }
    }
}

const int_table int_table_portable = {.name = "portable",
                                      .pack_bytes = pack_bytes,
                                      .pack = pack,
                                      .multiply = multiply,
                                      .depthwise = lines_depthwise,
                                      .scale = lines_scale,
                                      .add = lines_add};
