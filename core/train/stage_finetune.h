/* stage_finetune: the discrete network is trained on, without its removed channels. */
#ifndef CORE_TRAIN_STAGE_FINETUNE_H
#define CORE_TRAIN_STAGE_FINETUNE_H

#include "core/train/stage.h"

extern const stage stage_finetune;

#endif
