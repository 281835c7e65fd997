#include "results/report/verdict_statistics.h"

#include <math.h>
#include <stddef.h>

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

/* Sums of squares between and within groups. */
static void sum_squares(double *between, double *within, int *used, const double *values, const int *groups, int count,
                        int group_count)
{
    double all = 0;
    *between = *within = *used = 0;
    for (int i = 0; i < count; i++) all += values[i] / count;
    for (int g = 0; g < group_count; g++) {
        double sum = 0;
        int size = 0;
        for (int i = 0; i < count; i++) {
            if (groups[i] != g) continue;
            sum += values[i];
            size++;
        }
        if (size == 0) continue;
        ++*used;
        *between += size * pow(sum / size - all, 2);
        for (int i = 0; i < count; i++)
            if (groups[i] == g) *within += pow(values[i] - sum / size, 2);
    }
}

bool verdict_analyse(verdict_variance *out, const double *values, const int *groups, const int *blocks, int count,
                     int group_count, int block_count)
{
    double between, within, of_blocks = 0, unused;
    int used, used_blocks = 1;
    *out = (verdict_variance){.count = count};
    sum_squares(&between, &within, &used, values, groups, count, group_count);
    if (blocks != NULL) sum_squares(&of_blocks, &unused, &used_blocks, values, blocks, count, block_count);
    within -= of_blocks; /* balanced: the parts are orthogonal */
    out->groups = used;
    out->freedom = count - used - (used_blocks - 1);
    if (used < 2 || out->freedom < 1 || within <= 0) return false;
    const double mean_between = between / (used - 1), mean_within = within / out->freedom;
    const double size = (double)count / used;
    out->within = sqrt(mean_within);
    out->f = mean_between / mean_within;
    out->p = verdict_f_tail(out->f, used - 1, out->freedom);
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

/* Mean rank of values[i], from 0. */
static double rank_of(const double *values, int count, int i)
{
    int below = 0, equal = 0;
    for (int k = 0; k < count; k++) {
        below += values[k] < values[i];
        equal += values[k] == values[i];
    }
    return below + (equal - 1) / 2.0;
}

double verdict_spearman(const double *a, const double *b, int count)
{
    const double mean = (count - 1) / 2.0;
    double product = 0, square_a = 0, square_b = 0;
    for (int i = 0; i < count; i++) {
        const double x = rank_of(a, count, i) - mean, y = rank_of(b, count, i) - mean;
        product += x * y;
        square_a += x * x;
        square_b += y * y;
    }
    return count < 3 || square_a == 0 || square_b == 0 ? NAN : product / sqrt(square_a * square_b);
}
