#include "core/net/model/dropout.h"

#include <assert.h>

#include "core/base/rng.h"

void dropout_apply(const kernel_table *kernels, real *out, const real *in, int images, size_t count, float rate,
                   uint64_t seed, uint32_t step, uint32_t first, int layer, bool accumulate)
{
    assert(layer < 256 && count <= 4u << 16);
    dropout_draw draw = {.rate = rate};
    for (int n = 0; n < images; n++) {
        rng_place(draw.counter, draw.key, seed, RNG_DROPOUT, step, first + (uint32_t)n, (uint32_t)layer << 16);
        kernels->dropout(out + (size_t)n * count, in + (size_t)n * count, &draw, count, accumulate);
    }
}
