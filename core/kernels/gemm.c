#include "core/kernels/gemm.h"

#include <cblas.h>
#include <stdio.h>
#include <string.h>

/* OpenBLAS's own functions, absent from other BLAS libraries. */
extern void openblas_set_num_threads(int) __attribute__((weak));
extern char *openblas_get_config(void) __attribute__((weak));
extern char *openblas_get_corename(void) __attribute__((weak));

void gemm(real *c, int c_step, const real *a, int a_step, bool transposed_a, const real *b, int b_step,
          bool transposed_b, real beta, int m, int n, int k)
{
    if (openblas_set_num_threads != NULL) openblas_set_num_threads(1);
    CBLAS_TRANSPOSE ta = transposed_a ? CblasTrans : CblasNoTrans, tb = transposed_b ? CblasTrans : CblasNoTrans;
#ifdef BITFRONT_DOUBLE
    cblas_dgemm(CblasRowMajor, ta, tb, m, n, k, 1.0, a, a_step, b, b_step, beta, c, c_step);
#else
    cblas_sgemm(CblasRowMajor, ta, tb, m, n, k, 1.0f, a, a_step, b, b_step, beta, c, c_step);
#endif
}

void gemm_library(char name[GEMM_LIBRARY_LENGTH])
{
    snprintf(name, GEMM_LIBRARY_LENGTH, "BLAS");
    if (openblas_get_config == NULL || openblas_get_corename == NULL) return;

    /* The configuration reads "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ...": the first two words name the library. */
    const char *config = openblas_get_config();
    size_t length = strcspn(config, " ");
    if (config[length] == ' ') length += 1 + strcspn(config + length + 1, " ");
    snprintf(name, GEMM_LIBRARY_LENGTH, "%.*s (%s)", (int)length, config, openblas_get_corename());
}
