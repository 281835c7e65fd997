/* trainer_step: one optimiser step of the running stage: shards, tree sum, gradients of the stage, update. */
#ifndef CORE_TRAIN_TRAINER_STEP_H
#define CORE_TRAIN_TRAINER_STEP_H

#include "core/train/trainer_state.h"

/* Collective on g. *stop: a rank of the group wants to stop. */
MUST_CHECK status trainer_step(trainer *t, const ranks_view *g, bool *stop);

#endif
