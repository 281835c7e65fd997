#include "core/net/dropout.h"

#include <assert.h>

#include "core/base/rng.h"

void dropout_apply(real *out, const real *in, int images, size_t count, float rate, uint64_t seed, uint32_t step,
                   uint32_t first, int layer, bool accumulate)
{
    assert(layer < 256 && count <= 4u << 16);
    real scale = 1 / (1 - (real)rate);
    for (int n = 0; n < images; n++) {
        const real *from = in + (size_t)n * count;
        real *to = out + (size_t)n * count;
        for (size_t i = 0; i < count; i += 4) {
            uint32_t element = (uint32_t)layer << 16 | (uint32_t)(i / 4);
            rng_block block = rng_draw(seed, RNG_DROPOUT, step, first + (uint32_t)n, element);
            for (size_t k = 0; k < 4 && i + k < count; k++) {
                real kept = rng_uniform(block.word[k]) >= rate ? from[i + k] * scale : 0;
                to[i + k] = accumulate ? to[i + k] + kept : kept;
            }
        }
    }
}
