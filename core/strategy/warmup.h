/* warmup: the float network of a seed, from which the points of all strategies start. */
#ifndef CORE_STRATEGY_WARMUP_H
#define CORE_STRATEGY_WARMUP_H

#include "core/task/plan.h"
#include "core/train/task_kind.h"

extern const task_kind warmup_kind;

/* Adds the warm-ups of every seed for a network of the sweep, or finds them. ids[seed_count] of p->in.settings. */
MUST_CHECK status warmup_plan(task_plan *p, int *ids, int network);

/* STATUS_CONFIG when the network has no first layer as the warm-up's settings need it. */
MUST_CHECK status warmup_check(const settings *s, const graph *g);

#endif
