/* report_best: which point to use within limits. The choice is made on the validation split; the test split is told. */
#ifndef RESULTS_REPORT_REPORT_BEST_H
#define RESULTS_REPORT_REPORT_BEST_H

#include <stdio.h>

#include "core/base/status.h"
#include "results/report/report_types.h"

enum { REPORT_MOST_LIMITS = 16 };

/* cost: place in report_data.costs; -1: the accuracy that points are chosen by, in percent. */
typedef struct {
    int cost;
    bool at_most; /* else at least */
    double value; /* in the unit of the column */
} report_limit;

typedef struct {
    int point;      /* place in points; -1: none is within the limits */
    int nearest[2]; /* then: those that miss them by the least part of a limit; -1: there is none */
    double miss[2]; /* by that part */
    int within;     /* points within the limits */
} report_choice;

/* "size=32kB", "ne16=1e5 cycles", "ram=16384", "accuracy=84" (percent). STATUS_CONFIG: no such cost, no such unit. */
MUST_CHECK status report_limit_read(report_limit *out, const char *text, bool at_most, const report_data *d);

/* Of all points within the limits the one with the highest accuracy that is chosen by; of equal ones the cheapest, then
 * the first. */
report_choice report_choose(const report_data *d, const report_limit *limits, int count);

/* The choice in words, with the next commands; as one JSON object. */
void report_best_print(FILE *out, const report_data *d, const report_choice *c, const report_limit *limits, int count);
void report_best_json(FILE *out, const report_data *d, const report_choice *c);

#endif
