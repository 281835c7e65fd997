/* batchnorm: folding of batch-norm into the layer before it (METHOD.md 3.1). */
#ifndef CORE_NET_MODEL_BATCHNORM_H
#define CORE_NET_MODEL_BATCHNORM_H

#include "core/net/model/model.h"

#define BATCHNORM_EPSILON ((real)1e-5)

/* weight and bias of layer `index` with its batch-norm's running statistics absorbed:
 *   k = gamma / sqrt(variance + eps);  W' = W k;  b' = (b - mean) k + beta     (b = 0 if the layer had none)
 * Without batch-norm: copies. bias has out_channels elements. */
void batchnorm_fold(real *weight, real *bias, const model *float_model, const real *values, int index);

#endif
