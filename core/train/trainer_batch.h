/* trainer_batch: which training images a step takes. */
#ifndef CORE_TRAIN_TRAINER_BATCH_H
#define CORE_TRAIN_TRAINER_BATCH_H

#include "core/train/trainer_state.h"

/* Batch number `step` of the running epoch into t->samples, as numbers into the data set; returns how many, *weight is
 * the sum of their class weights. */
int trainer_choose_samples(trainer *t, int step, double *weight);

#endif
