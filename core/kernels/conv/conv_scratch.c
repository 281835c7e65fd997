/* conv_scratch: how much scratch the convolutions of kernels.h need: the most that any of their ways takes for a shape
 * (direct, with few input channels, Winograd), on any instruction set. */
#include "core/kernels/conv/conv_narrow.h"
#include "core/kernels/conv/conv_plan.h"
#include "core/kernels/conv/winograd.h"

enum { MAX_LANES = 64 / (int)sizeof(real) }; /* of the widest instruction set */

static size_t image_scratch(const conv_shape *s)
{
    conv_window forward = conv_window_forward(s), backward = conv_window_backward(s);
    size_t in = (size_t)forward.rows * forward.row_reals, dout = (size_t)backward.rows * backward.row_reals;
    return in > dout ? in : dout;
}

static size_t direct_scratch(const conv_shape *s)
{
    size_t taps = (size_t)(s->kernel_h * s->kernel_w);
    size_t in_channels = (size_t)s->in_channels, out_channels = (size_t)s->out_channels;

    /* Forward and gradient of the input: packed weights with one extra row of biases per plane, and the packed image.
     */
    size_t planes = (size_t)(s->stride_h * s->stride_w);
    size_t forward = (taps * in_channels + 1) * round_up(out_channels, MAX_LANES);
    size_t backward = (taps * out_channels + planes) * round_up(in_channels, MAX_LANES);
    size_t data = forward > backward ? forward : backward;
    if (conv_is_flat(s)) {
        conv_shape row = *s;
        row.batch = row.in_height = row.out_height = 1;
        row.in_width = row.out_width = FLAT_PIXELS;
        data += image_scratch(&row);
    } else {
        data += image_scratch(s);
    }

    size_t narrow = conv_is_narrow(s) ? conv_narrow_scratch_reals(s, MAX_LANES) : 0;
    if (narrow > data) data = narrow;
    data += 2 * MAX_LANES; /* whole vectors of pixels are read at the end of a row (thin planes of conv_data.c) */

    /* Gradient of the weights: bordered images and dout with whole vectors of channels, for one block of images. */
    conv_window w = conv_window_forward(s);
    size_t images = (size_t)conv_block_images(s);
    size_t columns = (size_t)((s->out_width - 1) * s->stride_w + s->kernel_w);
    size_t weight = images * (size_t)w.rows * columns * in_channels +
                    images * (size_t)(s->out_height * s->out_width) * round_up(out_channels, MAX_LANES);
    if (conv_is_flat(s)) weight = BLOCK_PIXELS * round_up(out_channels, MAX_LANES);

    return (data > weight ? data : weight) + 2 * MAX_LANES; /* room to align two areas */
}

size_t conv_scratch_reals(const conv_shape *s)
{
    return winograd_fits(s) ? winograd_scratch_reals(s) : direct_scratch(s);
}

/* Direct scratch grows with the channels, but for the narrow way that few input channels take. */
size_t conv_scratch_most(const conv_shape *s)
{
    conv_shape few = *s;
    few.in_channels = s->in_channels < CONV_NARROW_CHANNELS ? s->in_channels : CONV_NARROW_CHANNELS;
    const size_t direct = direct_scratch(s), narrow = direct_scratch(&few), winograd = winograd_scratch_most(s);
    const size_t most = direct > narrow ? direct : narrow;
    return most > winograd ? most : winograd;
}
