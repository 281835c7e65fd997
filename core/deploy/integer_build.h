/* integer_build: the integer network of a discrete network in float.
 *
 * Sums: with codes q of an input of step s and zero point z, and codes w of an output channel of step v, the float
 * layer's sum is s v (sum w (q - z) + b), b = rne(bias / (s v)): the grid that the bias lies on already. So
 *   sum = sum w q + (b - z sum w)     in 32 bit
 *   code = clamp((sum * m + offset) >> shift),   m / 2^shift ~ s v * scale of the output's quantiser
 * which differs from the float network's code by at most 1, and only where the real value is so near a border between
 * two codes that rounding of floats, or the multiplier's 2^-31 of itself, decides. Batch-norm is part of v and bias
 * (core/net/model/model_weights.h).
 *
 * Adds: both branches on one common grid. Two unsigned codes of the group's quantiser add as they are; a signed code
 * (before_add = "signed") has the step 2 c / 255 and the group's code c / (2^a - 1), so their sum is
 *   code = clamp(k_u + floor(k_s * 2 (2^a - 1) / 255 + offset))
 * by a multiplier of 20 fraction bits, which is exact: all borders are further from any sum than that.
 *
 * Average pooling: the sum itself, and the step is divided by the size of the window. The input: a table of 256 codes,
 * made with the float network's own arithmetic. Logits: rescaled from a step for each channel to one power of 2, the
 * smallest for which they fit 31 bit, rounded to nearest. */
#ifndef CORE_DEPLOY_INTEGER_BUILD_H
#define CORE_DEPLOY_INTEGER_BUILD_H

#include "core/deploy/integer_network.h"
#include "core/net/model/model.h"

/* What a sample is. */
typedef struct {
    bool is_signed; /* int8, else uint8 */
    float scale;    /* real value = sample * scale */
} integer_samples;

/* m: quantised and prepared in MODEL_EVAL_HARD; borrowed for the call. *out is to be freed after success.
 * STATUS_CONFIG: the network has something that integers cannot express, or a bound that cannot be proved; the message
 * names the layer. */
MUST_CHECK status integer_build(integer_network *out, const model *m, integer_samples samples);

/* The code that an input's quantiser, as the float network has it, gives a real value. */
int32_t integer_code_of_value(const pact *q, real x);

#endif
