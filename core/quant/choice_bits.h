/* choice_bits: the selection of a precision as one real number of bits a column, between the smallest and the largest
 * candidate. With lo <= b <= hi its neighbours among the candidates (the upper interval where b is one of them),
 *
 *   probability_hi = (b - lo) / (hi - lo),   probability_lo = 1 - probability_hi,   0 for all others
 *
 * so that mixed weights are the linear interpolation Q_lo + (b - lo) / (hi - lo) (Q_hi - Q_lo). Matrices are as in
 * choice.h, candidates are bits[precisions], ascending; the number stands in row 0 of the choice's matrix, the other
 * rows are not used. */
#ifndef CORE_QUANT_CHOICE_BITS_H
#define CORE_QUANT_CHOICE_BITS_H

#include "core/base/real.h"

/* slope = dprobability / db, a matrix like probability. */
void choice_bits_mix(real *probability, real *slope, const real *choice, const int *bits, int precisions, int columns);

/* probability = 1 at the candidate that is nearest, the lower one half-way; else 0. */
void choice_bits_nearest(real *probability, const real *choice, const int *bits, int precisions, int columns);

/* dchoice[0] = sum over p of dprobability_p slope_p, 0 in the other rows; overwrites. dchoice may be dprobability. */
void choice_bits_backward(real *dchoice, const real *dprobability, const real *slope, int precisions, int columns);

/* Brings the numbers back into the range of the candidates. */
void choice_bits_clamp(real *choice, const int *bits, int precisions, int columns);

/* Where every column would get the first candidate, which is 0 bit, the one with the most bits gets the second. */
void choice_bits_keep_alive(real *probability, const real *choice, int precisions, int columns);

#endif
