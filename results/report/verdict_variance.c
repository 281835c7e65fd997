/* Claim variance: how much of the spread of a grid is the allocation? */
#include <math.h>
#include <stdlib.h>

#include "results/report/verdict_claims.h"
#include "results/report/verdict_statistics.h"

typedef struct {
    int count, groups, seeds;
    double accuracy[VERDICT_MOST];
    int group[VERDICT_MOST], seed[VERDICT_MOST];
    uint64_t seed_numbers[VERDICT_MOST];
    const verdict_row *first[VERDICT_MOST]; /* of each group */
} grid_rows;

static void collect_grid(grid_rows *out, const verdict_row *rows, int count)
{
    out->count = out->groups = out->seeds = 0;
    for (int i = 0; i < count && out->count < VERDICT_MOST; i++) {
        if (!verdict_is_of(&rows[i], "grid")) continue;
        int g = 0;
        while (g < out->groups && (out->first[g]->step != rows[i].step || out->first[g]->bits != rows[i].bits ||
                                   out->first[g]->network != rows[i].network))
            g++;
        if (g == out->groups) out->first[out->groups++] = &rows[i];
        int k = 0;
        while (k < out->seeds && out->seed_numbers[k] != rows[i].seed) k++;
        if (k == out->seeds) out->seed_numbers[out->seeds++] = rows[i].seed;
        out->seed[out->count] = k;
        out->group[out->count] = g;
        out->accuracy[out->count++] = rows[i].test;
    }
}

static double mean_of_group(const grid_rows *g, int group)
{
    double sum = 0;
    int count = 0;
    for (int i = 0; i < g->count; i++)
        if (g->group[i] == group) {
            sum += g->accuracy[i];
            count++;
        }
    return sum / count;
}

/* Has every allocation each seed once? */
static bool is_complete(const grid_rows *g)
{
    if (g->count != g->groups * g->seeds) return false;
    for (int i = 0; i < g->count; i++)
        for (int k = 0; k < i; k++)
            if (g->group[i] == g->group[k] && g->seed[i] == g->seed[k]) return false;
    return true;
}

/* Allocations share the warm-ups of their seeds, which differ more than anything else: seeds are blocks. */
static bool analyse(verdict_variance *v, const grid_rows *g)
{
    return is_complete(g) && verdict_analyse(v, g->accuracy, g->group, g->seed, g->count, g->groups, g->seeds);
}

static void judge(verdict_finding *out, const verdict_row *rows, int count)
{
    grid_rows *g = malloc(sizeof *g);
    if (g == NULL) return;
    collect_grid(g, rows, count);
    verdict_variance v;
    double best = -INFINITY, homogeneous = -INFINITY;
    const bool enough = analyse(&v, g);
    for (int i = 0; i < g->groups; i++) {
        const double mean = mean_of_group(g, i);
        if (g->first[i]->step > 0) best = fmax(best, mean);
        if (g->first[i]->step == 0) homogeneous = fmax(homogeneous, mean);
    }
    verdict_add(out, g->groups, "", "allocations");
    verdict_add(out, g->count, "", "points");
    free(g);
    if (!enough || !isfinite(best) || !isfinite(homogeneous)) return;
    const double gap = best - homogeneous;
    verdict_add(out, v.within, "points", "spread within an allocation, seeds taken out");
    verdict_add(out, v.groups - 1, "", "degrees of freedom between");
    verdict_add(out, v.freedom, "", "degrees of freedom within");
    verdict_add(out, v.f, "", "F");
    verdict_add(out, v.p, "", "p");
    verdict_add(out, v.correlation, "", "intraclass correlation");
    verdict_add(out, best, "%", "best mixed mean");
    verdict_add(out, homogeneous, "%", "best homogeneous mean");
    verdict_add(out, gap, "points", "gap");
    out->outcome = v.p > 0.05 || gap < v.within ? VERDICT_SUPPORTED : VERDICT_NOT_SUPPORTED;
}

const verdict_claim verdict_variance_claim = {
    .name = "variance",
    .cost = "size_bits",
    .hypothesis =
        "At equal cost no mixed allocation beats the homogeneous one by more than how it happened to be trained.",
    .test = "analysis of variance over allocations with the seeds as blocks: supported if p > 0.05, or the best mixed "
            "mean is above the "
            "best homogeneous one by less than the spread within an allocation",
    .needs = "points of strategy grid, mixed and homogeneous, each with the same seeds, at least two",
    .judge = judge};
