#include <stdlib.h>

#include "core/cost/cost_walk.h"

/* The candidate below a number of bits, and how far it is to the next one, 0 ... 1. */
static int cut(const walk *w, int place, double bits, double *remainder)
{
    const int *candidates = walk_candidates(w, place), count = walk_candidate_count(w, place);
    int at = walk_first_candidate(w, place);
    while (at + 1 < count && candidates[at + 1] <= bits) at++;
    *remainder = 0;
    if (at + 1 < count && bits > candidates[at])
        *remainder = (bits - candidates[at]) / (candidates[at + 1] - candidates[at]);
    return at;
}

static bool may_go_down(const walk *w, int place, int at)
{
    if (at <= walk_first_candidate(w, place)) return false;
    return !walk_is_channel(w, place) || w->budget->candidates[at - 1] != 0 || !walk_is_last_alive(w, place);
}

/* Lets channels and activations go down, in turn, until the budget is met; again from the start when one step each was
 * not enough. */
static double step_down(walk *w, const turn *turns)
{
    double cost = walk_value(w);
    for (bool moved = true; moved && cost > w->budget->target;) {
        moved = false;
        for (int i = 0; i < w->places && cost > w->budget->target; i++) {
            const int place = turns[i].place, at = walk_candidate(w, place);
            if (!may_go_down(w, place, at)) continue;
            walk_move(w, place, walk_candidates(w, place)[at - 1]);
            const double lower = walk_value_now(w);
            if (!walk_is_channel(w, place) && !(lower < cost)) {
                walk_move(w, place, walk_candidates(w, place)[at]);
                continue;
            }
            cost = lower;
            moved = true;
        }
    }
    return cost;
}

/* One step up for those in turn that the budget allows. */
static void step_up(walk *w, const turn *turns, int count)
{
    for (int i = 0; i < count; i++) {
        const int place = turns[i].place, at = walk_candidate(w, place);
        walk_move(w, place, walk_candidates(w, place)[at + 1]);
        if (walk_value_now(w) > w->budget->target) walk_move(w, place, walk_candidates(w, place)[at]);
    }
}

static double number_of(const walk *w, const double *bits, int place)
{
    return walk_is_channel(w, place) ? bits[place] : w->budget->activations->numbers[place - w->channels];
}

static status round_with(walk *w, const double *bits, turn *turns)
{
    int ups = 0;
    for (int i = 0; i < w->places; i++) {
        double remainder;
        walk_set(w, i, walk_candidates(w, i)[cut(w, i, number_of(w, bits, i), &remainder)]);
        turns[i] = (turn){.place = i, .order = remainder};
    }
    walk_revive(w, bits);
    const double floor_cost = walk_value(w);
    if (floor_cost > w->budget->target) {
        qsort(turns, (size_t)w->places, sizeof *turns, turn_by_order);
        const double reached = step_down(w, turns);
        return reached > w->budget->target ? walk_cannot_meet(w->budget, reached) : status_ok();
    }
    for (int i = 0; i < w->places; i++)
        if (turns[i].order > 0 && walk_bits(w, i) < number_of(w, bits, i))
            turns[ups++] = (turn){.place = i, .order = -turns[i].order};
    qsort(turns, (size_t)ups, sizeof *turns, turn_by_order);
    step_up(w, turns, ups);
    return status_ok();
}

status cost_budget_round(allocation *out, const double *bits, const cost_budget *b)
{
    walk w;
    TRY(walk_open(&w, out, b));
    turn *turns = calloc((size_t)w.places + 1, sizeof *turns);
    status s = turns != NULL ? round_with(&w, bits, turns) : walk_no_memory(out->graph);
    free(turns);
    walk_close(&w);
    return s;
}
