/* verdict_claims: the claims, one file each, and what they share. */
#ifndef RESULTS_REPORT_VERDICT_CLAIMS_H
#define RESULTS_REPORT_VERDICT_CLAIMS_H

#include "results/report/verdict.h"

enum { VERDICT_MOST = 4096 }; /* points that a verdict looks at */

extern const verdict_claim verdict_variance_claim, verdict_granularity_claim, verdict_training_claim,
    verdict_compute_claim;

/* Adds a number; the name is printf's. */
__attribute__((format(printf, 4, 5))) void verdict_add(verdict_finding *out, double value, const char *unit,
                                                       const char *name, ...);

bool verdict_is_of(const verdict_row *r, const char *strategy);

/* Median, smallest and largest of values[count], which are sorted; count above 0. Adds the three and the count. */
void verdict_add_range(verdict_finding *out, double *values, int count, const char *what);

#endif
