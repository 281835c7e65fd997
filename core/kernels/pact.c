/* Mixed activation quantiser, PACT (METHOD.md 2.2-2.4), one pass over memory for up to PACT_MAX precisions, behind an
 * add together with the add: its sum is computed again in the backward pass, not stored.
 *
 * Products and sums stay separate operations (this file is compiled without contraction), so that every element equals
 * the scalar formula of kernels.h bit for bit on every instruction set: a code must not depend on the machine. Sums
 * over elements are taken per block of PACT_BLOCK in the lanes of a vector, blocks in double. */
#include "core/kernels/isa.h"
#include "core/kernels/pact_level.h"

/* Element i of what is quantised: x, or x + b behind an add. */
ALWAYS_INLINE vreal load_sum(const real *x, const real *b, size_t i)
{
    foresee_read(x + i);
    if (b != NULL) foresee_read(b + i);
    return b != NULL ? vec_load(x + i) + vec_load(b + i) : vec_load(x + i);
}

ALWAYS_INLINE vreal load_sum_part(const real *x, const real *b, size_t i, int lanes)
{
    return b != NULL ? vec_load_part(x + i, lanes) + vec_load_part(b + i, lanes) : vec_load_part(x + i, lanes);
}

ALWAYS_INLINE void forward_loop(const int candidates, const bool reference, real *y, const real *x, const real *b,
                                const pact *given, size_t count)
{
    const pact q = *given; /* a copy, so that stores to y cannot change it: its members stay in registers */
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        foresee_write(y + i);
        vec_store(y + i, mixed_level(load_sum(x, b, i), &q, candidates, reference));
    }
    if (i < count) {
        int lanes = (int)(count - i);
        vec_store_part(y + i, mixed_level(load_sum_part(x, b, i, lanes), &q, candidates, reference), lanes);
    }
}

#define FORWARD(candidates, reference)                                                                                 \
    case 2 * (candidates) + (reference):                                                                               \
        forward_loop(candidates, reference, y, x, b, q, count);                                                        \
        break;
#define FORWARD_SWITCH                                                                                                 \
    switch (2 * q->count + q->reference) {                                                                             \
        FORWARD(1, 0)                                                                                                  \
        FORWARD(1, 1)                                                                                                  \
        FORWARD(2, 0)                                                                                                  \
        FORWARD(2, 1)                                                                                                  \
        FORWARD(3, 0)                                                                                                  \
        FORWARD(3, 1)                                                                                                  \
    default:                                                                                                           \
        break;                                                                                                         \
    }

void ISA(pact_forward)(real *y, const real *x, const pact *q, size_t count)
{
    const real *const b = NULL;
    FORWARD_SWITCH
}

void ISA(pact_add_forward)(real *y, const real *x, const real *b, const pact *q, size_t count)
{
    FORWARD_SWITCH
}

/* Sums of one block; probability and pass (g where x >= clip) per candidate, below (g where x <= low). */
typedef struct {
    vreal probability[PACT_MAX], pass[PACT_MAX], below;
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
        if (mask) y += q->probability[j] * l;
        inside += vec_where(above_low & (vmask)(x < vec_set(q->clip[j])), vec_set(q->probability[j]));
        sums->probability[j] += g * l;
        sums->pass[j] += vec_where((vmask)(x >= vec_set(q->clip[j])), g);
    }
    sums->below += vec_where((vmask)(x <= vec_set(q->low)), g);
    vreal dx = g * inside;
    return mask ? vec_where((vmask)(y != (vreal){0}), dx) : dx;
}

/* Where the gradient goes: dx, or what both inputs of an add get. */
typedef struct {
    real *dx, *db; /* may be NULL */
    bool add_x, add_b;
} gradient_sink;

ALWAYS_INLINE void store_gradient(real *to, bool accumulate, vreal d, size_t i)
{
    foresee_write(to + i);
    vec_store(to + i, accumulate ? vec_load(to + i) + d : d);
}

ALWAYS_INLINE void store_gradient_part(real *to, bool accumulate, vreal d, size_t i, int lanes)
{
    vec_store_part(to + i, accumulate ? vec_load_part(to + i, lanes) + d : d, lanes);
}

ALWAYS_INLINE void backward_loop(const int candidates, const bool reference, const bool mask, const gradient_sink *to,
                                 pact_sums *total, const real *g, const real *x, const real *b, const pact *given,
                                 size_t count)
{
    const pact q = *given;
    for (size_t begin = 0; begin < count; begin += PACT_BLOCK) {
        size_t end = count - begin < PACT_BLOCK ? count : begin + PACT_BLOCK, i = begin;
        block_sums sums = {0};
        for (; i + LANES <= end; i += LANES) {
            foresee_read(g + i);
            vreal d = backward_vector(candidates, reference, mask, &sums, vec_load(g + i), load_sum(x, b, i), &q);
            if (to->dx != NULL) store_gradient(to->dx, to->add_x, d, i);
            if (to->db != NULL) store_gradient(to->db, to->add_b, d, i);
        }
        if (i < end) {
            int lanes = (int)(end - i);
            vreal d = backward_vector(candidates, reference, mask, &sums, vec_load_part(g + i, lanes),
                                      load_sum_part(x, b, i, lanes), &q);
            if (to->dx != NULL) store_gradient_part(to->dx, to->add_x, d, i, lanes);
            if (to->db != NULL) store_gradient_part(to->db, to->add_b, d, i, lanes);
        }
        UNROLL
        for (int j = 0; j < candidates; ++j) {
            total->probability[j] += vec_sum(sums.probability[j]);
            total->pass[j] += vec_sum(sums.pass[j]);
        }
        total->below += vec_sum(sums.below);
    }
}

#define BACKWARD(candidates, reference, mask)                                                                          \
    case 4 * (candidates) + 2 * (reference) + (mask):                                                                  \
        backward_loop(candidates, reference, mask, to, total, g, x, b, q, count);                                      \
        break;

ALWAYS_INLINE void backward(const gradient_sink *to, pact_sums *total, const real *g, const real *x, const real *b,
                            const pact *q, size_t count)
{
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
}

void ISA(pact_backward)(real *dx, pact_sums *total, const real *g, const real *x, const pact *q, size_t count)
{
    backward(&(gradient_sink){.dx = dx}, total, g, x, NULL, q, count);
}

void ISA(pact_add_backward)(real *dx, bool add_x, real *db, bool add_b, pact_sums *total, const real *g, const real *x,
                            const real *b, const pact *q, size_t count)
{
    backward(&(gradient_sink){dx, db, add_x, add_b}, total, g, x, b, q, count);
}
