/* cost_walk: a network on its way to a budget, channel by channel, for the functions of cost_budget.h. */
#ifndef CORE_COST_COST_WALK_H
#define CORE_COST_COST_WALK_H

#include <stdbool.h>

#include "core/cost/cost_budget.h"

/* The allocation and what cost models read of it. */
typedef struct {
    const cost_budget *budget;
    const graph *graph;
    allocation *at;                /* borrowed */
    cost_model attached;           /* the budget's model with slopes that reach the producers */
    group_choice *groups, *slopes; /* (group_count + 1) each, owned */
    int *group_of;                 /* (channels), owned */
    int channels;
} walk;

/* Channels in turn. */
typedef struct {
    int channel;
    double order; /* the smaller, the earlier; equal ones by channel */
} turn;

/* For qsort. */
int turn_by_order(const void *a, const void *b);

status walk_no_memory(const graph *g);

/* Sets the activations of *at, which is borrowed. To be closed after success. */
MUST_CHECK status walk_open(walk *out, allocation *at, const cost_budget *b);
void walk_close(walk *w);

/* The cost; and the same when the counts are up to date: after walk_value and steps by walk_move. */
double walk_value(walk *w);
double walk_value_now(const walk *w);
void walk_move(walk *w, int channel, int bits);

/* The first candidate that a channel may have; the one that it has. */
int walk_first_candidate(const walk *w, int channel);
int walk_candidate(const walk *w, int channel);

/* With keep_alive: nothing else is left of its group. Counts as for walk_value_now. */
bool walk_is_last_alive(const walk *w, int channel);

/* The cheapest allocation. */
void walk_set_least(walk *w);

/* Of a group that would be pruned as a whole, the channel that is worth the most stays. worth[channels] */
void walk_revive(walk *w, const double *worth);

status walk_cannot_meet(const cost_budget *b, double reached);

#endif
