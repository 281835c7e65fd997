/* rng: counter-based random numbers, Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
 * SC 2011). A draw is a pure function of (seed, purpose, a, b, c): there is no state to carry, so results do not depend
 * on who draws or in which order. */
#ifndef CORE_BASE_RNG_H
#define CORE_BASE_RNG_H

#include <stdint.h>

/* Streams never overlap between purposes. The numbers are part of the results: append, never renumber. */
typedef enum {
    RNG_INIT = 1,      /* a: layer, b: element */
    RNG_SPLIT = 2,     /* a: element */
    RNG_SHUFFLE = 3,   /* a: epoch, b: element */
    RNG_AUGMENT = 4,   /* a: epoch, b: sample, c: number of the augmentation + 16 * block */
    RNG_DROPOUT = 5,   /* a: step, b: position in the global batch, c: layer and element block; beyond 2^16 blocks also
                          the fourth counter (core/net/model/dropout.c) */
    RNG_GUMBEL = 6,    /* a: step, b: 2 * group for weights, 2 * group + 1 for activations, c: block of 4 elements */
    RNG_SYNTHETIC = 7, /* a: sample, b: draw */
    RNG_FLIP = 8,      /* a: sample */
    RNG_GRID = 9,      /* a: number of the allocation, b: 0 its turn, 1 its fractions, 2 its channels; c: which */
    RNG_SIGNS = 10,    /* a: batch, b: position in the batch, c: repeat and block of 4 classes */
    RNG_SOUND = 11,    /* a: copy, b: number of the clip's name, c: 0 shift and background, 1 volume */
    RNG_SAMPLE = 12,   /* a: update or step, b: which sample, c: block of 4 trials */
    RNG_WEIGHT_NOISE = 13 /* a: step, b: block of 2 weights, c: layer */
} rng_purpose;

typedef struct {
    uint32_t word[4];
} rng_block;

/* a, b: 32 bits used; c: 24 bits used (shares its counter word with the purpose). */
rng_block rng_draw(uint64_t seed, rng_purpose purpose, uint32_t a, uint32_t b, uint32_t c);

/* Where in the stream a draw is: what rng_philox gets for it. */
static inline void rng_place(uint32_t counter[4], uint32_t key[2], uint64_t seed, rng_purpose purpose, uint32_t a,
                             uint32_t b, uint32_t c)
{
    counter[0] = a;
    counter[1] = b;
    counter[2] = (uint32_t)purpose << 24 | (c & 0xFFFFFFu);
    counter[3] = 0;
    key[0] = (uint32_t)seed;
    key[1] = (uint32_t)(seed >> 32);
}

/* Philox 4x32-10: its constants, for those who draw many blocks at once (core/kernels/dropout.c). */
#define PHILOX_ROUNDS 10
#define PHILOX_FACTOR_0 0xD2511F53u
#define PHILOX_FACTOR_1 0xCD9E8D57u
#define PHILOX_KEY_STEP_0 0x9E3779B9u
#define PHILOX_KEY_STEP_1 0xBB67AE85u

/* One block of the raw generator; tested against the published vectors. */
rng_block rng_philox(const uint32_t counter[4], const uint32_t key[2]);

/* Uniform in [0, 1): the upper 24 bits, exact in float. */
static inline float rng_uniform(uint32_t word)
{
    return (float)(word >> 8) * (1.0f / 16777216.0f);
}

/* Uniform integer in [0, bound), bound > 0, by multiplication (bias below bound / 2^32). */
static inline uint32_t rng_below(uint32_t word, uint32_t bound)
{
    return (uint32_t)(((uint64_t)word * bound) >> 32);
}

/* Two standard normal numbers from words 0, 1 (Box-Muller). */
void rng_normal(rng_block block, double out[2]);

#endif
