#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/cost/cost_budget_groups.h"
#include "core/cost/cost_walk.h"

enum { BISECTIONS = 100, FIXED_POINT_ROUNDS = 4 };

/* What is chosen at once: a channel, all channels of a sharing group, or its activations. Losses are those of all its
 * places. */
typedef struct {
    int first, count;              /* places */
    double loss[COST_WEIGHT_BITS]; /* of each candidate */
} unit;

typedef struct {
    walk *w;
    unit *units;
    int weights, count; /* units of weights, then those of activations */
    double *worth;      /* (channels): loss of the first candidate */
    turn *turns;        /* (count) */
    allocation kept;
} allocator;

static void fill_units(allocator *a, const double *loss)
{
    const walk *w = a->w;
    a->count = 0;
    for (int c = 0; c < w->channels; c++) {
        const bool joins = w->budget->whole_groups && c > 0 && w->group_of[c] == w->group_of[c - 1];
        if (!joins) a->units[a->count++] = (unit){.first = c};
        unit *u = &a->units[a->count - 1];
        u->count++;
        for (int p = 0; p < w->budget->candidate_count; p++)
            u->loss[p] += loss[(size_t)p * (size_t)w->channels + (size_t)c];
        a->worth[c] = loss[c];
    }
    a->weights = a->count;
    for (int i = w->channels; i < w->places; i++) {
        unit *u = &a->units[a->count++];
        *u = (unit){.first = i, .count = 1};
        for (int p = 0; p < walk_candidate_count(w, i); p++)
            u->loss[p] = w->budget->activations->loss[p * w->graph->group_count + i - w->channels];
    }
}

static void set_unit(const allocator *a, const unit *u, int bits)
{
    for (int i = 0; i < u->count; i++) walk_set(a->w, u->first + i, bits);
}

static void move_unit(const allocator *a, const unit *u, int bits)
{
    for (int i = 0; i < u->count; i++) walk_move(a->w, u->first + i, bits);
}

static void find_slopes(const allocator *a)
{
    walk *w = a->w;
    cost_of_allocation(w->groups, w->at);
    (void)cost_total(&w->attached, w->graph, w->groups, false, w->slopes);
}

/* For each unit the candidate with the smallest loss + lambda * slope of the cost, as the slopes stand. */
static void choose(const allocator *a, double lambda)
{
    const walk *w = a->w;
    const cost_budget *b = w->budget;
    for (int i = 0; i < a->weights; i++) {
        const unit *u = &a->units[i];
        const double *slope = w->slopes[w->group_of[u->first]].channels;
        int best = walk_first_candidate(w, u->first);
        double least = INFINITY;
        for (int p = best; p < b->candidate_count; p++) {
            const double sum = u->loss[p] + lambda * u->count * slope[b->candidates[p]];
            if (!(sum < least)) continue;
            least = sum;
            best = p;
        }
        set_unit(a, u, b->candidates[best]);
    }
}

/* The same of activations, the highest of equal ones. */
static void choose_activations(const allocator *a, double lambda)
{
    const walk *w = a->w;
    for (int i = a->weights; i < a->count; i++) {
        const unit *u = &a->units[i];
        const int *candidates = walk_candidates(w, u->first);
        const double *slope = w->slopes[u->first - w->channels].activation;
        int best = walk_candidate_count(w, u->first) - 1;
        for (int p = best - 1; p >= 0; p--)
            if (u->loss[p] + lambda * slope[candidates[p]] < u->loss[best] + lambda * slope[candidates[best]]) best = p;
        set_unit(a, u, candidates[best]);
    }
}

/* The allocation for one lambda: slopes depend on what is kept, so a few rounds from what the last lambda left. */
static double try_lambda(const allocator *a, double lambda)
{
    walk *w = a->w;
    for (int round = 0; round < FIXED_POINT_ROUNDS; round++) {
        find_slopes(a);
        choose(a, lambda);
        walk_revive(a->w, a->worth);
        if (a->count == a->weights) continue;
        find_slopes(a);
        choose_activations(a, lambda);
    }
    return walk_value(w);
}

static void set_highest(const walk *w)
{
    for (int i = 0; i < w->places; i++) walk_set(w, i, walk_candidates(w, i)[walk_candidate_count(w, i) - 1]);
}

/* A lambda to begin with: a small part of the largest loss for the whole budget. */
static double first_lambda(const allocator *a)
{
    double scale = 0;
    for (int i = 0; i < a->count; i++)
        for (int p = 0; p < walk_candidate_count(a->w, a->units[i].first); p++)
            scale = fmax(scale, fabs(a->units[i].loss[p]));
    return scale > 0 ? 1e-6 * scale / fmax(a->w->budget->target, 1e-300) : 1;
}

/* Raises lambda until the budget is met, then halves the interval; keeps the best that meets it. */
static bool bisect(allocator *a)
{
    walk *w = a->w;
    const double target = w->budget->target;
    double low = 0, high = first_lambda(a);
    set_highest(w);
    if (try_lambda(a, 0) <= target) {
        walk_copy(&a->kept, w->at);
        return true;
    }
    int tries = 0;
    while (try_lambda(a, high) > target && tries++ < BISECTIONS) {
        low = high;
        high *= 4;
    }
    if (tries > BISECTIONS) return false;
    walk_copy(&a->kept, w->at);
    for (int i = 0; i < BISECTIONS && high - low > 1e-9 * high; i++) {
        double middle = low + (high - low) / 2;
        set_highest(w);
        if (try_lambda(a, middle) > target) {
            low = middle;
        } else {
            high = middle;
            walk_copy(&a->kept, w->at);
        }
    }
    return true;
}

/* With budget.together: what its pruned channels lose, when one of them has come back or `back` is -1. */
static double pruned_together(const allocator *a, int group, int back)
{
    const allocation *at = a->w->at;
    double sum = 0;
    for (int c = at->first[group]; c < at->first[group + 1]; c++)
        if (at->weight_bits[c] == 0 && c != back) sum += sqrt(fmax(a->worth[c], 0));
    return sum * sum;
}

static double gain_of_step(const allocator *a, const unit *u, int at)
{
    const walk *w = a->w;
    if (!w->budget->together || !walk_is_channel(w, u->first) || walk_bits(w, u->first) != 0)
        return u->loss[at] - u->loss[at + 1];
    const int group = w->group_of[u->first];
    return pruned_together(a, group, -1) - pruned_together(a, group, u->first) - u->loss[at + 1];
}

/* The steps up that fit alone, those first that gain the most for what they cost. */
static int list_steps(const allocator *a)
{
    walk *w = a->w;
    const double before = walk_value(w);
    int count = 0;
    for (int i = 0; i < a->count; i++) {
        const unit *u = &a->units[i];
        const int *candidates = walk_candidates(w, u->first), at = walk_candidate(w, u->first);
        if (at + 1 == walk_candidate_count(w, u->first)) continue;
        const double gain = gain_of_step(a, u, at);
        move_unit(a, u, candidates[at + 1]);
        const double more = walk_value_now(w) - before;
        move_unit(a, u, candidates[at]);
        if (gain < 0 || before + more > w->budget->target) continue;
        a->turns[count++] = (turn){.place = i, .order = more > 0 ? -gain / more : -INFINITY};
    }
    qsort(a->turns, (size_t)count, sizeof *a->turns, turn_by_order);
    return count;
}

/* Steps up until none fits. */
static void fill(const allocator *a)
{
    walk *w = a->w;
    for (bool moved = true; moved;) {
        moved = false;
        const int count = list_steps(a);
        for (int i = 0; i < count; i++) {
            const unit *u = &a->units[a->turns[i].place];
            const int *candidates = walk_candidates(w, u->first), at = walk_candidate(w, u->first);
            move_unit(a, u, candidates[at + 1]);
            if (walk_value_now(w) > w->budget->target)
                move_unit(a, u, candidates[at]);
            else
                moved = true;
        }
    }
}

/* Of the precisions as they stand. */
static double loss_now(const allocator *a)
{
    const walk *w = a->w;
    double sum = 0;
    for (int i = 0; i < a->count; i++) {
        const unit *u = &a->units[i];
        const bool pruned = walk_is_channel(w, u->first) && walk_bits(w, u->first) == 0;
        if (!pruned || !w->budget->together) sum += u->loss[walk_candidate(w, u->first)];
    }
    for (int g = 0; g < w->graph->group_count && w->budget->together; g++) sum += pruned_together(a, g, -1);
    return sum;
}

static status by_slopes(allocator *a)
{
    walk *w = a->w;
    if (!bisect(a)) {
        walk_set_least(w);
        const double least = walk_value(w);
        if (least > w->budget->target) return walk_cannot_meet(w->budget, least);
        walk_copy(&a->kept, w->at);
    }
    walk_copy(w->at, &a->kept);
    fill(a);
    return status_ok();
}

/* Where that loses less than what stands. */
static status by_groups(allocator *a, const double *loss)
{
    walk *w = a->w;
    walk_copy(&a->kept, w->at);
    const double before = loss_now(a);
    bool met = false;
    TRY(cost_budget_groups(&met, w, loss));
    if (met) fill(a);
    if (!met || loss_now(a) >= before) walk_copy(w->at, &a->kept);
    return status_ok();
}

status cost_budget_allocate(allocation *out, const double *loss, const cost_budget *b)
{
    walk w;
    TRY(walk_open(&w, out, b));
    const size_t room = (size_t)w.places + 1;
    allocator a = {.w = &w,
                   .units = calloc(room, sizeof *a.units),
                   .worth = calloc(room, sizeof *a.worth),
                   .turns = calloc(room, sizeof *a.turns)};
    status s = a.units != NULL && a.worth != NULL && a.turns != NULL ? allocation_new(&a.kept, out->graph)
                                                                     : walk_no_memory(out->graph);
    if (!failed(s)) {
        fill_units(&a, loss);
        s = by_slopes(&a);
        if (!failed(s) && b->by_groups) s = by_groups(&a, loss);
    }
    free(a.units);
    free(a.worth);
    free(a.turns);
    allocation_free(&a.kept);
    walk_close(&w);
    return s;
}
