/* dropout: each value is kept with probability 1 - rate and then divided by it. The mask is a pure function of where
 * the value is in the training: never stored, drawn again by the backward pass. */
#ifndef CORE_NET_MODEL_DROPOUT_H
#define CORE_NET_MODEL_DROPOUT_H

#include "core/kernels/kernels.h"

/* out (images, count) = in * mask / (1 - rate), or out += ... if accumulate. `first` is the position of image 0 in the
 * global batch, `layer` the number of the layer in its graph. */
void dropout_apply(const kernel_table *kernels, real *out, const real *in, int images, size_t count, float rate,
                   uint64_t seed, uint32_t step, uint32_t first, int layer, bool accumulate);

#endif
