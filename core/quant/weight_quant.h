/* weight_quant: symmetric weight quantiser per output channel, mixed over candidate precisions, and the bias quantiser.
 *
 * A weight tensor is a matrix (rows, channels), row-major: conv (KH*KW*C, O), depthwise (KH*KW, C), linear (C, O).
 *
 *   M[c] = max over rows |w|,  step_b[c] = 2 M / (2^b - 1)  (M = 1/2 where the channel is all zero)
 *   code = clamp(rne(w / M * (2^b-1)/2), -2^(b-1), 2^(b-1)-1): the extreme weights sit exactly on their tie
 *   tie_by_division (arithmetic.h): code = min(rne(w / step), 2^(b-1)-1), in the published order
 *   given steps (weight_step.h, or learned): code = clamp(rne(w / step), -2^(b-1), 2^(b-1)-1)
 *   1 bit: code = -1 where w < 0, else 1; min-max step M
 *   Q_b(w) = code * step,  Q_0 = 0
 *
 * Backward is straight-through: dL/dw = dL/dW for every precision, 0 bit included, so the caller uses the gradient of
 * the mixed weights as it is; learned steps differ (weight_learn.h). */
#ifndef CORE_QUANT_WEIGHT_QUANT_H
#define CORE_QUANT_WEIGHT_QUANT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/real.h"

enum { WEIGHT_PRECISIONS = 9 }; /* 0 ... 8 bit */

/* Which precisions, and their probability for each channel. */
typedef struct {
    int precisions;
    int bits[WEIGHT_PRECISIONS];   /* ascending */
    int columns;                   /* channels, or 1: all channels share one choice */
    const real *probability;       /* (precisions, columns), borrowed */
    bool given[WEIGHT_PRECISIONS]; /* which precisions have their steps in `steps`; the others are min-max */
    const real *steps;             /* (precisions, channels), borrowed; NULL if none is given */
    const real *gain;              /* (channels), borrowed: multiplies steps behind the codes; NULL: 1 */
} weight_choice;

/* W[k][c] = sum_p share_p[c] Q_p(w[k][c]); step[c] = sum_p share_p[c] step_p[c] (0 bit contributes 0). W may not be w.
 */
void weight_mix(real *W, real *step, const real *w, size_t rows, int channels, const weight_choice *choice,
                bool tie_by_division);

/* dprobability[p][column] += sum over rows (and channels, if columns == 1) of dW * Q_p(w). */
void weight_mix_backward(real *dprobability, const real *dW, const real *w, size_t rows, int channels,
                         const weight_choice *choice, bool tie_by_division);

/* steps[p][c] = step of channel c at bits[p] (precisions, channels), 0 for 0 bit. */
void weight_steps(real *steps, const real *w, size_t rows, int channels, int precisions, const int *bits);

/* bias_step = input_step * step[c];  B[c] = bias_step * rne(bias[c] / bias_step), 0 where bias_step <= 1e-8. */
void bias_quantize(real *B, const real *bias, const real *step, real input_step, int channels);

/* Gradients of the published bias quantiser (METHOD.md 2.5 [REF]): with code[c] = rne(bias/bias_step) and dB = dL/dB,
 *   dbias[c] = dB[c] * bias_step[c]           (in place of dB)
 *   dinput_step += sum_c dB[c] * code[c] * step[c]
 *   dstep[c] = dB[c] * code[c] * input_step
 * Without this rule (arithmetic.h) dbias = dB and nothing else depends on the bias. */
void bias_quantize_backward_scaled(real *dbias, real *dstep, real *dinput_step, const real *bias, const real *step,
                                   real input_step, int channels);

#endif
