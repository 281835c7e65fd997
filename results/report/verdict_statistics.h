/* verdict_statistics: the numbers behind verdicts. Pure. */
#ifndef RESULTS_REPORT_VERDICT_STATISTICS_H
#define RESULTS_REPORT_VERDICT_STATISTICS_H

#include <stdbool.h>

/* Probability that an F-distributed number with these degrees of freedom is above f (regularised incomplete beta
 * function, continued fraction of Lentz). */
double verdict_f_tail(double f, double numerator, double denominator);

/* Analysis of variance over groups[count], numbers 0 ... group_count - 1; with blocks[count], 0 ... block_count - 1, of
 * which every group has each once, what the blocks differ by is taken out first (randomised blocks); NULL: one-way.
 * False: too few values. */
typedef struct {
    int groups, count, freedom; /* freedom: degrees of, within groups */
    double within;              /* standard deviation within groups, pooled */
    double f, p, correlation;   /* F, its tail probability; intraclass correlation with the mean group size */
} verdict_variance;
bool verdict_analyse(verdict_variance *out, const double *values, const int *groups, const int *blocks, int count,
                     int group_count, int block_count);

/* Rank correlation of Spearman, equal values with the mean of their ranks; NAN: fewer than three values, or all equal.
 */
double verdict_spearman(const double *a, const double *b, int count);

/* The smallest cost at which `accuracy` is reached, linear between the points with and without it; NAN: never. */
double verdict_smallest_cost(const double *costs, const double *accuracies, int count, double accuracy);

#endif
