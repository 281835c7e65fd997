/* blas: the OpenBLAS library of this machine, loaded when something is computed with it for the first time. A program
 * that never does pays nothing: linked in the usual way, the library would take a thread for every core and more than
 * 100 MB of address space at the start of every command, and loop for ever where a limit forbids them.
 *
 * One thread (one rank is one core). OpenBLAS chooses its kernels while it is loaded, and takes those of an old core
 * for a processor it does not know: it is then loaded a second time with OPENBLAS_CORETYPE, unless the user has set
 * that variable. Last bits differ between kernels and versions: what has to be the same on all ranks is computed on
 * one.
 *
 * Not to be called by several threads at once. */
#ifndef CORE_KERNELS_BLAS_H
#define CORE_KERNELS_BLAS_H

#include <stdbool.h>

#include "core/base/status.h"

/* The functions in use, with 32 bit integers. The constants of cblas_*gemm are those of the CBLAS standard; dsyev_ is
 * LAPACK's, with the lengths of its two texts behind, as Fortran wants them. */
enum { BLAS_ROW_MAJOR = 101, BLAS_NO_TRANSPOSE = 111, BLAS_TRANSPOSE = 112 };
typedef struct {
    void (*sgemm)(int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha, const float *a,
                  int a_step, const float *b, int b_step, float beta, float *c, int c_step);
    void (*dgemm)(int order, int transpose_a, int transpose_b, int m, int n, int k, double alpha, const double *a,
                  int a_step, const double *b, int b_step, double beta, double *c, int c_step);
    void (*dsyev)(const char *job, const char *part, const int *n, double *a, const int *a_step, double *values,
                  double *work, const int *work_count, int *info, unsigned long job_length, unsigned long part_length);
} blas_functions;

/* Loads the library unless that is done; stays loaded. IO when it is not there (the message names the package), MEMORY
 * when there is no room for it. */
MUST_CHECK status blas_load(void);

/* NULL before blas_load. */
const blas_functions *blas_use(void);

enum { BLAS_NAME_LENGTH = 96, BLAS_WARNING_LENGTH = 320 };

/* "OpenBLAS 0.3.21 (SkylakeX)"; when the library would have taken another core by itself "(SkylakeX instead of
 * Haswell)"; "not used" before blas_load. For the provenance. */
void blas_name(char name[BLAS_NAME_LENGTH]);

/* A sentence if the kernels in use are slower than the processor allows, else "". */
void blas_warning(char text[BLAS_WARNING_LENGTH]);

/* The OPENBLAS_CORETYPE that is faster than the core that was loaded, for a processor with these instruction sets; NULL
 * if there is none. */
const char *blas_faster_core(const char *loaded, bool avx512, bool avx2);

#endif
