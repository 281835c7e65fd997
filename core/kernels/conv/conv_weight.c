/* Gradient of the weights and biases of a convolution.
 *
 * In a zero-bordered image (rows, columns, C) the inputs of kernel row i under one output pixel are KW*C neighbouring
 * elements: a tile is a few of these elements times some vectors of output channels, summed over the pixels of a block
 * of output rows (conv_block_rows) of some images (conv_block_images). Blocks are added to dweight in order, so an
 * element is a sum of short sums: its rounding error grows with the number of blocks, not of pixels. The first block is
 * stored. */
#include "core/kernels/conv/border.h"
#include "core/kernels/conv/conv_plan.h"
#include "core/kernels/isa.h"
#include "core/kernels/conv/micro.h"
#include "core/kernels/conv/winograd.h"

/* The pixels of one block: bordered inputs, and gradients of the outputs padded to whole vectors of channels. */
typedef struct {
    const real *in, *dout;   /* first image */
    size_t in_image, in_row; /* distances of images and of window rows */
    size_t dout_image, dout_row;
    int images, first_row, rows;
    size_t in_step, dout_step; /* distance of neighbouring output pixels */
    int pixels;                /* of a row */
    int row_stride;            /* window rows from one output row to the next */
    bool first;                /* overwrite instead of add */
} weight_block;

ALWAYS_INLINE void weight_tile(const int P, const int V, real *dweight, size_t out_channels, int lanes, size_t element,
                               size_t channel, const weight_block *b)
{
    vreal sum[TILE_MAX];
    UNROLL
    for (int p = 0; p < P; ++p) UNROLL
    for (int v = 0; v < V; ++v) sum[p * V + v] = (vreal){0};

    for (int n = 0; n < b->images; ++n) {
        const real *in = b->in + (size_t)n * b->in_image + element;
        const real *dout = b->dout + (size_t)n * b->dout_image + channel;
        for (int y = b->first_row; y < b->first_row + b->rows; ++y)
            tile_accumulate(sum, P, V, in + (size_t)(y * b->row_stride) * b->in_row, b->in_step,
                            dout + (size_t)y * b->dout_row, b->dout_step, b->pixels);
    }

    UNROLL
    for (int p = 0; p < P; ++p) {
        real *to = dweight + (size_t)p * out_channels;
        UNROLL
        for (int v = 0; v < V; ++v, to += LANES) {
            int part = v == V - 1 ? lanes : LANES;
            vreal total = b->first ? sum[p * V + v] : vec_load_part(to, part) + sum[p * V + v];
            vec_store_part(to, total, part);
        }
    }
}

/* Kernel row i, all its KW*C elements, times V vectors of output channels. */
#define WEIGHT_ROW(V)                                                                                                  \
    static void weight_row_##V(real *dweight, size_t out_channels, int lanes, int elements, size_t row_offset,         \
                               size_t channel, const weight_block *b)                                                  \
    {                                                                                                                  \
        for (int e = 0; e < elements;) {                                                                               \
            int scalars = tile_next(elements - e, TILE_SCALARS(V));                                                    \
            TILE_SWITCH(scalars, V, weight_tile, dweight + (size_t)e * out_channels, out_channels, lanes,              \
                        row_offset + (size_t)e, channel, b)                                                            \
            e += scalars;                                                                                              \
        }                                                                                                              \
    }
WEIGHT_ROW(1)
WEIGHT_ROW(2)
WEIGHT_ROW(4)

/* A last vector of few output channels would leave most lanes empty: there the elements are the lanes, and a tile is
 * these channels times up to two vectors of elements. Every sum is the same as before. */
enum { THIN_CHANNELS = TILE_SCALARS(2) < LANES ? TILE_SCALARS(2) : LANES - 1 };

/* Whether the elements as lanes are clearly less work for this many output channels. */
static bool is_thin(int out_channels, int elements)
{
    return out_channels > 0 && out_channels <= THIN_CHANNELS && 5 * vectors_of(elements) * out_channels <= 4 * elements;
}

/* V vectors of elements, `lanes` of the last, times P output channels. */
ALWAYS_INLINE void thin_tile(const int P, const int V, real *dweight, size_t out_channels, int lanes, size_t element,
                             size_t channel, const weight_block *b)
{
    vreal sum[TILE_MAX];
    UNROLL
    for (int p = 0; p < P; ++p) UNROLL
    for (int v = 0; v < V; ++v) sum[p * V + v] = (vreal){0};

    for (int n = 0; n < b->images; ++n)
        for (int y = b->first_row; y < b->first_row + b->rows; ++y) {
            const real *in = b->in + (size_t)n * b->in_image + (size_t)(y * b->row_stride) * b->in_row + element;
            const real *dout = b->dout + (size_t)n * b->dout_image + (size_t)y * b->dout_row + channel;
            for (int x = 0; x < b->pixels; ++x, in += b->in_step, dout += b->dout_step) {
                vreal vector[2];
                UNROLL
                for (int v = 0; v < V - 1; ++v) vector[v] = vec_load(in + v * LANES);
                vector[V - 1] = vec_load_part(in + (V - 1) * LANES, lanes);
                UNROLL
                for (int p = 0; p < P; ++p) {
                    UNROLL
                    for (int v = 0; v < V; ++v) sum[p * V + v] += dout[p] * vector[v];
                }
            }
        }

    real channels[THIN_CHANNELS * 2 * LANES], elements[2 * LANES * LANES]; /* by channel, by element */
    UNROLL
    for (int p = 0; p < P; ++p) UNROLL
    for (int v = 0; v < V; ++v) vec_store(channels + (p * V + v) * LANES, sum[p * V + v]);
    int count = (V - 1) * LANES + lanes;
    transpose_copy(elements, LANES, channels, V * LANES, P, count);
    for (int e = 0; e < count; ++e, dweight += out_channels) {
        vreal total = vec_load_part(elements + e * LANES, P);
        if (!b->first) total += vec_load_part(dweight, P);
        vec_store_part(dweight, total, P);
    }
}

/* Kernel row i, all its KW*C elements, times P output channels. */
ALWAYS_INLINE void thin_row(const int P, real *dweight, size_t out_channels, int elements, size_t row_offset,
                            size_t channel, const weight_block *b)
{
    for (int e = 0; e < elements; e += 2 * LANES) {
        int left = elements - e;
        real *to = dweight + (size_t)e * out_channels;
        int lanes = left >= 2 * LANES || left == LANES ? LANES : left % LANES; /* of the last vector */
        if (left > LANES)
            thin_tile(P, 2, to, out_channels, lanes, row_offset + (size_t)e, channel, b);
        else
            thin_tile(P, 1, to, out_channels, lanes, row_offset + (size_t)e, channel, b);
    }
}

static void thin_channels(int count, real *dweight, size_t out_channels, int elements, size_t row_offset,
                          size_t channel, const weight_block *b)
{
#define THIN_ROW(P, V, ...) thin_row((P) <= THIN_CHANNELS ? (P) : 1, __VA_ARGS__)
    TILE_SWITCH(count, 2, THIN_ROW, dweight, out_channels, elements, row_offset, channel, b)
#undef THIN_ROW
}

static void add_block(real *dweight, real *dbias, const weight_block *b, const conv_shape *s)
{
    int elements = s->kernel_w * s->in_channels, rest = s->out_channels % LANES;
    size_t out_channels = (size_t)s->out_channels;
    bool thin = is_thin(rest, elements);
    int all = thin ? s->out_channels / LANES : vectors_of(s->out_channels);
    for (int left = all; left > 0;) {
        int vectors = block_vectors(left, elements);
        int channel = (all - left) * LANES;
        int lanes = left == vectors && !thin ? s->out_channels - channel - (vectors - 1) * LANES : LANES;
        for (int i = 0; i < s->kernel_h; ++i) {
            real *to = dweight + (size_t)(i * elements) * out_channels + channel;
            size_t row = (size_t)i * b->in_row;
            if (vectors == 4)
                weight_row_4(to, out_channels, lanes, elements, row, (size_t)channel, b);
            else if (vectors == 2)
                weight_row_2(to, out_channels, lanes, elements, row, (size_t)channel, b);
            else
                weight_row_1(to, out_channels, lanes, elements, row, (size_t)channel, b);
        }
        left -= vectors;
    }
    for (int i = 0; thin && i < s->kernel_h; ++i)
        thin_channels(rest, dweight + (size_t)(i * elements) * out_channels + all * LANES, out_channels, elements,
                      (size_t)i * b->in_row, (size_t)(all * LANES), b);
    for (int channel = 0; dbias != NULL && channel < s->out_channels; channel += LANES) {
        vreal sum = {0};
        for (int n = 0; n < b->images; ++n)
            for (int y = b->first_row; y < b->first_row + b->rows; ++y) {
                const real *dout = b->dout + (size_t)n * b->dout_image + (size_t)y * b->dout_row + channel;
                for (int x = 0; x < b->pixels; ++x) sum += vec_load(dout + (size_t)x * b->dout_step);
            }
        int lanes = s->out_channels - channel < LANES ? s->out_channels - channel : LANES;
        vec_store_part(dbias + channel, b->first ? sum : vec_load_part(dbias + channel, lanes) + sum, lanes);
    }
}

/* Pixels (O) to pixels of whole vectors, zeros behind. */
static void pad_channels(real *out, const real *in, size_t pixels, int channels)
{
    for (size_t i = 0; i < pixels; ++i, in += channels)
        for (int c = 0; c < channels; c += LANES, out += LANES)
            vec_store(out, vec_load_part(in + c, channels - c < LANES ? channels - c : LANES));
}

/* Adds the gradients of a batch (overwrites with its first block if `first`). */
static void add_batch(real *dweight, real *dbias, const real *dout, const real *in, const conv_shape *s, bool first,
                      real *scratch)
{
    size_t in_image = (size_t)s->in_height * (size_t)s->in_width * (size_t)s->in_channels;
    size_t out_pixels = (size_t)s->out_height * (size_t)s->out_width;
    size_t whole_channels = (size_t)(vectors_of(s->out_channels) * LANES);
    bool bordered = s->pad_h > 0 || s->pad_w > 0, padded = whole_channels != (size_t)s->out_channels;
    int window_rows = (s->out_height - 1) * s->stride_h + s->kernel_h;
    int window_columns = (s->out_width - 1) * s->stride_w + s->kernel_w;
    size_t window = (size_t)window_rows * (size_t)window_columns * (size_t)s->in_channels;
    int group = conv_block_images(s), rows = conv_block_rows(s);

    real *dout_copy = align_vector(scratch);
    real *in_copy = padded ? dout_copy + (size_t)group * out_pixels * whole_channels : dout_copy;
    weight_block block = {
        .in_image = bordered ? window : in_image,
        .in_row = (size_t)(bordered ? window_columns : s->in_width) * (size_t)s->in_channels,
        .dout_image = out_pixels * whole_channels,
        .dout_row = (size_t)s->out_width * whole_channels,
        .in_step = (size_t)(s->stride_w * s->in_channels),
        .dout_step = whole_channels,
        .pixels = s->out_width,
        .row_stride = s->stride_h,
        .first = first,
    };
    for (int n = 0; n < s->batch; n += group) {
        block.images = s->batch - n < group ? s->batch - n : group;
        block.in = bordered ? in_copy : in;
        block.dout = padded ? dout_copy : dout;
        for (int i = 0; bordered && i < block.images; ++i)
            border_image(in_copy + (size_t)i * window, -s->pad_h, -s->pad_w, window_rows, window_columns,
                         in + (size_t)i * in_image, s->in_height, s->in_width, s->in_channels);
        if (padded) pad_channels(dout_copy, dout, (size_t)block.images * out_pixels, s->out_channels);
        for (int y = 0; y < s->out_height; y += rows) {
            block.first_row = y;
            block.rows = s->out_height - y < rows ? s->out_height - y : rows;
            add_block(dweight, dbias, &block, s);
            block.first = false;
        }
        in += (size_t)block.images * in_image;
        dout += (size_t)block.images * out_pixels * (size_t)s->out_channels;
    }
}

void ISA(conv_backward_weight)(real *dweight, real *dbias, const real *dout, const real *in, const conv_shape *s,
                               real *scratch)
{
    if (winograd_fits(s)) {
        ISA(winograd_backward_weight)(dweight, dbias, dout, in, s, scratch);
        return;
    }
    if (!conv_is_flat(s)) {
        add_batch(dweight, dbias, dout, in, s, true, scratch);
        return;
    }
    conv_shape parts[2];
    conv_flatten(parts, s);
    size_t pixels = (size_t)parts[0].batch * FLAT_PIXELS;
    if (parts[0].batch > 0) add_batch(dweight, dbias, dout, in, &parts[0], true, scratch);
    if (parts[1].batch > 0)
        add_batch(dweight, dbias, dout + pixels * (size_t)s->out_channels, in + pixels * (size_t)s->in_channels,
                  &parts[1], parts[0].batch == 0, scratch);
}
