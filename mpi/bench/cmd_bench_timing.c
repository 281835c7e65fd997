#include "mpi/bench/cmd_bench_timing.h"

#include <string.h>

#include "core/base/clock.h"

/* Kernels get no context, so what they report to is here. */
static const kernel_table *inside;
static timed_result *result;
static kernel_table table;

const char *timed_kind_name(timed_kind kind)
{
    static const char *const names[TIMED_KINDS] = {"conv forward",
                                                   "conv backward data",
                                                   "conv backward weight",
                                                   "depthwise forward",
                                                   "depthwise backward data",
                                                   "depthwise backward weight",
                                                   "batch-norm forward",
                                                   "batch-norm backward",
                                                   "quantiser forward",
                                                   "quantiser backward",
                                                   "add, ReLU",
                                                   "dropout",
                                                   "pooling",
                                                   "softmax, loss"};
    return names[kind];
}

static void add(timed_sum *to, double seconds, double bytes, double operations)
{
    to->seconds += seconds;
    to->bytes += bytes;
    to->operations += operations;
    to->calls++;
}

static void count(timed_kind kind, double started, double reals, double operations)
{
    add(&result->kinds[kind], clock_cpu_seconds() - started, reals * sizeof(real), operations);
}

static timed_shape *find_shape(const conv_shape *s, bool depthwise)
{
    conv_shape key = *s;
    key.batch = 0;
    for (int i = 0; i < result->shape_count; i++) {
        timed_shape *at = &result->shapes[i];
        if (at->depthwise == depthwise && memcmp(&at->shape, &key, sizeof key) == 0) return at;
    }
    if (result->shape_count == TIMED_SHAPES) return NULL;
    timed_shape *fresh = &result->shapes[result->shape_count++];
    *fresh = (timed_shape){.shape = key, .depthwise = depthwise};
    return fresh;
}

static double in_reals(const conv_shape *s)
{
    return (double)s->batch * s->in_height * s->in_width * s->in_channels;
}

static double out_reals(const conv_shape *s)
{
    return (double)s->batch * s->out_height * s->out_width * s->out_channels;
}

static void count_conv(timed_kind kind, int pass, bool depthwise, double started, const conv_shape *s, bool accumulate)
{
    double seconds = clock_cpu_seconds() - started;
    double rows = (double)s->kernel_h * s->kernel_w * (depthwise ? 1 : s->in_channels);
    double reals = in_reals(s) * (accumulate ? 2 : 1) + out_reals(s) + rows * s->out_channels;
    double operations = 2 * out_reals(s) * rows;
    add(&result->kinds[kind], seconds, reals * sizeof(real), operations);
    timed_shape *at = find_shape(s, depthwise);
    if (at != NULL) add(&at->pass[pass], seconds, reals * sizeof(real), operations);
}

static void conv_forward(real *out, const real *in, const real *weight, const real *bias, const conv_shape *s,
                         real *scratch)
{
    double started = clock_cpu_seconds();
    inside->conv_forward(out, in, weight, bias, s, scratch);
    count_conv(TIMED_CONV_FORWARD, 0, false, started, s, false);
}

static void conv_backward_data(real *din, const real *dout, const real *weight, const conv_shape *s, bool accumulate,
                               real *scratch)
{
    double started = clock_cpu_seconds();
    inside->conv_backward_data(din, dout, weight, s, accumulate, scratch);
    count_conv(TIMED_CONV_DATA, 1, false, started, s, accumulate);
}

static void conv_backward_weight(real *dweight, real *dbias, const real *dout, const real *in, const conv_shape *s,
                                 real *scratch)
{
    double started = clock_cpu_seconds();
    inside->conv_backward_weight(dweight, dbias, dout, in, s, scratch);
    count_conv(TIMED_CONV_WEIGHT, 2, false, started, s, false);
}

static void depthwise_forward(real *out, const real *in, const real *weight, const real *bias, const conv_shape *s,
                              real *scratch)
{
    double started = clock_cpu_seconds();
    inside->depthwise_forward(out, in, weight, bias, s, scratch);
    count_conv(TIMED_DEPTHWISE_FORWARD, 0, true, started, s, false);
}

static void depthwise_backward_data(real *din, const real *dout, const real *weight, const conv_shape *s,
                                    bool accumulate, real *scratch)
{
    double started = clock_cpu_seconds();
    inside->depthwise_backward_data(din, dout, weight, s, accumulate, scratch);
    count_conv(TIMED_DEPTHWISE_DATA, 1, true, started, s, accumulate);
}

static void depthwise_backward_weight(real *dweight, real *dbias, const real *dout, const real *in, const conv_shape *s,
                                      real *scratch)
{
    double started = clock_cpu_seconds();
    inside->depthwise_backward_weight(dweight, dbias, dout, in, s, scratch);
    count_conv(TIMED_DEPTHWISE_WEIGHT, 2, true, started, s, false);
}

/* `tensors` of the values of the rows, read or written. */
static void count_norm(timed_kind kind, double started, double tensors, row_range rows, int channels)
{
    count(kind, started, tensors * (double)(rows.end - rows.first) * channels, 0);
}

static void batchnorm_sum(real *sum, const real *in, row_range rows, int channels)
{
    double started = clock_cpu_seconds();
    inside->batchnorm_sum(sum, in, rows, channels);
    count_norm(TIMED_BATCHNORM_FORWARD, started, 1, rows, channels);
}

static void batchnorm_statistics(real *mean, real *variance, const real *in, size_t rows, int channels)
{
    double started = clock_cpu_seconds();
    inside->batchnorm_statistics(mean, variance, in, rows, channels);
    count_norm(TIMED_BATCHNORM_FORWARD, started, 1, (row_range){0, rows, rows}, channels);
}

static void batchnorm_forward(real *out, const real *in, const batchnorm *b, bool relu, row_range rows, int channels)
{
    double started = clock_cpu_seconds();
    inside->batchnorm_forward(out, in, b, relu, rows, channels);
    count_norm(TIMED_BATCHNORM_FORWARD, started, 2, rows, channels);
}

static void batchnorm_backward_sum(real *dgamma, real *dbeta, const real *dout, const real *in, const real *out,
                                   const batchnorm *b, bool relu, row_range rows, int channels)
{
    double started = clock_cpu_seconds();
    inside->batchnorm_backward_sum(dgamma, dbeta, dout, in, out, b, relu, rows, channels);
    count_norm(TIMED_BATCHNORM_BACKWARD, started, 2.0 + relu, rows, channels);
}

static void batchnorm_backward(real *din, const real *dgamma, const real *dbeta, const real *dout, const real *in,
                               const real *out, const batchnorm *b, bool relu, row_range rows, int channels)
{
    double started = clock_cpu_seconds();
    inside->batchnorm_backward(din, dgamma, dbeta, dout, in, out, b, relu, rows, channels);
    count_norm(TIMED_BATCHNORM_BACKWARD, started, 3.0 + relu, rows, channels);
}

static void batchnorm_pact_forward(real *out, const real *in, const batchnorm *b, const pact *q, row_range rows,
                                   int channels)
{
    double started = clock_cpu_seconds();
    inside->batchnorm_pact_forward(out, in, b, q, rows, channels);
    count_norm(TIMED_BATCHNORM_FORWARD, started, 2, rows, channels);
}

static void batchnorm_pact_backward_sum(real *dgamma, real *dbeta, pact_sums *total, pact_sums *blocks,
                                        const real *dout, const real *in, const batchnorm *b, const pact *q,
                                        row_range rows, int channels)
{
    double started = clock_cpu_seconds();
    inside->batchnorm_pact_backward_sum(dgamma, dbeta, total, blocks, dout, in, b, q, rows, channels);
    count_norm(TIMED_BATCHNORM_BACKWARD, started, 2, rows, channels);
}

static void batchnorm_pact_backward(real *din, const real *dgamma, const real *dbeta, const real *dout, const real *in,
                                    const batchnorm *b, const pact *q, row_range rows, int channels)
{
    double started = clock_cpu_seconds();
    inside->batchnorm_pact_backward(din, dgamma, dbeta, dout, in, b, q, rows, channels);
    count_norm(TIMED_BATCHNORM_BACKWARD, started, 3, rows, channels);
}

static void add_forward(real *out, const real *a, const real *b, bool relu, size_t n)
{
    double started = clock_cpu_seconds();
    inside->add_forward(out, a, b, relu, n);
    count(TIMED_ADD_RELU, started, (b != NULL ? 3.0 : 2.0) * (double)n, 0);
}

static void relu_backward(real *dx, const real *dout, const real *out, bool relu, bool accumulate, size_t n)
{
    double started = clock_cpu_seconds();
    inside->relu_backward(dx, dout, out, relu, accumulate, n);
    count(TIMED_ADD_RELU, started, (2.0 + relu + accumulate) * (double)n, 0);
}

static void pact_forward(real *y, const real *x, const pact *q, size_t n)
{
    double started = clock_cpu_seconds();
    inside->pact_forward(y, x, q, n);
    count(TIMED_PACT_FORWARD, started, 2.0 * (double)n, 0);
}

static void pact_add_forward(real *y, const real *x, const real *b, const pact *q, size_t n)
{
    double started = clock_cpu_seconds();
    inside->pact_add_forward(y, x, b, q, n);
    count(TIMED_PACT_FORWARD, started, 3.0 * (double)n, 0);
}

static void pact_add_backward(real *dx, bool add_x, real *db, bool add_b, pact_sums *total, const real *g,
                              const real *x, const real *b, const pact *q, size_t n)
{
    double started = clock_cpu_seconds();
    inside->pact_add_backward(dx, add_x, db, add_b, total, g, x, b, q, n);
    count(TIMED_PACT_BACKWARD, started, (5.0 + add_x + add_b) * (double)n, 0);
}

static void pact_backward(real *dx, pact_sums *total, const real *g, const real *x, const pact *q, size_t n)
{
    double started = clock_cpu_seconds();
    inside->pact_backward(dx, total, g, x, q, n);
    count(TIMED_PACT_BACKWARD, started, (dx != NULL ? 3.0 : 2.0) * (double)n, 0);
}

static void dropout(real *out, const real *in, const dropout_draw *d, size_t n, bool accumulate)
{
    double started = clock_cpu_seconds();
    inside->dropout(out, in, d, n, accumulate);
    count(TIMED_DROPOUT, started, (2.0 + accumulate) * (double)n, 0);
}

static void average_pool_forward(real *out, const real *in, const conv_shape *s)
{
    double started = clock_cpu_seconds();
    inside->average_pool_forward(out, in, s);
    count(TIMED_POOL, started, in_reals(s) + out_reals(s), 0);
}

static void average_pool_backward(real *din, const real *dout, const conv_shape *s, bool accumulate)
{
    double started = clock_cpu_seconds();
    inside->average_pool_backward(din, dout, s, accumulate);
    count(TIMED_POOL, started, (1.0 + accumulate) * in_reals(s) + out_reals(s), 0);
}

static void max_pool_forward(real *out, const real *in, const conv_shape *s)
{
    double started = clock_cpu_seconds();
    inside->max_pool_forward(out, in, s);
    count(TIMED_POOL, started, in_reals(s) + out_reals(s), 0);
}

static void max_pool_backward(real *din, const real *dout, const real *in, const conv_shape *s, bool accumulate)
{
    double started = clock_cpu_seconds();
    inside->max_pool_backward(din, dout, in, s, accumulate);
    count(TIMED_POOL, started, (2.0 + accumulate) * in_reals(s) + out_reals(s), 0);
}

static double softmax_cross_entropy(real *dlogits, int *correct, const real *logits, const int32_t *labels,
                                    const real *class_weight, real scale, int n, int classes)
{
    double started = clock_cpu_seconds();
    double loss = inside->softmax_cross_entropy(dlogits, correct, logits, labels, class_weight, scale, n, classes);
    count(TIMED_LOSS, started, (dlogits != NULL ? 2.0 : 1.0) * n * classes, 0);
    return loss;
}

const kernel_table *timed_kernels(const kernel_table *real_table, timed_result *into)
{
    inside = real_table;
    result = into;
    table = *real_table;
    table.conv_forward = conv_forward;
    table.conv_backward_data = conv_backward_data;
    table.conv_backward_weight = conv_backward_weight;
    table.depthwise_forward = depthwise_forward;
    table.depthwise_backward_data = depthwise_backward_data;
    table.depthwise_backward_weight = depthwise_backward_weight;
    table.batchnorm_sum = batchnorm_sum;
    table.batchnorm_statistics = batchnorm_statistics;
    table.batchnorm_forward = batchnorm_forward;
    table.batchnorm_backward_sum = batchnorm_backward_sum;
    table.batchnorm_backward = batchnorm_backward;
    table.batchnorm_pact_forward = batchnorm_pact_forward;
    table.batchnorm_pact_backward_sum = batchnorm_pact_backward_sum;
    table.batchnorm_pact_backward = batchnorm_pact_backward;
    table.add_forward = add_forward;
    table.relu_backward = relu_backward;
    table.pact_forward = pact_forward;
    table.pact_backward = pact_backward;
    table.pact_add_forward = pact_add_forward;
    table.pact_add_backward = pact_add_backward;
    table.dropout = dropout;
    table.average_pool_forward = average_pool_forward;
    table.average_pool_backward = average_pool_backward;
    table.max_pool_forward = max_pool_forward;
    table.max_pool_backward = max_pool_backward;
    table.softmax_cross_entropy = softmax_cross_entropy;
    return &table;
}
