/* Batch-norm over the rows of a (rows, channels) array, with the statistics of these rows. */
#include "core/kernels/columns.h"
#include "core/kernels/isa.h"

/* The pieces of the parameters that belong to the columns in hand. */
typedef struct {
    real *mean, *variance;
    const real *gamma, *beta;
    real eps;
} forward_parameters;

/* out = gamma * (in - mean) / sqrt(variance + eps) + beta. */
ALWAYS_INLINE void forward_columns(const int V, real *out, const columns *c, const forward_parameters *p, bool relu)
{
    vreal mean[WIDE], variance[WIDE], factor[WIDE], beta[WIDE];
    column_statistics(V, mean, variance, p->mean, p->variance, c);
    UNROLL
    for (int v = 0; v < V; ++v) {
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
