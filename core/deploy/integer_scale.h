/* integer_scale: real factors as multiplier and shift: factor ~ multiplier / 2^shift. */
#ifndef CORE_DEPLOY_INTEGER_SCALE_H
#define CORE_DEPLOY_INTEGER_SCALE_H

#include "core/base/status.h"

#include <stdint.h>

enum { INTEGER_MOST_SHIFT = 62 };

/* The largest shift, at most `most`, for which every multiplier[i] = rne(factor[i] * 2^shift) is below 2^31, so that
 * its product with a sum of 32 bit, rounding included, fits 64 bit. CONFIG: a factor is not finite, negative, or too
 * large for any shift. */
MUST_CHECK status integer_scale_fit(int32_t *multiplier, int *shift, const double *factor, int count, int most);

/* What rounds (x + it) >> shift to nearest. */
int64_t integer_scale_half(int shift);

#endif
