/* Convolution of a batch: forward, and the gradient of the input as forward convolutions of dout (conv_plan.h).
 *
 * Every output is one chain of fused multiply-adds over (tap row, tap column, input channel) that starts from the bias:
 * it is the same wherever the output lies in a tile, so an image gives the same bits alone and in any batch. */
#include "core/kernels/conv/conv_narrow.h"
#include "core/kernels/conv/conv_plan.h"
#include "core/kernels/isa.h"
#include "core/kernels/conv/micro.h"
#include "core/kernels/conv/winograd.h"

/* One plane with its packed weights and where its results go. */
typedef struct {
    conv_plane plane;
    int channels;       /* summed over */
    const real *packed; /* per block of output channels (1 + taps*channels, width of the block), biases first */
    size_t row_reals;   /* packed image: distance of rows */
    int length;         /* of channels */
    size_t first;       /* offset of the plane's first output in `in` and `out` images */
    size_t in_first;
    size_t out_row, out_pixel; /* distance of its output rows and pixels */
    bool accumulate;           /* start from what `out` holds instead of the bias */
} plane_job;

ALWAYS_INLINE void plane_tile(const int P, const int V, real *out, const real *in, const real *packed, int lanes,
                              const plane_job *job)
{
    vreal sum[TILE_MAX];
    if (job->accumulate) {
        UNROLL
        for (int p = 0; p < P; ++p) UNROLL
        for (int v = 0; v < V; ++v)
            sum[p * V + v] = v == V - 1 ? vec_load_part(out + p * job->out_pixel + v * LANES, lanes)
                                        : vec_load(out + p * job->out_pixel + v * LANES);
    } else {
        UNROLL
        for (int p = 0; p < P; ++p) UNROLL
        for (int v = 0; v < V; ++v) sum[p * V + v] = vec_load(packed + v * LANES);
    }

    const real *weight = packed + V * LANES;
    for (int i = 0; i < job->plane.taps_h; ++i) {
        const real *row = in + (size_t)i * job->row_reals;
        int phase = 0, shift = 0;
        for (int j = 0; j < job->plane.taps_w; ++j) {
            const real *a = row + (size_t)phase * (size_t)job->channels * (size_t)job->length + shift;
            tile_accumulate(sum, P, V, a, (size_t)job->length, weight, V * LANES, job->channels);
            weight += (size_t)job->channels * V * LANES;
            if (++phase == job->plane.step_w) {
                phase = 0;
                ++shift;
            }
        }
    }

    UNROLL
    for (int p = 0; p < P; ++p) {
        UNROLL
        for (int v = 0; v < V - 1; ++v) vec_store(out + p * job->out_pixel + v * LANES, sum[p * V + v]);
        vec_store_part(out + p * job->out_pixel + (V - 1) * LANES, sum[p * V + V - 1], lanes);
    }
}

/* One block of V vectors of output channels of one image; `lanes` of the last vector are stored. */
#define PLANE_BLOCK(V)                                                                                                 \
    static void plane_block_##V(real *out, const real *in, const real *packed, int lanes, const plane_job *job)        \
    {                                                                                                                  \
        for (int y = 0; y < job->plane.rows; ++y) {                                                                    \
            real *out_row = out + (size_t)y * job->out_row;                                                            \
            const real *in_row = in + (size_t)(y * job->plane.step_h) * job->row_reals;                                \
            for (int x = 0; x < job->plane.cols;) {                                                                    \
                int pixels = tile_next(job->plane.cols - x, TILE_SCALARS(V));                                          \
                TILE_SWITCH(pixels, V, plane_tile, out_row + (size_t)x * job->out_pixel, in_row + x, packed, lanes,    \
                            job)                                                                                       \
                x += pixels;                                                                                           \
            }                                                                                                          \
        }                                                                                                              \
    }
PLANE_BLOCK(1)
PLANE_BLOCK(2)
PLANE_BLOCK(4)

/* A last vector of few output channels would leave most lanes empty: there the pixels of a row are the lanes, and a
 * tile is these channels times up to two vectors of pixels. Every sum is the same chain as before. */
enum { THIN_PIXELS = 2 * LANES, THIN_CHANNELS = TILE_SCALARS(2) < LANES ? TILE_SCALARS(2) : LANES - 1 };

/* Whether the pixels as lanes are clearly less work for this many output channels. */
static bool is_thin(int out_channels, int cols)
{
    return out_channels <= THIN_CHANNELS && 5 * vectors_of(cols) * out_channels <= 4 * cols;
}

/* The output channels that are computed together. */
typedef struct {
    int first, count;
    int vectors; /* 0: thin */
    int width;   /* of a row of packed weights */
} channel_block;

/* The block behind the first `first` of all channels: whole vectors, then what is left over. */
static channel_block next_block(int first, int channels, int cols)
{
    int left = channels - first, rest = left % LANES;
    bool thin = rest > 0 && is_thin(rest, cols);
    if (left == rest && thin) return (channel_block){.first = first, .count = left, .width = left};
    int vectors = block_vectors(thin ? left / LANES : vectors_of(left), cols), width = vectors * LANES;
    return (channel_block){.first = first, .count = left < width ? left : width, .vectors = vectors, .width = width};
}

ALWAYS_INLINE void thin_tile(const int P, const int V, real *out, const real *in, const real *packed, int pixels,
                             const plane_job *job)
{
    real lanes[THIN_CHANNELS * THIN_PIXELS];
    vreal sum[TILE_MAX];
    if (job->accumulate) transpose_copy(lanes, THIN_PIXELS, out, job->out_pixel, pixels, P);
    UNROLL
    for (int p = 0; p < P; ++p) {
        UNROLL
        for (int v = 0; v < V; ++v)
            sum[p * V + v] = job->accumulate ? vec_load(lanes + p * THIN_PIXELS + v * LANES) : vec_set(packed[p]);
    }

    const real *weight = packed + P;
    for (int i = 0; i < job->plane.taps_h; ++i) {
        int phase = 0, shift = 0;
        for (int j = 0; j < job->plane.taps_w; ++j) {
            const real *b = in + (size_t)i * job->row_reals + (size_t)(phase * job->channels * job->length + shift);
            tile_accumulate(sum, P, V, weight, (size_t)P, b, (size_t)job->length, job->channels);
            weight += job->channels * P;
            if (++phase == job->plane.step_w) {
                phase = 0;
                ++shift;
            }
        }
    }

    UNROLL
    for (int p = 0; p < P; ++p) {
        UNROLL
        for (int v = 0; v < V; ++v) vec_store(lanes + p * THIN_PIXELS + v * LANES, sum[p * V + v]);
    }
    if (P > 4) {
        transpose_copy(out, job->out_pixel, lanes, THIN_PIXELS, P, pixels);
        return;
    }
    for (int x = 0; x < pixels; ++x) /* too few for shuffles */
        for (int p = 0; p < P; ++p) out[(size_t)x * job->out_pixel + p] = lanes[p * THIN_PIXELS + x];
}

ALWAYS_INLINE void thin_rows(const int P, real *out, const real *in, const real *packed, const plane_job *job)
{
    for (int y = 0; y < job->plane.rows; ++y) {
        real *out_row = out + (size_t)y * job->out_row;
        const real *in_row = in + (size_t)(y * job->plane.step_h) * job->row_reals;
        for (int x = 0; x < job->plane.cols; x += THIN_PIXELS) {
            int pixels = job->plane.cols - x < THIN_PIXELS ? job->plane.cols - x : THIN_PIXELS;
            if (pixels > LANES)
                thin_tile(P, 2, out_row + (size_t)x * job->out_pixel, in_row + x, packed, pixels, job);
            else
                thin_tile(P, 1, out_row + (size_t)x * job->out_pixel, in_row + x, packed, pixels, job);
        }
    }
}

static void thin_plane(real *out, const real *in, const real *packed, int out_channels, const plane_job *job)
{
#define THIN_ROWS(P, V, ...) thin_rows((P) <= THIN_CHANNELS ? (P) : 1, __VA_ARGS__)
    TILE_SWITCH(out_channels, 2, THIN_ROWS, out, in, packed, job)
#undef THIN_ROWS
}

/* Elements of a row of packed weights of all blocks. */
static int packed_width(int out_channels, int cols)
{
    int width = 0;
    for (int first = 0; first < out_channels;) {
        channel_block block = next_block(first, out_channels, cols);
        width += block.width;
        first += block.count;
    }
    return width;
}

static void plane_image(real *out, const real *in, int out_channels, const plane_job *job)
{
    const real *packed = job->packed;
    size_t depth = 1 + (size_t)(job->plane.taps_h * job->plane.taps_w) * (size_t)job->channels;
    in += job->in_first;
    for (int first = 0; first < out_channels;) {
        channel_block block = next_block(first, out_channels, job->plane.cols);
        int lanes = block.count - (block.vectors - 1) * LANES;
        real *to = out + job->first + first;
        if (block.vectors == 4)
            plane_block_4(to, in, packed, lanes, job);
        else if (block.vectors == 2)
            plane_block_2(to, in, packed, lanes, job);
        else if (block.vectors == 1)
            plane_block_1(to, in, packed, lanes, job);
        else
            thin_plane(to, in, packed, block.count, job);
        packed += depth * (size_t)block.width;
        first += block.count;
    }
}

/* Packs the weights of a forward pass (KH, KW, C, O) for plane_image; returns the end of what it wrote. */
static real *pack_forward(real *packed, const real *weight, const real *bias, int depth, int out_channels, int cols)
{
    for (int first = 0; first < out_channels;) {
        channel_block block = next_block(first, out_channels, cols);
        for (int k = -1; k < depth; ++k, packed += block.width) {
            const real *from = k < 0 ? bias : weight + (size_t)k * (size_t)out_channels;
            if (block.count < block.width || from == NULL) memset(packed, 0, (size_t)block.width * sizeof(real));
            if (from != NULL) memcpy(packed, from + first, (size_t)block.count * sizeof(real));
        }
        first += block.count;
    }
    return packed;
}

/* The same for a plane of the gradient of the input: the output channels are those of `in` (C), the sum runs over O. */
static real *pack_backward(real *packed, const real *weight, const conv_shape *s, const conv_plane *p)
{
    int channels = s->in_channels, depth = s->out_channels;
    for (int first = 0; first < channels;) {
        channel_block block = next_block(first, channels, p->cols);
        memset(packed, 0, (size_t)block.width * sizeof(real));
        packed += block.width;
        for (int i = 0; i < p->taps_h; ++i) {
            for (int j = 0; j < p->taps_w; ++j) {
                int tap = (p->tap_first_h + i * p->tap_every_h) * s->kernel_w + p->tap_first_w + j * p->tap_every_w;
                const real *from = weight + ((size_t)tap * (size_t)channels + (size_t)first) * (size_t)depth;
                if (block.count < block.width) memset(packed, 0, (size_t)(depth * block.width) * sizeof(real));
                transpose_copy(packed, (size_t)block.width, from, (size_t)depth, block.count, depth);
                packed += depth * block.width;
            }
        }
        first += block.count;
    }
    return packed;
}

/* Copies one image (height, width, channels) into its window; the border is zero already and stays so. */
static void pack_image(real *packed, const conv_window *w, const real *image, int height, int width, int channels)
{
    for (int r = 0; r < w->rows; ++r) {
        int y = w->low_h + r;
        if (y < 0 || y >= height || r % w->step_h >= w->taps_h) continue;
        for (int phase = 0; phase < w->phases; ++phase) {
            /* Element k of the phase is image column low_w + phase + k * step_w. */
            int column = w->low_w + phase, k = 0;
            if (column < 0) k = (-column + w->step_w - 1) / w->step_w;
            column += k * w->step_w;
            int count = column < width ? (width - 1 - column) / w->step_w + 1 : 0;
            if (count > w->length - k) count = w->length - k;
            real *to = packed + (size_t)r * w->row_reals + (size_t)phase * (size_t)channels * (size_t)w->length + k;
            const real *from = image + ((size_t)y * (size_t)width + (size_t)column) * (size_t)channels;
            if (count > 0)
                transpose_copy(to, (size_t)w->length, from, (size_t)w->step_w * (size_t)channels, count, channels);
        }
    }
}

static void forward(real *out, const real *in, const real *weight, const real *bias, const conv_shape *s, real *scratch)
{
    conv_window window = conv_window_forward(s);
    real *packed = align_vector(scratch);
    plane_job job = {
        .plane = conv_plane_forward(s),
        .channels = s->in_channels,
        .packed = packed,
        .row_reals = window.row_reals,
        .length = window.length,
        .out_row = (size_t)s->out_width * (size_t)s->out_channels,
        .out_pixel = (size_t)s->out_channels,
    };
    real *image = align_vector(
        pack_forward(packed, weight, bias, s->kernel_h * s->kernel_w * s->in_channels, s->out_channels, s->out_width));
    memset(image, 0, (size_t)window.rows * window.row_reals * sizeof(real));
    for (int n = 0; n < s->batch; ++n) {
        pack_image(image, &window, in, s->in_height, s->in_width, s->in_channels);
        plane_image(out, image, s->out_channels, &job);
        in += (size_t)s->in_height * (size_t)s->in_width * (size_t)s->in_channels;
        out += (size_t)s->out_height * job.out_row;
    }
}

void ISA(conv_forward)(real *out, const real *in, const real *weight, const real *bias, const conv_shape *s,
                       real *scratch)
{
    if (winograd_fits(s)) {
        ISA(winograd_forward)(out, in, weight, bias, s, scratch);
        return;
    }
    if (!conv_is_flat(s)) {
        forward(out, in, weight, bias, s, scratch);
        return;
    }
    conv_shape parts[2];
    conv_flatten(parts, s);
    size_t pixels = (size_t)parts[0].batch * FLAT_PIXELS;
    if (parts[0].batch > 0) forward(out, in, weight, bias, &parts[0], scratch);
    if (parts[1].batch > 0)
        forward(out + pixels * (size_t)s->out_channels, in + pixels * (size_t)s->in_channels, weight, bias, &parts[1],
                scratch);
}

/* A plane without outputs, or one no tap reaches. */
static bool is_empty(const conv_plane *p)
{
    return p->rows == 0 || p->cols == 0 || p->taps_h == 0 || p->taps_w == 0;
}

static plane_job backward_job(const conv_shape *s, const conv_window *window, int residue_h, int residue_w,
                              bool accumulate)
{
    conv_plane p = conv_plane_backward(s, residue_h, residue_w);
    size_t row = (size_t)s->in_width * (size_t)s->in_channels;
    return (plane_job){
        .plane = p,
        .channels = s->out_channels,
        .row_reals = window->row_reals,
        .length = window->length,
        .first = (size_t)p.first_h * row + (size_t)p.first_w * (size_t)s->in_channels,
        .in_first = (size_t)(p.origin_h - window->low_h) * window->row_reals + (size_t)(p.origin_w - window->low_w),
        .out_row = (size_t)p.every_h * row,
        .out_pixel = (size_t)p.every_w * (size_t)s->in_channels,
        .accumulate = accumulate,
    };
}

static void backward(real *din, const real *dout, const real *weight, const conv_shape *s, bool accumulate,
                     real *scratch)
{
    size_t din_image = (size_t)s->in_height * (size_t)s->in_width * (size_t)s->in_channels;
    size_t dout_image = (size_t)s->out_height * (size_t)s->out_width * (size_t)s->out_channels;
    conv_window window = conv_window_backward(s);

    /* The weights of all planes, one behind the other, then the image. */
    real *end = align_vector(scratch);
    for (int r = 0; r < s->stride_h * s->stride_w; ++r) {
        conv_plane p = conv_plane_backward(s, r / s->stride_w, r % s->stride_w);
        if (!is_empty(&p)) end = pack_backward(end, weight, s, &p);
    }
    real *image = align_vector(end);
    memset(image, 0, (size_t)window.rows * window.row_reals * sizeof(real));

    /* With a stride beyond the kernel there are inputs no tap reaches. */
    bool clear = !accumulate && (s->stride_h > s->kernel_h || s->stride_w > s->kernel_w);

    for (int n = 0; n < s->batch; ++n) {
        if (clear) memset(din, 0, din_image * sizeof(real));
        pack_image(image, &window, dout, s->out_height, s->out_width, s->out_channels);
        const real *packed = align_vector(scratch);
        for (int r = 0; r < s->stride_h * s->stride_w; ++r) {
            plane_job job = backward_job(s, &window, r / s->stride_w, r % s->stride_w, accumulate);
            if (is_empty(&job.plane)) continue;
            job.packed = packed;
            plane_image(din, image, s->in_channels, &job);
            packed += (1 + (size_t)(job.plane.taps_h * job.plane.taps_w) * (size_t)job.channels) *
                      (size_t)packed_width(s->in_channels, job.plane.cols);
        }
        din += din_image;
        dout += dout_image;
    }
}

void ISA(conv_backward_data)(real *din, const real *dout, const real *weight, const conv_shape *s, bool accumulate,
                             real *scratch)
{
    if (winograd_fits(s)) {
        ISA(winograd_backward_data)(din, dout, weight, s, accumulate, scratch);
        return;
    }
    if (conv_is_narrow(s)) {
        ISA(conv_narrow_backward_data)(din, dout, weight, s, accumulate, scratch);
        return;
    }
    if (!conv_is_flat(s)) {
        backward(din, dout, weight, s, accumulate, scratch);
        return;
    }
    conv_shape parts[2];
    conv_flatten(parts, s);
    size_t pixels = (size_t)parts[0].batch * FLAT_PIXELS;
    if (parts[0].batch > 0) backward(din, dout, weight, &parts[0], accumulate, scratch);
    if (parts[1].batch > 0)
        backward(din + pixels * (size_t)s->in_channels, dout + pixels * (size_t)s->out_channels, weight, &parts[1],
                 accumulate, scratch);
}
