/* Claim compute: impq against every other strategy, cost at equal accuracy. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "results/report/verdict_claims.h"
#include "results/report/verdict_statistics.h"

static const double TOLERANCE = 1; /* points below the float network */
static const double PUBLISHED = 2; /* 2 to 2.5 times less than other mixed-precision methods */
enum { MOST_STRATEGIES = 16, MOST_SEEDS = 64 };

/* Smallest cost of a strategy and seed within the tolerance of the float network; NAN: never. */
static double reached(const verdict_row *rows, int count, const verdict_row *like, const char *strategy)
{
    static double costs[VERDICT_MOST], accuracies[VERDICT_MOST];
    int found = 0;
    for (int i = 0; i < count && found < VERDICT_MOST; i++) {
        if (!verdict_is_of(&rows[i], strategy) || rows[i].seed != like->seed || rows[i].network != like->network)
            continue;
        costs[found] = rows[i].cost;
        accuracies[found++] = rows[i].test;
    }
    return found == 0 ? NAN : verdict_smallest_cost(costs, accuracies, found, like->float_test - TOLERANCE);
}

/* Cost of the strategy / cost of impq, for every seed; how many seeds have one. Where only one of both gets there the
 * ratio is infinite or 0. */
static int ratios_of(double ratios[MOST_SEEDS], const verdict_row *rows, int count, const char *strategy)
{
    int found = 0;
    for (int i = 0; i < count && found < MOST_SEEDS; i++) {
        bool first = verdict_is_of(&rows[i], "impq") && !isnan(rows[i].float_test);
        for (int k = 0; k < i && first; k++)
            first = !(verdict_is_of(&rows[k], "impq") && rows[k].seed == rows[i].seed &&
                      rows[k].network == rows[i].network);
        if (!first) continue;
        const double ours = reached(rows, count, &rows[i], "impq"), theirs = reached(rows, count, &rows[i], strategy);
        if (isnan(ours) && isnan(theirs)) continue;
        ratios[found++] = isnan(theirs) ? INFINITY : isnan(ours) ? 0 : theirs / ours;
    }
    return found;
}

static void judge(verdict_finding *out, const verdict_row *rows, int count)
{
    const char *others[MOST_STRATEGIES];
    int known = 0, decided = 0;
    bool every = true;
    for (int i = 0; i < count && known < MOST_STRATEGIES; i++) {
        bool seen = verdict_is_of(&rows[i], "impq");
        for (int k = 0; k < known && !seen; k++) seen = verdict_is_of(&rows[i], others[k]);
        if (!seen) others[known++] = rows[i].strategy;
    }
    for (int k = 0; k < known; k++) {
        double ratios[MOST_SEEDS];
        char what[48];
        const int found = ratios_of(ratios, rows, count, others[k]);
        snprintf(what, sizeof what, "%s / impq", others[k]);
        verdict_add_range(out, ratios, found, what);
        if (found < 2) continue;
        decided++;
        every = every && ratios[0] >= PUBLISHED;
    }
    verdict_add(out, PUBLISHED, "", "published, at least");
    if (decided > 0) out->outcome = every ? VERDICT_SUPPORTED : VERDICT_NOT_SUPPORTED;
}

const verdict_claim verdict_compute_claim = {
    .name = "compute",
    .cost = "bitops_bit_operations",
    .hypothesis = "At the same accuracy networks of impq compute half of what those of other strategies do, or less.",
    .test = "smallest cost within 1 point of the float network (inf, 0: one of both never gets there), of each other "
            "strategy / of impq: supported if at least 2 for every strategy and seed",
    .needs = "points of strategy impq and of others, at least two seeds with a point within 1 point of their warm-up",
    .judge = judge};
