/* verdict: does a sweep's evidence support a claim about search systems? Computed from finished points alone; says
 * `undecided` where they are too few. One file a claim (verdict_claims.h), one line in verdict.c. Pure but for what it
 * prints. */
#ifndef RESULTS_REPORT_VERDICT_H
#define RESULTS_REPORT_VERDICT_H

#include <stdio.h>

#include "core/base/status.h"
#include "results/report/verdict_finding.h"

/* NULL-terminated. */
const verdict_claim *const *verdict_claims(void);
const verdict_claim *verdict_find(const char *name);

/* Where the evidence is from. */
typedef struct {
    const char *name, *cost; /* of the sweep; column */
    int rows, tasks;         /* what the claim is about (verdict_rows), of so many tasks of the sweep */
} verdict_setting;

/* How many of the rows the claim is about. */
int verdict_rows(const verdict_claim *claim, const verdict_row *rows, int count);

verdict_finding verdict_judge(const verdict_claim *claim, const verdict_row *rows, int count);

/* Setting, hypothesis, numbers, test and verdict, for people; the same as one JSON object, numbers that are not finite
 * as null. */
void verdict_print(FILE *out, const verdict_setting *setting, const verdict_claim *claim, const verdict_finding *f);
MUST_CHECK status verdict_write_json(FILE *out, const verdict_setting *setting, const verdict_claim *claim,
                                     const verdict_finding *f);

#endif
