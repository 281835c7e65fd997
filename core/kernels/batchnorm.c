/* Batch-norm over the rows of a (rows, channels) array, with the statistics of these rows. */
#include "core/kernels/columns.h"
#include "core/kernels/isa.h"

ALWAYS_INLINE void sum_columns(const int V, real *sum, const columns *c)
{
    vreal sums[WIDE], unused[WIDE] = {0};
    load_sums(V, sums, sum, c);
    column_sums(SUM_VALUE, V, sums, unused, c, unused);
    UNROLL
    for (int v = 0; v < V; ++v) store_vector(sum, sums[v], v, V, c->lanes);
}

void ISA(batchnorm_sum)(real *sum, const real *in, row_range rows, int channels)
{
    const columns all = {.in = in, .rows = rows, .channels = (size_t)channels};
#define SUM(V, at, c) sum_columns(V, sum + (at), c)
    EACH_GROUP(SUM, all)
}

ALWAYS_INLINE void statistics_columns(const int V, real *mean_out, real *variance_out, const columns *c)
{
    vreal mean[WIDE], variance[WIDE] = {0}, unused[WIDE] = {0};
    const real rows = (real)c->rows.all;
    UNROLL
    for (int v = 0; v < V; ++v) mean[v] = load_vector(mean_out, v, V, c->lanes) / rows;
    column_sums(SUM_SQUARE, V, variance, unused, c, mean);
    UNROLL
    for (int v = 0; v < V; ++v) {
        store_vector(mean_out, mean[v], v, V, c->lanes);
        store_vector(variance_out, variance[v] / rows, v, V, c->lanes);
    }
}

void ISA(batchnorm_statistics)(real *mean, real *variance, const real *in, size_t rows, int channels)
{
    const columns all = {.in = in, .rows = {0, rows, rows}, .channels = (size_t)channels};
#define STATISTICS(V, at, c) statistics_columns(V, mean + (at), variance + (at), c)
    EACH_GROUP(STATISTICS, all)
}

/* out = gamma * (in - mean) / sqrt(variance + eps) + beta. */
ALWAYS_INLINE void forward_columns(const int V, real *out, const columns *c, const batchnorm *b, int at, bool relu)
{
    vreal mean[WIDE], factor[WIDE], beta[WIDE];
    UNROLL
    for (int v = 0; v < V; ++v) {
        mean[v] = load_vector(b->mean + at, v, V, c->lanes);
        factor[v] = load_vector(b->gamma + at, v, V, c->lanes) /
                    square_root(load_vector(b->variance + at, v, V, c->lanes) + b->eps);
        beta[v] = load_vector(b->beta + at, v, V, c->lanes);
    }
    for (size_t row = c->rows.first; row < c->rows.end; ++row) {
        size_t place = row * c->channels;
        UNROLL
        for (int v = 0; v < V; ++v) {
            vreal y = (load_vector(c->in + place, v, V, c->lanes) - mean[v]) * factor[v] + beta[v];
            store_vector(out + place, relu ? vec_max((vreal){0}, y) : y, v, V, c->lanes);
        }
    }
}

void ISA(batchnorm_forward)(real *out, const real *in, const batchnorm *b, bool relu, row_range rows, int channels)
{
    const columns all = {.in = in, .rows = rows, .channels = (size_t)channels};
#define FORWARD(V, at, c) forward_columns(V, out + (at), c, b, at, relu)
    EACH_GROUP(FORWARD, all)
}

/* With r = 1/sqrt(variance + eps), xhat = (in - mean) * r and g = dout behind the ReLU:
 * dbeta = sum g, dgamma = sum g*xhat, din = gamma * r * (g - dbeta/rows - xhat * dgamma/rows). */
ALWAYS_INLINE void backward_sum_columns(const int V, real *dgamma, real *dbeta, const columns *c, const batchnorm *b,
                                        int at)
{
    vreal mean[WIDE], sum[WIDE], weighted[WIDE];
    UNROLL
    for (int v = 0; v < V; ++v) mean[v] = load_vector(b->mean + at, v, V, c->lanes);
    load_sums(V, sum, dbeta, c);
    load_sums(V, weighted, dgamma, c);
    column_sums(SUM_GRADIENT, V, sum, weighted, c, mean);
    UNROLL
    for (int v = 0; v < V; ++v) {
        vreal r = 1 / square_root(load_vector(b->variance + at, v, V, c->lanes) + b->eps);
        store_vector(dbeta, sum[v], v, V, c->lanes);
        store_vector(dgamma, c->rows.end == c->rows.all ? weighted[v] * r : weighted[v], v, V, c->lanes);
    }
}

void ISA(batchnorm_backward_sum)(real *dgamma, real *dbeta, const real *dout, const real *in, const real *out,
                                 const batchnorm *b, bool relu, row_range rows, int channels)
{
    const columns all = {.in = in, .dout = dout, .out = relu ? out : NULL, .rows = rows, .channels = (size_t)channels};
#define BACKWARD_SUM(V, at, c) backward_sum_columns(V, dgamma + (at), dbeta + (at), c, b, at)
    EACH_GROUP(BACKWARD_SUM, all)
}

ALWAYS_INLINE void backward_columns(const int V, real *din, const real *dgamma, const real *dbeta, const columns *c,
                                    const batchnorm *b, int at)
{
    vreal mean[WIDE], factor[WIDE], shift[WIDE], slope[WIDE];
    const real rows = (real)c->rows.all;
    UNROLL
    for (int v = 0; v < V; ++v) {
        vreal r = 1 / square_root(load_vector(b->variance + at, v, V, c->lanes) + b->eps);
        mean[v] = load_vector(b->mean + at, v, V, c->lanes);
        factor[v] = load_vector(b->gamma + at, v, V, c->lanes) * r;
        shift[v] = load_vector(dbeta, v, V, c->lanes) / rows;
        slope[v] = load_vector(dgamma, v, V, c->lanes) * r / rows;
    }
    for (size_t row = c->rows.first; row < c->rows.end; ++row) {
        size_t place = row * c->channels;
        UNROLL
        for (int v = 0; v < V; ++v) {
            vreal x = load_vector(c->in + place, v, V, c->lanes), g = load_gradient(c, place, v, V);
            store_vector(din + place, factor[v] * (g - shift[v] - (x - mean[v]) * slope[v]), v, V, c->lanes);
        }
    }
}

void ISA(batchnorm_backward)(real *din, const real *dgamma, const real *dbeta, const real *dout, const real *in,
                             const real *out, const batchnorm *b, bool relu, row_range rows, int channels)
{
    const columns all = {.in = in, .dout = dout, .out = relu ? out : NULL, .rows = rows, .channels = (size_t)channels};
#define BACKWARD(V, at, c) backward_columns(V, din + (at), dgamma + (at), dbeta + (at), c, b, at)
    EACH_GROUP(BACKWARD, all)
}
