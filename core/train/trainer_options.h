/* trainer_options: which network a task trains, from its settings and its kind. */
#ifndef CORE_TRAIN_TRAINER_OPTIONS_H
#define CORE_TRAIN_TRAINER_OPTIONS_H

#include "core/net/model/model.h"
#include "core/train/trainer_inputs.h"

/* The network of the task's kind, with what all kinds have in common; with room for a shard. Of `in` it takes settings,
 * task and kind. */
model_options trainer_options(const trainer_inputs *in);

#endif
