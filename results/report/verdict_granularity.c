/* Claim granularity: impq kernel by kernel against layer by layer. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "results/report/verdict_claims.h"
#include "results/report/verdict_statistics.h"

static const double TOLERANCES[] = {0.5, 1, 2}; /* points of accuracy */
enum { TOLERANCE_COUNT = 3, DECIDES = 1 };

/* The trajectory of one seed. */
static int collect_trajectory(double *costs, double *accuracies, const verdict_row *rows, int count,
                              const verdict_row *like, const char *granularity)
{
    int found = 0;
    for (int i = 0; i < count && found < VERDICT_MOST; i++) {
        if (!verdict_is_of(&rows[i], "impq") || strcmp(rows[i].granularity, granularity) != 0 ||
            rows[i].seed != like->seed || rows[i].network != like->network)
            continue;
        costs[found] = rows[i].cost;
        accuracies[found++] = rows[i].test;
    }
    return found;
}

static double largest(const double *values, int count)
{
    double out = -INFINITY;
    for (int i = 0; i < count; i++) out = fmax(out, values[i]);
    return out;
}

static double ratio_at(double tolerance, const verdict_row *rows, int count, const verdict_row *like)
{
    static double costs[2][VERDICT_MOST], accuracies[2][VERDICT_MOST];
    static const char *const names[2] = {"kernel", "layer"};
    double best = -INFINITY, reached[2];
    int found[2];
    for (int k = 0; k < 2; k++) {
        found[k] = collect_trajectory(costs[k], accuracies[k], rows, count, like, names[k]);
        best = fmax(best, largest(accuracies[k], found[k]));
    }
    for (int k = 0; k < 2; k++) reached[k] = verdict_smallest_cost(costs[k], accuracies[k], found[k], best - tolerance);
    if (found[0] == 0 || found[1] == 0) return NAN;
    if (isnan(reached[1])) return INFINITY; /* layer by layer does not get there at any cost */
    return isnan(reached[0]) ? 0 : reached[1] / reached[0];
}

static bool is_first_of_seed(const verdict_row *rows, int i)
{
    for (int k = 0; k < i; k++)
        if (verdict_is_of(&rows[k], "impq") && rows[k].seed == rows[i].seed && rows[k].network == rows[i].network)
            return false;
    return verdict_is_of(&rows[i], "impq");
}

static void judge(verdict_finding *out, const verdict_row *rows, int count)
{
    double ratios[64];
    for (int t = 0; t < TOLERANCE_COUNT; t++) {
        int found = 0;
        for (int i = 0; i < count && found < 64; i++) {
            if (!is_first_of_seed(rows, i)) continue;
            const double ratio = ratio_at(TOLERANCES[t], rows, count, &rows[i]);
            if (!isnan(ratio)) ratios[found++] = ratio;
        }
        char what[48];
        snprintf(what, sizeof what, "layer / kernel within %.1f points", TOLERANCES[t]);
        verdict_add_range(out, ratios, found, what);
        if (t == DECIDES && found > 1) out->outcome = ratios[0] > 1 ? VERDICT_SUPPORTED : VERDICT_NOT_SUPPORTED;
    }
    verdict_add(out, 1.7, "", "published");
}

const verdict_claim verdict_granularity_claim = {
    .name = "granularity",
    .cost = "size_bits",
    .hypothesis = "Lowering precisions kernel by kernel compresses more than layer by layer.",
    .test = "smallest cost within a tolerance of the best accuracy of both trajectories, layer / kernel (inf, 0: one "
            "of them never gets there), median and range: supported if "
            "above 1 for every seed, at 1 point",
    .needs = "points of strategy impq with granularity \"kernel\" and \"layer\", at least two seeds",
    .judge = judge};
