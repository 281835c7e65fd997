/* cost_walk: a network on its way to a budget, step by step, for the functions of cost_budget.h. What has a precision
 * of its own is numbered: the channels of all groups, then, where activations may be lowered, those of each group. */
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
    int places; /* channels, and groups whose activations may be lowered */
} walk;

/* Places in turn. */
typedef struct {
    int place;
    double order; /* the smaller, the earlier; equal ones by place */
} turn;

/* For qsort. */
int turn_by_order(const void *a, const void *b);

status walk_no_memory(const graph *g);

/* Sets the activations of *at, which is borrowed, to the budget's. To be closed after success. */
MUST_CHECK status walk_open(walk *out, allocation *at, const cost_budget *b);
void walk_close(walk *w);

/* The cost; and the same when the counts are up to date: after walk_value and steps by walk_move. */
double walk_value(walk *w);
double walk_value_now(const walk *w);
void walk_move(walk *w, int place, int bits);

static inline bool walk_is_channel(const walk *w, int place)
{
    return place < w->channels;
}

/* What a place chooses from, ascending; how many they are; the first that it may have; the one that it has. */
const int *walk_candidates(const walk *w, int place);
int walk_candidate_count(const walk *w, int place);
int walk_first_candidate(const walk *w, int place);
int walk_candidate(const walk *w, int place);
int walk_bits(const walk *w, int place);
void walk_set(const walk *w, int place, int bits); /* counts are not kept up to date */

/* All precisions of an allocation that may change, to another one and back. */
void walk_copy(allocation *to, const allocation *from);

/* With keep_alive: nothing else is left of its group. Counts as for walk_value_now. */
bool walk_is_last_alive(const walk *w, int channel);

/* The cheapest allocation. */
void walk_set_least(walk *w);

/* Of a group that would be pruned as a whole, the channel that is worth the most stays. worth[channels] */
void walk_revive(walk *w, const double *worth);

status walk_cannot_meet(const cost_budget *b, double reached);

#endif
