/* Gradient of the input of a layer with few input channels, the one behind the image.
 *
 * There the planes of conv_data.c would leave most lanes empty. Here the KW*C elements under a kernel row, for all
 * kernel rows, are the lanes: a tile is some output pixels times some vectors of these elements, summed over the output
 * channels. What a tile holds is then added to a bordered image where it belongs, and the inside of the bordered image
 * is the result. */
#include "core/kernels/conv/conv_narrow.h"

#include "core/kernels/conv/border.h"
#include "core/kernels/isa.h"
#include "core/kernels/conv/micro.h"

/* Weights (KH*KW*C, O) as (O, width), both in whole vectors, in whole squares: cheaper than parts of them. */
static void pack_weights(real *packed, const real *weight, int elements, int width, int depth)
{
    real square[LANES * LANES];
    for (int e = 0; e < elements; e += LANES) {
        for (int o = 0; o < depth; o += LANES) {
            const real *from = weight + (size_t)e * (size_t)depth + o;
            int rows = elements - e < LANES ? elements - e : LANES, columns = depth - o < LANES ? depth - o : LANES;
            bool whole = rows == LANES && columns == LANES;
            for (int r = 0; !whole && r < LANES; ++r)
                vec_store(square + r * LANES,
                          r < rows ? vec_load_part(from + (size_t)r * (size_t)depth, columns) : (vreal){0});
            transpose_square(packed + (size_t)o * (size_t)width + e, (size_t)width, whole ? from : square,
                             whole ? (size_t)depth : LANES);
        }
    }
}

/* The elements under P neighbouring output pixels, from one vector to V - 1 further: products (P, width). */
ALWAYS_INLINE void element_tile(const int P, const int V, real *products, size_t width, const real *dout,
                                size_t dout_step, const real *packed, int depth)
{
    vreal sum[TILE_MAX];
    UNROLL
    for (int i = 0; i < P * V; ++i) sum[i] = (vreal){0};
    for (int o = 0; o < depth; ++o, packed += width) {
        vreal vector[4];
        UNROLL
        for (int v = 0; v < V; ++v) vector[v] = vec_load(packed + v * LANES);
        UNROLL
        for (int p = 0; p < P; ++p) {
            UNROLL
            for (int v = 0; v < V; ++v) sum[p * V + v] += dout[(size_t)p * dout_step + (size_t)o] * vector[v];
        }
    }
    UNROLL
    for (int p = 0; p < P; ++p) {
        UNROLL
        for (int v = 0; v < V; ++v) vec_store(products + (size_t)p * width + v * LANES, sum[p * V + v]);
    }
}

/* All elements under `pixels` output pixels. */
#define ELEMENT_BLOCK(V)                                                                                               \
    static void element_block_##V(real *products, size_t width, const real *dout, size_t depth, const real *packed,    \
                                  int pixels)                                                                          \
    {                                                                                                                  \
        for (int x = 0; x < pixels;) {                                                                                 \
            int count = tile_next(pixels - x, NARROW_PIXELS(V));                                                       \
            TILE_SWITCH(count, V, element_tile, products + (size_t)x * width, width, dout + (size_t)x * depth, depth,  \
                        packed, (int)depth)                                                                            \
            x += count;                                                                                                \
        }                                                                                                              \
    }
/* Three vectors, for the 27 to 48 elements that first layers have with 16 lanes. */
#define NARROW_PIXELS(V) ((V) == 3 ? TILE_SCALARS(4) : TILE_SCALARS(V))
ELEMENT_BLOCK(1)
ELEMENT_BLOCK(2)
ELEMENT_BLOCK(3)

static void multiply_row(real *products, int width, const real *dout, int depth, const real *packed, int pixels)
{
    for (int left = width / LANES, at = 0; left > 0;) {
        int vectors = left == 4 ? 2 : left < 3 ? left : 3;
        if (vectors == 3)
            element_block_3(products + at, (size_t)width, dout, (size_t)depth, packed + at, pixels);
        else if (vectors == 2)
            element_block_2(products + at, (size_t)width, dout, (size_t)depth, packed + at, pixels);
        else
            element_block_1(products + at, (size_t)width, dout, (size_t)depth, packed + at, pixels);
        left -= vectors;
        at += vectors * LANES;
    }
}

/* out[count] += in[count] for a short count, in pieces so short that each was written by one instruction: reading the
 * end of one store together with the beginning of the next would wait for both. */
typedef real quad __attribute__((vector_size(4 * sizeof(real)), aligned(sizeof(real)), may_alias));
ALWAYS_INLINE void add_short(real *out, const real *in, int count)
{
    int k = 0;
    for (; k + 4 <= count; k += 4) *(quad *)(out + k) += *(const quad *)(in + k);
    for (; k < count; ++k) out[k] += in[k];
}

void ISA(conv_narrow_backward_data)(real *din, const real *dout, const real *weight, const conv_shape *s,
                                    bool accumulate, real *scratch)
{
    const int channels = s->in_channels, depth = s->out_channels, row_elements = s->kernel_w * channels;
    const int elements = s->kernel_h * row_elements, width = vectors_of(elements) * LANES;
    const int apart = (s->kernel_w + s->stride_w - 1) / s->stride_w; /* pixels from one to the next without overlap */
    const int rows = conv_narrow_extent(s->in_height, s->out_height, s->kernel_h, s->stride_h, s->pad_h);
    const int columns = conv_narrow_extent(s->in_width, s->out_width, s->kernel_w, s->stride_w, s->pad_w);
    const size_t row = (size_t)columns * (size_t)channels, in_row = (size_t)s->in_width * (size_t)channels;
    real *packed = align_vector(scratch), *products = packed + (size_t)width * round_up((size_t)depth, LANES);
    real *image = products + (size_t)width * (size_t)s->out_width;
    pack_weights(packed, weight, elements, width, depth);

    for (int n = 0; n < s->batch; ++n) {
        if (accumulate)
            border_image(image, -s->pad_h, -s->pad_w, rows, columns, din, s->in_height, s->in_width, channels);
        else
            memset(image, 0, (size_t)rows * row * sizeof(real));
        for (int y = 0; y < s->out_height; ++y) {
            multiply_row(products, width, dout, depth, packed, s->out_width);
            /* Pixels whose elements overlap are kept apart: reading what was just written would wait for it. */
            for (int first = 0; first < apart; ++first)
                for (int i = 0; i < s->kernel_h; ++i)
                    for (int x = first; x < s->out_width; x += apart)
                        add_short(image + (size_t)(y * s->stride_h + i) * row + (size_t)(x * s->stride_w * channels),
                                  products + (size_t)x * (size_t)width + (size_t)(i * row_elements), row_elements);
            dout += s->out_width * depth;
        }
        for (int y = 0; y < s->in_height; ++y, din += in_row)
            memcpy(din, image + (size_t)(y + s->pad_h) * row + (size_t)(s->pad_w * channels), in_row * sizeof(real));
    }
}
