/* verdict_statistics: the numbers behind verdicts (verdict.h). */
#include <math.h>
#include <stdlib.h>

#include "results/report/verdict.h"

/* Continued fraction of the incomplete beta function. */
static double beta_fraction(double a, double b, double x)
{
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double out = d;
    for (int m = 1; m <= 500; m++) {
        const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        for (int k = 0; k < 2; k++) {
            const double term = k == 0 ? even : odd;
            d = 1 + term * d;
            c = 1 + term / c;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            c = fabs(c) < tiny ? tiny : c;
            out *= d * c;
        }
        if (fabs(d * c - 1) < 1e-14) break;
    }
    return out;
}

static double incomplete_beta(double a, double b, double x)
{
    if (x <= 0) return 0;
    if (x >= 1) return 1;
    const double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
    return x < (a + 1) / (a + b + 2) ? front * beta_fraction(a, b, x) / a : 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double verdict_f_tail(double f, double numerator, double denominator)
{
    return f <= 0 ? 1 : incomplete_beta(denominator / 2, numerator / 2, denominator / (denominator + numerator * f));
}

bool verdict_analyse(verdict_variance *out, const double *values, const int *groups, int count, int group_count)
{
    double *sums = calloc((size_t)group_count + 1, sizeof *sums), all = 0;
    int *sizes = calloc((size_t)group_count + 1, sizeof *sizes), used = 0;
    *out = (verdict_variance){.count = count};
    const bool fits = sums != NULL && sizes != NULL && count > 0;
    for (int i = 0; fits && i < count; i++) {
        sums[groups[i]] += values[i];
        sizes[groups[i]]++;
        all += values[i] / count;
    }
    double between = 0, within = 0;
    for (int g = 0; fits && g < group_count; g++) {
        if (sizes[g] == 0) continue;
        used++;
        between += sizes[g] * pow(sums[g] / sizes[g] - all, 2);
    }
    for (int i = 0; fits && i < count; i++) within += pow(values[i] - sums[groups[i]] / sizes[groups[i]], 2);
    free(sums);
    free(sizes);
    out->groups = used;
    if (used < 2 || count <= used || within == 0) return false;
    const double mean_between = between / (used - 1), mean_within = within / (count - used);
    const double size = (double)count / used;
    out->within = sqrt(mean_within);
    out->f = mean_between / mean_within;
    out->p = verdict_f_tail(out->f, used - 1, count - used);
    out->correlation = (mean_between - mean_within) / (mean_between + (size - 1) * mean_within);
    return true;
}

double verdict_smallest_cost(const double *costs, const double *accuracies, int count, double accuracy)
{
    int reached = -1, below = -1;
    for (int i = 0; i < count; i++)
        if (accuracies[i] >= accuracy && (reached < 0 || costs[i] < costs[reached])) reached = i;
    if (reached < 0) return NAN;
    for (int i = 0; i < count; i++)
        if (costs[i] < costs[reached] && (below < 0 || costs[i] > costs[below])) below = i;
    if (below < 0) return costs[reached];
    const double part = (accuracy - accuracies[below]) / (accuracies[reached] - accuracies[below]);
    return costs[below] + part * (costs[reached] - costs[below]);
}
