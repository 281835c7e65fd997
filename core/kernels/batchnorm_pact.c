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

ALWAYS_INLINE normaliser normaliser_of(const int V, const batchnorm *b, int at, int lanes)
{
    normaliser n;
    UNROLL
    for (int v = 0; v < V; ++v) {
        n.mean[v] = load_vector(b->mean + at, v, V, lanes);
        n.factor[v] =
            load_vector(b->gamma + at, v, V, lanes) / square_root(load_vector(b->variance + at, v, V, lanes) + b->eps);
        n.beta[v] = load_vector(b->beta + at, v, V, lanes);
    }
    return n;
}

ALWAYS_INLINE vreal normalised(vreal x, const normaliser *n, const int v)
{
    return (x - n->mean[v]) * n->factor[v] + n->beta[v];
}

/* Calls a function for columns with the number of candidates as a constant. */
#define EACH_COUNT(call, V, ...)                                                                                       \
    if (q.count == 1)                                                                                                  \
        call(V, 1, __VA_ARGS__);                                                                                       \
    else if (q.count == 2)                                                                                             \
        call(V, 2, __VA_ARGS__);                                                                                       \
    else                                                                                                               \
        call(V, 3, __VA_ARGS__);

ALWAYS_INLINE void forward_columns(const int V, const int candidates, real *out, const columns *c, const batchnorm *b,
                                   int at, const pact *q)
{
    const normaliser n = normaliser_of(V, b, at, c->lanes);
    for (size_t row = c->rows.first; row < c->rows.end; ++row) {
        size_t place = row * c->channels;
        UNROLL
        for (int v = 0; v < V; ++v) {
            vreal z = normalised(load_vector(c->in + place, v, V, c->lanes), &n, v);
            foresee_read(c->in + place + v * LANES);
            foresee_write(out + place + v * LANES);
            store_vector(out + place, mixed_level(z, q, candidates, false), v, V, c->lanes);
        }
    }
}

void ISA(batchnorm_pact_forward)(real *out, const real *in, const batchnorm *b, const pact *given, row_range rows,
                                 int channels)
{
    const pact q = *given; /* a copy, so that stores cannot change it: its members stay in registers */
    const columns all = {.in = in, .rows = rows, .channels = (size_t)channels};
#define FORWARD(V, at, c) EACH_COUNT(forward_columns, V, out + (at), c, b, at, &q)
    EACH_GROUP(FORWARD, all)
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

/* The quantiser's sums of one block, in the lanes. */
typedef struct {
    vreal probability[PACT_MAX], pass[PACT_MAX], below;
} block_sums;

ALWAYS_INLINE void add_quantiser(block_sums *sums, vreal z, vreal g, const pact *q, const int candidates)
{
    UNROLL
    for (int j = 0; j < candidates; ++j) {
        if (candidates > 1) sums->probability[j] += g * level(z, q, j, false);
        sums->pass[j] += vec_where((vmask)(z >= vec_set(q->clip[j])), g);
    }
    sums->below += vec_where((vmask)(z <= vec_set(q->low)), g);
}

ALWAYS_INLINE pact_sums total_of(const block_sums *sums, const int candidates)
{
    pact_sums total = {.below = vec_sum(sums->below)};
    UNROLL
    for (int j = 0; j < candidates; ++j) {
        total.probability[j] = vec_sum(sums->probability[j]);
        total.pass[j] = vec_sum(sums->pass[j]);
    }
    return total;
}

/* One row into the sums of g' = g * inside and g' * (in - mean), and those of the quantiser. */
ALWAYS_INLINE void sum_quantised_row(const int V, const int candidates, vreal first[WIDE], vreal second[WIDE],
                                     block_sums *sums, const columns *c, size_t row, const normaliser *n, const pact *q)
{
    size_t place = row * c->channels;
    UNROLL
    for (int v = 0; v < V; ++v) {
        vreal x = load_vector(c->in + place, v, V, c->lanes), g = load_vector(c->dout + place, v, V, c->lanes);
        foresee_read(c->in + place + v * LANES);
        foresee_read(c->dout + place + v * LANES);
        vreal z = normalised(x, n, v), passed = g * inside(z, q, candidates);
        add_quantiser(sums, z, g, q, candidates);
        first[v] += passed;
        second[v] += passed * (x - n->mean[v]);
    }
}

/* As backward_sum_columns (batchnorm.c) with g' in place of g. block[k]: the quantiser's sums of block k of these
 * columns. */
ALWAYS_INLINE void backward_sum_columns(const int V, const int candidates, real *dgamma, real *dbeta, pact_sums *block,
                                        const columns *c, const batchnorm *b, int at, const pact *q)
{
    const normaliser n = normaliser_of(V, b, at, c->lanes);
    vreal sum[WIDE], weighted[WIDE];
    load_sums(V, sum, dbeta, c);
    load_sums(V, weighted, dgamma, c);
    for (size_t begin = c->rows.first; begin < c->rows.end; begin += BATCHNORM_BLOCK) {
        size_t end = block_end(begin, c->rows), row = begin;
        vreal even[2][WIDE], odd[2][WIDE];
        block_sums sums = {0};
        UNROLL
        for (int v = 0; v < V; ++v) even[0][v] = even[1][v] = odd[0][v] = odd[1][v] = (vreal){0};
        for (; row + 2 <= end; row += 2) {
            sum_quantised_row(V, candidates, even[0], even[1], &sums, c, row, &n, q);
            sum_quantised_row(V, candidates, odd[0], odd[1], &sums, c, row + 1, &n, q);
        }
        if (row < end) sum_quantised_row(V, candidates, even[0], even[1], &sums, c, row, &n, q);
        UNROLL
        for (int v = 0; v < V; ++v) {
            sum[v] += even[0][v] + odd[0][v];
            weighted[v] += even[1][v] + odd[1][v];
        }
        block[begin / BATCHNORM_BLOCK] = total_of(&sums, candidates);
    }
    UNROLL
    for (int v = 0; v < V; ++v) {
        vreal r = 1 / square_root(load_vector(b->variance + at, v, V, c->lanes) + b->eps);
        store_vector(dbeta, sum[v], v, V, c->lanes);
        store_vector(dgamma, c->rows.end == c->rows.all ? weighted[v] * r : weighted[v], v, V, c->lanes);
    }
}

void ISA(batchnorm_pact_backward_sum)(real *dgamma, real *dbeta, pact_sums *total, pact_sums *blocks, const real *dout,
                                      const real *in, const batchnorm *b, const pact *given, row_range rows,
                                      int channels)
{
    const pact q = *given;
    const columns all = {.in = in, .dout = dout, .rows = rows, .channels = (size_t)channels};
    const size_t count = batchnorm_blocks(rows.all);
    pact_sums *block = blocks; /* of the columns in hand */
#define BACKWARD_SUM(V, at, c)                                                                                         \
    EACH_COUNT(backward_sum_columns, V, dgamma + (at), dbeta + (at), block, c, b, at, &q)                              \
    block += count
    EACH_GROUP(BACKWARD_SUM, all)
    if (rows.end < rows.all) return;
    *total = (pact_sums){.below = 0};
    for (const pact_sums *k = blocks; k < block; ++k) {
        for (int j = 0; j < q.count; ++j) {
            total->probability[j] += k->probability[j];
            total->pass[j] += k->pass[j];
        }
        total->below += k->below;
    }
}

/* As backward_columns (batchnorm.c) with g' in place of g. */
ALWAYS_INLINE void backward_columns(const int V, const int candidates, real *din, const real *dgamma, const real *dbeta,
                                    const columns *c, const batchnorm *b, int at, const pact *q)
{
    const normaliser n = normaliser_of(V, b, at, c->lanes);
    vreal factor[WIDE], shift[WIDE], slope[WIDE];
    const real rows = (real)c->rows.all;
    UNROLL
    for (int v = 0; v < V; ++v) {
        vreal r = 1 / square_root(load_vector(b->variance + at, v, V, c->lanes) + b->eps);
        factor[v] = load_vector(b->gamma + at, v, V, c->lanes) * r;
        shift[v] = load_vector(dbeta, v, V, c->lanes) / rows;
        slope[v] = load_vector(dgamma, v, V, c->lanes) * r / rows;
    }
    for (size_t row = c->rows.first; row < c->rows.end; ++row) {
        size_t place = row * c->channels;
        UNROLL
        for (int v = 0; v < V; ++v) {
            vreal x = load_vector(c->in + place, v, V, c->lanes), g = load_vector(c->dout + place, v, V, c->lanes);
            foresee_read(c->in + place + v * LANES);
            foresee_read(c->dout + place + v * LANES);
            vreal passed = g * inside(normalised(x, &n, v), q, candidates);
            foresee_write(din + place + v * LANES);
            store_vector(din + place, factor[v] * (passed - shift[v] - (x - n.mean[v]) * slope[v]), v, V, c->lanes);
        }
    }
}

void ISA(batchnorm_pact_backward)(real *din, const real *dgamma, const real *dbeta, const real *dout, const real *in,
                                  const batchnorm *b, const pact *given, row_range rows, int channels)
{
    const pact q = *given;
    const columns all = {.in = in, .dout = dout, .rows = rows, .channels = (size_t)channels};
#define BACKWARD(V, at, c) EACH_COUNT(backward_columns, V, din + (at), dgamma + (at), dbeta + (at), c, b, at, &q)
    EACH_GROUP(BACKWARD, all)
}
