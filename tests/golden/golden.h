/* golden: reference vectors computed with the published implementation. The folder is $BITFRONT_GOLDEN, else
 * tests/golden, else ../shared/golden. */
#ifndef TESTS_GOLDEN_GOLDEN_H
#define TESTS_GOLDEN_GOLDEN_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/real.h"
#include "core/io/h5.h"

enum { GOLDEN_SKIPPED = 77 };

/* A unit in the last place of a float32 number near 1. */
static const double GOLDEN_ULP = 1.1920928955078125e-7;

/* Opens a file of the folder. Where it is missing: ends the program as failed if the folder was named explicitly; else
 * opens the reduced file in tests/golden/reduced, which holds some of the groups; else ends the program as skipped,
 * saying so. */
h5_id golden_open(const char *name);

/* True if the file has the group, or should have it (reading it then fails). False, with a line that says so, if the
 * file is a reduced one without it. */
bool golden_offers(h5_id file, const char *group);

/* A tensor in double, with its shape. Ends the program as failed when it is missing. */
typedef struct {
    int rank;
    size_t dims[4], count;
    double *data; /* owned: free */
} golden_tensor;
golden_tensor golden_read(h5_id file, const char *format, ...) __attribute__((format(printf, 2, 3)));
double golden_number(h5_id file, const char *group, const char *attribute);
char *golden_text(h5_id file, const char *group, const char *attribute); /* owned: free */

/* Number of groups case_000, case_001 ... in a group; ends the program as failed when there is none. */
int golden_cases(h5_id file, const char *group);

/* (O,C,H,W) -> (H,W,C,O); (C,1,H,W) -> (H,W,C) when depthwise; (O,C) -> (C,O); (N,C,H,W) or
 * (C,H,W) activations -> (N,H,W,C). */
void golden_weight_order(golden_tensor *t, bool depthwise);
void golden_activation_order(golden_tensor *t);

/* Largest difference over largest wanted value must not exceed `tolerance`. Prints name, both differences and the index
 * of the worst element when it does; returns the number of failures (0 or 1) and counts comparisons. Tolerance 0: equal
 * (a negative zero equals zero). A value that is not a number equals nothing. */
int golden_compare(const char *name, const real *values, const golden_tensor *wanted, double tolerance);

/* The same relative to `scale` where that is larger: for tensors that may hold nothing but rounding next to others. */
int golden_compare_scaled(const char *name, const real *values, const golden_tensor *wanted, double tolerance,
                          double scale);
double golden_largest(const golden_tensor *t);

/* Every element by itself: within `ulps` units in the last place of it, or of `least` where that is larger. */
int golden_compare_ulps(const char *name, const real *values, const golden_tensor *wanted, double ulps, double least);

/* golden_compare with the name file/group/tensor; reads `wanted` from there. */
int golden_check(h5_id file, const char *group, const char *tensor, const real *values, double tolerance);

/* Prints a summary and gives the exit code of the program: 1 on any failure and when nothing was compared, or skipped
 * when a reduced file has nothing to compare. */
int golden_report(int failures);

/* A tensor as reals, the golden one being freed. Owned: free. */
real *golden_reals(golden_tensor t);

#endif
