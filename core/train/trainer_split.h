/* trainer_split: the network of a trainer on a whole split, for stages that measure instead of training. */
#ifndef CORE_TRAIN_TRAINER_SPLIT_H
#define CORE_TRAIN_TRAINER_SPLIT_H

#include "core/train/trainer_state.h"

/* out[images of the split * classes] := logits of its images, without augmentation, by t->network as it was prepared
 * for an evaluation. Every rank computes all of them; g is told that it lives. */
void trainer_split_logits(real *out, trainer *t, split which, const ranks_view *g);

/* order[count]: a permutation of 0 ... count - 1 by the task's seed, the same in the whole epoch. */
void trainer_shuffle(int32_t *order, int count, const trainer *t);

#endif
