/* trainer_epoch: the end of an epoch: validation, selection of the kept epoch, early stopping, the next stage. */
#ifndef CORE_TRAIN_TRAINER_EPOCH_H
#define CORE_TRAIN_TRAINER_EPOCH_H

#include "core/train/trainer_state.h"

/* Prepares the state's values as a discrete network (a float network with its running statistics) and evaluates it on a
 * split. Collective on g. */
MUST_CHECK status trainer_evaluate(trainer *t, const ranks_view *g, split which, evaluation *out);

/* Validation, selection, and what follows: the next epoch, the next stage, or the end. Collective on g. */
MUST_CHECK status trainer_epoch_end(trainer *t, const ranks_view *g);

/* The same with the statistics of batch-norm from as many batches as the running stage's settings say, where that is
 * more than none. */
MUST_CHECK status trainer_evaluate_estimated(trainer *t, const ranks_view *g, split which, evaluation *out);

/* trainer_evaluate by the integers that are exported. */
MUST_CHECK status trainer_evaluate_integers(trainer *t, const ranks_view *g, split which, evaluation *out);

#endif
