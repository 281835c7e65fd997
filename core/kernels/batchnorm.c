/* Batch-norm over the rows of a (rows, channels) array, with the statistics of these rows.
 *
 * Sums are blocked: ROWS_IN_BLOCK rows are summed in INTERLEAVED running sums per channel (row r goes to sum
 * r % INTERLEAVED), those are added pairwise, and blocks are added in order. The variance is the mean of squared
 * distances from the mean, in a second pass: no cancellation. */
#include "core/kernels/isa.h"
#include "core/kernels/simd.h"

enum { ROWS_IN_BLOCK = 512, INTERLEAVED = 4 };

/* What is summed per element: in | (in - mean)^2 | g and g * (in - mean). */
typedef enum { SUM_VALUE, SUM_SQUARE, SUM_GRADIENT } sum_kind;

typedef struct {
    const real *in, *dout, *out; /* (rows, channels); dout and out for SUM_GRADIENT; out NULL without a ReLU */
    const real *mean;            /* (channels); not for SUM_VALUE */
    size_t rows, channels;
} sum_source;

ALWAYS_INLINE vreal lanes_at(const real *p, const bool whole, int lanes)
{
    return whole ? vec_load(p) : vec_load_part(p, lanes);
}

ALWAYS_INLINE vreal gradient_at(const real *dout, const real *out, size_t at, const bool whole, int lanes)
{
    vreal g = lanes_at(dout + at, whole, lanes);
    if (out == NULL) return g;
    return vec_where((vmask)(lanes_at(out + at, whole, lanes) > (vreal){0}), g);
}

ALWAYS_INLINE void sum_row(const sum_kind kind, const bool whole, vreal *first, vreal *second, const sum_source *from,
                           size_t at, vreal mean, int lanes)
{
    vreal x = lanes_at(from->in + at, whole, lanes);
    if (kind == SUM_VALUE) {
        *first += x;
    } else if (kind == SUM_SQUARE) {
        *first += (x - mean) * (x - mean);
    } else {
        vreal g = gradient_at(from->dout, from->out, at, whole, lanes);
        *first += g;
        *second += g * (x - mean);
    }
}

/* Sums of one vector of channels over all rows. */
ALWAYS_INLINE void column_sums(const sum_kind kind, const bool whole, vreal total[2], const sum_source *from, size_t channel,
                               int lanes)
{
    vreal mean = kind == SUM_VALUE ? (vreal){0} : lanes_at(from->mean + channel, whole, lanes);
    total[0] = total[1] = (vreal){0};
    for (size_t begin = 0; begin < from->rows; begin += ROWS_IN_BLOCK) {
        size_t end = from->rows - begin < ROWS_IN_BLOCK ? from->rows : begin + ROWS_IN_BLOCK, row = begin;
        vreal first[INTERLEAVED], second[INTERLEAVED];
        UNROLL
        for (int k = 0; k < INTERLEAVED; ++k) first[k] = second[k] = (vreal){0};
        for (; row + INTERLEAVED <= end; row += INTERLEAVED) {
            UNROLL
            for (int k = 0; k < INTERLEAVED; ++k)
                sum_row(kind, whole, &first[k], &second[k], from, (row + (size_t)k) * from->channels + channel, mean, lanes);
        }
        for (; row < end; ++row)
            sum_row(kind, whole, &first[0], &second[0], from, row * from->channels + channel, mean, lanes);
        total[0] += (first[0] + first[1]) + (first[2] + first[3]);
        total[1] += (second[0] + second[1]) + (second[2] + second[3]);
    }
}

/* out = gamma * (in - mean) / sqrt(variance + eps) + beta of one vector of channels, all rows. */
ALWAYS_INLINE void normalise(const bool whole, real *out, const real *in, vreal mean, vreal factor, vreal beta, bool relu,
                             size_t rows, size_t channels, int lanes)
{
    for (size_t row = 0; row < rows; ++row) {
        size_t at = row * channels;
        vreal y = (lanes_at(in + at, whole, lanes) - mean) * factor + beta;
        if (relu) y = vec_max((vreal){0}, y);
        if (whole) vec_store(out + at, y);
        else vec_store_part(out + at, y, lanes);
    }
}

static vreal square_root(vreal v)
{
    for (int lane = 0; lane < LANES; ++lane) v[lane] = real_sqrt(v[lane]);
    return v;
}

ALWAYS_INLINE void forward_channels(const bool whole, real *out, real *mean, real *variance, const real *in,
                                    const real *gamma, const real *beta, real eps, bool relu, size_t rows, size_t channels,
                                    size_t channel, int lanes)
{
    sum_source from = {.in = in, .mean = mean, .rows = rows, .channels = channels};
    vreal total[2];
    column_sums(SUM_VALUE, whole, total, &from, channel, lanes);
    vreal m = total[0] / (real)rows;
    vec_store_part(mean + channel, m, lanes);
    column_sums(SUM_SQUARE, whole, total, &from, channel, lanes);
    vreal v = total[0] / (real)rows;
    vec_store_part(variance + channel, v, lanes);
    vreal factor = vec_load_part(gamma + channel, lanes) / square_root(v + eps);
    normalise(whole, out + channel, in + channel, m, factor, vec_load_part(beta + channel, lanes), relu, rows, channels,
              lanes);
}

void ISA(batchnorm_forward)(real *out, real *mean, real *variance, const real *in, const real *gamma, const real *beta,
                            real eps, bool relu, size_t rows, int channels)
{
    size_t width = (size_t)channels, channel = 0;
    for (; channel + LANES <= width; channel += LANES)
        forward_channels(true, out, mean, variance, in, gamma, beta, eps, relu, rows, width, channel, LANES);
    if (channel < width)
        forward_channels(false, out, mean, variance, in, gamma, beta, eps, relu, rows, width, channel, (int)(width - channel));
}

/* With r = 1/sqrt(variance + eps), xhat = (in - mean) * r and g = dout behind the ReLU:
 * dbeta = sum g, dgamma = sum g*xhat, din = gamma * r * (g - dbeta/rows - xhat * dgamma/rows). */
ALWAYS_INLINE void backward_channels(const bool whole, real *din, real *dgamma, real *dbeta, const sum_source *from,
                                     const real *variance, const real *gamma, real eps, size_t channel, int lanes)
{
    vreal total[2];
    column_sums(SUM_GRADIENT, whole, total, from, channel, lanes);
    vreal r = (vreal){0} + 1 / square_root(vec_load_part(variance + channel, lanes) + eps);
    vreal gamma_gradient = total[1] * r;
    vec_store_part(dbeta + channel, total[0], lanes);
    vec_store_part(dgamma + channel, gamma_gradient, lanes);

    vreal mean = vec_load_part(from->mean + channel, lanes);
    vreal factor = vec_load_part(gamma + channel, lanes) * r;
    vreal shift = total[0] / (real)from->rows, slope = gamma_gradient * r / (real)from->rows;
    for (size_t row = 0; row < from->rows; ++row) {
        size_t at = row * from->channels + channel;
        vreal g = gradient_at(from->dout, from->out, at, whole, lanes);
        vreal d = factor * (g - shift - (lanes_at(from->in + at, whole, lanes) - mean) * slope);
        if (whole) vec_store(din + at, d);
        else vec_store_part(din + at, d, lanes);
    }
}

void ISA(batchnorm_backward)(real *din, real *dgamma, real *dbeta, const real *dout, const real *in, const real *out,
                             const real *mean, const real *variance, const real *gamma, real eps, bool relu, size_t rows,
                             int channels)
{
    sum_source from = {.in = in, .dout = dout, .out = relu ? out : NULL, .mean = mean, .rows = rows,
                       .channels = (size_t)channels};
    size_t channel = 0;
    for (; channel + LANES <= from.channels; channel += LANES)
        backward_channels(true, din, dgamma, dbeta, &from, variance, gamma, eps, channel, LANES);
    if (channel < from.channels)
        backward_channels(false, din, dgamma, dbeta, &from, variance, gamma, eps, channel, (int)(from.channels - channel));
}
