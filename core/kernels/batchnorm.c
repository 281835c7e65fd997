/* Batch-norm over the rows of a (rows, channels) array, with the statistics of these rows.
 *
 * Some vectors of channels (up to WIDE) go through memory together. Sums are blocked: ROWS_IN_BLOCK rows are summed in
 * two running sums per channel (even rows, odd rows) and blocks are added in order, whatever the number of vectors. The
 * variance is the mean of squared distances from the mean, in a second pass: no cancellation. */
#include "core/kernels/isa.h"
#include "core/kernels/simd.h"

enum { ROWS_IN_BLOCK = 512, WIDE = 4 };

/* What is summed per element: in | (in - mean)^2 | g and g * (in - mean). */
typedef enum { SUM_VALUE, SUM_SQUARE, SUM_GRADIENT } sum_kind;

/* (rows, channels) arrays, at the first of the V vectors of channels in hand; the last vector has `lanes` channels. */
typedef struct {
    const real *in, *dout, *out; /* dout and out for SUM_GRADIENT; out NULL without a ReLU */
    size_t rows, channels;
    int lanes;
} columns;

/* Vector v of V at p. */
ALWAYS_INLINE vreal load_vector(const real *p, const int v, const int V, int lanes)
{
    return v < V - 1 ? vec_load(p + v * LANES) : vec_load_part(p + v * LANES, lanes);
}

ALWAYS_INLINE void store_vector(real *p, vreal x, const int v, const int V, int lanes)
{
    if (v < V - 1)
        vec_store(p + v * LANES, x);
    else
        vec_store_part(p + v * LANES, x, lanes);
}

ALWAYS_INLINE vreal load_gradient(const columns *c, size_t at, const int v, const int V)
{
    vreal g = load_vector(c->dout + at, v, V, c->lanes);
    if (c->out == NULL) return g;
    return vec_where((vmask)(load_vector(c->out + at, v, V, c->lanes) > (vreal){0}), g);
}

ALWAYS_INLINE void sum_row(const sum_kind kind, const int V, vreal first[WIDE], vreal second[WIDE], const columns *c,
                           size_t row, const vreal mean[WIDE])
{
    size_t at = row * c->channels;
    UNROLL
    for (int v = 0; v < V; ++v) {
        vreal x = load_vector(c->in + at, v, V, c->lanes);
        if (kind == SUM_VALUE) {
            first[v] += x;
        } else if (kind == SUM_SQUARE) {
            first[v] += (x - mean[v]) * (x - mean[v]);
        } else {
            vreal g = load_gradient(c, at, v, V);
            first[v] += g;
            second[v] += g * (x - mean[v]);
        }
    }
}

/* Sums over all rows; mean is not used by SUM_VALUE, second only by SUM_GRADIENT. */
ALWAYS_INLINE void column_sums(const sum_kind kind, const int V, vreal first[WIDE], vreal second[WIDE],
                               const columns *c, const vreal mean[WIDE])
{
    UNROLL
    for (int v = 0; v < V; ++v) first[v] = second[v] = (vreal){0};
    for (size_t begin = 0; begin < c->rows; begin += ROWS_IN_BLOCK) {
        size_t end = c->rows - begin < ROWS_IN_BLOCK ? c->rows : begin + ROWS_IN_BLOCK, row = begin;
        vreal even[2][WIDE], odd[2][WIDE];
        UNROLL
        for (int v = 0; v < V; ++v) even[0][v] = even[1][v] = odd[0][v] = odd[1][v] = (vreal){0};
        for (; row + 2 <= end; row += 2) {
            sum_row(kind, V, even[0], even[1], c, row, mean);
            sum_row(kind, V, odd[0], odd[1], c, row + 1, mean);
        }
        if (row < end) sum_row(kind, V, even[0], even[1], c, row, mean);
        UNROLL
        for (int v = 0; v < V; ++v) {
            first[v] += even[0][v] + odd[0][v];
            second[v] += even[1][v] + odd[1][v];
        }
    }
}

static vreal square_root(vreal v)
{
    for (int lane = 0; lane < LANES; ++lane) v[lane] = real_sqrt(v[lane]);
    return v;
}

/* The pieces of the parameters that belong to the columns in hand. */
typedef struct {
    real *mean, *variance;
    const real *gamma, *beta;
    real eps;
} forward_parameters;

/* out = gamma * (in - mean) / sqrt(variance + eps) + beta. */
ALWAYS_INLINE void forward_columns(const int V, real *out, const columns *c, const forward_parameters *p, bool relu)
{
    vreal mean[WIDE], variance[WIDE], unused[WIDE], factor[WIDE], beta[WIDE];
    column_sums(SUM_VALUE, V, mean, unused, c, unused);
    UNROLL
    for (int v = 0; v < V; ++v) mean[v] /= (real)c->rows;
    column_sums(SUM_SQUARE, V, variance, unused, c, mean);
    UNROLL
    for (int v = 0; v < V; ++v) {
        variance[v] /= (real)c->rows;
        store_vector(p->mean, mean[v], v, V, c->lanes);
        store_vector(p->variance, variance[v], v, V, c->lanes);
        factor[v] = load_vector(p->gamma, v, V, c->lanes) / square_root(variance[v] + p->eps);
        beta[v] = load_vector(p->beta, v, V, c->lanes);
    }
    for (size_t row = 0; row < c->rows; ++row) {
        size_t at = row * c->channels;
        UNROLL
        for (int v = 0; v < V; ++v) {
            vreal y = (load_vector(c->in + at, v, V, c->lanes) - mean[v]) * factor[v] + beta[v];
            store_vector(out + at, relu ? vec_max((vreal){0}, y) : y, v, V, c->lanes);
        }
    }
}

/* Vectors of the next group of columns, and the lanes of its last vector. */
static int group_vectors(int channels_left)
{
    return channels_left > 2 * LANES ? (channels_left > 3 * LANES ? WIDE : 2) : channels_left > LANES ? 2 : 1;
}

static int last_lanes(int channels_left, int vectors)
{
    int lanes = channels_left - (vectors - 1) * LANES;
    return lanes < LANES ? lanes : LANES;
}

void ISA(batchnorm_forward)(real *out, real *mean, real *variance, const real *in, const real *gamma, const real *beta,
                            real eps, bool relu, size_t rows, int channels)
{
    for (int first = 0, vectors; first < channels; first += vectors * LANES) {
        vectors = group_vectors(channels - first);
        columns c = {.in = in + first,
                     .rows = rows,
                     .channels = (size_t)channels,
                     .lanes = last_lanes(channels - first, vectors)};
        forward_parameters p = {mean + first, variance + first, gamma + first, beta + first, eps};
        if (vectors == WIDE)
            forward_columns(WIDE, out + first, &c, &p, relu);
        else if (vectors == 2)
            forward_columns(2, out + first, &c, &p, relu);
        else
            forward_columns(1, out + first, &c, &p, relu);
    }
}

typedef struct {
    real *dgamma, *dbeta;
    const real *mean, *variance, *gamma;
    real eps;
} backward_parameters;

/* With r = 1/sqrt(variance + eps), xhat = (in - mean) * r and g = dout behind the ReLU:
 * dbeta = sum g, dgamma = sum g*xhat, din = gamma * r * (g - dbeta/rows - xhat * dgamma/rows). */
ALWAYS_INLINE void backward_columns(const int V, real *din, const columns *c, const backward_parameters *p)
{
    vreal mean[WIDE], sum[WIDE], weighted[WIDE], factor[WIDE], shift[WIDE], slope[WIDE];
    UNROLL
    for (int v = 0; v < V; ++v) mean[v] = load_vector(p->mean, v, V, c->lanes);
    column_sums(SUM_GRADIENT, V, sum, weighted, c, mean);
    UNROLL
    for (int v = 0; v < V; ++v) {
        vreal r = 1 / square_root(load_vector(p->variance, v, V, c->lanes) + p->eps);
        store_vector(p->dbeta, sum[v], v, V, c->lanes);
        store_vector(p->dgamma, weighted[v] * r, v, V, c->lanes);
        factor[v] = load_vector(p->gamma, v, V, c->lanes) * r;
        shift[v] = sum[v] / (real)c->rows;
        slope[v] = weighted[v] * r * r / (real)c->rows;
    }
    for (size_t row = 0; row < c->rows; ++row) {
        size_t at = row * c->channels;
        UNROLL
        for (int v = 0; v < V; ++v) {
            vreal x = load_vector(c->in + at, v, V, c->lanes), g = load_gradient(c, at, v, V);
            store_vector(din + at, factor[v] * (g - shift[v] - (x - mean[v]) * slope[v]), v, V, c->lanes);
        }
    }
}

void ISA(batchnorm_backward)(real *din, real *dgamma, real *dbeta, const real *dout, const real *in, const real *out,
                             const real *mean, const real *variance, const real *gamma, real eps, bool relu,
                             size_t rows, int channels)
{
    for (int first = 0, vectors; first < channels; first += vectors * LANES) {
        vectors = group_vectors(channels - first);
        columns c = {.in = in + first,
                     .dout = dout + first,
                     .out = relu ? out + first : NULL,
                     .rows = rows,
                     .channels = (size_t)channels,
                     .lanes = last_lanes(channels - first, vectors)};
        backward_parameters p = {dgamma + first, dbeta + first, mean + first, variance + first, gamma + first, eps};
        if (vectors == WIDE)
            backward_columns(WIDE, din + first, &c, &p);
        else if (vectors == 2)
            backward_columns(2, din + first, &c, &p);
        else
            backward_columns(1, din + first, &c, &p);
    }
}
