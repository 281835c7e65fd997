/* warmup: the float network of a seed, from which the points of all strategies start. */
#ifndef CORE_STRATEGY_WARMUP_H
#define CORE_STRATEGY_WARMUP_H

#include "core/train/stage.h"

extern const task_kind warmup_kind;

#endif
