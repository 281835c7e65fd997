#include "core/sweep/stopping.h"

#include <math.h>
#include <stdlib.h>

bool stopping_dominates(stopping_point a, stopping_point b)
{
    return a.error <= b.error && a.cost <= b.cost && (a.error < b.error || a.cost < b.cost);
}

static bool equal(stopping_point a, stopping_point b)
{
    return a.error == b.error && a.cost == b.cost;
}

/* What a rung is being judged with. */
typedef struct {
    const stopping_point *runs;
    int count;
    stopping_point *scaled; /* (count) */
    int *layer;             /* (count), from 1; 0: not yet peeled off */
    bool *chosen;           /* (count) */
} rung;

static double between(double value, double low, double high)
{
    return high > low ? (value - low) / (high - low) : 0;
}

/* A network of cost 0 counts as one of the smallest cost above that. */
static double log_cost(stopping_point p, double least)
{
    return log(fmax(p.cost, least));
}

static void scale(const rung *r)
{
    double least = INFINITY;
    for (int i = 0; i < r->count; i++)
        if (r->runs[i].cost > 0) least = fmin(least, r->runs[i].cost);
    if (isinf(least)) least = 1;
    double low_error = INFINITY, high_error = -INFINITY, low_cost = INFINITY, high_cost = -INFINITY;
    for (int i = 0; i < r->count; i++) {
        low_error = fmin(low_error, r->runs[i].error);
        high_error = fmax(high_error, r->runs[i].error);
        low_cost = fmin(low_cost, log_cost(r->runs[i], least));
        high_cost = fmax(high_cost, log_cost(r->runs[i], least));
    }
    for (int i = 0; i < r->count; i++)
        r->scaled[i] = (stopping_point){between(r->runs[i].error, low_error, high_error),
                                        between(log_cost(r->runs[i], least), low_cost, high_cost)};
}

/* By a run of this layer or a later one, or of equal ones by an earlier id. */
static bool is_beaten(const rung *r, int i, int layer)
{
    for (int j = 0; j < r->count; j++) {
        if (j == i || (r->layer[j] > 0 && r->layer[j] < layer)) continue;
        if (stopping_dominates(r->runs[j], r->runs[i]) || (j < i && equal(r->runs[j], r->runs[i]))) return true;
    }
    return false;
}

/* Returns the number of runs in the layer. */
static int peel(const rung *r, int layer)
{
    int found = 0;
    for (int i = 0; i < r->count; i++) {
        if (r->layer[i] > 0 || is_beaten(r, i, layer)) continue;
        r->layer[i] = layer;
        found++;
    }
    return found;
}

static int smallest(const rung *r, int layer, bool by_cost)
{
    int best = -1;
    for (int i = 0; i < r->count; i++) {
        if (r->layer[i] != layer || r->chosen[i]) continue;
        const double here = by_cost ? r->runs[i].cost : r->runs[i].error;
        if (best < 0 || here < (by_cost ? r->runs[best].cost : r->runs[best].error)) best = i;
    }
    return best;
}

static double nearest_chosen(const rung *r, int layer, int i)
{
    double nearest = INFINITY;
    for (int j = 0; j < r->count; j++) {
        if (r->layer[j] != layer || !r->chosen[j]) continue;
        const double error = r->scaled[i].error - r->scaled[j].error, cost = r->scaled[i].cost - r->scaled[j].cost;
        nearest = fmin(nearest, error * error + cost * cost);
    }
    return nearest;
}

static int loneliest(const rung *r, int layer)
{
    int best = -1;
    double farthest = -1;
    for (int i = 0; i < r->count; i++) {
        if (r->layer[i] != layer || r->chosen[i]) continue;
        const double here = nearest_chosen(r, layer, i);
        if (here <= farthest) continue;
        farthest = here;
        best = i;
    }
    return best;
}

/* Of the next layer; returns how many. */
static int choose_from(const rung *r, int layer, int most)
{
    const int room = peel(r, layer), count = room < most ? room : most;
    for (int k = 0; k < count; k++) {
        const int next = k < 2 ? smallest(r, layer, k == 1) : loneliest(r, layer);
        r->chosen[next] = true;
    }
    return count;
}

static void choose(const rung *r, int wanted)
{
    for (int layer = 1, chosen = 0; chosen < wanted; layer++) chosen += choose_from(r, layer, wanted - chosen);
}

static bool may_reach_front(const rung *r, int i, double gain, const stopping_point *ends, int end_count)
{
    const stopping_point hoped = {r->runs[i].error - gain, r->runs[i].cost};
    for (int j = 0; j < r->count; j++)
        if (j != i && stopping_dominates(r->runs[j], hoped)) return false;
    for (int j = 0; j < end_count; j++)
        if (stopping_dominates(ends[j], hoped)) return false;
    return true;
}

status stopping_judge(stopping_verdict *verdicts, const stopping_point *runs, const bool *control, int count, int eta,
                      double gain, const stopping_point *ends, int end_count)
{
    const size_t room = (size_t)count + 1;
    rung r = {.runs = runs,
              .count = count,
              .scaled = calloc(room, sizeof *r.scaled),
              .layer = calloc(room, sizeof *r.layer),
              .chosen = calloc(room, sizeof *r.chosen)};
    status s = status_fail(STATUS_MEMORY, "no memory to judge %d runs", count);
    if (r.scaled != NULL && r.layer != NULL && r.chosen != NULL) {
        s = status_ok();
        scale(&r);
        choose(&r, count < eta ? count : count / eta);
        for (int i = 0; i < count; i++) {
            const bool hopes = !r.chosen[i] && may_reach_front(&r, i, gain, ends, end_count);
            if (control[i])
                verdicts[i] = r.chosen[i] || hopes ? STOPPING_CONTROL : STOPPING_CONTROL_SAVED;
            else
                verdicts[i] = r.chosen[i] ? STOPPING_GOES_ON : hopes ? STOPPING_HOPES : STOPPING_STOPPED;
        }
    }
    free(r.scaled);
    free(r.layer);
    free(r.chosen);
    return s;
}
