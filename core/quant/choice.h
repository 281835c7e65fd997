/* choice: differentiable selection of one precision out of several (METHOD.md 1.3). A matrix is (precisions, columns),
 * row-major: one column per output channel, or a single column when a whole group shares the choice. */
#ifndef CORE_QUANT_CHOICE_H
#define CORE_QUANT_CHOICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/real.h"

/* probability[i][c] = softmax over i of logits[i][c] / temperature, the largest logit subtracted first. Below a
 * temperature of 1e-8 the softmax is one-hot to the last bit and is computed as such. probability may be logits. */
void choice_softmax(real *probability, const real *logits, int precisions, int columns, real temperature);

/* probability = 1 at the first largest logit of each column, else 0. */
void choice_onehot(real *probability, const real *logits, int precisions, int columns);

/* Probabilities of one training step: soft = softmax((logits + noise) / temperature) and probability = soft, or, if
 * `hard`, 1 at the first largest logits + noise. noise: (precisions, columns) or NULL. The gradient of the logits
 * always goes through soft: straight through the one-hot choice. probability may be soft unless `hard`. */
void choice_sample(real *probability, real *soft, const real *logits, const real *noise, bool hard, int precisions,
                   int columns, real temperature);

/* noise[count] = standard Gumbel numbers -log(-log(u)), drawn from (seed, RNG_GUMBEL, step, stream). */
void choice_gumbel_noise(real *noise, size_t count, uint64_t seed, uint32_t step, uint32_t stream);

/* dlogits[i] = probability[i] / temperature * (dprobability[i] - sum_k dprobability[k] probability[k]); overwrites.
 * dlogits may be dprobability. */
void choice_softmax_backward(real *dlogits, const real *dprobability, const real *probability, int precisions,
                             int columns, real temperature);

/* METHOD.md 4.11: if every column chose row 0 (pruned), the column whose best other logit is closest to its zero logit
 * takes that precision. Row 0 is the 0-bit precision. */
void choice_keep_alive(real *probability, const real *logits, int precisions, int columns);

#endif
