/* strategy: a way to find networks: which keys its entries of a sweep take, which graph of tasks they become, and how
 * each kind of task is trained. One file each; strategies.c lists them. */
#ifndef CORE_STRATEGY_STRATEGY_H
#define CORE_STRATEGY_STRATEGY_H

#include "core/config/entry.h"
#include "core/cost/cost_model.h"
#include "core/net/graph/graph.h"
#include "core/task/plan.h"
#include "core/train/task_kind.h"

/* What a strategy plans for: an entry of the sweep on one of its networks. */
typedef struct {
    int16_t entry;                        /* of the settings */
    int16_t network;                      /* of the sweep: task.network */
    const graph *graph;                   /* that network */
    const cost_model *const *cost_models; /* NULL-terminated: all there are */
} plan_place;

typedef struct {
    entry_kind entry; /* name, description, keys of its entries */

    /* Adds the tasks of an entry on a network: a pure function of p->in.settings and the place. */
    status (*plan)(task_plan *p, const plan_place *at);

    const task_kind *const *kinds; /* NULL-terminated: what its tasks are, those it shares with others left out */
} strategy;

#endif
