/* gradual: does a gradual schedule (finetune.gradual; core/train/schedule.h) reach the last layer? */
#ifndef CORE_STRATEGY_GRADUAL_H
#define CORE_STRATEGY_GRADUAL_H

#include "core/net/graph/graph.h"
#include "core/train/task_kind.h"

/* STATUS_CONFIG when a stage of the task ends before every layer of the network has been quantised for an epoch. */
MUST_CHECK status gradual_check(const settings *s, const task *t, const task_kind *kind, const graph *g);

#endif
