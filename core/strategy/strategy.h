/* strategy: a way to find networks. One file each; strategies.c lists them. */
#ifndef CORE_STRATEGY_STRATEGY_H
#define CORE_STRATEGY_STRATEGY_H

#include "core/train/stage.h"

typedef struct {
    const char *name;
    const char *description;
    const task_kind *const *kinds; /* NULL-terminated: what its tasks are */
} strategy;

/* NULL-terminated, in the order of the documentation; and a look-up by name (NULL when unknown). */
const strategy *const *strategies(void);
const strategy *strategy_find(const char *name);

/* What a task of this kind is, whichever strategy lists it; NULL when unknown. */
const task_kind *strategy_task_kind(const char *name);

#endif
