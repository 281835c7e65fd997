/* Depthwise convolution: channel c of the output sees channel c of the input only; the channel is the vector lane.
 *
 * The same planes as for convolutions (conv_plan.h) give forward and the gradient of the input, on zero-bordered images
 * (border.h). An output is one chain of multiply-adds over its taps that starts from the bias. */
#include "core/kernels/conv/border.h"
#include "core/kernels/conv/conv_plan.h"
#include "core/kernels/conv/depthwise_3x3.h"
#include "core/kernels/isa.h"
#include "core/kernels/simd.h"

/* In registers at once: output pixels of a plane, or a square of taps of a weight gradient. */
enum { PIXELS = 8, TAPS = 3 };

/* One plane of one image. Distances are in reals and may be negative for the taps of a gradient. */
typedef struct {
    const real *in, *weight, *bias; /* at the plane's first input and first tap; bias may be NULL */
    real *out;                      /* at the plane's first output */
    int rows, cols, taps_h, taps_w, channels;
    ptrdiff_t in_row, in_pixel;     /* from one tap to the next */
    ptrdiff_t in_next_row, in_next; /* from one output to the next */
    ptrdiff_t out_next_row, out_next;
    ptrdiff_t weight_row, weight_pixel;
    bool accumulate;
} plane_job;

/* P neighbouring outputs, one vector of channels. */
ALWAYS_INLINE void plane_tile(const int P, const bool whole, real *out, const real *in, const real *bias,
                              const real *weight, int lanes, const plane_job *job)
{
    vreal sum[PIXELS], start = bias ? load_lanes(bias, whole, lanes) : (vreal){0};
    UNROLL
    for (int p = 0; p < P; ++p) sum[p] = job->accumulate ? load_lanes(out + p * job->out_next, whole, lanes) : start;
    for (int i = 0; i < job->taps_h; ++i) {
        const real *tap = in + i * job->in_row, *factor = weight + i * job->weight_row;
        for (int j = 0; j < job->taps_w; ++j, tap += job->in_pixel, factor += job->weight_pixel) {
            vreal w = load_lanes(factor, whole, lanes);
            UNROLL
            for (int p = 0; p < P; ++p) sum[p] += w * load_lanes(tap + p * job->in_next, whole, lanes);
        }
    }
    UNROLL
    for (int p = 0; p < P; ++p) store_lanes(out + p * job->out_next, sum[p], whole, lanes);
}

/* P neighbouring outputs, all channels: their inputs are a few pieces of memory read from end to end. */
ALWAYS_INLINE void plane_pixels(const int P, real *out, const real *in, const plane_job *job)
{
    int c = 0;
    for (; c + LANES <= job->channels; c += LANES)
        plane_tile(P, true, out + c, in + c, job->bias ? job->bias + c : NULL, job->weight + c, LANES, job);
    if (c < job->channels)
        plane_tile(P, false, out + c, in + c, job->bias ? job->bias + c : NULL, job->weight + c, job->channels - c,
                   job);
}

static void plane_image(const plane_job *job)
{
    for (int y = 0; y < job->rows; ++y) {
        const real *in = job->in + y * job->in_next_row;
        real *out = job->out + y * job->out_next_row;
        for (int x = 0; x < job->cols;) {
            int left = job->cols - x, tiles = (left + PIXELS - 1) / PIXELS, pixels = (left + tiles - 1) / tiles;
            switch (pixels) {
            case 1:
                plane_pixels(1, out, in, job);
                break;
            case 2:
                plane_pixels(2, out, in, job);
                break;
            case 3:
                plane_pixels(3, out, in, job);
                break;
            case 4:
                plane_pixels(4, out, in, job);
                break;
            case 5:
                plane_pixels(5, out, in, job);
                break;
            case 6:
                plane_pixels(6, out, in, job);
                break;
            case 7:
                plane_pixels(7, out, in, job);
                break;
            default:
                plane_pixels(PIXELS, out, in, job);
                break;
            }
            x += pixels;
            in += pixels * job->in_next;
            out += pixels * job->out_next;
        }
    }
}

/* The job of plane p; `in` is the window whose first pixel has the coordinates (low_h, low_w), out an image of
 * out_width. */
static plane_job plane_of(const conv_plane *p, real *out, int out_width, const real *in, size_t in_row, int low_h,
                          int low_w, const real *weight, const conv_shape *s)
{
    ptrdiff_t channels = s->in_channels, row = (ptrdiff_t)in_row, kernel_row = s->kernel_w * channels;
    return (plane_job){
        .in = in + (p->origin_h - low_h) * row + (p->origin_w - low_w) * channels,
        .weight = weight + p->tap_first_h * kernel_row + p->tap_first_w * channels,
        .out = out + ((ptrdiff_t)p->first_h * out_width + p->first_w) * channels,
        .rows = p->rows,
        .cols = p->cols,
        .taps_h = p->taps_h,
        .taps_w = p->taps_w,
        .channels = s->in_channels,
        .in_row = row,
        .in_pixel = channels,
        .in_next_row = p->step_h * row,
        .in_next = p->step_w * channels,
        .out_next_row = (ptrdiff_t)p->every_h * out_width * channels,
        .out_next = p->every_w * channels,
        .weight_row = p->tap_every_h * kernel_row,
        .weight_pixel = p->tap_every_w * channels,
    };
}

void ISA(depthwise_forward)(real *out, const real *in, const real *weight, const real *bias, const conv_shape *s,
                            real *scratch)
{
    if (depthwise_is_3x3(s)) {
        ISA(depthwise_3x3_forward)(out, in, weight, bias, s, scratch);
        return;
    }
    conv_plane p = conv_plane_forward(s);
    int rows = (s->out_height - 1) * s->stride_h + s->kernel_h,
        columns = (s->out_width - 1) * s->stride_w + s->kernel_w;
    for (int n = 0; n < s->batch; ++n) {
        size_t row;
        const real *window = bordered_window(&row, scratch, p.origin_h, p.origin_w, rows, columns, in, s->in_height,
                                             s->in_width, s->in_channels);
        plane_job job = plane_of(&p, out, s->out_width, window, row, p.origin_h, p.origin_w, weight, s);
        job.bias = bias;
        plane_image(&job);
        in += (size_t)s->in_height * (size_t)s->in_width * (size_t)s->in_channels;
        out += (size_t)s->out_height * (size_t)s->out_width * (size_t)s->in_channels;
    }
}

void ISA(depthwise_backward_data)(real *din, const real *dout, const real *weight, const conv_shape *s, bool accumulate,
                                  real *scratch)
{
    if (depthwise_turns_3x3(s)) {
        ISA(depthwise_3x3_backward_data)(din, dout, weight, s, accumulate, scratch);
        return;
    }
    conv_window w = conv_window_backward(s);
    size_t din_image = (size_t)s->in_height * (size_t)s->in_width * (size_t)s->in_channels;
    bool clear = !accumulate && (s->stride_h > s->kernel_h || s->stride_w > s->kernel_w); /* inputs no tap reaches */
    for (int n = 0; n < s->batch; ++n) {
        size_t row;
        const real *window = bordered_window(&row, scratch, w.low_h, w.low_w, w.rows, w.length, dout, s->out_height,
                                             s->out_width, s->in_channels);
        if (clear) memset(din, 0, din_image * sizeof(real));
        for (int r = 0; r < s->stride_h * s->stride_w; ++r) {
            conv_plane p = conv_plane_backward(s, r / s->stride_w, r % s->stride_w);
            if (p.rows == 0 || p.cols == 0 || p.taps_h == 0 || p.taps_w == 0) continue;
            plane_job job = plane_of(&p, din, s->in_width, window, row, w.low_h, w.low_w, weight, s);
            job.accumulate = accumulate;
            plane_image(&job);
        }
        din += din_image;
        dout += (size_t)s->out_height * (size_t)s->out_width * (size_t)s->in_channels;
    }
}

/* Output rows [first_row, first_row + rows) of one bordered image, one vector of channels. */
typedef struct {
    const real *in, *dout; /* at the vector of channels */
    size_t in_row;
    int first_row, rows, lanes;
} weight_block;

/* R kernel rows of P taps: their inputs begin at in, their weights at dweight. */
ALWAYS_INLINE void weight_taps(const int R, const int P, const bool whole, real *dweight, const real *in,
                               const weight_block *b, const conv_shape *s)
{
    size_t channels = (size_t)s->in_channels, step = (size_t)s->stride_w * channels;
    vreal sum[TAPS * TAPS];
    UNROLL
    for (int t = 0; t < R * P; ++t) sum[t] = (vreal){0};
    for (int y = b->first_row; y < b->first_row + b->rows; ++y) {
        const real *at = in + (size_t)(y * s->stride_h) * b->in_row;
        const real *dout = b->dout + (size_t)y * (size_t)s->out_width * channels;
        for (int x = 0; x < s->out_width; ++x, at += step, dout += channels) {
            vreal g = load_lanes(dout, whole, b->lanes);
            UNROLL
            for (int r = 0; r < R; ++r) {
                UNROLL
                for (int p = 0; p < P; ++p)
                    sum[r * P + p] +=
                        g * load_lanes(at + (size_t)r * b->in_row + (size_t)p * channels, whole, b->lanes);
            }
        }
    }
    UNROLL
    for (int r = 0; r < R; ++r) {
        UNROLL
        for (int p = 0; p < P; ++p) {
            real *to = dweight + (size_t)(r * s->kernel_w + p) * channels;
            store_lanes(to, load_lanes(to, whole, b->lanes) + sum[r * P + p], whole, b->lanes);
        }
    }
}

ALWAYS_INLINE void add_block(const bool whole, real *dweight, real *dbias, const weight_block *b, const conv_shape *s)
{
    size_t channels = (size_t)s->in_channels;
    for (int i = 0, rows; i < s->kernel_h; i += rows) {
        rows = s->kernel_h - i < TAPS ? s->kernel_h - i : TAPS;
        for (int j = 0, taps; j < s->kernel_w; j += taps) {
            const real *in = b->in + (size_t)i * b->in_row + (size_t)j * channels;
            real *to = dweight + (size_t)(i * s->kernel_w + j) * channels;
            taps = s->kernel_w - j < TAPS ? s->kernel_w - j : TAPS;
            switch (rows * TAPS + taps) {
            case TAPS + 1:
                weight_taps(1, 1, whole, to, in, b, s);
                break;
            case TAPS + 2:
                weight_taps(1, 2, whole, to, in, b, s);
                break;
            case TAPS + 3:
                weight_taps(1, 3, whole, to, in, b, s);
                break;
            case 2 * TAPS + 1:
                weight_taps(2, 1, whole, to, in, b, s);
                break;
            case 2 * TAPS + 2:
                weight_taps(2, 2, whole, to, in, b, s);
                break;
            case 2 * TAPS + 3:
                weight_taps(2, 3, whole, to, in, b, s);
                break;
            case 3 * TAPS + 1:
                weight_taps(3, 1, whole, to, in, b, s);
                break;
            case 3 * TAPS + 2:
                weight_taps(3, 2, whole, to, in, b, s);
                break;
            default:
                weight_taps(TAPS, TAPS, whole, to, in, b, s);
                break;
            }
        }
    }
    if (dbias == NULL) return;
    vreal sum = {0};
    const real *dout = b->dout + (size_t)b->first_row * (size_t)s->out_width * channels;
    for (int pixel = 0; pixel < b->rows * s->out_width; ++pixel, dout += channels)
        sum += load_lanes(dout, whole, b->lanes);
    store_lanes(dbias, load_lanes(dbias, whole, b->lanes) + sum, whole, b->lanes);
}

/* Sums are short as in conv_weight.c: blocks of conv_block_rows output rows of an image, added in order. */
void ISA(depthwise_backward_weight)(real *dweight, real *dbias, const real *dout, const real *in, const conv_shape *s,
                                    real *scratch)
{
    if (depthwise_is_3x3(s)) {
        ISA(depthwise_3x3_backward_weight)(dweight, dbias, dout, in, s, scratch);
        return;
    }
    int channels = s->in_channels, block_rows = conv_block_rows(s);
    int rows = (s->out_height - 1) * s->stride_h + s->kernel_h,
        columns = (s->out_width - 1) * s->stride_w + s->kernel_w;
    memset(dweight, 0, (size_t)(s->kernel_h * s->kernel_w) * (size_t)channels * sizeof(real));
    if (dbias != NULL) memset(dbias, 0, (size_t)channels * sizeof(real));
    for (int n = 0; n < s->batch; ++n) {
        weight_block b = {0};
        const real *window = bordered_window(&b.in_row, scratch, -s->pad_h, -s->pad_w, rows, columns, in, s->in_height,
                                             s->in_width, channels);
        for (int y = 0; y < s->out_height; y += block_rows) {
            b.first_row = y;
            b.rows = s->out_height - y < block_rows ? s->out_height - y : block_rows;
            for (int channel = 0; channel < channels; channel += LANES) {
                real *to = dweight + channel, *bias = dbias ? dbias + channel : NULL;
                b.in = window + channel;
                b.dout = dout + channel;
                b.lanes = channels - channel < LANES ? channels - channel : LANES;
                if (b.lanes == LANES)
                    add_block(true, to, bias, &b, s);
                else
                    add_block(false, to, bias, &b, s);
            }
        }
        in += (size_t)s->in_height * (size_t)s->in_width * (size_t)channels;
        dout += (size_t)s->out_height * (size_t)s->out_width * (size_t)channels;
    }
}
