/* Batch-norm and the activation quantiser behind it in one: what the quantiser gets, z = (in - mean) * factor + beta
 * with factor = gamma / sqrt(variance + eps), is never stored, but computed again where it is needed, each time by the
 * same operations and so with the same bits (this file is compiled without contraction). Of the quantiser's sums
 * (dclip, dprobability, dlow) blocks of rows are summed in the lanes of a vector, blocks in double. */
#include "core/kernels/columns.h"
#include "core/kernels/isa.h"
#include "core/kernels/pact_level.h"

/* The columns in hand: what turns `in` into z. */
typedef struct {
    vreal mean[WIDE], factor[WIDE], beta[WIDE];
} normaliser;

ALWAYS_INLINE vreal normalised(vreal x, const normaliser *n, const int v)
{
    return (x - n->mean[v]) * n->factor[v] + n->beta[v];
}

ALWAYS_INLINE void forward_columns(const int V, const int candidates, real *out, real *mean, real *variance,
                                   const real *gamma, const real *beta, real eps, const columns *c, const pact *q)
{
    normaliser n;
    vreal spread[WIDE];
    column_statistics(V, n.mean, spread, mean, variance, c);
    UNROLL
    for (int v = 0; v < V; ++v) {
        n.factor[v] = load_vector(gamma, v, V, c->lanes) / square_root(spread[v] + eps);
        n.beta[v] = load_vector(beta, v, V, c->lanes);
    }
    for (size_t row = 0; row < c->rows; ++row) {
        size_t at = row * c->channels;
        UNROLL
        for (int v = 0; v < V; ++v) {
            vreal z = normalised(load_vector(c->in + at, v, V, c->lanes), &n, v);
            foresee_read(c->in + at + v * LANES);
            foresee_write(out + at + v * LANES);
            store_vector(out + at, mixed_level(z, q, candidates, false), v, V, c->lanes);
        }
    }
}

#define EACH_WIDTH(call, candidates)                                                                                   \
    if (vectors == WIDE)                                                                                               \
        call(WIDE, candidates);                                                                                        \
    else if (vectors == 2)                                                                                             \
        call(2, candidates);                                                                                           \
    else                                                                                                               \
        call(1, candidates);

#define EACH_SHAPE(call)                                                                                               \
    switch (q.count) {                                                                                                 \
    case 1:                                                                                                            \
        EACH_WIDTH(call, 1)                                                                                            \
        break;                                                                                                         \
    case 2:                                                                                                            \
        EACH_WIDTH(call, 2)                                                                                            \
        break;                                                                                                         \
    case 3:                                                                                                            \
        EACH_WIDTH(call, 3)                                                                                            \
        break;                                                                                                         \
    default:                                                                                                           \
        break;                                                                                                         \
    }

#define FORWARD(V, candidates)                                                                                         \
    forward_columns(V, candidates, out + first, mean + first, variance + first, gamma + first, beta + first, eps, &c,  \
                    &q)

void ISA(batchnorm_pact_forward)(real *out, real *mean, real *variance, const real *in, const real *gamma,
                                 const real *beta, real eps, const pact *given, size_t rows, int channels)
{
    const pact q = *given; /* a copy, so that stores cannot change it: its members stay in registers */
    for (int first = 0, vectors; first < channels; first += vectors * LANES) {
        vectors = group_vectors(channels - first);
        columns c = {.in = in + first,
                     .rows = rows,
                     .channels = (size_t)channels,
                     .lanes = last_lanes(channels - first, vectors)};
        EACH_SHAPE(FORWARD)
    }
}

/* Where z is inside the quantiser's range, weighted by the candidates' probabilities. */
ALWAYS_INLINE vreal inside(vreal z, const pact *q, const int candidates)
{
    vreal sum = {0};
    vmask above_low = (vmask)(z > vec_set(q->low));
    UNROLL
    for (int j = 0; j < candidates; ++j)
        sum += vec_where(above_low & (vmask)(z < vec_set(q->clip[j])), vec_set(q->probability[j]));
    return sum;
}

/* Sums of the quantiser: of one block in the lanes, of all in double. */
typedef struct {
    vreal probability[PACT_MAX], pass[PACT_MAX], below;
} block_sums;

typedef struct {
    double probability[PACT_MAX], pass[PACT_MAX], below;
} total_sums;

ALWAYS_INLINE void add_quantiser(block_sums *sums, vreal z, vreal g, const pact *q, const int candidates)
{
    UNROLL
    for (int j = 0; j < candidates; ++j) {
        if (candidates > 1) sums->probability[j] += g * level(z, q, j, false);
        sums->pass[j] += vec_where((vmask)(z >= vec_set(q->clip[j])), g);
    }
    sums->below += vec_where((vmask)(z <= vec_set(q->low)), g);
}

ALWAYS_INLINE void add_block(total_sums *total, const block_sums *sums, const int candidates)
{
    UNROLL
    for (int j = 0; j < candidates; ++j) {
        total->probability[j] += vec_sum(sums->probability[j]);
        total->pass[j] += vec_sum(sums->pass[j]);
    }
    total->below += vec_sum(sums->below);
}

/* One row into the sums of g' = g * inside and g' * (in - mean), and those of the quantiser. */
ALWAYS_INLINE void sum_quantised_row(const int V, const int candidates, vreal first[WIDE], vreal second[WIDE],
                                     block_sums *sums, const columns *c, size_t row, const normaliser *n, const pact *q)
{
    size_t at = row * c->channels;
    UNROLL
    for (int v = 0; v < V; ++v) {
        vreal x = load_vector(c->in + at, v, V, c->lanes), g = load_vector(c->dout + at, v, V, c->lanes);
        foresee_read(c->in + at + v * LANES);
        foresee_read(c->dout + at + v * LANES);
        vreal z = normalised(x, n, v), passed = g * inside(z, q, candidates);
        add_quantiser(sums, z, g, q, candidates);
        first[v] += passed;
        second[v] += passed * (x - n->mean[v]);
    }
}

/* As column_sums (columns.h), with the quantiser in between. */
ALWAYS_INLINE void quantised_sums(const int V, const int candidates, vreal first[WIDE], vreal second[WIDE],
                                  total_sums *total, const columns *c, const normaliser *n, const pact *q)
{
    UNROLL
    for (int v = 0; v < V; ++v) first[v] = second[v] = (vreal){0};
    for (size_t begin = 0; begin < c->rows; begin += ROWS_IN_BLOCK) {
        size_t end = c->rows - begin < ROWS_IN_BLOCK ? c->rows : begin + ROWS_IN_BLOCK, row = begin;
        vreal even[2][WIDE], odd[2][WIDE];
        block_sums sums = {0};
        UNROLL
        for (int v = 0; v < V; ++v) even[0][v] = even[1][v] = odd[0][v] = odd[1][v] = (vreal){0};
        for (; row + 2 <= end; row += 2) {
            sum_quantised_row(V, candidates, even[0], even[1], &sums, c, row, n, q);
            sum_quantised_row(V, candidates, odd[0], odd[1], &sums, c, row + 1, n, q);
        }
        if (row < end) sum_quantised_row(V, candidates, even[0], even[1], &sums, c, row, n, q);
        UNROLL
        for (int v = 0; v < V; ++v) {
            first[v] += even[0][v] + odd[0][v];
            second[v] += even[1][v] + odd[1][v];
        }
        add_block(total, &sums, candidates);
    }
}

/* batchnorm_backward (batchnorm.c) with g' in place of g. */
ALWAYS_INLINE void backward_columns(const int V, const int candidates, real *din, real *dgamma, real *dbeta,
                                    total_sums *total, const real *mean, const real *variance, const real *gamma,
                                    const real *beta, real eps, const columns *c, const pact *q)
{
    normaliser n;
    vreal inverse[WIDE], factor[WIDE], sum[WIDE], weighted[WIDE], shift[WIDE], slope[WIDE];
    UNROLL
    for (int v = 0; v < V; ++v) {
        vreal root = square_root(load_vector(variance, v, V, c->lanes) + eps);
        n.mean[v] = load_vector(mean, v, V, c->lanes);
        n.factor[v] = load_vector(gamma, v, V, c->lanes) / root;
        n.beta[v] = load_vector(beta, v, V, c->lanes);
        inverse[v] = 1 / root;
        factor[v] = load_vector(gamma, v, V, c->lanes) * inverse[v];
    }
    quantised_sums(V, candidates, sum, weighted, total, c, &n, q);
    UNROLL
    for (int v = 0; v < V; ++v) {
        store_vector(dbeta, sum[v], v, V, c->lanes);
        store_vector(dgamma, weighted[v] * inverse[v], v, V, c->lanes);
        shift[v] = sum[v] / (real)c->rows;
        slope[v] = weighted[v] * inverse[v] * inverse[v] / (real)c->rows;
    }
    for (size_t row = 0; row < c->rows; ++row) {
        size_t at = row * c->channels;
        UNROLL
        for (int v = 0; v < V; ++v) {
            vreal x = load_vector(c->in + at, v, V, c->lanes), g = load_vector(c->dout + at, v, V, c->lanes);
            foresee_read(c->in + at + v * LANES);
            foresee_read(c->dout + at + v * LANES);
            vreal passed = g * inside(normalised(x, &n, v), q, candidates);
            foresee_write(din + at + v * LANES);
            store_vector(din + at, factor[v] * (passed - shift[v] - (x - n.mean[v]) * slope[v]), v, V, c->lanes);
        }
    }
}

#define BACKWARD(V, candidates)                                                                                        \
    backward_columns(V, candidates, din + first, dgamma + first, dbeta + first, &total, mean + first,                  \
                     variance + first, gamma + first, beta + first, eps, &c, &q)

void ISA(batchnorm_pact_backward)(real *din, real *dgamma, real *dbeta, real dclip[PACT_MAX],
                                  real dprobability[PACT_MAX], real *dlow, const real *dout, const real *in,
                                  const real *mean, const real *variance, const real *gamma, const real *beta, real eps,
                                  const pact *given, size_t rows, int channels)
{
    const pact q = *given;
    total_sums total = {.below = 0};
    for (int first = 0, vectors; first < channels; first += vectors * LANES) {
        vectors = group_vectors(channels - first);
        columns c = {.in = in + first,
                     .dout = dout + first,
                     .rows = rows,
                     .channels = (size_t)channels,
                     .lanes = last_lanes(channels - first, vectors)};
        EACH_SHAPE(BACKWARD)
    }
    double probabilities = 0.0;
    for (int j = 0; j < q.count; ++j) {
        dclip[j] = (real)((double)q.probability[j] * total.pass[j]);
        dprobability[j] = (real)total.probability[j];
        probabilities += (double)q.probability[j];
    }
    if (dlow != NULL) *dlow = (real)(probabilities * total.below);
}
