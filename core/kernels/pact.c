/* Mixed activation quantiser, PACT (method.md 2.2-2.4), one pass over memory for up to PACT_MAX precisions.
 *
 * Products and sums stay separate operations (this file is compiled without contraction), so that every element equals
 * the scalar formula of kernels.h bit for bit on every instruction set: a code must not depend on the machine. Sums
 * over elements (dclip, dshare, dlow) are taken per block of ELEMENTS_IN_BLOCK in the lanes of a vector, blocks in
 * double. */
#include "core/kernels/isa.h"
#include "core/kernels/simd.h"

enum { ELEMENTS_IN_BLOCK = 4096 };

/* level_j of kernels.h. Not-a-number passes through: the minimum and maximum give their second operand then. */
ALWAYS_INLINE vreal level(vreal x, const pact *q, int j, const bool reference)
{
    vreal clamped = vec_min(vec_set(q->high[j]), vec_max(vec_set(q->low), x));
    vreal code = vec_min(vec_set(q->top[j]), vec_floor(q->scale[j] * clamped + q->snap));
    return reference ? code / q->scale[j] : code * q->step[j];
}

ALWAYS_INLINE vreal mixed_level(vreal x, const pact *q, const int count, const bool reference)
{
    vreal y = {0};
    UNROLL
    for (int j = 0; j < count; ++j) y += q->share[j] * level(x, q, j, reference);
    return y;
}

ALWAYS_INLINE void forward_loop(const int candidates, const bool reference, real *y, const real *x, const pact *given,
                                size_t count)
{
    const pact q = *given; /* a copy, so that stores to y cannot change it: its members stay in registers */
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) vec_store(y + i, mixed_level(vec_load(x + i), &q, candidates, reference));
    if (i < count) {
        int lanes = (int)(count - i);
        vec_store_part(y + i, mixed_level(vec_load_part(x + i, lanes), &q, candidates, reference), lanes);
    }
}

void ISA(pact_forward)(real *y, const real *x, const pact *q, size_t count)
{
    switch (2 * q->count + q->reference) {
    case 2:
        forward_loop(1, false, y, x, q, count);
        break;
    case 3:
        forward_loop(1, true, y, x, q, count);
        break;
    case 4:
        forward_loop(2, false, y, x, q, count);
        break;
    case 5:
        forward_loop(2, true, y, x, q, count);
        break;
    case 6:
        forward_loop(3, false, y, x, q, count);
        break;
    default:
        forward_loop(3, true, y, x, q, count);
        break;
    }
}

/* Sums of one block; share and pass (g where x >= clip) per candidate, below (g where x <= low). */
typedef struct {
    vreal share[PACT_MAX], pass[PACT_MAX], below;
} block_sums;

/* Returns dx of one vector. */
ALWAYS_INLINE vreal backward_vector(const int candidates, const bool reference, const bool mask, block_sums *sums,
                                    vreal g, vreal x, const pact *q)
{
    vreal inside = {0}, y = {0};
    vmask above_low = (vmask)(x > vec_set(q->low));
    UNROLL
    for (int j = 0; j < candidates; ++j) {
        vreal l = level(x, q, j, reference);
        if (mask) y += q->share[j] * l;
        inside += vec_where(above_low & (vmask)(x < vec_set(q->clip[j])), vec_set(q->share[j]));
        sums->share[j] += g * l;
        sums->pass[j] += vec_where((vmask)(x >= vec_set(q->clip[j])), g);
    }
    sums->below += vec_where((vmask)(x <= vec_set(q->low)), g);
    vreal dx = g * inside;
    return mask ? vec_where((vmask)(y != (vreal){0}), dx) : dx;
}

ALWAYS_INLINE void backward_loop(const int candidates, const bool reference, const bool mask, real *dx,
                                 double share[PACT_MAX], double pass[PACT_MAX], double *below, const real *g,
                                 const real *x, const pact *given, size_t count)
{
    const pact q = *given;
    for (size_t begin = 0; begin < count; begin += ELEMENTS_IN_BLOCK) {
        size_t end = count - begin < ELEMENTS_IN_BLOCK ? count : begin + ELEMENTS_IN_BLOCK, i = begin;
        block_sums sums = {0};
        for (; i + LANES <= end; i += LANES) {
            vreal d = backward_vector(candidates, reference, mask, &sums, vec_load(g + i), vec_load(x + i), &q);
            if (dx != NULL) vec_store(dx + i, d);
        }
        if (i < end) {
            int lanes = (int)(end - i);
            vreal d = backward_vector(candidates, reference, mask, &sums, vec_load_part(g + i, lanes),
                                      vec_load_part(x + i, lanes), &q);
            if (dx != NULL) vec_store_part(dx + i, d, lanes);
        }
        UNROLL
        for (int j = 0; j < candidates; ++j) {
            share[j] += vec_sum(sums.share[j]);
            pass[j] += vec_sum(sums.pass[j]);
        }
        *below += vec_sum(sums.below);
    }
}

#define BACKWARD(candidates, reference, mask)                                                                          \
    case 4 * (candidates) + 2 * (reference) + (mask):                                                                  \
        backward_loop(candidates, reference, mask, dx, share, pass, &below, g, x, q, count);                           \
        break;

void ISA(pact_backward)(real *dx, real dclip[PACT_MAX], real dshare[PACT_MAX], real *dlow, const real *g, const real *x,
                        const pact *q, size_t count)
{
    double share[PACT_MAX] = {0}, pass[PACT_MAX] = {0}, below = 0.0, shares = 0.0;
    switch (4 * q->count + 2 * q->reference + q->mask_zero_output) {
        BACKWARD(1, 0, 0)
        BACKWARD(1, 0, 1)
        BACKWARD(1, 1, 0)
        BACKWARD(1, 1, 1)
        BACKWARD(2, 0, 0)
        BACKWARD(2, 0, 1)
        BACKWARD(2, 1, 0)
        BACKWARD(2, 1, 1)
        BACKWARD(3, 0, 0)
        BACKWARD(3, 0, 1)
        BACKWARD(3, 1, 0)
        BACKWARD(3, 1, 1)
    default:
        break;
    }
    for (int j = 0; j < q->count; ++j) {
        dclip[j] = (real)((double)q->share[j] * pass[j]);
        dshare[j] = (real)share[j];
        shares += (double)q->share[j];
    }
    if (dlow != NULL) *dlow = (real)(shares * below);
}
