/* depthwise_3x3: depthwise convolutions with the kernel that nearly all of them have; see depthwise_3x3.c. Arguments as
 * in isa.h. */
#ifndef CORE_KERNELS_CONV_DEPTHWISE_3X3_H
#define CORE_KERNELS_CONV_DEPTHWISE_3X3_H

#include "core/kernels/isa.h"

/* Shapes of the forward pass and of the weight gradient ... */
static inline bool depthwise_is_3x3(const conv_shape *s)
{
    return s->kernel_h == 3 && s->kernel_w == 3 && s->stride_h == s->stride_w && s->stride_h <= 2;
}

/* ... and of the gradient of the input, which is then a forward pass with the kernel turned around. */
static inline bool depthwise_turns_3x3(const conv_shape *s)
{
    return depthwise_is_3x3(s) && s->stride_h == 1 && s->pad_h <= 2 && s->pad_w <= 2;
}

void ISA(depthwise_3x3_forward)(real *out, const real *in, const real *weight, const real *bias, const conv_shape *s,
                                real *scratch);
void ISA(depthwise_3x3_backward_data)(real *din, const real *dout, const real *weight, const conv_shape *s,
                                      bool accumulate, real *scratch);
void ISA(depthwise_3x3_backward_weight)(real *dweight, real *dbias, const real *dout, const real *in,
                                        const conv_shape *s, real *scratch);

#endif
