/* choice: differentiable selection of one precision out of several (method.md 1.3). A matrix is (precisions, columns),
 * row-major: one column per output channel, or a single column when a whole group shares the choice. */
#ifndef CORE_QUANT_CHOICE_H
#define CORE_QUANT_CHOICE_H

#include "core/base/real.h"

/* share[i][c] = softmax over i of logits[i][c] / temperature, the largest logit subtracted first. Below a temperature of
 * 1e-8 the softmax is one-hot to the last bit and is computed as such. */
void choice_softmax(real *share, const real *logits, int precisions, int columns, real temperature);

/* share = 1 at the first largest logit of each column, else 0. */
void choice_onehot(real *share, const real *logits, int precisions, int columns);

/* dlogits[i] = share[i] / temperature * (dshare[i] - sum_k dshare[k] share[k]); overwrites. dlogits may be dshare. */
void choice_softmax_backward(real *dlogits, const real *dshare, const real *share, int precisions, int columns,
                             real temperature);

/* method.md 4.11: if every column chose row 0 (pruned), the column whose best other logit is closest to its zero logit
 * takes that precision. Row 0 is the 0-bit precision. */
void choice_keep_alive(real *share, const real *logits, int precisions, int columns);

#endif
