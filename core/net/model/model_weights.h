/* model_weights: the effective weights of a quantised layer: candidates, steps and codes, and the exact folding of kept
 * batch-norm. Internal to core/net.
 *
 * With one step per output channel the weight quantiser is positively homogeneous: weights k > 0 times as large have
 * steps k times as large and the same codes. So batch-norm that was kept in training, y = gamma (x - mean) /
 * sqrt(variance
 * + eps) + beta behind the layer's sums x, becomes part of the layer without touching a code:
 *
 *   k = gamma / sqrt(variance + eps),   step' = step k,   W' = code step',   bias' = beta - mean k
 *
 * and bias' is rounded to the grid of input step times step', as the integer network holds it. In a discrete network
 * step' is node.step, the codes are W' / step', and bias' is node.effective_bias. */
#ifndef CORE_NET_MODEL_MODEL_WEIGHTS_H
#define CORE_NET_MODEL_MODEL_WEIGHTS_H

#include "core/net/model/model.h"

/* Weights, biases, steps and scales of layer `index` for the model's mode. */
void model_weights_prepare(model *m, const real *values, int index);

/* The layer's candidates, with the steps of the last model_weights_prepare. */
weight_choice model_weight_choice(const model *m, int index);

/* steps[channels] := of the chosen precision, without batch-norm's factor k; 0 where a channel is pruned. Discrete
 * modes, after model_prepare with the same values. */
void model_chosen_steps(real *steps, const model *m, const real *values, int index);

/* After the sum over shards, for layer `index` of a network in SOFT, HARD or EVAL_HARD mode: gradients of kept
 * batch-norm's effective scale and shift become those of gamma and beta, and go to the probabilities of its group in
 * SOFT mode; in the discrete modes the gradients of weights and learned steps are those of the weight quantisers. */
void model_weights_backward(model *m, const real *values, real *gradients, int index);

#endif
