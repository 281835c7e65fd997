/* naive: the obvious twin of every kernel (core/kernels/kernels.h): plain loops over the definition, sums in double.
 * Slow and hard to get wrong. Arguments have the meaning of the kernel of the same name. */
#ifndef TESTS_SUPPORT_NAIVE_H
#define TESTS_SUPPORT_NAIVE_H

#include "core/kernels/kernels.h"

void naive_conv_forward(real *out, const real *in, const real *weight, const real *bias, const conv_shape *s);
void naive_conv_backward_data(real *din, const real *dout, const real *weight, const conv_shape *s, bool accumulate);
void naive_conv_backward_weight(real *dweight, real *dbias, const real *dout, const real *in, const conv_shape *s);

void naive_depthwise_forward(real *out, const real *in, const real *weight, const real *bias, const conv_shape *s);
void naive_depthwise_backward_data(real *din, const real *dout, const real *weight, const conv_shape *s,
                                   bool accumulate);
void naive_depthwise_backward_weight(real *dweight, real *dbias, const real *dout, const real *in, const conv_shape *s);

/* All in double, so that finite differences of it are exact to many digits. (rows, channels) */
void naive_batchnorm_forward(double *out, double *mean, double *variance, const double *in, const double *gamma,
                             const double *beta, double eps, bool relu, size_t rows, int channels);

/* The level of candidate j and the mixed value, in `real` operation by operation as in kernels.h. */
real naive_pact_level(real x, const pact *q, int j);
real naive_pact_value(real x, const pact *q);
void naive_pact_backward(real *dx, double dclip[PACT_MAX], double dprobability[PACT_MAX], double *dlow, const real *g,
                         const real *x, const pact *q, size_t count);

void naive_average_pool_forward(real *out, const real *in, const conv_shape *s);
void naive_average_pool_backward(real *din, const real *dout, const conv_shape *s, bool accumulate);
void naive_max_pool_forward(real *out, const real *in, const conv_shape *s);
void naive_max_pool_backward(real *din, const real *dout, const real *in, const conv_shape *s, bool accumulate);

/* Loss only, straight from the definition (no shift by the maximum): for logits of moderate size. */
double naive_cross_entropy(const double *logits, const int32_t *labels, const real *class_weight, int n, int classes);

#endif
