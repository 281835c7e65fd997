/* weight_noise: the noise stage of the quantiser of Zur et al. 2019 (arXiv 1904.09872), in training: each weight is,
 * with a given probability and independently of all others, not quantised but moved by at most half a step. With u
 * uniform in [-1/2, 1/2):
 *
 *   W = clamp(w + u step, -clip, clip)
 *
 * Backward is straight-through, as for quantised weights. */
#ifndef CORE_QUANT_WEIGHT_NOISE_H
#define CORE_QUANT_WEIGHT_NOISE_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/real.h"

/* Where the draws are: a pure function of these, whatever the rank. */
typedef struct {
    uint64_t seed;
    uint32_t step, layer; /* of the task; of the graph */
} weight_noise_draw;

/* W (rows, channels) holds quantised weights; those that are drawn are replaced, from w. clip[channels],
 * step[channels]: 0 of a pruned channel, which stays 0. */
void weight_noise(real *W, const real *w, const real *clip, const real *step, size_t rows, int channels,
                  double probability, weight_noise_draw at);

#endif
