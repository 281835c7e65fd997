#include "core/deploy/integer_scale.h"

#include <math.h>

static const double LIMIT = 2147483648.0; /* 2^31 */

status integer_scale_fit(int32_t *multiplier, int *shift, const double *factor, int count, int most)
{
    double largest = 0;
    for (int i = 0; i < count; i++) {
        if (!(factor[i] >= 0) || rint(factor[i]) >= LIMIT)
            return status_fail(STATUS_CONFIG,
                               "channel %d would be multiplied by %g, which no multiplier of 31 bit can do", i,
                               factor[i]);
        largest = factor[i] > largest ? factor[i] : largest;
    }
    int s = most;
    while (s > 0 && rint(ldexp(largest, s)) >= LIMIT) s--;
    for (int i = 0; i < count; i++) multiplier[i] = (int32_t)rint(ldexp(factor[i], s));
    *shift = s;
    return status_ok();
}

int64_t integer_scale_half(int shift)
{
    return shift > 0 ? (int64_t)1 << (shift - 1) : 0;
}
