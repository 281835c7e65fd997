#include "core/kernels/eigen.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "core/kernels/blas.h"

static status check_finite(const double *matrix, int n)
{
    for (int row = 0; row < n; row++)
        for (int column = row; column < n; column++)
            if (!isfinite(matrix[(size_t)row * (size_t)n + (size_t)column]))
                return status_fail(STATUS_NUMERIC,
                                   "eigenvectors of a matrix with a value that is not finite: row %d, "
                                   "column %d",
                                   row, column);
    return status_ok();
}

/* The components of a symmetric or antisymmetric vector come in pairs of equal size, of which rounding makes one the
 * larger: so the first of those that are large decides, not the largest. */
static void fix_sign(double *vector, int n)
{
    double largest = 0;
    for (int i = 0; i < n; i++) largest = fmax(largest, fabs(vector[i]));
    int first = 0;
    while (fabs(vector[first]) < largest / 2) first++;
    if (vector[first] >= 0) return;
    for (int i = 0; i < n; i++) vector[i] = -vector[i];
}

/* work_count -1: only work[0] := the number of values that are wanted there. LAPACK stores by columns: our upper
 * triangle is its lower one, and its columns of eigenvectors are our rows. */
static status decompose(double *values, double *matrix, int n, double *work, int work_count)
{
    int info = 0;
    blas_use()->dsyev("V", "L", &n, matrix, &n, values, work, &work_count, &info, 1, 1);
    assert(info >= 0); /* negative: an argument is wrong */
    if (info == 0) return status_ok();
    return status_fail(STATUS_NUMERIC, "the eigenvalues of a matrix of %d rows did not converge", n);
}

status eigen_symmetric(double *values, double *matrix, int n)
{
    assert(n >= 1);
    TRY(blas_load());
    TRY(check_finite(matrix, n));
    double wanted = 0;
    TRY(decompose(values, matrix, n, &wanted, -1));
    double *work = malloc((size_t)wanted * sizeof *work);
    if (work == NULL) return status_fail(STATUS_MEMORY, "no memory for the eigenvectors of a matrix of %d rows", n);
    status s = decompose(values, matrix, n, work, (int)wanted);
    free(work);
    if (failed(s)) return s;
    for (int i = 0; i < n; i++) fix_sign(matrix + (size_t)i * (size_t)n, n);
    return status_ok();
}
