#include "mpi/bench/cmd_bench_limits.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/kernels/blas.h"
#include "core/kernels/gemm.h"
#include "core/kernels/peak.h"

enum { CHAIN_STEPS = 20000 };

status limits_open(limits *out)
{
    TRY(blas_load());
    const size_t count = (size_t)3 * LIMITS_SIDE * LIMITS_SIDE;
    *out = (limits){.matrices = malloc(count * sizeof *out->matrices)};
    if (out->matrices == NULL) return status_fail(STATUS_MEMORY, "no memory for the matrices of the calibration");
    for (size_t i = 0; i < count; i++) out->matrices[i] = (real)(i % 1021) / 1021 - (real)0.5;
    return status_ok();
}

void limits_close(limits *l)
{
    free(l->matrices);
    l->matrices = NULL;
}

static void warn_of_slow_blas(void)
{
    char warning[BLAS_WARNING_LENGTH];
    blas_warning(warning);
    if (warning[0] != '\0') fprintf(stderr, "bitfront: warning: %s\n", warning);
}

void limits_measure(limits *l, const kernel_table *k, double seconds)
{
    if (l->sgemm_gflops <= 0) warn_of_slow_blas();
    const size_t square = (size_t)LIMITS_SIDE * LIMITS_SIDE;
    real *a = l->matrices, *b = a + square, *c = b + square;
    const double product = 2.0 * LIMITS_SIDE * LIMITS_SIDE * LIMITS_SIDE;
    double begin = clock_seconds(), now = begin;
    while (now - begin < seconds) {
        gemm(c, LIMITS_SIDE, a, LIMITS_SIDE, false, b, LIMITS_SIDE, false, 0, LIMITS_SIDE, LIMITS_SIDE, LIMITS_SIDE);
        double multiplied = clock_seconds();
        double chained = peak_multiply_add(k, CHAIN_STEPS);
        double end = clock_seconds();
        double sgemm = product / (multiplied - now) * 1e-9, peak = chained / (end - multiplied) * 1e-9;
        if (sgemm > l->sgemm_gflops) l->sgemm_gflops = sgemm;
        if (peak > l->fma_peak_gflops) l->fma_peak_gflops = peak;
        now = clock_seconds();
    }
}

void limits_print(const limits *l, const kernel_table *k)
{
    char blas[BLAS_NAME_LENGTH];
    blas_name(blas);
    printf("kernels %s: FMA peak %.1f GFLOP/s; sgemm of %s: %.1f GFLOP/s\n", k->name, l->fma_peak_gflops, blas,
           l->sgemm_gflops);
}
