/* conv_narrow: sizes of the gradient of the input of a layer with few input channels (conv_narrow.c). */
#ifndef CORE_KERNELS_CONV_CONV_NARROW_H
#define CORE_KERNELS_CONV_CONV_NARROW_H

#include "core/kernels/conv/conv_plan.h"

enum { CONV_NARROW_CHANNELS = 4 };

/* Shapes for which this is the faster way: neither channels nor pixels of a row fill vectors. */
static inline bool conv_is_narrow(const conv_shape *s)
{
    return s->in_channels <= CONV_NARROW_CHANNELS && s->in_width < 16 * s->stride_w && s->kernel_h * s->kernel_w > 1;
}

/* Rows or columns of the bordered image: all that a tap or the image reaches. */
static inline int conv_narrow_extent(int in, int out, int kernel, int stride, int pad)
{
    int taps = (out - 1) * stride + kernel, image = pad + in;
    return taps > image ? taps : image;
}

/* Scratch elements, for vectors of up to `lanes`. */
static inline size_t conv_narrow_scratch_reals(const conv_shape *s, size_t lanes)
{
    size_t rows = (size_t)conv_narrow_extent(s->in_height, s->out_height, s->kernel_h, s->stride_h, s->pad_h);
    size_t columns = (size_t)conv_narrow_extent(s->in_width, s->out_width, s->kernel_w, s->stride_w, s->pad_w);
    size_t width = round_up((size_t)(s->kernel_h * s->kernel_w) * (size_t)s->in_channels, lanes);
    return width * (round_up((size_t)s->out_channels, lanes) + (size_t)s->out_width) +
           rows * columns * (size_t)s->in_channels + lanes;
}

#endif
