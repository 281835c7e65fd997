#include "core/cost/cost_refine.h"

#include <assert.h>
#include <stdlib.h>

/* Cost of all layers of the group with n channels at precision w and none at the others, the kept channels unchanged.
 */
static double cost_at(const cost_model *model, const graph *g, group_choice *groups, int group, int w, int n,
                      bool reference)
{
    group_choice *own = &groups[group], before = *own;
    for (int p = 1; p < COST_WEIGHT_BITS; p++) own->channels[p] = p == w ? n : 0;
    double sum = 0;
    for (int i = 0; i < g->layer_count; i++)
        if (layer_has_weights(&g->layers[i]) && g->layers[i].group == group)
            sum += cost_of_layer(model, g, i, groups, reference, NULL);
    *own = before;
    return sum;
}

/* The cheapest way to give the first channels precisions up to w; of equal costs the one with the fewest bits. */
typedef struct {
    double cost;
    int bits;
    int at_last; /* channels at precision w itself; -1: impossible */
} refined;

static bool is_better(const refined *a, const refined *b)
{
    if (a->at_last < 0) return false;
    return b->at_last < 0 || a->cost < b->cost || (a->cost == b->cost && a->bits < b->bits);
}

/* best[w][s]: s channels in all at precisions 1 ... w. Promotions reach exactly the counts of which, up to any
 * precision, there are no more than now. */
static void fill(refined *best, const cost_model *model, const graph *g, group_choice *groups, int group,
                 const bool allowed[COST_WEIGHT_BITS], bool reference, int kept)
{
    const int width = kept + 1;
    int limit = 0; /* channels that are at most at precision w now */
    for (int s = 0; s < width; s++) best[s] = (refined){.at_last = s == 0 ? 0 : -1};
    for (int w = 1; w < COST_WEIGHT_BITS; w++) {
        refined *row = best + w * width;
        const refined *before = row - width;
        const int own = (int)groups[group].channels[w];
        limit += own;
        for (int s = 0; s < width; s++) row[s] = (refined){.at_last = -1};
        for (int n = 0; n <= limit; n++) {
            if (n > 0 && !allowed[w] && own == 0) break;
            const double cost = cost_at(model, g, groups, group, w, n, reference);
            for (int s = n; s <= limit; s++) {
                if (before[s - n].at_last < 0) continue;
                refined way = {before[s - n].cost + cost, before[s - n].bits + w * n, n};
                if (is_better(&way, &row[s])) row[s] = way;
            }
        }
    }
}

status cost_refine_group(double *saved, const cost_model *model, const graph *g, group_choice *groups, int group,
                         const bool allowed[COST_WEIGHT_BITS], bool reference)
{
    double *counts = groups[group].channels, present = 0;
    int kept = 0;
    for (int w = 1; w < COST_WEIGHT_BITS; w++) kept += (int)counts[w];
    const int width = kept + 1;
    refined *best = malloc((size_t)width * COST_WEIGHT_BITS * sizeof *best);
    if (best == NULL) return status_fail(STATUS_MEMORY, "no memory for refining %d channels", kept);
    for (int w = 1; w < COST_WEIGHT_BITS; w++)
        present += cost_at(model, g, groups, group, w, (int)counts[w], reference);
    fill(best, model, g, groups, group, allowed, reference, kept);
    if (saved != NULL) *saved = present - best[(COST_WEIGHT_BITS - 1) * width + kept].cost;
    for (int w = COST_WEIGHT_BITS - 1, left = kept; w >= 1; w--) {
        counts[w] = best[w * width + left].at_last;
        left -= (int)counts[w];
    }
    free(best);
    return status_ok();
}

static int count_at(const int *chosen, int channels, int w)
{
    int n = 0;
    for (int c = 0; c < channels; c++) n += chosen[c] == w;
    return n;
}

/* The channel at precision `from` with the largest (sign 1) or smallest (sign -1) preference for precision w; -1: none.
 * Of equals the lower channel counts as the larger preference. */
static int find_channel(const int *chosen, int channels, int from, const double *preference, int w, int sign)
{
    int found = -1;
    for (int c = 0; c < channels; c++) {
        if (chosen[c] != from) continue;
        double margin = found < 0 ? 0 : sign * (preference[w * channels + c] - preference[w * channels + found]);
        if (found < 0 || margin > 0 || (margin == 0 && sign < 0)) found = c;
    }
    return found;
}

void cost_refine_assign(int *chosen, int channels, const double wanted[COST_WEIGHT_BITS], const double *preference)
{
    enum { MOVING = -1 }; /* taken out of its precision, not placed yet */
    for (int w = 1; w < COST_WEIGHT_BITS; w++) {
        int surplus = count_at(chosen, channels, w) - (int)wanted[w];
        for (; surplus > 0; surplus--) chosen[find_channel(chosen, channels, w, preference, w, -1)] = MOVING;
        for (; surplus < 0; surplus++) {
            int channel = find_channel(chosen, channels, MOVING, preference, w, 1);
            assert(channel >= 0);
            chosen[channel] = w;
        }
    }
    assert(count_at(chosen, channels, MOVING) == 0);
}
