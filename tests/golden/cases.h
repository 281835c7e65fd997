/* cases: what tests of single functions probability: a file of vectors with groups kind/case_NNN, and how many of their
 * tensors differ. */
#ifndef TESTS_GOLDEN_CASES_H
#define TESTS_GOLDEN_CASES_H

#include "tests/golden/golden.h"

extern h5_id cases_file; /* of golden_open */
extern int cases_differ; /* tensors, for golden_report */

/* Calls `check` with the name of every group of a kind. */
void cases_check_all(const char *kind, void (*check)(const char *group));

/* The tensor as reals. Owned: free. */
real *cases_reals(const char *group, const char *tensor);

/* A weight tensor as our matrix (rows, channels). */
golden_tensor cases_weight(const char *group, const char *tensor);

/* As golden_compare and golden_compare_scaled; the last for values in the order of cases_weight. */
void cases_compare(const char *group, const char *tensor, const real *values, double tolerance);
void cases_compare_scaled(const char *group, const char *tensor, const real *values, double tolerance, double scale);
void cases_compare_weight(const char *group, const char *tensor, const real *values, double tolerance);

#endif
