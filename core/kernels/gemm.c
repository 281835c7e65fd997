#include "core/kernels/gemm.h"

#include <assert.h>
#include <stddef.h>

#include "core/kernels/blas.h"

void gemm(real *c, int c_step, const real *a, int a_step, bool transposed_a, const real *b, int b_step,
          bool transposed_b, real beta, int m, int n, int k)
{
    const blas_functions *blas = blas_use();
    assert(blas != NULL);
    int ta = transposed_a ? BLAS_TRANSPOSE : BLAS_NO_TRANSPOSE, tb = transposed_b ? BLAS_TRANSPOSE : BLAS_NO_TRANSPOSE;
#ifdef BITFRONT_DOUBLE
    blas->dgemm(BLAS_ROW_MAJOR, ta, tb, m, n, k, 1.0, a, a_step, b, b_step, beta, c, c_step);
#else
    blas->sgemm(BLAS_ROW_MAJOR, ta, tb, m, n, k, 1.0f, a, a_step, b, b_step, beta, c, c_step);
#endif
}
