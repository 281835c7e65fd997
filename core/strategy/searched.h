/* searched: what the strategies have in common that search among given precisions with soft choices and then fine-tune
 * what was found (Risso et al. 2024, arXiv 2407.01054): the network is that of a warm-up, converted. They differ in the
 * candidates alone. */
#ifndef CORE_STRATEGY_SEARCHED_H
#define CORE_STRATEGY_SEARCHED_H

#include "core/train/stage.h"

/* A quantised network with `count` candidate weight precisions, ascending; 0 = pruned. Activations as the settings say.
 */
void searched_options(model_options *o, const trainer_inputs *in, const int *bits, int count, bool per_layer);

/* task_kind.start: the one parent is a warm-up. */
MUST_CHECK status searched_start(trainer *t, const record *const *parents, int count);

/* task_kind.stages: search, fine-tuning. */
extern const stage *const searched_stages[];

#endif
