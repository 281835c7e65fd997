/* The three passes of winograd.h. Channels are the lanes of a vector; a block is LANES channels.
 *
 * Layouts in scratch (padded channel counts are whole blocks, zeros behind):
 *   weights  (position, in_channel, out_channel)
 *   inputs   (position, block, tile, lane): a register tile broadcasts one channel of neighbouring tiles, or
 * neighbouring channels of one tile products (position, tile, out_channel) */
#include "core/kernels/conv/winograd.h"

#include <string.h>

#include "core/kernels/isa.h"
#include "core/kernels/conv/micro.h"

/* Distance of two positions that hold `reals` each. A vector more: distances that are powers of two would put all
 * positions of a tile into the same few cache sets. */
ALWAYS_INLINE size_t spaced(size_t reals)
{
    return reals + LANES;
}

enum { IN = WINOGRAD_IN, OUT = WINOGRAD_OUT, POSITIONS = WINOGRAD_POSITIONS };

/* The six points of the interpolation are 0, -A, A, -B, B and infinity. With 3/4 and 3/2 the transforms amplify
 * rounding least among the points that binary fractions can hold (A = 1, B = 2 doubles it). */
#define A ((real)0.75)
#define B ((real)1.5)
#define A2 (A * A)
#define B2 (B * B)
#define NORM_0 (1 / (A2 * B2)) /* one over the product of the differences to the other finite points */
#define NORM_A (1 / (2 * A2 * (A2 - B2)))
#define NORM_B (1 / (2 * B2 * (B2 - A2)))

/* Bt of six values, in place. */
ALWAYS_INLINE void transform_input(vreal d[IN])
{
    vreal d0 = d[0], d1 = d[1], d2 = d[2], d3 = d[3], d4 = d[4], d5 = d[5];
    vreal even_a = d4 - B2 * d2, odd_a = A * (d3 - B2 * d1), even_b = d4 - A2 * d2, odd_b = B * (d3 - A2 * d1);
    d[0] = A2 * B2 * d0 - (A2 + B2) * d2 + d4;
    d[1] = even_a + odd_a;
    d[2] = even_a - odd_a;
    d[3] = even_b + odd_b;
    d[4] = even_b - odd_b;
    d[5] = A2 * B2 * d1 - (A2 + B2) * d3 + d5;
}

/* At of six values to four. */
ALWAYS_INLINE void transform_products(vreal y[OUT], const vreal m[IN])
{
    vreal sum_a = m[1] + m[2], difference_a = m[1] - m[2], sum_b = m[3] + m[4], difference_b = m[3] - m[4];
    y[0] = m[0] + sum_a + sum_b;
    y[1] = A * difference_a + B * difference_b;
    y[2] = A2 * sum_a + B2 * sum_b;
    y[3] = A * A2 * difference_a + B * B2 * difference_b + m[5];
}

/* A of four values to six: the transpose of the above. */
ALWAYS_INLINE void transform_gradient(vreal z[IN], const vreal y[OUT])
{
    vreal even_a = y[0] + A2 * y[2], odd_a = A * y[1] + A * A2 * y[3];
    vreal even_b = y[0] + B2 * y[2], odd_b = B * y[1] + B * B2 * y[3];
    z[0] = y[0];
    z[1] = even_a + odd_a;
    z[2] = even_a - odd_a;
    z[3] = even_b + odd_b;
    z[4] = even_b - odd_b;
    z[5] = y[3];
}

/* G of three values to six. */
ALWAYS_INLINE void transform_weight(vreal u[IN], const vreal g[3])
{
    vreal even_a = NORM_A * g[0] + NORM_A * A2 * g[2], odd_a = NORM_A * A * g[1];
    vreal even_b = NORM_B * g[0] + NORM_B * B2 * g[2], odd_b = NORM_B * B * g[1];
    u[0] = NORM_0 * g[0];
    u[1] = even_a + odd_a;
    u[2] = even_a - odd_a;
    u[3] = even_b + odd_b;
    u[4] = even_b - odd_b;
    u[5] = g[2];
}

/* Gt of six values to three. */
ALWAYS_INLINE void transform_weight_back(vreal g[3], const vreal u[IN])
{
    vreal sum_a = NORM_A * (u[1] + u[2]), sum_b = NORM_B * (u[3] + u[4]);
    g[0] = NORM_0 * u[0] + sum_a + sum_b;
    g[1] = NORM_A * A * (u[1] - u[2]) + NORM_B * B * (u[3] - u[4]);
    g[2] = A2 * sum_a + B2 * sum_b + u[5];
}

/* Which part of a batch of images (height, width, channels) the tiles cover: tile t starts at row `low + 4 * row`. */
typedef struct {
    int height, width, channels; /* of an image */
    int tiles_h, tiles_w;        /* of an image */
    int low_h, low_w;            /* image coordinates of the first tile's first pixel */
} tiling;

typedef struct {
    size_t image; /* offset in reals */
    int y, x;     /* of the first pixel, may be negative */
} tile_place;

static tile_place place_of(const tiling *t, int tile)
{
    int in_image = tile % (t->tiles_h * t->tiles_w), image = tile / (t->tiles_h * t->tiles_w);
    return (tile_place){
        .image = (size_t)image * (size_t)t->height * (size_t)t->width * (size_t)t->channels,
        .y = t->low_h + in_image / t->tiles_w * OUT,
        .x = t->low_w + in_image % t->tiles_w * OUT,
    };
}

/* A square of `side` pixels of one block of channels. Outside the image it reads zeros: no lane of the first pixel. */
typedef struct {
    const real *corner;         /* of the square, or of the image when the square reaches over its border */
    size_t row[IN], column[IN]; /* offsets from there */
    int lanes[IN];              /* of a column; those of a row are all or none */
    bool inside, row_inside[IN];
} square;

ALWAYS_INLINE square square_at(const int side, const real *images, const tiling *t, tile_place at, int first_channel)
{
    int lanes = t->channels - first_channel < LANES ? t->channels - first_channel : LANES;
    square q = {.corner = images + at.image + first_channel};
    size_t row_reals = (size_t)t->width * (size_t)t->channels;
    q.inside = at.y >= 0 && at.x >= 0 && at.y + side <= t->height && at.x + side <= t->width && lanes == LANES;
    if (q.inside) {
        q.corner += (size_t)at.y * row_reals + (size_t)at.x * (size_t)t->channels;
        return q;
    }
    for (int i = 0; i < side; ++i) {
        int y = at.y + i, x = at.x + i;
        q.row_inside[i] = y >= 0 && y < t->height;
        q.row[i] = q.row_inside[i] ? (size_t)y * row_reals : 0;
        q.lanes[i] = x >= 0 && x < t->width ? lanes : 0;
        q.column[i] = q.lanes[i] > 0 ? (size_t)x * (size_t)t->channels : 0;
    }
    return q;
}

/* Column j of the square. */
ALWAYS_INLINE void load_column(vreal *d, const int side, const square *q, int j, const tiling *t)
{
    if (q->inside) {
        const real *from = q->corner + j * t->channels;
        UNROLL
        for (int i = 0; i < side; ++i, from += (size_t)t->width * (size_t)t->channels) d[i] = vec_load(from);
        return;
    }
    UNROLL
    for (int i = 0; i < side; ++i)
        d[i] = vec_load_part(q->corner + q->row[i] + q->column[j], q->row_inside[i] ? q->lanes[j] : 0);
}

/* What the tile below will read, or write, as the first: OUT pixels of OUT rows, `below` rows under the first pixel of
 * this one. It is foreseen a row of tiles before, as it comes from the third-level cache when a whole shard goes
 * through a layer. Under the last row of an image lies the next image. */
ALWAYS_INLINE void foresee_below(const real *images, const tiling *t, tile_place at, int below, int first_channel,
                                 const int write)
{
    const size_t row_reals = (size_t)t->width * (size_t)t->channels;
    const int y = at.y > 0 ? at.y : 0, x = at.x > 0 ? at.x : 0;
    const real *from = images + at.image + (size_t)(y + below) * row_reals + (size_t)x * (size_t)t->channels;
    UNROLL
    for (int pixel = 0; pixel < OUT * OUT; ++pixel) {
        const size_t i = pixel / OUT, j = pixel % OUT;
        const real *at_pixel = from + i * row_reals + j * (size_t)t->channels + first_channel;
        if (write)
            __builtin_prefetch(at_pixel, 1);
        else
            __builtin_prefetch(at_pixel);
    }
}

/* Bt d B of `count` tiles from `first` on, into (position, block, tile, lane) with room for `room` tiles. */
static void gather_inputs(real *out, const real *images, const tiling *t, int first, int count, int room)
{
    int blocks = vectors_of(t->channels);
    size_t block_reals = (size_t)room * LANES, position_reals = spaced((size_t)blocks * block_reals);
    for (int tile = 0; tile < count; ++tile) {
        tile_place at = place_of(t, first + tile);
        for (int b = 0; b < blocks; ++b) {
            square q = square_at(IN, images, t, at, b * LANES);
            foresee_below(images, t, at, IN, b * LANES, 0);
            vreal half[POSITIONS]; /* (6, 6) */
            UNROLL
            for (int j = 0; j < IN; ++j) {
                vreal d[IN];
                load_column(d, IN, &q, j, t);
                transform_input(d);
                UNROLL
                for (int i = 0; i < IN; ++i) half[i * IN + j] = d[i];
            }
            real *to = out + (size_t)b * block_reals + (size_t)tile * LANES;
            for (int i = 0; i < IN; ++i) {
                transform_input(half + i * IN);
                UNROLL
                for (int j = 0; j < IN; ++j) vec_store(to + (size_t)(i * IN + j) * position_reals, half[i * IN + j]);
            }
        }
    }
}

/* A dY At of `count` tiles, into (position, tile, out_channel). */
static void gather_gradients(real *out, const real *images, const tiling *t, int first, int count, int room)
{
    int blocks = vectors_of(t->channels);
    size_t tile_reals = (size_t)blocks * LANES, position_reals = spaced((size_t)room * tile_reals);
    for (int tile = 0; tile < count; ++tile) {
        tile_place at = place_of(t, first + tile);
        for (int b = 0; b < blocks; ++b) {
            square q = square_at(OUT, images, t, at, b * LANES);
            foresee_below(images, t, at, OUT, b * LANES, 0);
            vreal half[IN * OUT]; /* (6, 4) */
            UNROLL
            for (int j = 0; j < OUT; ++j) {
                vreal y[OUT], z[IN];
                load_column(y, OUT, &q, j, t);
                transform_gradient(z, y);
                UNROLL
                for (int i = 0; i < IN; ++i) half[i * OUT + j] = z[i];
            }
            real *to = out + (size_t)tile * tile_reals + (size_t)b * LANES;
            for (int i = 0; i < IN; ++i) {
                vreal z[IN];
                transform_gradient(z, half + i * OUT);
                UNROLL
                for (int j = 0; j < IN; ++j) vec_store(to + (size_t)(i * IN + j) * position_reals, z[j]);
            }
        }
    }
}

/* At M A of `count` tiles, plus the bias or what is there, into the images. */
static void scatter_outputs(real *images, const real *products, const real *bias, const tiling *t, int first, int count,
                            int room, bool accumulate)
{
    int blocks = vectors_of(t->channels);
    size_t tile_reals = (size_t)blocks * LANES, position_reals = spaced((size_t)room * tile_reals);
    for (int tile = 0; tile < count; ++tile) {
        tile_place at = place_of(t, first + tile);
        int rows = t->height - at.y < OUT ? t->height - at.y : OUT,
            cols = t->width - at.x < OUT ? t->width - at.x : OUT;
        for (int b = 0; b < blocks; ++b) {
            int lanes = t->channels - b * LANES < LANES ? t->channels - b * LANES : LANES;
            const real *from = products + (size_t)tile * tile_reals + (size_t)b * LANES;
            vreal start = bias != NULL ? vec_load_part(bias + b * LANES, lanes) : (vreal){0};
            vreal half[OUT * IN]; /* (4, 6) */
            foresee_below(images, t, at, OUT, b * LANES, 1);
            UNROLL
            for (int j = 0; j < IN; ++j) {
                vreal m[IN], y[OUT];
                UNROLL
                for (int i = 0; i < IN; ++i) m[i] = vec_load(from + (size_t)(i * IN + j) * position_reals);
                transform_products(y, m);
                UNROLL
                for (int i = 0; i < OUT; ++i) half[i * IN + j] = y[i];
            }
            real *to = images + at.image + ((size_t)at.y * (size_t)t->width + (size_t)at.x) * (size_t)t->channels +
                       (size_t)b * LANES;
            for (int i = 0; i < rows; ++i, to += (size_t)t->width * (size_t)t->channels) {
                vreal y[OUT];
                transform_products(y, half + i * IN);
                for (int j = 0; j < cols; ++j) {
                    real *pixel = to + j * t->channels;
                    if (lanes == LANES)
                        vec_store(pixel, y[j] + (accumulate ? vec_load(pixel) : start));
                    else
                        vec_store_part(pixel, y[j] + (accumulate ? vec_load_part(pixel, lanes) : start), lanes);
                }
            }
        }
    }
}

/* G g Gt of the taps of one input channel and LANES output channels: u[position * step]. */
ALWAYS_INLINE void transform_taps(real *u, size_t step, const real *weight, size_t tap_reals, int lanes)
{
    vreal half[IN * 3]; /* (6, 3) */
    UNROLL
    for (int j = 0; j < 3; ++j) {
        vreal g[3], z[IN];
        UNROLL
        for (int i = 0; i < 3; ++i) g[i] = vec_load_part(weight + (size_t)(3 * i + j) * tap_reals, lanes);
        transform_weight(z, g);
        UNROLL
        for (int i = 0; i < IN; ++i) half[i * 3 + j] = z[i];
    }
    for (int i = 0; i < IN; ++i) {
        vreal z[IN];
        transform_weight(z, half + i * 3);
        UNROLL
        for (int j = 0; j < IN; ++j) vec_store(u + (size_t)(i * IN + j) * step, z[j]);
    }
}

/* Transformed weights of the forward pass: (3, 3, C, O) to (position, C, O). */
static void transform_weights(real *out, const real *weight, int in_channels, int out_channels)
{
    size_t width = (size_t)vectors_of(out_channels) * LANES;
    size_t position_reals = spaced((size_t)vectors_of(in_channels) * LANES * width);
    size_t tap_reals = (size_t)in_channels * (size_t)out_channels;
    for (int o = 0; o < out_channels; o += LANES) {
        int lanes = out_channels - o < LANES ? out_channels - o : LANES;
        for (int c = 0; c < in_channels; ++c)
            transform_taps(out + (size_t)c * width + o, position_reals, weight + c * out_channels + o, tap_reals,
                           lanes);
        for (int c = in_channels; c < vectors_of(in_channels) * LANES; ++c)
            for (int position = 0; position < POSITIONS; ++position)
                vec_store(out + (size_t)position * position_reals + (size_t)c * width + o, (vreal){0});
    }
}

/* Those of the gradient of the input, whose taps are turned around: (3, 3, C, O) to (position, O, C). Square by
 * square of channels: transformed, then transposed. */
static void transform_weights_turned(real *out, const real *weight, int in_channels, int out_channels)
{
    size_t width = (size_t)vectors_of(in_channels) * LANES;
    size_t position_reals = spaced((size_t)vectors_of(out_channels) * LANES * width);
    size_t tap_reals = (size_t)in_channels * (size_t)out_channels;
    for (int o = 0; o < out_channels; o += LANES)
        for (int c = 0; c < in_channels; c += LANES) {
            int lanes = out_channels - o < LANES ? out_channels - o : LANES;
            real turned[9 * LANES * LANES]; /* (tap, C, O) of one square */
            real transformed[POSITIONS * LANES * LANES];
            for (int tap = 0; tap < 9; ++tap)
                for (int k = 0; k < LANES; ++k) {
                    const real *from = weight + (size_t)(8 - tap) * tap_reals + (size_t)(c + k) * out_channels + o;
                    vec_store(turned + (tap * LANES + k) * LANES,
                              c + k < in_channels ? vec_load_part(from, lanes) : (vreal){0});
                }
            for (int k = 0; k < LANES; ++k)
                transform_taps(transformed + k * LANES, LANES * LANES, turned + k * LANES, LANES * LANES, LANES);
            for (int position = 0; position < POSITIONS; ++position)
                transpose_square(out + (size_t)position * position_reals + (size_t)o * width + c, width,
                                 transformed + position * LANES * LANES, LANES);
        }
}

/* products[tile][o] = sum over channels of inputs * weights at one position, P tiles and V vectors of o. */
ALWAYS_INLINE void product_tile(const int P, const int V, real *products, const real *inputs, const real *weights,
                                int blocks, size_t block_reals, size_t width)
{
    vreal sum[TILE_MAX];
    UNROLL
    for (int i = 0; i < P * V; ++i) sum[i] = (vreal){0};
    for (int b = 0; b < blocks; ++b, inputs += block_reals)
        for (int lane = 0; lane < LANES; ++lane, weights += width) {
            vreal vector[4];
            UNROLL
            for (int v = 0; v < V; ++v) vector[v] = vec_load(weights + v * LANES);
            UNROLL
            for (int p = 0; p < P; ++p) {
                UNROLL
                for (int v = 0; v < V; ++v) sum[p * V + v] += inputs[p * LANES + lane] * vector[v];
            }
        }
    UNROLL
    for (int p = 0; p < P; ++p) {
        UNROLL
        for (int v = 0; v < V; ++v) vec_store(products + (size_t)p * width + v * LANES, sum[p * V + v]);
    }
}

#define PRODUCT_BLOCK(V)                                                                                               \
    static void product_block_##V(real *products, const real *inputs, const real *weights, int tiles, int blocks,      \
                                  size_t block_reals, size_t width)                                                    \
    {                                                                                                                  \
        for (int t = 0; t < tiles;) {                                                                                  \
            int some = tile_next(tiles - t, TILE_SCALARS(V));                                                          \
            TILE_SWITCH(some, V, product_tile, products + (size_t)t * width, inputs + (size_t)t * LANES, weights,      \
                        blocks, block_reals, width)                                                                    \
            t += some;                                                                                                 \
        }                                                                                                              \
    }
PRODUCT_BLOCK(1)
PRODUCT_BLOCK(2)

static void multiply(real *products, const real *inputs, const real *weights, int tiles, int room, int in_channels,
                     int out_channels)
{
    int blocks = vectors_of(in_channels), vectors = vectors_of(out_channels);
    size_t block_reals = (size_t)room * LANES, width = (size_t)vectors * LANES;
    for (int position = 0; position < POSITIONS; ++position) {
        for (int v = 0; v < vectors; v += 2) {
            if (vectors - v >= 2)
                product_block_2(products + v * LANES, inputs, weights + v * LANES, tiles, blocks, block_reals, width);
            else
                product_block_1(products + v * LANES, inputs, weights + v * LANES, tiles, blocks, block_reals, width);
        }
        products += spaced((size_t)room * width);
        inputs += spaced((size_t)blocks * block_reals);
        weights += spaced((size_t)blocks * LANES * width);
    }
}

/* The convolution of `in` with transformed weights. */
typedef struct {
    tiling in, out;
    int tiles, room;
    const real *bias; /* NULL: none */
    bool accumulate;
} pass;

static void run_pass(real *out, const real *in, const real *weights, const pass *p, real *scratch)
{
    real *inputs = scratch;
    real *products = inputs + POSITIONS * spaced((size_t)p->room * (size_t)vectors_of(p->in.channels) * LANES);
    for (int first = 0; first < p->tiles; first += p->room) {
        int count = p->tiles - first < p->room ? p->tiles - first : p->room;
        gather_inputs(inputs, in, &p->in, first, count, p->room);
        multiply(products, inputs, weights, count, p->room, p->in.channels, p->out.channels);
        scatter_outputs(out, products, p->bias, &p->out, first, count, p->room, p->accumulate);
    }
}

static tiling tiling_of(int height, int width, int channels, int covered_h, int covered_w, int low_h, int low_w)
{
    return (tiling){height, width, channels, (covered_h + OUT - 1) / OUT, (covered_w + OUT - 1) / OUT, low_h, low_w};
}

static size_t weight_reals(const conv_shape *s)
{
    return POSITIONS *
           spaced((size_t)(vectors_of(s->in_channels) * LANES) * (size_t)(vectors_of(s->out_channels) * LANES));
}

void ISA(winograd_forward)(real *out, const real *in, const real *weight, const real *bias, const conv_shape *s,
                           real *scratch)
{
    real *weights = align_vector(scratch);
    transform_weights(weights, weight, s->in_channels, s->out_channels);
    pass p = {
        .in = tiling_of(s->in_height, s->in_width, s->in_channels, s->out_height, s->out_width, -s->pad_h, -s->pad_w),
        .out = tiling_of(s->out_height, s->out_width, s->out_channels, s->out_height, s->out_width, 0, 0),
        .room = winograd_tiles((size_t)s->in_channels, (size_t)s->out_channels),
        .bias = bias,
    };
    p.tiles = s->batch * p.out.tiles_h * p.out.tiles_w;
    run_pass(out, in, weights, &p, weights + weight_reals(s));
}

void ISA(winograd_backward_data)(real *din, const real *dout, const real *weight, const conv_shape *s, bool accumulate,
                                 real *scratch)
{
    real *weights = align_vector(scratch);
    transform_weights_turned(weights, weight, s->in_channels, s->out_channels);
    pass p = {
        .in = tiling_of(s->out_height, s->out_width, s->out_channels, s->in_height, s->in_width, s->pad_h - 2,
                        s->pad_w - 2),
        .out = tiling_of(s->in_height, s->in_width, s->in_channels, s->in_height, s->in_width, 0, 0),
        .room = winograd_tiles((size_t)s->in_channels, (size_t)s->out_channels),
        .accumulate = accumulate,
    };
    p.tiles = s->batch * p.out.tiles_h * p.out.tiles_w;
    run_pass(din, dout, weights, &p, weights + weight_reals(s));
}

/* sums[channel][o] (+)= sum over tiles of inputs * gradients at one position: P channels of a block, V vectors of o. */
ALWAYS_INLINE void slope_tile(const int P, const int V, real *sums, const real *inputs, const real *gradients,
                              int tiles, size_t width, bool first)
{
    vreal sum[TILE_MAX];
    UNROLL
    for (int p = 0; p < P; ++p) {
        UNROLL
        for (int v = 0; v < V; ++v)
            sum[p * V + v] = first ? (vreal){0} : vec_load(sums + (size_t)p * width + v * LANES);
    }
    tile_accumulate(sum, P, V, inputs, LANES, gradients, width, tiles);
    UNROLL
    for (int p = 0; p < P; ++p) {
        UNROLL
        for (int v = 0; v < V; ++v) vec_store(sums + (size_t)p * width + v * LANES, sum[p * V + v]);
    }
}

#define SLOPE_BLOCK(V)                                                                                                 \
    static void slope_block_##V(real *sums, const real *inputs, const real *gradients, int tiles, size_t width,        \
                                bool first)                                                                            \
    {                                                                                                                  \
        for (int c = 0; c < LANES;) {                                                                                  \
            int some = tile_next(LANES - c, TILE_SCALARS(V));                                                          \
            TILE_SWITCH(some, V, slope_tile, sums + (size_t)c * width, inputs + c, gradients, tiles, width, first)     \
            c += some;                                                                                                 \
        }                                                                                                              \
    }
SLOPE_BLOCK(1)
SLOPE_BLOCK(2)

/* (position, channel, out_channel) sums of the products of a chunk of tiles. */
static void multiply_slopes(real *sums, const real *inputs, const real *gradients, int tiles, int room, int in_channels,
                            int out_channels, bool first)
{
    int blocks = vectors_of(in_channels), vectors = vectors_of(out_channels);
    size_t width = (size_t)vectors * LANES;
    for (int position = 0; position < POSITIONS; ++position) {
        const real *block_inputs = inputs;
        real *block_sums = sums;
        for (int b = 0; b < blocks; ++b, block_inputs += (size_t)room * LANES, block_sums += LANES * width)
            for (int v = 0; v < vectors; v += 2) {
                if (vectors - v >= 2)
                    slope_block_2(block_sums + v * LANES, block_inputs, gradients + v * LANES, tiles, width, first);
                else
                    slope_block_1(block_sums + v * LANES, block_inputs, gradients + v * LANES, tiles, width, first);
            }
        gradients += spaced((size_t)room * width);
        inputs += spaced((size_t)blocks * (size_t)room * LANES);
        sums += spaced((size_t)blocks * LANES * width);
    }
}

/* dweight = Gt sums G. */
static void finish_slopes(real *dweight, const real *sums, int in_channels, int out_channels)
{
    size_t width = (size_t)vectors_of(out_channels) * LANES;
    size_t position_reals = spaced((size_t)vectors_of(in_channels) * LANES * width);
    for (int c = 0; c < in_channels; ++c)
        for (int o = 0; o < out_channels; o += LANES) {
            int lanes = out_channels - o < LANES ? out_channels - o : LANES;
            vreal half[3 * IN]; /* (3, 6) */
            for (int j = 0; j < IN; ++j) {
                vreal u[IN], g[3];
                UNROLL
                for (int i = 0; i < IN; ++i)
                    u[i] = vec_load(sums + (size_t)(i * IN + j) * position_reals + (size_t)c * width + (size_t)o);
                transform_weight_back(g, u);
                UNROLL
                for (int i = 0; i < 3; ++i) half[i * IN + j] = g[i];
            }
            for (int i = 0; i < 3; ++i) {
                vreal g[3];
                transform_weight_back(g, half + i * IN);
                UNROLL
                for (int j = 0; j < 3; ++j)
                    vec_store_part(
                        dweight + ((size_t)(3 * i + j) * (size_t)in_channels + (size_t)c) * (size_t)out_channels + o,
                        g[j], lanes);
            }
        }
}

/* Sums over the pixels of an image, then over images. */
static void sum_bias(real *dbias, const real *dout, const conv_shape *s)
{
    size_t pixels = (size_t)(s->out_height * s->out_width), channels = (size_t)s->out_channels;
    for (int o = 0; o < s->out_channels; o += LANES) {
        int lanes = s->out_channels - o < LANES ? s->out_channels - o : LANES;
        vreal total = {0};
        for (int n = 0; n < s->batch; ++n) {
            const real *image = dout + (size_t)n * pixels * channels + o;
            vreal sum = {0};
            for (size_t i = 0; i < pixels; ++i) sum += vec_load_part(image + i * channels, lanes);
            total += sum;
        }
        vec_store_part(dbias + o, total, lanes);
    }
}

void ISA(winograd_backward_weight)(real *dweight, real *dbias, const real *dout, const real *in, const conv_shape *s,
                                   real *scratch)
{
    tiling inputs_at =
        tiling_of(s->in_height, s->in_width, s->in_channels, s->out_height, s->out_width, -s->pad_h, -s->pad_w);
    tiling gradients_at = tiling_of(s->out_height, s->out_width, s->out_channels, s->out_height, s->out_width, 0, 0);
    int room = winograd_tiles((size_t)s->in_channels, (size_t)s->out_channels);
    int tiles = s->batch * inputs_at.tiles_h * inputs_at.tiles_w;
    real *sums = align_vector(scratch), *inputs = sums + weight_reals(s);
    real *gradients = inputs + POSITIONS * spaced((size_t)room * (size_t)vectors_of(s->in_channels) * LANES);
    for (int first = 0; first < tiles; first += room) {
        int count = tiles - first < room ? tiles - first : room;
        gather_inputs(inputs, in, &inputs_at, first, count, room);
        gather_gradients(gradients, dout, &gradients_at, first, count, room);
        multiply_slopes(sums, inputs, gradients, count, room, s->in_channels, s->out_channels, first == 0);
    }
    finish_slopes(dweight, sums, s->in_channels, s->out_channels);
    if (dbias != NULL) sum_bias(dbias, dout, s);
}
