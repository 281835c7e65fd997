#include "core/quant/weight_noise.h"

#include "core/base/rng.h"

void weight_noise(real *W, const real *w, const real *clip, const real *step, size_t rows, int channels,
                  double probability, weight_noise_draw at)
{
    const size_t count = rows * (size_t)channels;
    rng_block block = {.word = {0}};
    for (size_t k = 0; k < count; k++) {
        const size_t c = k % (size_t)channels, word = 2 * (k % 2);
        if (word == 0) block = rng_draw(at.seed, RNG_WEIGHT_NOISE, at.step, (uint32_t)(k / 2), at.layer);
        if (!((double)rng_uniform(block.word[word]) < probability)) continue;
        const real moved = w[k] + ((real)rng_uniform(block.word[word + 1]) - (real)0.5) * step[c];
        W[k] = moved < -clip[c] ? -clip[c] : moved > clip[c] ? clip[c] : moved;
    }
}
