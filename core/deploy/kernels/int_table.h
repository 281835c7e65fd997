/* int_table: the layers of target/int_kernels.h that take the time, for vectors of one instruction set. The bits are
 * the same: sums of integers do not depend on their order, and all of them fit 32 bit.
 *
 * Convolutions are products of a matrix of inputs, one row for each output pixel, and packed weights. The matrix is
 * not made: a row consists of pieces of the input image, one for each line of the kernel. */
#ifndef CORE_DEPLOY_KERNELS_INT_TABLE_H
#define CORE_DEPLOY_KERNELS_INT_TABLE_H

#include <stdbool.h>

#include "core/deploy/target/int_kernels.h"

/* Channels are computed INT_LANES at a time, products INT_DEPTH at a time: sums have that much room, and so many bytes
 * behind a piece may be read, for weights of 0. */
enum { INT_LANES = 16, INT_DEPTH = 4 };

/* Rows of a matrix of inputs: row r has its piece i at first + r * row_step + i * piece_step. */
typedef struct {
    const uint8_t *first;
    int count, pieces, piece_bytes;
    size_t row_step, piece_step;
} int_rows;

static inline int int_table_round(int count, int unit)
{
    return (count + unit - 1) / unit * unit;
}

typedef struct {
    const char *name; /* "vnni", "avx2", "portable" */

    /* Bytes, and content, of packed weights: codes (channels, pieces, piece_bytes). */
    size_t (*pack_bytes)(int channels, int pieces, int piece_bytes);
    void (*pack)(void *out, const int8_t *codes, int channels, int pieces, int piece_bytes);

    /* sums[r][c] = bias[c] + sum over k of rows[r][k] * codes[c][k], for c up to the next INT_LANES; bias has room for
     * as many. */
    void (*multiply)(int32_t *sums, const int_rows *rows, const void *weights, const int32_t *bias, int channels);

    /* The same for depthwise layers: sums[r][c] = bias[c] + sum over taps of rows[r][tap][c] * codes[tap][c]. */
    void (*depthwise)(int32_t *sums, const int_rows *rows, const int8_t *codes, const int32_t *bias, int channels);

    /* Codes of `pixels` rows of sums (INT_LANES of channels) become (pixels, channels) at out, in type `type`. */
    void (*scale)(void *out, int_type type, const int32_t *sums, const int_scaling *s, int pixels, int channels);

    /* int_add_run where codes have 8 bit and no sum leaves 32. */
    void (*add)(const int_add *l, void *out, const void *a, const void *b);
} int_table;

/* The best table of this processor, or that of a name: "vnni", "avx2", "portable"; NULL: the processor lacks it, or
 * there is none. name NULL: BITFRONT_ISA chooses as it does for the kernels in float (avx512: the best), then the best.
 */
const int_table *int_table_choose(const char *name);

#endif
