/* trainer_statistics: batch-norm's statistics of the network that is about to be evaluated, estimated anew: the mean
 * over some training batches, with weight 1 / batches each instead of a momentum. Batch-norm follows its weights only
 * slowly in training, and those of a quantised network jump. Images are augmented as in training, nothing is dropped
 * out. */
#ifndef CORE_TRAIN_TRAINER_STATISTICS_H
#define CORE_TRAIN_TRAINER_STATISTICS_H

#include "core/train/trainer_state.h"

/* Works in t->statistics. Replaces the running statistics in t->candidate, from the first batches of the running
 * epoch's order. Statistics are those of whole shards, summed over batches for each shard and then over shards by the
 * fixed tree: the same for every number of ranks. Collective on g. */
MUST_CHECK status trainer_estimate_statistics(trainer *t, const ranks_view *g, int batches);

#endif
