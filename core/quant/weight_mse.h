/* weight_mse: the step of a weight channel that makes the sum of squared errors of its codes small:
 *
 *   minimise over s   sum_k (w_k - s code_k)^2,  code_k = clamp(rne(w_k / s), -2^(b-1), 2^(b-1) - 1)
 *
 * First the fixed point of Sakr et al. 2022 ("Optimal clipping and magnitude-aware differentiation for improved
 * quantization-aware training", equation 8), which balances rounding inside a clip c against what it cuts off:
 *   c <- sum(|w|; |w| > c) / (4^-b / 3 * #(|w| <= c) + #(|w| > c)),   s = c / (2^(b-1) - 1/2)
 * then least squares on the codes in hand, s <- sum_k w_k code_k / sum_k code_k^2, which never makes the error larger.
 * At 1 bit codes are -1 and 1, and the mean of |w| is the best step.
 *
 * Weights that are 0 have no error at any step and do not count: a channel has the same step without them.
 * Positively homogeneous: weights k times as large have steps k times as large and the same codes. A channel of zeros
 * has step 1. Pure; sums in row order. */
#ifndef CORE_QUANT_WEIGHT_MSE_H
#define CORE_QUANT_WEIGHT_MSE_H

#include "core/quant/weight_quantizer.h"

extern const weight_quantizer weight_quantizer_mse;

/* steps[count] of a block at 1 ... 8 bit. */
void weight_mse_steps(real *steps, const weight_block *b, int bits);

#endif
