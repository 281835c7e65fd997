/* draws: the random numbers of one synthetic sample, taken one after another. Take each in a statement of its own: the
 * order of evaluation inside an argument list or an initialiser is the compiler's choice. */
#ifndef CORE_DATA_IMPORT_DRAWS_H
#define CORE_DATA_IMPORT_DRAWS_H

#include <stdint.h>

#include "core/base/rng.h"

typedef struct {
    uint64_t seed;
    uint32_t sample, taken; /* taken: words so far; word i is word i % 4 of block i / 4 */
    rng_block block;
} draws;

static inline draws draws_of(uint64_t seed, uint32_t sample)
{
    return (draws){.seed = seed, .sample = sample};
}

static inline uint32_t draws_word(draws *d)
{
    if (d->taken % 4 == 0) d->block = rng_draw(d->seed, RNG_SYNTHETIC, d->sample, d->taken / 4, 0);
    return d->block.word[d->taken++ % 4];
}

static inline float draws_between(draws *d, float low, float high)
{
    return low + (high - low) * rng_uniform(draws_word(d));
}

static inline int draws_below(draws *d, int bound)
{
    return (int)rng_below(draws_word(d), (uint32_t)bound);
}

#endif
