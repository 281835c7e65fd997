/* weight_quantizer: the interface of weight quantisers: one file each in this folder, one line in
 * core/base/weight_quantizer_list.h.
 *
 * A weight tensor is a matrix (rows, channels), row-major: conv (KH*KW*C, O), depthwise (KH*KW, C), linear (C, O).
 * Every channel has a grid of its own: a whole code of -2^(b-1) ... 2^(b-1) - 1 (1 bit: -1 or 1) times a step, which is
 * what the integer network holds. A quantiser must be positively homogeneous: weights k times as large have steps k
 * times as large and the same codes (core/net/model/model_weights.h rests on it). Pure; sums in row order. */
#ifndef CORE_QUANT_WEIGHT_QUANTIZER_H
#define CORE_QUANT_WEIGHT_QUANTIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/quantizer_rules.h"
#include "core/base/real.h"

enum {
    WEIGHT_PRECISIONS = 9, /* 0 ... 8 bit */
    WEIGHT_BLOCK = 64      /* channels handled together: their numbers stay in registers and L1 */
};

/* Neighbouring channels of a tensor: row k of them is at w + k * channels. */
typedef struct {
    const real *w;
    size_t rows, channels; /* of the tensor */
    int count;             /* of the block */
} weight_block;

/* The grid of a block at one precision: code = clamp(rne(w / divisor * factor), low, high), value = code * step. At 1
 * bit the code is -1 where w < 0, else 1, and only the step counts. */
typedef struct {
    int count, bits;
    real factor, low, high;
    real divisor[WEIGHT_BLOCK], step[WEIGHT_BLOCK];
} weight_grid;

typedef struct weight_quantizer {
    /* steps[count] from the weights of the moment, at 1 ... 8 bit. NULL: the grid follows from `largest` alone. */
    void (*steps)(real *steps, const weight_block *b, int bits);
    /* In a discrete network that is trained, steps are values of their own, which begin at those of `steps` and stay
     * there without a gradient. */
    bool learns_steps;
    /* Sets all but count and bits of *out. largest[c] = max over rows |w|; steps[c]: from `steps` or training. */
    void (*grid)(weight_grid *out, const real *largest, const real *steps);
    /* out[c] = value of row[c]. NULL: on the grid as above, which is the fast way. */
    void (*quantize)(real *out, const real *row, const weight_grid *grid);
    /* In a discrete network that is trained: dw, laid out like the weights, is dL/dW before and dL/dw after, where
     * bits[c] > 0; elsewhere it stays. With learns_steps also dlog_step[c] = dL/dlog step there. NULL: straight
     * through, dL/dw = dL/dW, as in a search always. */
    void (*gradient)(real *dw, real *dlog_step, const weight_block *b, const real *steps, const int8_t *bits);
    bool odd_codes; /* neighbouring levels are two steps apart, not one */
    /* In its place under the arithmetic rule weight_tie_by_division. NULL: itself. */
    const struct weight_quantizer *by_division;
} weight_quantizer;

/* As the rules say it for a precision of 1 ... 8 bit. */
const weight_quantizer *weight_quantizer_of(const quantizer_rules *rules, bool tie_by_division, int bits);

/* Does any precision learn its steps? */
bool weight_quantizer_learns(const quantizer_rules *rules);

/* For quantisers with steps: whole steps, every code of the precision. */
void weight_grid_of_steps(weight_grid *out, const real *largest, const real *steps);

/* The block that begins at channel `first` of weights (rows, channels). */
weight_block weight_block_at(const real *w, size_t rows, int channels, int first);

/* steps[channels] by a quantiser that has steps. */
void weight_quantizer_steps(const weight_quantizer *q, real *steps, const real *w, size_t rows, int channels, int bits);

/* by_bits[b]: quantiser at b bit, 1 ... 8; bits[channels]: precision of a channel whose quantiser has a gradient that
 * is due, else 0. Their columns of dw (rows, channels) and dlog_step (channels; NULL: no steps are learned) as above.
 */
void weight_quantizer_gradient(const weight_quantizer *const by_bits[WEIGHT_PRECISIONS], real *dw, real *dlog_step,
                               const real *w, const real *steps, const int8_t *bits, size_t rows, int channels);

#endif
