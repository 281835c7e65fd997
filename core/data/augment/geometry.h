/* geometry: where the pixels of an augmented image are read from: random-resized crop, padded crop, rotation, shift and
 * flip in one pass. */
#ifndef CORE_DATA_AUGMENT_GEOMETRY_H
#define CORE_DATA_AUGMENT_GEOMETRY_H

#include "core/data/augment/augmentation.h"

/* x (height, width, channels) from the sample's bytes of the same shape; values[b]: the real value of byte b.
 * In this order: random-resized crop (a window of uniform area and log-uniform shape, scaled to the whole image,
 * bilinear); padded crop; rotation about the centre (nearest neighbour, zero fill), then shift by whole pixels (zero
 * fill), then horizontal flip. An alternating flip depends on (seed, RNG_FLIP, sample) and the parity of the epoch.
 * Whatever is switched off, the draws of the others stay. */
void geometry_load(real *x, const uint8_t *image, const real values[256], const augment_place *p);

#endif
