/* weight_minmax: the extreme weights of a channel are the ends of its grid. With M = max |w| (1/2 where all are zero):
 *
 *   step = 2 M / (2^b - 1),  code = clamp(rne(w / M * (2^b - 1) / 2), -2^(b-1), 2^(b-1) - 1):
 *
 * the extreme weights sit exactly on their rounding tie, at every range. By division, as published (arithmetic.h,
 * weight_tie_by_division): code = min(rne(w / step), 2^(b-1) - 1). 1 bit: step M. */
#ifndef CORE_QUANT_WEIGHT_MINMAX_H
#define CORE_QUANT_WEIGHT_MINMAX_H

#include "core/quant/weight_quantizer.h"

extern const weight_quantizer weight_quantizer_minmax, weight_quantizer_minmax_by_division;

#endif
