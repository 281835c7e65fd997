#include "core/cost/cost_refine.h"

#include <assert.h>
#include <stdlib.h>

enum { PRUNED, BITS_2, BITS_4, BITS_8 };

/* Cost of all layers of the group with n channels at precision w and none at the others, the kept channels unchanged.
 */
static double cost_at(const cost_model *model, const graph *g, group_choice *groups, int group, int w, int n,
                      bool reference)
{
    group_choice *own = &groups[group], before = *own;
    for (int p = BITS_2; p <= BITS_8; p++) own->channels[p] = p == w ? n : 0;
    double sum = 0;
    for (int i = 0; i < g->layer_count; i++)
        if (layer_has_weights(&g->layers[i]) && g->layers[i].group == group)
            sum += cost_of_layer(model, g, i, groups, reference, NULL);
    *own = before;
    return sum;
}

status cost_refine_group(double *saved, const cost_model *model, const graph *g, group_choice *groups, int group,
                         const bool allowed[COST_WEIGHT_PRECISIONS], bool reference)
{
    double *counts = groups[group].channels;
    const int n2 = (int)counts[BITS_2], n4 = (int)counts[BITS_4], n8 = (int)counts[BITS_8], kept = n2 + n4 + n8;
    assert(n2 == counts[BITS_2] && n4 == counts[BITS_4] && n8 == counts[BITS_8]);
    double *cost[COST_WEIGHT_PRECISIONS] = {NULL}; /* [w][n], n = 0 ... kept */
    cost[BITS_2] = malloc(3 * ((size_t)kept + 1) * sizeof **cost);
    if (cost[BITS_2] == NULL) return status_fail(STATUS_MEMORY, "no memory for refining %d channels", kept);
    cost[BITS_4] = cost[BITS_2] + kept + 1;
    cost[BITS_8] = cost[BITS_4] + kept + 1;
    for (int w = BITS_2; w <= BITS_8; w++)
        for (int n = 0; n <= kept; n++) cost[w][n] = cost_at(model, g, groups, group, w, n, reference);

    const double present = cost[BITS_2][n2] + cost[BITS_4][n4] + cost[BITS_8][n8];
    double best = present;
    int best2 = n2, best4 = n4, best_bits = 2 * n2 + 4 * n4 + 8 * n8;
    /* Promotions reach exactly the counts with no more channels at 2 bit, and no more at 2 or 4, than now. */
    for (int at2 = 0; at2 <= n2; at2++)
        for (int at4 = 0; at2 + at4 <= n2 + n4; at4++) {
            int at8 = kept - at2 - at4, bits = 2 * at2 + 4 * at4 + 8 * at8;
            if ((!allowed[BITS_4] && at4 > 0) || (!allowed[BITS_8] && at8 > 0)) continue;
            double sum = cost[BITS_2][at2] + cost[BITS_4][at4] + cost[BITS_8][at8];
            if (sum > best || (sum == best && bits >= best_bits)) continue;
            best = sum;
            best_bits = bits;
            best2 = at2;
            best4 = at4;
        }
    free(cost[BITS_2]);
    counts[BITS_2] = best2;
    counts[BITS_4] = best4;
    counts[BITS_8] = kept - best2 - best4;
    if (saved != NULL) *saved = present - best;
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

void cost_refine_assign(int *chosen, int channels, const double wanted[COST_WEIGHT_PRECISIONS],
                        const double *preference)
{
    enum { MOVING = -1 }; /* taken out of its precision, not placed yet */
    for (int w = BITS_2; w <= BITS_8; w++) {
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
