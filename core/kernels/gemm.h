/* gemm: dense matrix products by the system's BLAS, in one thread (one rank is one core). */
#ifndef CORE_KERNELS_GEMM_H
#define CORE_KERNELS_GEMM_H

#include <stdbool.h>

#include "core/base/real.h"

/* c (m, n) = a (m, k) * b (k, n) + beta * c, row-major; transposed_a: a is stored (k, m), transposed_b: b is (n, k).
 * a_step, b_step, c_step: elements from one stored row to the next. */
void gemm(real *c, int c_step, const real *a, int a_step, bool transposed_a, const real *b, int b_step,
          bool transposed_b, real beta, int m, int n, int k);

enum { GEMM_LIBRARY_LENGTH = 96, GEMM_WARNING_LENGTH = 320 };

/* "OpenBLAS 0.3.21 (SkylakeX)", or "BLAS" when the library does not say what it is; behind the name of the core, what
 * the library would have taken if gemm_choose_core had not helped: "(SkylakeX instead of Haswell)". */
void gemm_library(char name[GEMM_LIBRARY_LENGTH]);

/* OpenBLAS chooses its kernels when it is loaded, and takes those of an old core for a processor it does not know. Its
 * variable OPENBLAS_CORETYPE helps, but only before it is loaded: so this sets the variable and starts the program
 * again with the same arguments, if the user has not set it and the kernels in use are slower than the processor
 * allows. Does not return then. To be called first of all. */
void gemm_choose_core(char **argv);

/* A sentence if the kernels in use are slower than the processor allows, else "". */
void gemm_warning(char text[GEMM_WARNING_LENGTH]);

/* The OPENBLAS_CORETYPE that is faster than the core that was loaded, for a processor with these instruction sets; NULL
 * if there is none. */
const char *gemm_faster_core(const char *loaded, bool avx512, bool avx2);

#endif
