/* batch: which samples make a step, and their values as the network sees them. Pure functions of (seed, epoch, ...). */
#ifndef CORE_DATA_BATCH_H
#define CORE_DATA_BATCH_H

#include <stdint.h>

#include "core/base/real.h"
#include "core/config/settings.h"
#include "core/data/dataset.h"

/* order[count]: a random permutation of 0 ... count-1, the same for the same (seed, epoch). */
void batch_order(int32_t *order, int count, uint64_t seed, int epoch);

/* Loads n samples: x (n, H, W, C) = sample * scale, labels (n). sample[i] are numbers into the whole data set.
 * With augment != NULL each image is changed by draws of (seed, RNG_AUGMENT, epoch, sample number): first geometry
 * (augment/geometry.h), then the table of augment/augmentation.h. Whatever is switched off, the draws of the others
 * stay.
 */
void batch_load(real *x, int32_t *labels, const dataset *data, const int32_t *sample, int n,
                const augment_settings *augment, uint64_t seed, int epoch);

#endif
