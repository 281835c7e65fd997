#include "results/report/verdict.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 4096 }; /* points that a verdict looks at */

static bool is_of(const verdict_row *r, const char *strategy)
{
    return strcmp(r->strategy, strategy) == 0;
}

static int by_number(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* ---- variance: how much of the spread of a grid is the allocation ---- */

typedef struct {
    int count, groups, seeds;
    double accuracy[MOST];
    int group[MOST], seed[MOST];
    uint64_t seed_numbers[MOST];
    const verdict_row *first[MOST]; /* of each group */
} grid_rows;

static void collect_grid(grid_rows *out, const verdict_row *rows, int count)
{
    out->count = out->groups = out->seeds = 0;
    for (int i = 0; i < count && out->count < MOST; i++) {
        if (!is_of(&rows[i], "grid")) continue;
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

static verdict judge_variance(FILE *out, const verdict_row *rows, int count)
{
    grid_rows *g = malloc(sizeof *g);
    if (g == NULL) return VERDICT_UNDECIDED;
    collect_grid(g, rows, count);
    verdict_variance v;
    double best = -INFINITY, homogeneous = -INFINITY;
    const bool enough = analyse(&v, g);
    for (int i = 0; i < g->groups; i++) {
        const double mean = mean_of_group(g, i);
        if (g->first[i]->step > 0) best = fmax(best, mean);
        if (g->first[i]->step == 0) homogeneous = fmax(homogeneous, mean);
    }
    const int groups = g->groups, points = g->count;
    free(g);
    fprintf(out, "numbers     %d allocations, %d points\n", groups, points);
    if (!enough || !isfinite(best) || !isfinite(homogeneous)) return VERDICT_UNDECIDED;
    const double gap = best - homogeneous;
    fprintf(out,
            "            spread within an allocation, seeds taken out, %.3f points; F(%d, %d) = %.3f, p = %.4f; "
            "intraclass correlation "
            "%.3f\n            best mixed mean %.2f %%, best homogeneous mean %.2f %%, gap %.2f points\n",
            v.within, v.groups - 1, v.freedom, v.f, v.p, v.correlation, best, homogeneous, gap);
    return v.p > 0.05 || gap < v.within ? VERDICT_SUPPORTED : VERDICT_NOT_SUPPORTED;
}

/* ---- granularity: impq kernel by kernel against layer by layer ---- */

static const double TOLERANCES[] = {0.5, 1, 2}; /* points of accuracy */
enum { TOLERANCE_COUNT = 3, DECIDES = 1 };

/* The trajectory of one seed. */
static int collect_trajectory(double *costs, double *accuracies, const verdict_row *rows, int count,
                              const verdict_row *like, const char *granularity)
{
    int found = 0;
    for (int i = 0; i < count && found < MOST; i++) {
        if (!is_of(&rows[i], "impq") || strcmp(rows[i].granularity, granularity) != 0 || rows[i].seed != like->seed ||
            rows[i].network != like->network)
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
    static double costs[2][MOST], accuracies[2][MOST];
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
        if (is_of(&rows[k], "impq") && rows[k].seed == rows[i].seed && rows[k].network == rows[i].network) return false;
    return is_of(&rows[i], "impq");
}

static verdict judge_granularity(FILE *out, const verdict_row *rows, int count)
{
    double ratios[64];
    verdict outcome = VERDICT_UNDECIDED;
    for (int t = 0; t < TOLERANCE_COUNT; t++) {
        int found = 0;
        for (int i = 0; i < count && found < 64; i++) {
            if (!is_first_of_seed(rows, i)) continue;
            const double ratio = ratio_at(TOLERANCES[t], rows, count, &rows[i]);
            if (!isnan(ratio)) ratios[found++] = ratio;
        }
        qsort(ratios, (size_t)found, sizeof *ratios, by_number);
        fprintf(out, "%s within %.1f points: ", t == 0 ? "numbers    " : "           ", TOLERANCES[t]);
        if (found == 0)
            fprintf(out, "no seed has both trajectories there\n");
        else
            fprintf(out, "layer / kernel = %.3f (%.3f ... %.3f, %d seeds; published 1.7)\n", ratios[found / 2],
                    ratios[0], ratios[found - 1], found);
        if (t == DECIDES && found > 1) outcome = ratios[0] > 1 ? VERDICT_SUPPORTED : VERDICT_NOT_SUPPORTED;
    }
    return outcome;
}

/* ---- training: the joint search against pruning first ---- */

/* The joint point of this seed that validation would choose among those that cost no more; NULL: none. */
static const verdict_row *joint_beside(const verdict_row *rows, int count, const verdict_row *other)
{
    const verdict_row *best = NULL;
    for (int i = 0; i < count; i++)
        if (is_of(&rows[i], "joint") && rows[i].seed == other->seed && rows[i].network == other->network &&
            rows[i].cost <= other->cost && (best == NULL || rows[i].validation > best->validation))
            best = &rows[i];
    return best;
}

static verdict judge_training(FILE *out, const verdict_row *rows, int count)
{
    int pairs = 0;
    double sum = 0, squares = 0, sequential = 0, joint = 0;
    for (int i = 0; i < count; i++) {
        if (!is_of(&rows[i], "pit_mixprec")) continue;
        const verdict_row *beside = joint_beside(rows, count, &rows[i]);
        if (beside == NULL) continue;
        const double gain = beside->test - rows[i].test;
        pairs++;
        sum += gain;
        squares += gain * gain;
        sequential += rows[i].epochs;
        joint += beside->epochs;
    }
    fprintf(out, "numbers     %d pairs\n", pairs);
    if (pairs < 2 || joint <= 0) return VERDICT_UNDECIDED;
    const double mean = sum / pairs, error = sqrt(fmax(squares / pairs - mean * mean, 0) / (pairs - 1));
    const double ratio = sequential / joint;
    fprintf(
        out,
        "            joint - sequential = %+.2f points, standard error %.2f; epochs sequential / joint = %.2f (%.1f "
        "and %.1f a point, warm-up left out)\n",
        mean, error, ratio, sequential / pairs, joint / pairs);
    return ratio > 1 && mean >= -2 * error ? VERDICT_SUPPORTED : VERDICT_NOT_SUPPORTED;
}

/* ---- all ---- */

static const verdict_claim variance = {
    .name = "variance",
    .hypothesis =
        "At equal cost no mixed allocation beats the homogeneous one by more than how it happened to be trained.",
    .test = "analysis of variance over allocations with the seeds as blocks: supported if p > 0.05, or the best mixed "
            "mean is above the "
            "best homogeneous one by less than the spread within an allocation",
    .needs = "points of strategy grid, mixed and homogeneous, each with the same seeds, at least two",
    .judge = judge_variance};
static const verdict_claim granularity = {
    .name = "granularity",
    .hypothesis = "Lowering precisions kernel by kernel compresses more than layer by layer.",
    .test = "smallest cost within a tolerance of the best accuracy of both trajectories, layer / kernel (inf, 0: one "
            "of them never gets there), median and range: supported if "
            "above 1 for every seed, at 1 point",
    .needs = "points of strategy impq with granularity \"kernel\" and \"layer\", at least two seeds",
    .judge = judge_granularity};
static const verdict_claim training = {
    .name = "training",
    .hypothesis =
        "A joint search reaches what pruning first and searching precisions then reaches, with less training.",
    .test =
        "each pit_mixprec point beside the joint point of its seed that validation chooses among those that cost no "
        "more: supported if the epochs are fewer and the mean difference is not below two standard errors",
    .needs = "points of strategies pit_mixprec and joint, at least two pairs",
    .judge = judge_training};
static const verdict_claim *const claims[] = {&variance, &granularity, &training, NULL};

const verdict_claim *const *verdict_claims(void)
{
    return claims;
}

const verdict_claim *verdict_find(const char *name)
{
    for (const verdict_claim *const *c = claims; *c != NULL; c++)
        if (strcmp((*c)->name, name) == 0) return *c;
    return NULL;
}

verdict verdict_print(FILE *out, const verdict_claim *claim, const verdict_row *rows, int count)
{
    static const char *const words[] = {"undecided", "supported", "not supported"};
    fprintf(out, "hypothesis  %s\n", claim->hypothesis);
    const verdict v = claim->judge(out, rows, count);
    fprintf(out, "test        %s\nverdict     %s\n", claim->test, words[v]);
    if (v == VERDICT_UNDECIDED) fprintf(out, "            it needs %s\n", claim->needs);
    return v;
}
