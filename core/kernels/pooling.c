/* Average and largest-value pooling over (kernel_h, kernel_w) windows without padding; the channel is the vector lane.
 */
#include "core/kernels/isa.h"
#include "core/kernels/simd.h"

/* Offsets of output pixel (n, y, x) and of its window's first input pixel. */
static size_t out_offset(const conv_shape *s, int n, int y, int x)
{
    return (((size_t)n * (size_t)s->out_height + (size_t)y) * (size_t)s->out_width + (size_t)x) *
           (size_t)s->in_channels;
}

static size_t in_offset(const conv_shape *s, int n, int y, int x)
{
    size_t row = (size_t)n * (size_t)s->in_height + (size_t)(y * s->stride_h);
    return (row * (size_t)s->in_width + (size_t)(x * s->stride_w)) * (size_t)s->in_channels;
}

static size_t tap_offset(const conv_shape *s, int i, int j)
{
    return ((size_t)i * (size_t)s->in_width + (size_t)j) * (size_t)s->in_channels;
}

static size_t in_count(const conv_shape *s)
{
    return (size_t)s->batch * (size_t)s->in_height * (size_t)s->in_width * (size_t)s->in_channels;
}

#define FOR_EACH_WINDOW(s)                                                                                             \
    for (int n = 0; n < (s)->batch; ++n)                                                                               \
        for (int y = 0; y < (s)->out_height; ++y)                                                                      \
            for (int x = 0; x < (s)->out_width; ++x)                                                                   \
                for (int c = 0; c < (s)->in_channels; c += LANES)

#define FOR_EACH_TAP(s)                                                                                                \
    for (int i = 0; i < (s)->kernel_h; ++i)                                                                            \
        for (int j = 0; j < (s)->kernel_w; ++j)

ALWAYS_INLINE int lanes_left(const conv_shape *s, int c)
{
    return s->in_channels - c < LANES ? s->in_channels - c : LANES;
}

void ISA(average_pool_forward)(real *out, const real *in, const conv_shape *s)
{
    real count = (real)(s->kernel_h * s->kernel_w);
    FOR_EACH_WINDOW(s)
    {
        int lanes = lanes_left(s, c);
        const real *window = in + in_offset(s, n, y, x) + c;
        vreal sum = {0};
        FOR_EACH_TAP(s) sum += vec_load_part(window + tap_offset(s, i, j), lanes);
        vec_store_part(out + out_offset(s, n, y, x) + c, sum / count, lanes);
    }
}

void ISA(average_pool_backward)(real *din, const real *dout, const conv_shape *s, bool accumulate)
{
    real count = (real)(s->kernel_h * s->kernel_w);
    if (!accumulate) memset(din, 0, in_count(s) * sizeof(real));
    FOR_EACH_WINDOW(s)
    {
        int lanes = lanes_left(s, c);
        vreal g = vec_load_part(dout + out_offset(s, n, y, x) + c, lanes) / count;
        real *window = din + in_offset(s, n, y, x) + c;
        FOR_EACH_TAP(s)
        {
            real *at = window + tap_offset(s, i, j);
            vec_store_part(at, vec_load_part(at, lanes) + g, lanes);
        }
    }
}

ALWAYS_INLINE vreal largest(const real *window, const conv_shape *s, int lanes)
{
    vreal best = vec_load_part(window, lanes);
    FOR_EACH_TAP(s) best = vec_max(best, vec_load_part(window + tap_offset(s, i, j), lanes));
    return best;
}

void ISA(max_pool_forward)(real *out, const real *in, const conv_shape *s)
{
    FOR_EACH_WINDOW(s)
    {
        int lanes = lanes_left(s, c);
        vec_store_part(out + out_offset(s, n, y, x) + c, largest(in + in_offset(s, n, y, x) + c, s, lanes), lanes);
    }
}

void ISA(max_pool_backward)(real *din, const real *dout, const real *in, const conv_shape *s, bool accumulate)
{
    if (!accumulate) memset(din, 0, in_count(s) * sizeof(real));
    FOR_EACH_WINDOW(s)
    {
        int lanes = lanes_left(s, c);
        size_t window = in_offset(s, n, y, x) + c;
        vreal best = largest(in + window, s, lanes), g = vec_load_part(dout + out_offset(s, n, y, x) + c, lanes);
        vmask open = (vmask)((vreal){0} == (vreal){0}); /* lanes whose largest element was not met yet */
        FOR_EACH_TAP(s)
        {
            size_t at = window + tap_offset(s, i, j);
            vmask hit = open & (vmask)(vec_load_part(in + at, lanes) == best);
            open &= ~hit;
            vec_store_part(din + at, vec_load_part(din + at, lanes) + vec_where(hit, g), lanes);
        }
    }
}
