/* verdict: does a sweep's evidence support a claim about search systems? Computed from finished points alone; says
 * `undecided` where they are too few. Pure but for what it prints. */
#ifndef RESULTS_REPORT_VERDICT_H
#define RESULTS_REPORT_VERDICT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "core/base/status.h"

enum { VERDICT_NAME = 24 };

/* A finished point. */
typedef struct {
    char strategy[VERDICT_NAME];
    char granularity[VERDICT_NAME]; /* of impq, else empty */
    int network;
    uint64_t seed;
    int step, bits;          /* of grid: the number of the allocation, or the homogeneous precision */
    double cost;             /* of the column asked for */
    double validation, test; /* % */
    double epochs;           /* of this task and of all that it starts from, warm-ups left out */
} verdict_row;

typedef enum { VERDICT_UNDECIDED, VERDICT_SUPPORTED, VERDICT_NOT_SUPPORTED } verdict;

/* One claim. */
typedef struct {
    const char *name, *hypothesis, *test, *needs; /* needs: which points, for `undecided` */
    verdict (*judge)(FILE *out, const verdict_row *rows, int count);
} verdict_claim;

/* NULL-terminated. */
const verdict_claim *const *verdict_claims(void);
const verdict_claim *verdict_find(const char *name);

/* Prints hypothesis, numbers, test and verdict. */
verdict verdict_print(FILE *out, const verdict_claim *claim, const verdict_row *rows, int count);

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

/* The smallest cost at which `accuracy` is reached, linear between the points with and without it; NAN: never. */
double verdict_smallest_cost(const double *costs, const double *accuracies, int count, double accuracy);

#endif
