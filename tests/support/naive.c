#include "tests/support/naive.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

static size_t in_at(const conv_shape *s, int n, int y, int x, int c)
{
    return (((size_t)n * (size_t)s->in_height + (size_t)y) * (size_t)s->in_width + (size_t)x) * (size_t)s->in_channels +
           (size_t)c;
}

static size_t out_at(const conv_shape *s, int n, int y, int x, int o)
{
    return (((size_t)n * (size_t)s->out_height + (size_t)y) * (size_t)s->out_width + (size_t)x) *
               (size_t)s->out_channels +
           (size_t)o;
}

static size_t weight_at(const conv_shape *s, int i, int j, int c, int o)
{
    return ((size_t)(i * s->kernel_w + j) * (size_t)s->in_channels + (size_t)c) * (size_t)s->out_channels + (size_t)o;
}

static size_t in_count(const conv_shape *s)
{
    return (size_t)s->batch * (size_t)s->in_height * (size_t)s->in_width * (size_t)s->in_channels;
}

/* Input row and column under tap (i, j) of output (y, x); false in the border. */
static bool under_tap(const conv_shape *s, int y, int x, int i, int j, int *in_y, int *in_x)
{
    *in_y = y * s->stride_h + i - s->pad_h;
    *in_x = x * s->stride_w + j - s->pad_w;
    return *in_y >= 0 && *in_y < s->in_height && *in_x >= 0 && *in_x < s->in_width;
}

#define FOR_EACH_OUTPUT(s)                                                                                             \
    for (int n = 0; n < (s)->batch; ++n)                                                                               \
        for (int y = 0; y < (s)->out_height; ++y)                                                                      \
            for (int x = 0; x < (s)->out_width; ++x)                                                                   \
                for (int o = 0; o < (s)->out_channels; ++o)

#define FOR_EACH_TAP(s)                                                                                                \
    for (int i = 0; i < (s)->kernel_h; ++i)                                                                            \
        for (int j = 0; j < (s)->kernel_w; ++j)

void naive_conv_forward(real *out, const real *in, const real *weight, const real *bias, const conv_shape *s)
{
    FOR_EACH_OUTPUT(s)
    {
        double sum = bias ? (double)bias[o] : 0.0;
        FOR_EACH_TAP(s)
        {
            int in_y, in_x;
            if (!under_tap(s, y, x, i, j, &in_y, &in_x)) continue;
            for (int c = 0; c < s->in_channels; ++c)
                sum += (double)weight[weight_at(s, i, j, c, o)] * (double)in[in_at(s, n, in_y, in_x, c)];
        }
        out[out_at(s, n, y, x, o)] = (real)sum;
    }
}

static void store_gradient(real *din, const double *sum, size_t count, bool accumulate)
{
    for (size_t i = 0; i < count; ++i) din[i] = (real)(accumulate ? (double)din[i] + sum[i] : sum[i]);
}

void naive_conv_backward_data(real *din, const real *dout, const real *weight, const conv_shape *s, bool accumulate)
{
    double *sum = calloc(in_count(s), sizeof *sum);
    FOR_EACH_OUTPUT(s)
    {
        FOR_EACH_TAP(s)
        {
            int in_y, in_x;
            if (!under_tap(s, y, x, i, j, &in_y, &in_x)) continue;
            for (int c = 0; c < s->in_channels; ++c)
                sum[in_at(s, n, in_y, in_x, c)] +=
                    (double)weight[weight_at(s, i, j, c, o)] * (double)dout[out_at(s, n, y, x, o)];
        }
    }
    store_gradient(din, sum, in_count(s), accumulate);
    free(sum);
}

void naive_conv_backward_weight(real *dweight, real *dbias, const real *dout, const real *in, const conv_shape *s)
{
    size_t count = (size_t)(s->kernel_h * s->kernel_w * s->in_channels * s->out_channels);
    double *sum = calloc(count, sizeof *sum), *bias = calloc((size_t)s->out_channels, sizeof *bias);
    FOR_EACH_OUTPUT(s)
    {
        double g = (double)dout[out_at(s, n, y, x, o)];
        bias[o] += g;
        FOR_EACH_TAP(s)
        {
            int in_y, in_x;
            if (!under_tap(s, y, x, i, j, &in_y, &in_x)) continue;
            for (int c = 0; c < s->in_channels; ++c)
                sum[weight_at(s, i, j, c, o)] += g * (double)in[in_at(s, n, in_y, in_x, c)];
        }
    }
    store_gradient(dweight, sum, count, false);
    store_gradient(dbias, bias, (size_t)s->out_channels, false);
    free(sum);
    free(bias);
}

void naive_depthwise_forward(real *out, const real *in, const real *weight, const real *bias, const conv_shape *s)
{
    FOR_EACH_OUTPUT(s)
    {
        double sum = bias ? (double)bias[o] : 0.0;
        FOR_EACH_TAP(s)
        {
            int in_y, in_x;
            if (!under_tap(s, y, x, i, j, &in_y, &in_x)) continue;
            sum += (double)weight[(i * s->kernel_w + j) * s->in_channels + o] * (double)in[in_at(s, n, in_y, in_x, o)];
        }
        out[out_at(s, n, y, x, o)] = (real)sum;
    }
}

void naive_depthwise_backward_data(real *din, const real *dout, const real *weight, const conv_shape *s,
                                   bool accumulate)
{
    double *sum = calloc(in_count(s), sizeof *sum);
    FOR_EACH_OUTPUT(s)
    {
        FOR_EACH_TAP(s)
        {
            int in_y, in_x;
            if (!under_tap(s, y, x, i, j, &in_y, &in_x)) continue;
            sum[in_at(s, n, in_y, in_x, o)] +=
                (double)weight[(i * s->kernel_w + j) * s->in_channels + o] * (double)dout[out_at(s, n, y, x, o)];
        }
    }
    store_gradient(din, sum, in_count(s), accumulate);
    free(sum);
}

void naive_depthwise_backward_weight(real *dweight, real *dbias, const real *dout, const real *in, const conv_shape *s)
{
    size_t count = (size_t)(s->kernel_h * s->kernel_w * s->in_channels);
    double *sum = calloc(count, sizeof *sum), *bias = calloc((size_t)s->in_channels, sizeof *bias);
    FOR_EACH_OUTPUT(s)
    {
        double g = (double)dout[out_at(s, n, y, x, o)];
        bias[o] += g;
        FOR_EACH_TAP(s)
        {
            int in_y, in_x;
            if (!under_tap(s, y, x, i, j, &in_y, &in_x)) continue;
            sum[(i * s->kernel_w + j) * s->in_channels + o] += g * (double)in[in_at(s, n, in_y, in_x, o)];
        }
    }
    store_gradient(dweight, sum, count, false);
    store_gradient(dbias, bias, (size_t)s->in_channels, false);
    free(sum);
    free(bias);
}

void naive_batchnorm_forward(double *out, double *mean, double *variance, const double *in, const double *gamma,
                             const double *beta, double eps, bool relu, size_t rows, int channels)
{
    for (int c = 0; c < channels; ++c) {
        double sum = 0.0, squares = 0.0;
        for (size_t r = 0; r < rows; ++r) sum += in[r * (size_t)channels + (size_t)c];
        mean[c] = sum / (double)rows;
        for (size_t r = 0; r < rows; ++r) squares += pow(in[r * (size_t)channels + (size_t)c] - mean[c], 2.0);
        variance[c] = squares / (double)rows;
        for (size_t r = 0; r < rows; ++r) {
            size_t at = r * (size_t)channels + (size_t)c;
            out[at] = gamma[c] * (in[at] - mean[c]) / sqrt(variance[c] + eps) + beta[c];
            if (relu && out[at] < 0.0) out[at] = 0.0;
        }
    }
}

/* Each operation is rounded to real on its own: volatile keeps the compiler from fusing two of them. */
real naive_pact_level(real x, const pact *q, int j)
{
    real clamped = x < q->low ? q->low : x;
    if (clamped > q->high[j]) clamped = q->high[j];
    volatile real scaled = q->scale[j] * clamped;
    volatile real snapped = scaled + q->snap;
    real code = q->back > 0 ? real_rint(scaled) : real_floor(snapped);
    if (code > q->top[j]) code = q->top[j];
    return q->reference ? code / q->scale[j] : code * q->step[j];
}

real naive_pact_value(real x, const pact *q)
{
    volatile real y = 0;
    for (int j = 0; j < q->count; ++j) {
        volatile real term = q->probability[j] * naive_pact_level(x, q, j);
        y = y + term;
    }
    return y;
}

void naive_pact_backward(real *dx, double dclip[PACT_MAX], double dprobability[PACT_MAX], double *dlow, const real *g,
                         const real *x, const pact *q, size_t count)
{
    *dlow = 0.0;
    for (int j = 0; j < q->count; ++j) dclip[j] = dprobability[j] = 0.0;
    for (size_t i = 0; i < count; ++i) {
        volatile real inside = 0;
        for (int j = 0; j < q->count; ++j) {
            if (q->low < x[i] && x[i] < q->clip[j]) inside = inside + q->probability[j];
            if (x[i] >= q->clip[j]) dclip[j] += (double)q->probability[j] * (double)g[i];
            if (x[i] <= q->low) *dlow += (double)q->probability[j] * (double)g[i];
            dprobability[j] += (double)g[i] * (double)naive_pact_level(x[i], q, j);
        }
        dx[i] = g[i] * inside;
        if (q->mask_zero_output && naive_pact_value(x[i], q) == 0) dx[i] = 0;
    }
}

void naive_average_pool_forward(real *out, const real *in, const conv_shape *s)
{
    FOR_EACH_OUTPUT(s)
    {
        double sum = 0.0;
        FOR_EACH_TAP(s) sum += (double)in[in_at(s, n, y * s->stride_h + i, x * s->stride_w + j, o)];
        out[out_at(s, n, y, x, o)] = (real)(sum / (s->kernel_h * s->kernel_w));
    }
}

void naive_average_pool_backward(real *din, const real *dout, const conv_shape *s, bool accumulate)
{
    double *sum = calloc(in_count(s), sizeof *sum);
    FOR_EACH_OUTPUT(s)
    {
        double g = (double)dout[out_at(s, n, y, x, o)] / (s->kernel_h * s->kernel_w);
        FOR_EACH_TAP(s) sum[in_at(s, n, y * s->stride_h + i, x * s->stride_w + j, o)] += g;
    }
    store_gradient(din, sum, in_count(s), accumulate);
    free(sum);
}

/* Position in `in` of the first largest element of a window. */
static size_t largest_at(const real *in, const conv_shape *s, int n, int y, int x, int o)
{
    size_t best = in_at(s, n, y * s->stride_h, x * s->stride_w, o);
    FOR_EACH_TAP(s)
    {
        size_t at = in_at(s, n, y * s->stride_h + i, x * s->stride_w + j, o);
        if (in[at] > in[best]) best = at;
    }
    return best;
}

void naive_max_pool_forward(real *out, const real *in, const conv_shape *s)
{
    FOR_EACH_OUTPUT(s) out[out_at(s, n, y, x, o)] = in[largest_at(in, s, n, y, x, o)];
}

void naive_max_pool_backward(real *din, const real *dout, const real *in, const conv_shape *s, bool accumulate)
{
    double *sum = calloc(in_count(s), sizeof *sum);
    FOR_EACH_OUTPUT(s) sum[largest_at(in, s, n, y, x, o)] += (double)dout[out_at(s, n, y, x, o)];
    store_gradient(din, sum, in_count(s), accumulate);
    free(sum);
}

double naive_cross_entropy(const double *logits, const int32_t *labels, const real *class_weight, int n, int classes)
{
    double loss = 0.0;
    for (int i = 0; i < n; ++i) {
        double sum = 0.0;
        for (int c = 0; c < classes; ++c) sum += exp(logits[i * classes + c]);
        double probability = exp(logits[i * classes + labels[i]]) / sum;
        loss -= (class_weight ? (double)class_weight[labels[i]] : 1.0) * log(probability);
    }
    return loss;
}
