/* links: core_kernels core_base */
/* Batch-norm, add and ReLU, pooling and the loss, of every available instruction set: against naive loops, gradients of
 * batch-norm and loss against finite differences of the naive functions in double. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/kernels/kernels.h"
#include "tests/support/check.h"
#include "tests/support/naive.h"
#include "tests/support/whole_kernels.h"

static const char *const ISA_NAMES[] = {"avx512", "avx2", "portable"};
#define FOR_EACH_ISA(k)                                                                                                \
    for (size_t isa = 0; isa < sizeof ISA_NAMES / sizeof *ISA_NAMES; ++isa)                                            \
        for (const kernel_table *k = kernels_choose(ISA_NAMES[isa]); k != NULL; k = NULL)

/* Numbers of size 1 to 10 after a handful of operations on means whose own error is a few roundings. */
static const double MAX_BATCHNORM_ERROR = 64 * REAL_EPSILON;
/* A central difference with step h is exact to h^2 times a third derivative of size 1 to 100. */
static const double STEP = 1e-5, MAX_DIFFERENCE_ERROR = 1e-7;

static double *doubles_of(const real *from, size_t count)
{
    double *copy = malloc(count * sizeof *copy);
    assert_non_null(copy);
    for (size_t i = 0; i < count; ++i) copy[i] = (double)from[i];
    return copy;
}

static void check_batchnorm_forward(size_t rows, int channels, bool relu)
{
    size_t count = rows * (size_t)channels, width = (size_t)channels;
    real *in = new_reals(count), *out = new_reals(count), *expected = new_reals(count);
    real *gamma = new_reals(width), *beta = new_reals(width), *mean = new_reals(width), *variance = new_reals(width);
    real *mean_expected = new_reals(width), *variance_expected = new_reals(width);
    fill_uniform(in, count, 1, 1.0, 5.0);
    fill_uniform(gamma, width, 2, 0.5, 1.5);
    fill_uniform(beta, width, 3, -1.0, 1.0);
    double *in_d = doubles_of(in, count), *gamma_d = doubles_of(gamma, width), *beta_d = doubles_of(beta, width);
    double *out_d = doubles_of(in, count), *mean_d = doubles_of(beta, width), *variance_d = doubles_of(beta, width);
    const real eps = (real)1e-5;
    naive_batchnorm_forward(out_d, mean_d, variance_d, in_d, gamma_d, beta_d, (double)eps, relu, rows, channels);
    for (size_t i = 0; i < count; ++i) expected[i] = (real)out_d[i];
    for (size_t c = 0; c < width; ++c) {
        mean_expected[c] = (real)mean_d[c];
        variance_expected[c] = (real)variance_d[c];
    }
    FOR_EACH_ISA(k)
    {
        char name[80];
        snprintf(name, sizeof name, "%s batch-norm, %zu rows, %d channels", k->name, rows, channels);
        fill_poison(out, count);
        whole_batchnorm_forward(k, out, mean, variance, in, gamma, beta, eps, relu, rows, channels);
        assert_true(check_close(name, mean, mean_expected, width, 0.0, 8 * REAL_EPSILON));
        assert_true(check_close(name, variance, variance_expected, width, 4 * REAL_EPSILON, 16 * REAL_EPSILON));
        /* The rounding of a mean of size 5 is divided by the standard deviation: a channel of few rows may have a small
         * one. */
        double smallest = variance_d[0];
        for (size_t c = 1; c < width; ++c) smallest = fmin(smallest, variance_d[c]);
        double spread = fmax(1.0, 1.0 / sqrt(smallest + (double)eps));
        assert_true(check_close(name, out, expected, count, spread * MAX_BATCHNORM_ERROR, 0.0));
    }
    real *all[] = {in, out, expected, gamma, beta, mean, variance, mean_expected, variance_expected};
    for (size_t i = 0; i < sizeof all / sizeof *all; ++i) free(all[i]);
    double *more[] = {in_d, gamma_d, beta_d, out_d, mean_d, variance_d};
    for (size_t i = 0; i < sizeof more / sizeof *more; ++i) free(more[i]);
}

static void test_batchnorm_agrees_with_naive_loops(void **state)
{
    (void)state;
    static const int channels[] = {1, 3, 10, 16, 17, 40, 64};
    static const size_t rows[] = {1, 2, 7, 64, 515, 3000};
    for (size_t c = 0; c < sizeof channels / sizeof *channels; ++c)
        for (size_t r = 0; r < sizeof rows / sizeof *rows; ++r)
            for (int relu = 0; relu <= 1; ++relu) check_batchnorm_forward(rows[r], channels[c], relu);
}

enum { SMALL_ROWS = 9, SMALL_CHANNELS = 19, SMALL = SMALL_ROWS * SMALL_CHANNELS };

/* sum over elements of weight * batch-norm(in), in double. */
static double batchnorm_loss(const double *in, const double *gamma, const double *beta, const double *weight, bool relu)
{
    double out[SMALL], mean[SMALL_CHANNELS], variance[SMALL_CHANNELS], loss = 0.0;
    naive_batchnorm_forward(out, mean, variance, in, gamma, beta, 1e-3, relu, SMALL_ROWS, SMALL_CHANNELS);
    for (int i = 0; i < SMALL; ++i) loss += weight[i] * out[i];
    return loss;
}

/* The derivative of batchnorm_loss by parameter[i]. */
static double batchnorm_slope(double *parameter, int i, const double *in, const double *gamma, const double *beta,
                              const double *weight, bool relu)
{
    double kept = parameter[i];
    parameter[i] = kept + STEP;
    double above = batchnorm_loss(in, gamma, beta, weight, relu);
    parameter[i] = kept - STEP;
    double below = batchnorm_loss(in, gamma, beta, weight, relu);
    parameter[i] = kept;
    return (above - below) / (2.0 * STEP);
}

static void test_batchnorm_gradients_agree_with_finite_differences(void **state)
{
    (void)state;
    real in[SMALL], out[SMALL], dout[SMALL], din[SMALL], gamma[SMALL_CHANNELS], beta[SMALL_CHANNELS];
    real mean[SMALL_CHANNELS], variance[SMALL_CHANNELS], dgamma[SMALL_CHANNELS], dbeta[SMALL_CHANNELS];
    fill_uniform(in, SMALL, 11, -1.0, 3.0);
    fill_uniform(dout, SMALL, 12, -1.0, 1.0);
    fill_uniform(gamma, SMALL_CHANNELS, 13, 0.5, 1.5);
    fill_uniform(beta, SMALL_CHANNELS, 14, -0.5, 0.5);
    double *in_d = doubles_of(in, SMALL), *weight_d = doubles_of(dout, SMALL);
    double *gamma_d = doubles_of(gamma, SMALL_CHANNELS), *beta_d = doubles_of(beta, SMALL_CHANNELS);
    const real eps = (real)1e-3;
    for (int relu = 0; relu <= 1; ++relu) {
        real din_expected[SMALL], dgamma_expected[SMALL_CHANNELS], dbeta_expected[SMALL_CHANNELS];
        for (int i = 0; i < SMALL; ++i)
            din_expected[i] = (real)batchnorm_slope(in_d, i, in_d, gamma_d, beta_d, weight_d, relu);
        for (int c = 0; c < SMALL_CHANNELS; ++c) {
            dgamma_expected[c] = (real)batchnorm_slope(gamma_d, c, in_d, gamma_d, beta_d, weight_d, relu);
            dbeta_expected[c] = (real)batchnorm_slope(beta_d, c, in_d, gamma_d, beta_d, weight_d, relu);
        }
        double error = MAX_DIFFERENCE_ERROR + MAX_BATCHNORM_ERROR;
        FOR_EACH_ISA(k)
        {
            const batchnorm b =
                whole_batchnorm_forward(k, out, mean, variance, in, gamma, beta, eps, relu, SMALL_ROWS, SMALL_CHANNELS);
            whole_batchnorm_backward(k, din, dgamma, dbeta, dout, in, out, &b, relu, SMALL_ROWS, SMALL_CHANNELS);
            assert_true(check_close("batch-norm din", din, din_expected, SMALL, error, 0.0));
            assert_true(check_close("batch-norm dgamma", dgamma, dgamma_expected, SMALL_CHANNELS, error, 0.0));
            assert_true(check_close("batch-norm dbeta", dbeta, dbeta_expected, SMALL_CHANNELS, error, 0.0));

            real in_place[SMALL];
            memcpy(in_place, dout, sizeof dout);
            whole_batchnorm_backward(k, in_place, dgamma, dbeta, in_place, in, out, &b, relu, SMALL_ROWS,
                                     SMALL_CHANNELS);
            assert_true(check_same("batch-norm din in the place of dout", in_place, din, SMALL));
        }
    }
    free(in_d);
    free(weight_d);
    free(gamma_d);
    free(beta_d);
}

/* Long sums: gradients over many rows against sums in double. */
static void test_batchnorm_gradients_of_many_rows_agree_with_sums_in_double(void **state)
{
    (void)state;
    enum { ROWS = 5003, CHANNELS = 17 };
    size_t count = (size_t)ROWS * CHANNELS;
    real *in = new_reals(count), *out = new_reals(count), *dout = new_reals(count), *din = new_reals(count);
    real gamma[CHANNELS], beta[CHANNELS], mean[CHANNELS], variance[CHANNELS], dgamma[CHANNELS], dbeta[CHANNELS];
    real dgamma_expected[CHANNELS], dbeta_expected[CHANNELS];
    const real eps = (real)1e-5;
    fill_uniform(in, count, 21, -1.0, 3.0);
    fill_uniform(dout, count, 22, 0.0, 1.0);
    fill_uniform(gamma, CHANNELS, 23, 0.5, 1.5);
    fill_uniform(beta, CHANNELS, 24, -0.5, 0.5);
    FOR_EACH_ISA(k)
    {
        const batchnorm b = whole_batchnorm_forward(k, out, mean, variance, in, gamma, beta, eps, true, ROWS, CHANNELS);
        whole_batchnorm_backward(k, din, dgamma, dbeta, dout, in, out, &b, true, ROWS, CHANNELS);
        for (int c = 0; c < CHANNELS; ++c) {
            double sum = 0.0, weighted = 0.0;
            for (size_t at = (size_t)c; at < count; at += CHANNELS) {
                double g = out[at] > 0 ? (double)dout[at] : 0.0;
                sum += g;
                weighted += g * ((double)in[at] - (double)mean[c]) / sqrt((double)variance[c] + (double)eps);
            }
            dbeta_expected[c] = (real)sum;
            dgamma_expected[c] = (real)weighted;
        }
        assert_true(check_close("dbeta", dbeta, dbeta_expected, CHANNELS, 0.0, 32 * REAL_EPSILON));
        assert_true(check_close("dgamma", dgamma, dgamma_expected, CHANNELS, 0.0, 64 * REAL_EPSILON));
    }
    real *all[] = {in, out, dout, din};
    for (size_t i = 0; i < sizeof all / sizeof *all; ++i) free(all[i]);
}

static void test_add_and_relu_agree_with_their_definition(void **state)
{
    (void)state;
    enum { COUNT = 101 };
    real a[COUNT], b[COUNT], out[COUNT], dx[COUNT], start[COUNT], expected[COUNT];
    fill_uniform(a, COUNT, 31, -1.0, 1.0);
    fill_uniform(b, COUNT, 32, -1.0, 1.0);
    fill_uniform(start, COUNT, 33, -1.0, 1.0);
    a[3] = 0;
    b[3] = 0; /* an output of exactly zero passes no gradient */
    FOR_EACH_ISA(k)
    {
        for (int mode = 0; mode < 8; ++mode) {
            bool relu = mode & 1, two = mode & 2, accumulate = mode & 4;
            for (size_t count = 0; count <= COUNT; count += count < 34 ? 1 : 67) {
                for (size_t i = 0; i < COUNT; ++i) {
                    real sum = two ? a[i] + b[i] : a[i];
                    expected[i] = relu && sum < 0 ? 0 : sum;
                }
                fill_poison(out, COUNT);
                k->add_forward(out, a, two ? b : NULL, relu, count);
                assert_true(check_same("add", out, expected, count));
                assert_true(count == COUNT || isnan((double)out[count]));

                for (size_t i = 0; i < COUNT; ++i) {
                    real g = !relu || expected[i] > 0 ? b[i] : 0;
                    dx[i] = start[i];
                    expected[i] = i >= count ? start[i] : accumulate ? start[i] + g : g;
                }
                k->relu_backward(dx, b, out, relu, accumulate, count);
                assert_true(check_same("ReLU gradient", dx, expected, COUNT));
            }
        }
    }
}

static void check_pooling(conv_shape s)
{
    size_t ins = (size_t)(s.batch * s.in_height * s.in_width * s.in_channels);
    size_t outs = (size_t)(s.batch * s.out_height * s.out_width * s.in_channels);
    real *in = new_reals(ins), *din = new_reals(ins), *din_expected = new_reals(ins);
    real *dout = new_reals(outs), *out = new_reals(outs), *out_expected = new_reals(outs);
    fill_uniform(in, ins, 41, -4.0, 4.0);
    for (size_t i = 0; i < ins; ++i) in[i] = real_floor(in[i]); /* many equal values: the first largest counts */
    fill_uniform(dout, outs, 42, -1.0, 1.0);
    double error = 4 * REAL_EPSILON * (s.kernel_h * s.kernel_w); /* sums of windows of numbers up to 4 */
    FOR_EACH_ISA(k)
    {
        fill_poison(out, outs);
        k->average_pool_forward(out, in, &s);
        naive_average_pool_forward(out_expected, in, &s);
        assert_true(check_close("average pooling", out, out_expected, outs, error, 0.0));
        fill_poison(out, outs);
        k->max_pool_forward(out, in, &s);
        naive_max_pool_forward(out_expected, in, &s);
        assert_true(check_same("largest-value pooling", out, out_expected, outs));
        for (int accumulate = 0; accumulate <= 1; ++accumulate) {
            fill_uniform(din, ins, 43, -1.0, 1.0);
            fill_uniform(din_expected, ins, 43, -1.0, 1.0);
            if (!accumulate) fill_poison(din, ins);
            k->average_pool_backward(din, dout, &s, accumulate);
            naive_average_pool_backward(din_expected, dout, &s, accumulate);
            assert_true(check_close("average pooling gradient", din, din_expected, ins, error, 0.0));

            fill_uniform(din, ins, 44, -1.0, 1.0);
            fill_uniform(din_expected, ins, 44, -1.0, 1.0);
            if (!accumulate) fill_poison(din, ins);
            k->max_pool_backward(din, dout, in, &s, accumulate);
            naive_max_pool_backward(din_expected, dout, in, &s, accumulate);
            assert_true(check_close("largest-value pooling gradient", din, din_expected, ins, error, 0.0));
        }
    }
    real *all[] = {in, din, din_expected, dout, out, out_expected};
    for (size_t i = 0; i < sizeof all / sizeof *all; ++i) free(all[i]);
}

static void test_pooling_agrees_with_naive_loops(void **state)
{
    (void)state;
    static const int channels[] = {1, 10, 16, 21, 64};
    for (size_t c = 0; c < sizeof channels / sizeof *channels; ++c) {
        int n = channels[c];
        check_pooling((conv_shape){3, 8, 8, n, 1, 1, n, 8, 8, 1, 1, 0, 0});
        check_pooling((conv_shape){1, 25, 5, n, 1, 1, n, 25, 5, 25, 5, 0, 0});
        check_pooling((conv_shape){2, 7, 9, n, 3, 4, n, 2, 2, 2, 2, 0, 0});
        check_pooling((conv_shape){2, 7, 9, n, 3, 4, n, 3, 3, 2, 2, 0, 0}); /* windows overlap */
        check_pooling((conv_shape){1, 1, 1, n, 1, 1, n, 1, 1, 1, 1, 0, 0});
    }
}

static void check_loss(int n, int classes, const real *class_weight)
{
    size_t count = (size_t)(n * classes);
    real *logits = new_reals(count), *dlogits = new_reals(count), *expected = new_reals(count);
    int32_t *labels = malloc((size_t)n * sizeof *labels);
    assert_non_null(labels);
    fill_uniform(logits, count, 51, -3.0, 3.0);
    int right = 0;
    for (int i = 0; i < n; ++i) {
        labels[i] = (int32_t)((i * 7 + 3) % classes);
        int best = 0;
        for (int c = 1; c < classes; ++c)
            if (logits[i * classes + c] > logits[i * classes + best]) best = c;
        right += best == labels[i];
    }
    double *x = doubles_of(logits, count);
    double loss = naive_cross_entropy(x, labels, class_weight, n, classes);
    const real scale = (real)0.25;
    for (size_t i = 0; i < count; ++i) {
        double kept = x[i];
        x[i] = kept + STEP;
        double above = naive_cross_entropy(x, labels, class_weight, n, classes);
        x[i] = kept - STEP;
        double below = naive_cross_entropy(x, labels, class_weight, n, classes);
        x[i] = kept;
        expected[i] = (real)((double)scale * (above - below) / (2.0 * STEP));
    }
    FOR_EACH_ISA(k)
    {
        int correct = -1, correct_again = -1;
        fill_poison(dlogits, count);
        double value = k->softmax_cross_entropy(dlogits, &correct, logits, labels, class_weight, scale, n, classes);
        assert_true(check_value("loss", value, loss, 0.0, 1e-13)); /* in double from end to end */
        assert_true(check_close("dlogits", dlogits, expected, count, MAX_DIFFERENCE_ERROR, 0.0));
        assert_int_equal(correct, right);
        assert_true(k->softmax_cross_entropy(NULL, &correct_again, logits, labels, class_weight, scale, n, classes) ==
                    value);
        assert_int_equal(correct_again, right);
    }
    free(logits);
    free(dlogits);
    free(expected);
    free(labels);
    free(x);
}

static void test_the_loss_and_its_gradient_agree_with_the_definition(void **state)
{
    (void)state;
    const real weights[] = {1, (real)0.5, 2, (real)0.1, 3, 1, (real)0.25, 1, 1, (real)0.7};
    check_loss(1, 2, NULL);
    check_loss(5, 10, NULL);
    check_loss(5, 10, weights);
    check_loss(3, 35, NULL);
}

static void test_large_logits_do_not_overflow_and_ties_go_to_the_first(void **state)
{
    (void)state;
    const real logits[] = {(real)1e4, (real)-1e4, 0, 5, 5, 5};
    const int32_t labels[] = {0, 1}, tie[] = {1, 0};
    FOR_EACH_ISA(k)
    {
        int correct;
        double loss = k->softmax_cross_entropy(NULL, &correct, logits, labels, NULL, 1, 2, 3);
        assert_true(check_value("loss", loss, log(3.0), 0.0, 1e-14));
        assert_int_equal(correct, 1);
        loss = k->softmax_cross_entropy(NULL, &correct, logits, tie, NULL, 1, 2, 3);
        assert_true(check_value("loss", loss, 2e4 + log(3.0), 0.0, 1e-14));
        assert_int_equal(correct, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batchnorm_agrees_with_naive_loops),
        cmocka_unit_test(test_batchnorm_gradients_agree_with_finite_differences),
        cmocka_unit_test(test_batchnorm_gradients_of_many_rows_agree_with_sums_in_double),
        cmocka_unit_test(test_add_and_relu_agree_with_their_definition),
        cmocka_unit_test(test_pooling_agrees_with_naive_loops),
        cmocka_unit_test(test_the_loss_and_its_gradient_agree_with_the_definition),
        cmocka_unit_test(test_large_logits_do_not_overflow_and_ties_go_to_the_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
