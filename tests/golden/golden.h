/* golden: reference vectors computed with the published implementation. The folder is $BITFRONT_GOLDEN, else tests/golden,
 * else ../shared/golden. */
#ifndef TESTS_GOLDEN_GOLDEN_H
#define TESTS_GOLDEN_GOLDEN_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/real.h"
#include "core/io/h5.h"

enum { GOLDEN_SKIPPED = 77 };

/* Opens a file of the folder. Where it is missing: ends the program as failed if the folder was named explicitly, else as
 * skipped, saying so. */
h5_id golden_open(const char *name);

/* A tensor in double, with its shape. Ends the program as failed when it is missing. */
typedef struct {
    int rank;
    size_t dims[4], count;
    double *data; /* owned: free */
} golden_tensor;
golden_tensor golden_read(h5_id file, const char *format, ...) __attribute__((format(printf, 2, 3)));
double golden_number(h5_id file, const char *group, const char *attribute);

/* (O,C,H,W) -> (H,W,C,O); (C,1,H,W) -> (H,W,C) when depthwise; (O,C) -> (C,O); (N,C,H,W) activations -> (N,H,W,C). */
void golden_weight_order(golden_tensor *t, bool depthwise);
void golden_activation_order(golden_tensor *t);

/* Largest difference over largest wanted value must not exceed `tolerance`. Prints name, both differences and the index of
 * the worst element when it does; returns the number of failures (0 or 1) and counts comparisons. */
int golden_compare(const char *name, const real *values, const golden_tensor *wanted, double tolerance);
int golden_compared(void);

#endif
