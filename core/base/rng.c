#include "core/base/rng.h"

#include <math.h>

rng_block rng_philox(const uint32_t counter[4], const uint32_t key[2])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < PHILOX_ROUNDS; round++) {
        uint64_t p0 = (uint64_t)PHILOX_FACTOR_0 * c0;
        uint64_t p1 = (uint64_t)PHILOX_FACTOR_1 * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)p1;
        c3 = (uint32_t)p0;
        k0 += PHILOX_KEY_STEP_0;
        k1 += PHILOX_KEY_STEP_1;
    }
    return (rng_block){{c0, c1, c2, c3}};
}

rng_block rng_draw(uint64_t seed, rng_purpose purpose, uint32_t a, uint32_t b, uint32_t c)
{
    uint32_t counter[4], key[2];
    rng_place(counter, key, seed, purpose, a, b, c);
    return rng_philox(counter, key);
}

void rng_normal(rng_block block, double out[2])
{
    double u = ((double)block.word[0] + 0.5) * (1.0 / 4294967296.0);
    double angle = (double)block.word[1] * (6.283185307179586 / 4294967296.0);
    double radius = sqrt(-2.0 * log(u));
    out[0] = radius * cos(angle);
    out[1] = radius * sin(angle);
}
