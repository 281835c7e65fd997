/* whiten: the first convolution starts from what images consist of. The covariance of its patches over the training
 * split has eigenvectors v_1, v_2, ... (largest eigenvalue first); filters 2i and 2i + 1 become v_i and -v_i, as many
 * as there are filters and eigenvectors, each with the length of its random value. Behind batch-norm the filters'
 * outputs are uncorrelated and equally large, and behind ReLU both signs are kept (Jordan 2024, arXiv 2404.00498). They
 * are trained like all weights. */
#ifndef CORE_TRAIN_WHITEN_H
#define CORE_TRAIN_WHITEN_H

#include "core/data/dataset.h"
#include "core/net/model/model.h"
#include "core/train/ranks.h"

/* The convolution that reads the image, with batch-norm; -1: the network has none, or several. */
int whiten_layer(const graph *g);

/* Sets the weights of whiten_layer, which exists, in the values of a float network. Images without augmentation.
 * Collective on the ranks: rank 0 computes, because the last bits of eigenvectors depend on OpenBLAS and its core.
 * room: at least as many reals as the layer has weights, and one. Loads OpenBLAS. */
MUST_CHECK status whiten_first_layer(const model *m, real *values, const dataset *data, const ranks_view *g,
                                     real *room);

/* covariance (n, n) of patches of the layer, n = rows of its weights, in their order, by some ten thousand patches
 * evenly spread over the training split and the image, without those that reach over its border. */
MUST_CHECK status whiten_covariance(double *covariance, const layer_spec *layer, const layer_spec *image,
                                    const dataset *data);

#endif
