/* Depthwise convolution: channel c of the output sees channel c of the input only; the channel is the vector lane.
 *
 * The same planes as for convolutions (conv_plan.h) give forward and the gradient of the input. Taps outside the image
 * are skipped: the tap range is clipped once per row, and per pixel only near the left and right border. */
#include "core/kernels/conv_plan.h"
#include "core/kernels/isa.h"
#include "core/kernels/simd.h"

enum { PIXELS = 4 }; /* output pixels, or kernel taps, kept in registers at once */

static int clip_first(int origin)
{
    return origin < 0 ? -origin : 0;
}

static int clip_last(int origin, int taps, int size)
{
    return origin + taps > size ? size - origin : taps;
}

ALWAYS_INLINE vreal load_lanes(const real *p, bool whole, int lanes)
{
    return whole ? vec_load(p) : vec_load_part(p, lanes);
}

ALWAYS_INLINE void store_lanes(real *p, vreal v, bool whole, int lanes)
{
    if (whole) vec_store(p, v);
    else vec_store_part(p, v, lanes);
}

/* A plane of one image with everything addressed from the image's first element. */
typedef struct {
    conv_plane plane;
    const real *in, *weight, *bias; /* bias may be NULL */
    real *out;
    int in_height, in_width, out_width, channels, kernel_w;
    bool accumulate;
} depthwise_job;

/* P neighbouring outputs of row y from column x on, taps rows [i0,i1) and columns [j0,j1), one vector of channels. */
ALWAYS_INLINE void pixels_tile(const int P, const bool whole, const depthwise_job *job, int y, int x, int i0, int i1, int j0,
                               int j1, int channel, int lanes)
{
    const conv_plane *p = &job->plane;
    ptrdiff_t channels = job->channels, pixel = p->every_w * channels;
    real *out = job->out + ((ptrdiff_t)(p->first_h + y * p->every_h) * job->out_width + p->first_w + x * p->every_w) * channels +
                channel;
    vreal sum[PIXELS];
    UNROLL
    for (int k = 0; k < P; ++k)
        sum[k] = job->accumulate ? load_lanes(out + k * pixel, whole, lanes)
                 : job->bias     ? load_lanes(job->bias + channel, whole, lanes)
                                 : (vreal){0};
    ptrdiff_t step = p->step_w * channels;
    for (int i = i0; i < i1; ++i) {
        ptrdiff_t row = (ptrdiff_t)(p->origin_h + y * p->step_h + i) * job->in_width;
        int tap_row = (p->tap_first_h + i * p->tap_every_h) * job->kernel_w;
        for (int j = j0; j < j1; ++j) {
            ptrdiff_t tap = tap_row + p->tap_first_w + j * p->tap_every_w;
            vreal weight = load_lanes(job->weight + tap * channels + channel, whole, lanes);
            const real *in = job->in + (row + p->origin_w + x * p->step_w + j) * channels + channel;
            UNROLL
            for (int k = 0; k < P; ++k) sum[k] += weight * load_lanes(in + k * step, whole, lanes);
        }
    }
    UNROLL
    for (int k = 0; k < P; ++k) store_lanes(out + k * pixel, sum[k], whole, lanes);
}

ALWAYS_INLINE void plane_row(const bool whole, const depthwise_job *job, int y, int channel, int lanes)
{
    const conv_plane *p = &job->plane;
    int row_origin = p->origin_h + y * p->step_h;
    int i0 = clip_first(row_origin), i1 = clip_last(row_origin, p->taps_h, job->in_height);
    for (int x = 0; x < p->cols;) {
        int origin = p->origin_w + x * p->step_w, last = origin + (PIXELS - 1) * p->step_w;
        if (origin >= 0 && last + p->taps_w <= job->in_width && x + PIXELS <= p->cols) {
            pixels_tile(PIXELS, whole, job, y, x, i0, i1, 0, p->taps_w, channel, lanes);
            x += PIXELS;
        } else {
            pixels_tile(1, whole, job, y, x, i0, i1, clip_first(origin), clip_last(origin, p->taps_w, job->in_width), channel,
                        lanes);
            ++x;
        }
    }
}

static void plane_image(const depthwise_job *job)
{
    for (int y = 0; y < job->plane.rows; ++y) {
        int channel = 0;
        for (; channel + LANES <= job->channels; channel += LANES) plane_row(true, job, y, channel, LANES);
        if (channel < job->channels) plane_row(false, job, y, channel, job->channels - channel);
    }
}

void ISA(depthwise_forward)(real *out, const real *in, const real *weight, const real *bias, const conv_shape *s,
                            real *scratch)
{
    (void)scratch;
    depthwise_job job = {
        .plane = conv_plane_forward(s), .in = in, .weight = weight, .bias = bias, .out = out,
        .in_height = s->in_height, .in_width = s->in_width, .out_width = s->out_width,
        .channels = s->in_channels, .kernel_w = s->kernel_w,
    };
    for (int n = 0; n < s->batch; ++n) {
        plane_image(&job);
        job.in += (size_t)s->in_height * (size_t)s->in_width * (size_t)s->in_channels;
        job.out += (size_t)s->out_height * (size_t)s->out_width * (size_t)s->in_channels;
    }
}

void ISA(depthwise_backward_data)(real *din, const real *dout, const real *weight, const conv_shape *s, bool accumulate,
                                  real *scratch)
{
    (void)scratch;
    for (int r = 0; r < s->stride_h * s->stride_w; ++r) {
        depthwise_job job = {
            .plane = conv_plane_backward(s, r / s->stride_w, r % s->stride_w), .in = dout, .weight = weight, .out = din,
            .in_height = s->out_height, .in_width = s->out_width, .out_width = s->in_width,
            .channels = s->in_channels, .kernel_w = s->kernel_w, .accumulate = accumulate,
        };
        for (int n = 0; n < s->batch; ++n) {
            plane_image(&job);
            job.in += (size_t)s->out_height * (size_t)s->out_width * (size_t)s->in_channels;
            job.out += (size_t)s->in_height * (size_t)s->in_width * (size_t)s->in_channels;
        }
    }
}

/* Rows [first_row, first_row + rows) of one image; kernel row i, P taps from column j on, one vector of channels. */
ALWAYS_INLINE void weight_taps(const int P, const bool whole, real *dweight, const real *dout, const real *in,
                               const conv_shape *s, int first_row, int rows, int i, int j, int channel, int lanes)
{
    ptrdiff_t channels = s->in_channels;
    vreal sum[PIXELS];
    UNROLL
    for (int k = 0; k < P; ++k) sum[k] = (vreal){0};
    for (int y = first_row; y < first_row + rows; ++y) {
        int in_row = y * s->stride_h - s->pad_h + i;
        if (in_row < 0 || in_row >= s->in_height) continue;
        for (int x = 0; x < s->out_width; ++x) {
            int column = x * s->stride_w - s->pad_w + j;
            vreal g = load_lanes(dout + ((ptrdiff_t)y * s->out_width + x) * channels + channel, whole, lanes);
            const real *at = in + ((ptrdiff_t)in_row * s->in_width + column) * channels + channel;
            if (column >= 0 && column + P <= s->in_width) {
                UNROLL
                for (int k = 0; k < P; ++k) sum[k] += g * load_lanes(at + k * channels, whole, lanes);
            } else {
                UNROLL
                for (int k = 0; k < P; ++k)
                    if (column + k >= 0 && column + k < s->in_width)
                        sum[k] += g * load_lanes(at + k * channels, whole, lanes);
            }
        }
    }
    real *to = dweight + (ptrdiff_t)(i * s->kernel_w + j) * channels + channel;
    UNROLL
    for (int k = 0; k < P; ++k, to += channels)
        store_lanes(to, load_lanes(to, whole, lanes) + sum[k], whole, lanes);
}

ALWAYS_INLINE void weight_block(const bool whole, real *dweight, real *dbias, const real *dout, const real *in,
                                const conv_shape *s, int first_row, int rows, int channel, int lanes)
{
    for (int i = 0; i < s->kernel_h; ++i) {
        for (int j = 0; j < s->kernel_w;) {
            int taps = s->kernel_w - j < PIXELS ? s->kernel_w - j : PIXELS;
            switch (taps) {
            case 1: weight_taps(1, whole, dweight, dout, in, s, first_row, rows, i, j, channel, lanes); break;
            case 2: weight_taps(2, whole, dweight, dout, in, s, first_row, rows, i, j, channel, lanes); break;
            case 3: weight_taps(3, whole, dweight, dout, in, s, first_row, rows, i, j, channel, lanes); break;
            default: weight_taps(PIXELS, whole, dweight, dout, in, s, first_row, rows, i, j, channel, lanes); break;
            }
            j += taps;
        }
    }
    if (dbias == NULL) return;
    vreal sum = {0};
    ptrdiff_t channels = s->in_channels, begin = (ptrdiff_t)first_row * s->out_width;
    for (ptrdiff_t pixel = begin; pixel < begin + (ptrdiff_t)rows * s->out_width; ++pixel)
        sum += load_lanes(dout + pixel * channels + channel, whole, lanes);
    store_lanes(dbias + channel, load_lanes(dbias + channel, whole, lanes) + sum, whole, lanes);
}

void ISA(depthwise_backward_weight)(real *dweight, real *dbias, const real *dout, const real *in, const conv_shape *s,
                                    real *scratch)
{
    (void)scratch;
    int channels = s->in_channels, block = conv_block_rows(s);
    memset(dweight, 0, (size_t)(s->kernel_h * s->kernel_w) * (size_t)channels * sizeof(real));
    if (dbias != NULL) memset(dbias, 0, (size_t)channels * sizeof(real));
    for (int n = 0; n < s->batch; ++n) {
        for (int y = 0; y < s->out_height; y += block) {
            int rows = s->out_height - y < block ? s->out_height - y : block, channel = 0;
            for (; channel + LANES <= channels; channel += LANES)
                weight_block(true, dweight, dbias, dout, in, s, y, rows, channel, LANES);
            if (channel < channels) weight_block(false, dweight, dbias, dout, in, s, y, rows, channel, channels - channel);
        }
        in += (size_t)s->in_height * (size_t)s->in_width * (size_t)channels;
        dout += (size_t)s->out_height * (size_t)s->out_width * (size_t)channels;
    }
}
