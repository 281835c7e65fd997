/* trainer_discrete: which network a step or an evaluation computes on. Search and warm-up step on the network itself;
 * fine-tuning and every evaluation on its compact form (core/net/model/compact.h). The blocks of the state stay those
 * of the whole network: a segment of fine-tuning gathers at its start and scatters at its end. */
#ifndef CORE_TRAIN_TRAINER_DISCRETE_H
#define CORE_TRAIN_TRAINER_DISCRETE_H

#include "core/train/trainer_state.h"

/* Chooses what the steps of a segment work on, and brings their result back into the state. */
MUST_CHECK status trainer_segment_begin(trainer *t);
void trainer_segment_end(trainer *t);

/* Prepares discrete.model for an evaluation of t->candidate, and the network for what its choices cost. */
MUST_CHECK status trainer_prepare_discrete(trainer *t);

/* The same for forward passes with the statistics of their own images. */
MUST_CHECK status trainer_prepare_statistics(trainer *t);

/* At the start of a stage that learns weight steps: their values in the state. */
void trainer_start_steps(trainer *t);

/* Weights that go with a pruned channel become 0 in the state. */
void trainer_remove_pruned(trainer *t);

/* The integers of `m`, prepared in MODEL_EVAL_HARD, into t->integers. STATUS_NUMERIC: it has none, on all ranks. */
MUST_CHECK status trainer_take_integers(trainer *t, const model *m, bool every_layer);

#endif
