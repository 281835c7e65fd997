#include "core/kernels/conv/conv_plan.h"

static int floor_divide(int a, int b)
{
    return a >= 0 ? a / b : -((b - 1 - a) / b);
}

static int ceil_divide(int a, int b)
{
    return floor_divide(a + b - 1, b);
}

static int min_int(int a, int b)
{
    return a < b ? a : b;
}

static int max_int(int a, int b)
{
    return a > b ? a : b;
}

conv_plane conv_plane_forward(const conv_shape *s)
{
    return (conv_plane){
        .rows = s->out_height,
        .cols = s->out_width,
        .taps_h = s->kernel_h,
        .taps_w = s->kernel_w,
        .tap_every_h = 1,
        .tap_every_w = 1,
        .origin_h = -s->pad_h,
        .origin_w = -s->pad_w,
        .step_h = s->stride_h,
        .step_w = s->stride_w,
        .every_h = 1,
        .every_w = 1,
    };
}

/* One dimension of a plane of the gradient of the input. Input y = residue - pad + stride*m meets output row m - t
 * through kernel tap residue + stride*t. Taps are taken in descending order, so that the output rows ascend. */
static void backward_axis(int in, int kernel, int stride, int pad, int residue, int *count, int *taps, int *tap_first,
                          int *tap_every, int *origin, int *first)
{
    int m = ceil_divide(pad - residue, stride);
    *first = residue - pad + stride * m;
    *count = *first < in ? (in - 1 - *first) / stride + 1 : 0;
    *taps = residue < kernel ? (kernel - 1 - residue) / stride + 1 : 0;
    *tap_first = residue + stride * (*taps - 1);
    *tap_every = -stride;
    *origin = m - (*taps - 1);
}

conv_plane conv_plane_backward(const conv_shape *s, int residue_h, int residue_w)
{
    conv_plane p = {.step_h = 1, .step_w = 1, .every_h = s->stride_h, .every_w = s->stride_w};
    backward_axis(s->in_height, s->kernel_h, s->stride_h, s->pad_h, residue_h, &p.rows, &p.taps_h, &p.tap_first_h,
                  &p.tap_every_h, &p.origin_h, &p.first_h);
    backward_axis(s->in_width, s->kernel_w, s->stride_w, s->pad_w, residue_w, &p.cols, &p.taps_w, &p.tap_first_w,
                  &p.tap_every_w, &p.origin_w, &p.first_w);
    return p;
}

conv_window conv_window_forward(const conv_shape *s)
{
    conv_window w = {.low_h = -s->pad_h, .low_w = -s->pad_w};
    w.rows = (s->out_height - 1) * s->stride_h + s->kernel_h;
    w.step_h = s->stride_h;
    w.taps_h = s->kernel_h;
    w.step_w = s->stride_w;
    w.phases = min_int(s->stride_w, s->kernel_w);
    w.length = ceil_divide((s->out_width - 1) * s->stride_w + s->kernel_w, s->stride_w);
    w.row_reals = (size_t)w.phases * (size_t)s->in_channels * (size_t)w.length;
    return w;
}

conv_window conv_window_backward(const conv_shape *s)
{
    int low_h = s->out_height, high_h = 0, low_w = s->out_width, high_w = 0;
    for (int r = 0; r < s->stride_h; ++r) {
        conv_plane p = conv_plane_backward(s, r, 0);
        if (p.rows == 0 || p.taps_h == 0) continue;
        low_h = min_int(low_h, p.origin_h);
        high_h = max_int(high_h, p.origin_h + p.rows - 1 + p.taps_h);
    }
    for (int r = 0; r < s->stride_w; ++r) {
        conv_plane p = conv_plane_backward(s, 0, r);
        if (p.cols == 0 || p.taps_w == 0) continue;
        low_w = min_int(low_w, p.origin_w);
        high_w = max_int(high_w, p.origin_w + p.cols - 1 + p.taps_w);
    }
    conv_window w = {.low_h = low_h, .low_w = low_w, .step_h = 1, .taps_h = 1, .step_w = 1, .phases = 1};
    w.rows = max_int(high_h - low_h, 0);
    w.length = max_int(high_w - low_w, 0);
    w.row_reals = (size_t)s->out_channels * (size_t)w.length;
    return w;
}

bool conv_is_flat(const conv_shape *s)
{
    return s->kernel_h == 1 && s->kernel_w == 1 && s->stride_h == 1 && s->stride_w == 1 && s->pad_h == 0 &&
           s->pad_w == 0 && s->in_height == s->out_height && s->in_width == s->out_width;
}

void conv_flatten(conv_shape parts[2], const conv_shape *s)
{
    int pixels = s->batch * s->in_height * s->in_width;
    for (int part = 0; part < 2; ++part) {
        parts[part] = *s;
        parts[part].in_height = parts[part].out_height = 1;
        parts[part].batch = part == 0 ? pixels / FLAT_PIXELS : (pixels % FLAT_PIXELS != 0);
        parts[part].in_width = parts[part].out_width = part == 0 ? FLAT_PIXELS : pixels % FLAT_PIXELS;
    }
}

int conv_block_images(const conv_shape *s)
{
    int images = BLOCK_PIXELS / (s->out_height * s->out_width);
    return max_int(1, min_int(images, s->batch));
}

int conv_block_rows(const conv_shape *s)
{
    return max_int(1, min_int(BLOCK_PIXELS / s->out_width, s->out_height));
}
