/* gemm: dense matrix products by OpenBLAS, in one thread (one rank is one core). */
#ifndef CORE_KERNELS_GEMM_H
#define CORE_KERNELS_GEMM_H

#include <stdbool.h>

#include "core/base/real.h"

/* c (m, n) = a (m, k) * b (k, n) + beta * c, row-major; transposed_a: a is stored (k, m), transposed_b: b is (n, k).
 * a_step, b_step, c_step: elements from one stored row to the next. After a successful blas_load (blas.h) only. */
void gemm(real *c, int c_step, const real *a, int a_step, bool transposed_a, const real *b, int b_step,
          bool transposed_b, real beta, int m, int n, int k);

#endif
