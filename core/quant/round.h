/* round: rounding to whole numbers that vectorises on every processor. */
#ifndef CORE_QUANT_ROUND_H
#define CORE_QUANT_ROUND_H

#include "core/base/real.h"

#ifdef BITFRONT_DOUBLE
#define ROUND_OFFSET 6755399441055744.0 /* 1.5 * 2^52 */
#else
#define ROUND_OFFSET 12582912.0f /* 1.5 * 2^23 */
#endif

/* Round half to even for |x| < 2^22: adding 1.5 * 2^23 leaves no fraction bits. */
static inline real round_small(real x)
{
    return (x + ROUND_OFFSET) - ROUND_OFFSET;
}

/* The same within [low, high], which are below 2^22 in magnitude; any x. */
static inline real round_clamped(real x, real low, real high)
{
    real code = round_small(x);
    code = code < low ? low : code;
    return code > high ? high : code;
}

#endif
