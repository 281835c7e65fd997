/* integer_training: the integer network for a trainer (core/train/integer_path.h), which so evaluates what is exported,
 * and with finetune.integer trains it: the forward pass is that of the integers, bit for bit, and gradients go through
 * as they do in the fake-quantised network. */
#ifndef CORE_DEPLOY_INTEGER_TRAINING_H
#define CORE_DEPLOY_INTEGER_TRAINING_H

#include "core/train/integer_path.h"

extern const integer_ops integer_training;

#endif
