/* eigen: eigenvalues and eigenvectors of symmetric matrices, by LAPACK's dsyev in OpenBLAS. In double, whatever `real`
 * is: such a decomposition is done once and for a few hundred rows at most.
 *
 * The last bits depend on the version and the core of OpenBLAS (blas_name): what has to be the same on all ranks is
 * computed on one and given to the others. */
#ifndef CORE_KERNELS_EIGEN_H
#define CORE_KERNELS_EIGEN_H

#include "core/base/status.h"

/* matrix (n, n), symmetric, n >= 1; read from its upper triangle. On return values[n] are the eigenvalues, smallest
 * first, and row i of `matrix` is the eigenvector of values[i], of length 1. Its sign, which the definition leaves
 * open, is that which makes the first component of at least half the size of the largest positive. Eigenvectors of
 * equal eigenvalues remain any basis of their space.
 *
 * Loads OpenBLAS. IO: it is not there. MEMORY. NUMERIC: the matrix holds a value that is not finite, or the iteration
 * did not converge. Values and matrix are undefined after a failure. */
MUST_CHECK status eigen_symmetric(double *values, double *matrix, int n);

#endif
