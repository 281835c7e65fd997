/* isa: names of the functions of one instruction set. Every kernel source is compiled once per instruction set with
 * KERNEL_ISA defined as avx512, avx2 or portable; conv_forward becomes conv_forward_avx512. Signatures and meaning are
 * those of the members of kernel_table (kernels.h). */
#ifndef CORE_KERNELS_ISA_H
#define CORE_KERNELS_ISA_H

#include "core/kernels/kernels.h"

#define ISA_JOIN(name, isa) name##_##isa
#define ISA_EXPAND(name, isa) ISA_JOIN(name, isa)
#define ISA(name) ISA_EXPAND(name, KERNEL_ISA)

extern const kernel_table ISA(kernels);

void ISA(conv_forward)(real *out, const real *in, const real *weight, const real *bias, const conv_shape *s,
                       real *scratch);
void ISA(conv_backward_data)(real *din, const real *dout, const real *weight, const conv_shape *s, bool accumulate,
                             real *scratch);
void ISA(conv_backward_weight)(real *dweight, real *dbias, const real *dout, const real *in, const conv_shape *s,
                               real *scratch);
/* conv_backward_data where conv_is_narrow. */
void ISA(conv_narrow_backward_data)(real *din, const real *dout, const real *weight, const conv_shape *s,
                                    bool accumulate, real *scratch);

/* For shapes that winograd_fits (winograd.h); the functions above call them. */
void ISA(winograd_forward)(real *out, const real *in, const real *weight, const real *bias, const conv_shape *s,
                           real *scratch);
void ISA(winograd_backward_data)(real *din, const real *dout, const real *weight, const conv_shape *s, bool accumulate,
                                 real *scratch);
void ISA(winograd_backward_weight)(real *dweight, real *dbias, const real *dout, const real *in, const conv_shape *s,
                                   real *scratch);

void ISA(depthwise_forward)(real *out, const real *in, const real *weight, const real *bias, const conv_shape *s,
                            real *scratch);
void ISA(depthwise_backward_data)(real *din, const real *dout, const real *weight, const conv_shape *s, bool accumulate,
                                  real *scratch);
void ISA(depthwise_backward_weight)(real *dweight, real *dbias, const real *dout, const real *in, const conv_shape *s,
                                    real *scratch);

void ISA(batchnorm_sum)(real *sum, const real *in, row_range rows, int channels);
void ISA(batchnorm_statistics)(real *mean, real *variance, const real *in, size_t rows, int channels);
void ISA(batchnorm_forward)(real *out, const real *in, const batchnorm *b, bool relu, row_range rows, int channels);
void ISA(batchnorm_backward_sum)(real *dgamma, real *dbeta, const real *dout, const real *in, const real *out,
                                 const batchnorm *b, bool relu, row_range rows, int channels);
void ISA(batchnorm_backward)(real *din, const real *dgamma, const real *dbeta, const real *dout, const real *in,
                             const real *out, const batchnorm *b, bool relu, row_range rows, int channels);

void ISA(batchnorm_pact_forward)(real *out, const real *in, const batchnorm *b, const pact *q, row_range rows,
                                 int channels);
void ISA(batchnorm_pact_backward_sum)(real *dgamma, real *dbeta, pact_sums *total, pact_sums *blocks, const real *dout,
                                      const real *in, const batchnorm *b, const pact *q, row_range rows, int channels);
void ISA(batchnorm_pact_backward)(real *din, const real *dgamma, const real *dbeta, const real *dout, const real *in,
                                  const batchnorm *b, const pact *q, row_range rows, int channels);

void ISA(add_forward)(real *out, const real *a, const real *b, bool relu, size_t count);
void ISA(relu_backward)(real *dx, const real *dout, const real *out, bool relu, bool accumulate, size_t count);

void ISA(pact_forward)(real *y, const real *x, const pact *q, size_t count);
void ISA(pact_backward)(real *dx, pact_sums *total, const real *g, const real *x, const pact *q, size_t count);

void ISA(dropout)(real *out, const real *in, const dropout_draw *d, size_t count, bool accumulate);

void ISA(pact_add_forward)(real *y, const real *x, const real *b, const pact *q, size_t count);
void ISA(pact_add_backward)(real *dx, bool add_x, real *db, bool add_b, pact_sums *total, const real *g, const real *x,
                            const real *b, const pact *q, size_t count);

void ISA(average_pool_forward)(real *out, const real *in, const conv_shape *s);
void ISA(average_pool_backward)(real *din, const real *dout, const conv_shape *s, bool accumulate);
void ISA(max_pool_forward)(real *out, const real *in, const conv_shape *s);
void ISA(max_pool_backward)(real *din, const real *dout, const real *in, const conv_shape *s, bool accumulate);

double ISA(softmax_cross_entropy)(real *dlogits, int *correct, const real *logits, const int32_t *labels,
                                  const real *class_weight, real scale, int n, int classes);

#endif
