/* stage_warmup: the float network is trained, with the batch-norm statistics of each shard. */
#ifndef CORE_TRAIN_STAGE_WARMUP_H
#define CORE_TRAIN_STAGE_WARMUP_H

#include "core/train/stage.h"

extern const stage stage_warmup;

#endif
