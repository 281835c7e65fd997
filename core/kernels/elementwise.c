/* Residual add and ReLU: one pass over memory. */
#include "core/kernels/isa.h"
#include "core/kernels/simd.h"

ALWAYS_INLINE void add_loop(real *out, const real *a, const real *b, const bool relu, size_t count)
{
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        vreal y = vec_load(a + i);
        if (b != NULL) y += vec_load(b + i);
        vec_store(out + i, relu ? vec_max((vreal){0}, y) : y);
    }
    if (i < count) {
        int lanes = (int)(count - i);
        vreal y = vec_load_part(a + i, lanes);
        if (b != NULL) y += vec_load_part(b + i, lanes);
        vec_store_part(out + i, relu ? vec_max((vreal){0}, y) : y, lanes);
    }
}

void ISA(add_forward)(real *out, const real *a, const real *b, bool relu, size_t count)
{
    if (relu)
        add_loop(out, a, b, true, count);
    else
        add_loop(out, a, b, false, count);
}

ALWAYS_INLINE vreal masked_gradient(vreal dout, vreal out, const bool relu)
{
    return relu ? vec_where((vmask)(out > (vreal){0}), dout) : dout;
}

ALWAYS_INLINE void relu_loop(real *dx, const real *dout, const real *out, const bool relu, const bool accumulate,
                             size_t count)
{
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        vreal d = masked_gradient(vec_load(dout + i), relu ? vec_load(out + i) : (vreal){0}, relu);
        vec_store(dx + i, accumulate ? vec_load(dx + i) + d : d);
    }
    if (i < count) {
        int lanes = (int)(count - i);
        vreal d =
            masked_gradient(vec_load_part(dout + i, lanes), relu ? vec_load_part(out + i, lanes) : (vreal){0}, relu);
        vec_store_part(dx + i, accumulate ? vec_load_part(dx + i, lanes) + d : d, lanes);
    }
}

void ISA(relu_backward)(real *dx, const real *dout, const real *out, bool relu, bool accumulate, size_t count)
{
    if (relu && accumulate)
        relu_loop(dx, dout, out, true, true, count);
    else if (relu)
        relu_loop(dx, dout, out, true, false, count);
    else if (accumulate)
        relu_loop(dx, dout, out, false, true, count);
    else
        relu_loop(dx, dout, out, false, false, count);
}
