/* pact_level: the activation quantiser's value of one vector, for the kernels that quantise. Products and sums stay
 * separate operations (no contraction), so that every element equals the scalar formula of kernels.h bit for bit. */
#ifndef CORE_KERNELS_PACT_LEVEL_H
#define CORE_KERNELS_PACT_LEVEL_H

#include "core/kernels/kernels.h"
#include "core/kernels/simd.h"

/* level_j of kernels.h. Not-a-number passes through: the minimum and maximum give their second operand then. */
ALWAYS_INLINE vreal level(vreal x, const pact *q, int j, const bool reference)
{
    vreal clamped = vec_min(vec_set(q->high[j]), vec_max(vec_set(q->low), x));
    vreal code = vec_min(vec_set(q->top[j]), vec_floor(q->scale[j] * clamped + q->snap) - q->back);
    return reference ? code / q->scale[j] : code * q->step[j];
}

ALWAYS_INLINE vreal mixed_level(vreal x, const pact *q, const int count, const bool reference)
{
    vreal y = {0};
    UNROLL
    for (int j = 0; j < count; ++j) y += q->probability[j] * level(x, q, j, reference);
    return y;
}

#endif
