/* whole_kernels: kernels that take sums in several calls, over a whole array at once. */
#ifndef TESTS_SUPPORT_WHOLE_KERNELS_H
#define TESTS_SUPPORT_WHOLE_KERNELS_H

#include <stdlib.h>

#include "core/kernels/kernels.h"

static inline row_range whole_rows(size_t rows)
{
    return (row_range){0, rows, rows};
}

/* Mean and variance of the rows. */
static inline batchnorm whole_statistics(const kernel_table *k, real *mean, real *variance, const real *in,
                                         const real *gamma, const real *beta, real eps, size_t rows, int channels)
{
    k->batchnorm_sum(mean, in, whole_rows(rows), channels);
    k->batchnorm_statistics(mean, variance, in, rows, channels);
    return (batchnorm){mean, variance, gamma, beta, eps};
}

static inline batchnorm whole_batchnorm_forward(const kernel_table *k, real *out, real *mean, real *variance,
                                                const real *in, const real *gamma, const real *beta, real eps,
                                                bool relu, size_t rows, int channels)
{
    const batchnorm b = whole_statistics(k, mean, variance, in, gamma, beta, eps, rows, channels);
    k->batchnorm_forward(out, in, &b, relu, whole_rows(rows), channels);
    return b;
}

static inline void whole_batchnorm_backward(const kernel_table *k, real *din, real *dgamma, real *dbeta,
                                            const real *dout, const real *in, const real *out, const batchnorm *b,
                                            bool relu, size_t rows, int channels)
{
    k->batchnorm_backward_sum(dgamma, dbeta, dout, in, out, b, relu, whole_rows(rows), channels);
    k->batchnorm_backward(din, dgamma, dbeta, dout, in, out, b, relu, whole_rows(rows), channels);
}

/* dlow may be NULL. */
static inline void whole_batchnorm_pact_backward(const kernel_table *k, real *din, real *dgamma, real *dbeta,
                                                 real dclip[PACT_MAX], real dprobability[PACT_MAX], real *dlow,
                                                 const real *dout, const real *in, const batchnorm *b, const pact *q,
                                                 size_t rows, int channels)
{
    pact_sums total, *blocks = calloc(batchnorm_pact_blocks(rows, channels), sizeof *blocks);
    k->batchnorm_pact_backward_sum(dgamma, dbeta, &total, blocks, dout, in, b, q, whole_rows(rows), channels);
    k->batchnorm_pact_backward(din, dgamma, dbeta, dout, in, b, q, whole_rows(rows), channels);
    pact_gradients(dclip, dprobability, dlow, &total, q);
    free(blocks);
}

/* dlow may be NULL, and dx. */
static inline void whole_pact_backward(const kernel_table *k, real *dx, real dclip[PACT_MAX],
                                       real dprobability[PACT_MAX], real *dlow, const real *g, const real *x,
                                       const pact *q, size_t count)
{
    pact_sums total = {.below = 0};
    k->pact_backward(dx, &total, g, x, q, count);
    pact_gradients(dclip, dprobability, dlow, &total, q);
}

static inline void whole_pact_add_backward(const kernel_table *k, real *dx, bool add_x, real *db, bool add_b,
                                           real dclip[PACT_MAX], real dprobability[PACT_MAX], const real *g,
                                           const real *x, const real *b, const pact *q, size_t count)
{
    pact_sums total = {.below = 0};
    k->pact_add_backward(dx, add_x, db, add_b, &total, g, x, b, q, count);
    pact_gradients(dclip, dprobability, NULL, &total, q);
}

#endif
