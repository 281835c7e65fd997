#include <stdlib.h>

#include "core/cost/cost_walk.h"

/* The candidate below a number of bits, and how far it is to the next one, 0 ... 1. */
static int cut(const walk *w, int channel, double bits, double *remainder)
{
    const int *candidates = w->budget->candidates;
    int at = walk_first_candidate(w, channel);
    while (at + 1 < w->budget->candidate_count && candidates[at + 1] <= bits) at++;
    *remainder = 0;
    if (at + 1 < w->budget->candidate_count && bits > candidates[at])
        *remainder = (bits - candidates[at]) / (candidates[at + 1] - candidates[at]);
    return at;
}

/* Lets channels go down, in turn, until the budget is met; again from the start when one step each was not enough. */
static double step_down(walk *w, const turn *turns)
{
    double cost = walk_value(w);
    for (bool moved = true; moved && cost > w->budget->target;) {
        moved = false;
        for (int i = 0; i < w->channels && cost > w->budget->target; i++) {
            const int c = turns[i].channel, at = walk_candidate(w, c);
            if (at <= walk_first_candidate(w, c)) continue;
            if (w->budget->candidates[at - 1] == 0 && walk_is_last_alive(w, c)) continue;
            walk_move(w, c, w->budget->candidates[at - 1]);
            cost = walk_value_now(w);
            moved = true;
        }
    }
    return cost;
}

/* One step up for those in turn that the budget allows. */
static void step_up(walk *w, const turn *turns, int count)
{
    for (int i = 0; i < count; i++) {
        const int c = turns[i].channel, at = walk_candidate(w, c);
        walk_move(w, c, w->budget->candidates[at + 1]);
        if (walk_value_now(w) > w->budget->target) walk_move(w, c, w->budget->candidates[at]);
    }
}

static status round_with(walk *w, const double *bits, turn *turns)
{
    int ups = 0;
    for (int c = 0; c < w->channels; c++) {
        double remainder;
        w->at->weight_bits[c] = (int8_t)w->budget->candidates[cut(w, c, bits[c], &remainder)];
        turns[c] = (turn){.channel = c, .order = remainder};
    }
    walk_revive(w, bits);
    const double floor_cost = walk_value(w);
    if (floor_cost > w->budget->target) {
        qsort(turns, (size_t)w->channels, sizeof *turns, turn_by_order);
        const double reached = step_down(w, turns);
        return reached > w->budget->target ? walk_cannot_meet(w->budget, reached) : status_ok();
    }
    for (int c = 0; c < w->channels; c++)
        if (turns[c].order > 0 && w->at->weight_bits[c] < bits[c])
            turns[ups++] = (turn){.channel = c, .order = -turns[c].order};
    qsort(turns, (size_t)ups, sizeof *turns, turn_by_order);
    step_up(w, turns, ups);
    return status_ok();
}

status cost_budget_round(allocation *out, const double *bits, const cost_budget *b)
{
    walk w;
    TRY(walk_open(&w, out, b));
    turn *turns = calloc((size_t)w.channels + 1, sizeof *turns);
    status s = turns != NULL ? round_with(&w, bits, turns) : walk_no_memory(out->graph);
    free(turns);
    walk_close(&w);
    return s;
}
