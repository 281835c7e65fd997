/* weight_quant: weights mixed over candidate precisions, each by its weight quantiser (weight_quantizer.h), and the
 * bias quantiser. With Q_0 = 0 and the grid of each precision above 0 bit:
 *
 *   W = sum_p probability_p Q_p(w),   step = sum_p probability_p step_p
 *
 * Backward is straight-through: dL/dw = dL/dW for every precision, 0 bit included, so the caller uses the gradient of
 * the mixed weights as it is; a discrete network may differ (weight_quantizer.gradient). */
#ifndef CORE_QUANT_WEIGHT_QUANT_H
#define CORE_QUANT_WEIGHT_QUANT_H

#include <stddef.h>

#include "core/base/real.h"
#include "core/quant/weight_quantizer.h"

/* Which precisions, and their probability for each channel. */
typedef struct {
    int precisions;
    int bits[WEIGHT_PRECISIONS];                          /* ascending */
    const weight_quantizer *quantizer[WEIGHT_PRECISIONS]; /* of each precision above 0 bit */
    int columns;                                          /* channels, or 1: all channels share one choice */
    const real *probability;                              /* (precisions, columns), borrowed */
    const real *steps; /* (precisions, channels), borrowed: of quantisers with steps; NULL if there is none */
    const real *gain;  /* (channels), borrowed: multiplies steps behind the codes; NULL: 1 */
} weight_choice;

/* W[k][c] = sum_p probability_p[c] Q_p(w[k][c]); step[c] = sum_p probability_p[c] step_p[c]. W may not be w. */
void weight_mix(real *W, real *step, const real *w, size_t rows, int channels, const weight_choice *choice);

/* dprobability[p][column] += sum over rows (and channels, if columns == 1) of dW * Q_p(w). */
void weight_mix_backward(real *dprobability, const real *dW, const real *w, size_t rows, int channels,
                         const weight_choice *choice);

/* steps[p][c] = min-max step of channel c at bits[p] (precisions, channels), 0 for 0 bit. */
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
