/* trainer_probe: what benchmarks do with a trainer besides training. */
#ifndef CORE_TRAIN_TRAINER_PROBE_H
#define CORE_TRAIN_TRAINER_PROBE_H

#include "core/train/evaluate.h"
#include "core/train/trainer.h"

/* In the search: lets this fraction of the channels of every group choose 0 bit and all others their highest precision.
 * Groups that may not be pruned stay whole. */
void trainer_probe_prune(trainer *t, double fraction);

/* Collective on g. Prepares the discrete network and evaluates it on a split, as at the end of an epoch. */
MUST_CHECK status trainer_probe_evaluate(trainer *t, const ranks_view *g, split which, evaluation *out);

/* The same by the integers that are exported. */
MUST_CHECK status trainer_probe_evaluate_integers(trainer *t, const ranks_view *g, split which, evaluation *out);

#endif
