/* cmd_bench_limits: what this core can do at best, measured next to what is compared with it. */
#ifndef MPI_BENCH_CMD_BENCH_LIMITS_H
#define MPI_BENCH_CMD_BENCH_LIMITS_H

#include "core/base/real.h"
#include "core/base/status.h"
#include "core/kernels/kernels.h"

enum { LIMITS_SIDE = 512 }; /* of the matrices */

typedef struct {
    double sgemm_gflops, fma_peak_gflops; /* the largest seen: other work on the machine only slows down */
    real *matrices;                       /* (3, LIMITS_SIDE, LIMITS_SIDE), owned */
} limits;

/* Loads OpenBLAS. */
MUST_CHECK status limits_open(limits *out);
void limits_close(limits *l);

/* Measures for about `seconds` and keeps the larger rates. The first time it warns on standard error when OpenBLAS
 * computes slower than this processor allows. */
void limits_measure(limits *l, const kernel_table *k, double seconds);

/* The lines that stand over every benchmark. */
void limits_print(const limits *l, const kernel_table *k);

#endif
