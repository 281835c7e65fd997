/* verdict_finding: what claims are judged on and what comes out. Pure. */
#ifndef RESULTS_REPORT_VERDICT_FINDING_H
#define RESULTS_REPORT_VERDICT_FINDING_H

#include <stdbool.h>
#include <stdint.h>

enum { VERDICT_NAME = 24 };

enum { VERDICT_METRICS = 3 }; /* of impq: error, bound, released */

/* A finished point; or one channel that strategy sensitivity has lowered. */
typedef struct {
    char strategy[VERDICT_NAME];
    char granularity[VERDICT_NAME]; /* of impq, else empty */
    int network;
    uint64_t seed;
    int step, bits;               /* of grid: the number of the allocation, or the homogeneous precision */
    double cost;                  /* of the column asked for */
    double validation, test;      /* % */
    double epochs;                /* of this task and of all that it starts from, warm-ups left out */
    double float_test;            /* of the warm-up that it starts from, %; NAN: not known */
    double mismatch, shift;       /* of sensitivity: what it does to decisions, and to the gaps between logits */
    double harm[VERDICT_METRICS]; /* what the metrics say */
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
    bool of_channels;  /* about the channels of strategy sensitivity; else about points */
    void (*judge)(verdict_finding *out, const verdict_row *rows, int count); /* fills an empty finding */
} verdict_claim;

enum { VERDICT_MOST = 4096 }; /* points that a verdict looks at */

bool verdict_is_of(const verdict_row *r, const char *strategy);

/* Adds a number; the name is printf's. */
__attribute__((format(printf, 4, 5))) void verdict_add(verdict_finding *out, double value, const char *unit,
                                                       const char *name, ...);

/* Sorts values[count]; adds how many there are, the median, the smallest and the largest. */
void verdict_add_range(verdict_finding *out, double *values, int count, const char *what);

#endif
