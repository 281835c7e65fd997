/* weight_learn: gradients of a weight quantiser with a learned step (Esser et al. 2020, "Learned step size
 * quantization", equations 2 to 5). With v = w / s, codes in [low, high] = [-2^(b-1), 2^(b-1) - 1] and G = dL/dW:
 *
 *   dL/ds = sum_k G_k * (code_k - v_k inside the range; low below; high above) / sqrt(n max(high, 1)),  n = rows
 *   dL/dw = G inside the range, else 0
 *
 * What is trained is log s, which keeps s above 0: dL/dlog s = s dL/ds. At 1 bit (codes -1, 1) the range is [-1, 1] and
 * dL/ds = sum_k G_k code_k / sqrt(n). Sums in row order. */
#ifndef CORE_QUANT_WEIGHT_LEARN_H
#define CORE_QUANT_WEIGHT_LEARN_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/real.h"

/* dw (rows, channels) is G before and dL/dw after; dlog_step (channels) is overwritten. bits[c]: precision of a channel
 * with a learned step, or 0: its column of dw stays, its dlog_step is 0. */
void weight_learn_backward(real *dw, real *dlog_step, const real *w, const real *steps, const int8_t *bits, size_t rows,
                           int channels);

#endif
