#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/cost/cost_walk.h"

enum { BISECTIONS = 100, FIXED_POINT_ROUNDS = 4 };

/* What is chosen at once: a channel, or all channels of a sharing group. Losses are those of all its channels. */
typedef struct {
    int first, count;              /* channels */
    double loss[COST_WEIGHT_BITS]; /* of each candidate */
} unit;

typedef struct {
    walk *w;
    unit *units;
    int count;
    double *worth; /* (channels): loss of the first candidate */
    turn *turns;   /* (count) */
    int8_t *kept;  /* (channels) */
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
}

static void set_unit(const allocator *a, const unit *u, int bits)
{
    memset(a->w->at->weight_bits + u->first, bits, (size_t)u->count);
}

static void move_unit(const allocator *a, const unit *u, int bits)
{
    for (int i = 0; i < u->count; i++) walk_move(a->w, u->first + i, bits);
}

/* For each unit the candidate with the smallest loss + lambda * slope of the cost, as the slopes stand. */
static void choose(const allocator *a, double lambda)
{
    const walk *w = a->w;
    const cost_budget *b = w->budget;
    for (int i = 0; i < a->count; i++) {
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

/* The allocation for one lambda: slopes depend on what is kept, so a few rounds from what the last lambda left. */
static double try_lambda(const allocator *a, double lambda)
{
    walk *w = a->w;
    for (int round = 0; round < FIXED_POINT_ROUNDS; round++) {
        cost_of_allocation(w->groups, w->at);
        (void)cost_total(&w->attached, w->graph, w->groups, false, w->slopes);
        choose(a, lambda);
        walk_revive(a->w, a->worth);
    }
    return walk_value(w);
}

static void set_highest(const walk *w)
{
    memset(w->at->weight_bits, w->budget->candidates[w->budget->candidate_count - 1], (size_t)w->channels);
}

/* A lambda to begin with: a small part of the largest loss for the whole budget. */
static double first_lambda(const allocator *a)
{
    double scale = 0;
    for (int i = 0; i < a->count; i++)
        for (int p = 0; p < a->w->budget->candidate_count; p++) scale = fmax(scale, fabs(a->units[i].loss[p]));
    return scale > 0 ? 1e-6 * scale / fmax(a->w->budget->target, 1e-300) : 1;
}

/* Raises lambda until the budget is met, then halves the interval; keeps the best that meets it. */
static bool bisect(const allocator *a)
{
    walk *w = a->w;
    const double target = w->budget->target;
    const size_t bytes = (size_t)w->channels;
    double low = 0, high = first_lambda(a);
    set_highest(w);
    if (try_lambda(a, 0) <= target) {
        memcpy(a->kept, w->at->weight_bits, bytes);
        return true;
    }
    int tries = 0;
    while (try_lambda(a, high) > target && tries++ < BISECTIONS) {
        low = high;
        high *= 4;
    }
    if (tries > BISECTIONS) return false;
    memcpy(a->kept, w->at->weight_bits, bytes);
    for (int i = 0; i < BISECTIONS && high - low > 1e-9 * high; i++) {
        double middle = low + (high - low) / 2;
        set_highest(w);
        if (try_lambda(a, middle) > target) {
            low = middle;
        } else {
            high = middle;
            memcpy(a->kept, w->at->weight_bits, bytes);
        }
    }
    return true;
}

/* The steps up that fit alone, those first that gain the most for what they cost. */
static int list_steps(const allocator *a)
{
    walk *w = a->w;
    const cost_budget *b = w->budget;
    const double before = walk_value(w);
    int count = 0;
    for (int i = 0; i < a->count; i++) {
        const unit *u = &a->units[i];
        const int at = walk_candidate(w, u->first), now = b->candidates[at];
        if (at + 1 == b->candidate_count) continue;
        const double gain = u->loss[at] - u->loss[at + 1];
        move_unit(a, u, b->candidates[at + 1]);
        const double more = walk_value_now(w) - before;
        move_unit(a, u, now);
        if (gain < 0 || before + more > b->target) continue;
        a->turns[count++] = (turn){.channel = i, .order = more > 0 ? -gain / more : -INFINITY};
    }
    qsort(a->turns, (size_t)count, sizeof *a->turns, turn_by_order);
    return count;
}

/* Steps up until none fits. */
static void fill(const allocator *a)
{
    walk *w = a->w;
    const cost_budget *b = w->budget;
    for (bool moved = true; moved;) {
        moved = false;
        const int count = list_steps(a);
        for (int i = 0; i < count; i++) {
            const unit *u = &a->units[a->turns[i].channel];
            const int at = walk_candidate(w, u->first);
            move_unit(a, u, b->candidates[at + 1]);
            if (walk_value_now(w) > b->target)
                move_unit(a, u, b->candidates[at]);
            else
                moved = true;
        }
    }
}

static status allocate_with(const allocator *a)
{
    walk *w = a->w;
    if (!bisect(a)) {
        walk_set_least(w);
        const double least = walk_value(w);
        if (least > w->budget->target) return walk_cannot_meet(w->budget, least);
        memcpy(a->kept, w->at->weight_bits, (size_t)w->channels);
    }
    memcpy(w->at->weight_bits, a->kept, (size_t)w->channels);
    fill(a);
    return status_ok();
}

status cost_budget_allocate(allocation *out, const double *loss, const cost_budget *b)
{
    walk w;
    TRY(walk_open(&w, out, b));
    const size_t room = (size_t)w.channels + 1;
    allocator a = {.w = &w,
                   .units = calloc(room, sizeof *a.units),
                   .worth = calloc(room, sizeof *a.worth),
                   .turns = calloc(room, sizeof *a.turns),
                   .kept = calloc(room, sizeof *a.kept)};
    status s = walk_no_memory(out->graph);
    if (a.units != NULL && a.worth != NULL && a.turns != NULL && a.kept != NULL) {
        fill_units(&a, loss);
        s = allocate_with(&a);
    }
    free(a.units);
    free(a.worth);
    free(a.turns);
    free(a.kept);
    walk_close(&w);
    return s;
}
