/* Claim sensitivity: the metric by which impq lowers precisions predicts what lowering one does. */
#include <math.h>
#include <stdio.h>

#include "results/report/verdict_claims.h"
#include "results/report/verdict_statistics.h"

static const char *const metrics[VERDICT_METRICS] = {"error", "bound", "released"};
static const double NEEDED = 0.5;
enum { ERROR = 0, MOST_NETWORKS = 64 };

static bool is_first(const verdict_row *rows, int i)
{
    for (int k = 0; k < i; k++)
        if (verdict_is_of(&rows[k], "sensitivity") && rows[k].seed == rows[i].seed &&
            rows[k].network == rows[i].network)
            return false;
    return verdict_is_of(&rows[i], "sensitivity");
}

/* Of one trained network, that of rows[like]. */
static double correlation(const verdict_row *rows, int count, int like, int metric, bool of_shift)
{
    static double said[VERDICT_MOST], done[VERDICT_MOST];
    int found = 0;
    for (int i = like; i < count && found < VERDICT_MOST; i++) {
        if (!verdict_is_of(&rows[i], "sensitivity") || rows[i].seed != rows[like].seed ||
            rows[i].network != rows[like].network)
            continue;
        said[found] = rows[i].harm[metric];
        done[found++] = of_shift ? rows[i].shift : rows[i].mismatch;
    }
    return verdict_spearman(said, done, found);
}

static void judge(verdict_finding *out, const verdict_row *rows, int count)
{
    double least = INFINITY;
    int known = 0; /* measures by which metric error can be judged */
    for (int metric = 0; metric < VERDICT_METRICS; metric++)
        for (int of_shift = 0; of_shift < 2; of_shift++) {
            double found[MOST_NETWORKS];
            int networks = 0;
            for (int i = 0; i < count && networks < MOST_NETWORKS; i++) {
                const double rho = is_first(rows, i) ? correlation(rows, count, i, metric, of_shift == 1) : NAN;
                if (!isnan(rho)) found[networks++] = rho;
            }
            char what[48];
            snprintf(what, sizeof what, "rho of %s with %s", metrics[metric], of_shift ? "gaps" : "decisions");
            verdict_add_range(out, found, networks, what);
            if (metric != ERROR || networks == 0) continue;
            known++;
            least = fmin(least, found[0]);
        }
    if (known == 2) out->outcome = least > NEEDED ? VERDICT_SUPPORTED : VERDICT_NOT_SUPPORTED;
}

const verdict_claim verdict_sensitivity_claim = {
    .name = "sensitivity",
    .cost = "size_bits",
    .of_channels = true,
    .hypothesis = "The sensitivity metric of impq predicts what lowering the precision of one channel does.",
    .test = "Spearman's rho of what the metrics say with the fraction of changed decisions and with the mean squared "
            "relative shift of the logits' gaps, over channels lowered one at a time: supported if above 0.5 with both "
            "for metric error, on every network",
    .needs = "tasks of strategy sensitivity in which some decision changes",
    .judge = judge};
