/* verdict: does a sweep's evidence support a claim about search systems? Computed from finished points alone; says
 * `undecided` where they are too few. One file a claim (verdict_claims.h), one line in verdict.c. Pure but for what it
 * prints. */
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
    double float_test;       /* of the warm-up that it starts from, %; NAN: not known */
} verdict_row;

typedef enum { VERDICT_UNDECIDED, VERDICT_SUPPORTED, VERDICT_NOT_SUPPORTED } verdict;

/* What a claim is judged by. */
enum { VERDICT_NUMBERS = 40 };
typedef struct {
    char name[64], unit[16];
    double value; /* may be infinite; NAN: there is none */
} verdict_number;
typedef struct {
    verdict outcome;
    int count;
    verdict_number numbers[VERDICT_NUMBERS];
} verdict_finding;

/* One claim. */
typedef struct {
    const char *name, *hypothesis, *test;
    const char *needs; /* which points, for `undecided` */
    const char *cost;  /* column that it is about unless another one is asked for */
    void (*judge)(verdict_finding *out, const verdict_row *rows, int count); /* fills an empty finding */
} verdict_claim;

/* NULL-terminated. */
const verdict_claim *const *verdict_claims(void);
const verdict_claim *verdict_find(const char *name);

/* Where the evidence is from. */
typedef struct {
    const char *name, *cost; /* of the sweep; column */
    int points, tasks;       /* finished points, of so many tasks */
} verdict_setting;

verdict_finding verdict_judge(const verdict_claim *claim, const verdict_row *rows, int count);

/* Setting, hypothesis, numbers, test and verdict, for people; the same as one JSON object, numbers that are not finite
 * as null. */
void verdict_print(FILE *out, const verdict_setting *setting, const verdict_claim *claim, const verdict_finding *f);
MUST_CHECK status verdict_write_json(FILE *out, const verdict_setting *setting, const verdict_claim *claim,
                                     const verdict_finding *f);

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
