/* links: core_kernels core_base */
/* Depthwise convolutions of every available instruction set against naive loops. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/kernels/kernels.h"
#include "tests/support/check.h"
#include "tests/support/naive.h"

static const char *const ISA_NAMES[] = {"avx512", "avx2", "portable"};

static conv_shape shape_of(int batch, int height, int width, int channels, int kh, int kw, int sh, int sw, int ph,
                           int pw)
{
    return (conv_shape){batch,
                        height,
                        width,
                        channels,
                        (height + 2 * ph - kh) / sh + 1,
                        (width + 2 * pw - kw) / sw + 1,
                        channels,
                        kh,
                        kw,
                        sh,
                        sw,
                        ph,
                        pw};
}

/* Factors are at most 1 in size: a chain of `depth` products has partial sums of about sqrt(depth)/3. */
static double chain_error(int depth)
{
    return REAL_EPSILON * (double)(depth + 8);
}

static void check_kernels(const kernel_table *k, const conv_shape *s)
{
    size_t ins = (size_t)(s->batch * s->in_height * s->in_width * s->in_channels);
    size_t outs = (size_t)(s->batch * s->out_height * s->out_width * s->in_channels);
    size_t channels = (size_t)s->in_channels, weights = (size_t)(s->kernel_h * s->kernel_w) * channels;
    real *in = new_reals(ins), *din = new_reals(ins), *din_expected = new_reals(ins), *din_again = new_reals(ins);
    real *dout = new_reals(outs), *out = new_reals(outs), *out_expected = new_reals(outs), *out_again = new_reals(outs);
    real *weight = new_reals(weights), *dweight = new_reals(weights), *dweight_expected = new_reals(weights);
    real *dweight_again = new_reals(weights), *bias = new_reals(channels), *dbias = new_reals(channels);
    real *dbias_expected = new_reals(channels), *dbias_again = new_reals(channels);
    real *scratch = new_reals(conv_scratch_reals(s));
    fill_uniform(in, ins, 1, -1.0, 1.0);
    fill_uniform(dout, outs, 2, -1.0, 1.0);
    fill_uniform(weight, weights, 3, -1.0, 1.0);
    fill_uniform(bias, channels, 4, -1.0, 1.0);
    char name[120];
    snprintf(name, sizeof name, "%s: batch %d, %dx%dx%d, kernel %dx%d, stride %d,%d, padding %d,%d", k->name, s->batch,
             s->in_height, s->in_width, s->in_channels, s->kernel_h, s->kernel_w, s->stride_h, s->stride_w, s->pad_h,
             s->pad_w);
    double error = chain_error(s->kernel_h * s->kernel_w);

    for (int with_bias = 0; with_bias <= 1; ++with_bias) {
        fill_poison(out, outs);
        k->depthwise_forward(out, in, weight, with_bias ? bias : NULL, s, scratch);
        k->depthwise_forward(out_again, in, weight, with_bias ? bias : NULL, s, scratch);
        naive_depthwise_forward(out_expected, in, weight, with_bias ? bias : NULL, s);
        assert_true(check_close(name, out, out_expected, outs, error, 0.0));
        assert_true(check_same(name, out_again, out, outs));
    }
    conv_shape single = *s;
    single.batch = 1;
    for (int n = 0; n < s->batch; ++n) {
        size_t from = (size_t)n * (ins / (size_t)s->batch), to = (size_t)n * (outs / (size_t)s->batch);
        k->depthwise_forward(out_again, in + from, weight, bias, &single, scratch);
        assert_true(check_same(name, out_again, out + to, outs / (size_t)s->batch));
    }

    for (int accumulate = 1; accumulate >= 0; --accumulate) {
        fill_uniform(din, ins, 5, -1.0, 1.0);
        fill_uniform(din_expected, ins, 5, -1.0, 1.0);
        if (!accumulate) fill_poison(din, ins);
        k->depthwise_backward_data(din, dout, weight, s, accumulate, scratch);
        naive_depthwise_backward_data(din_expected, dout, weight, s, accumulate);
        assert_true(check_close(name, din, din_expected, ins, error, 0.0));
    }
    k->depthwise_backward_data(din_again, dout, weight, s, false, scratch);
    assert_true(check_same(name, din_again, din, ins));

    fill_poison(dweight, weights);
    fill_poison(dbias, channels);
    k->depthwise_backward_weight(dweight, dbias, dout, in, s, scratch);
    k->depthwise_backward_weight(dweight_again, dbias_again, dout, in, s, scratch);
    naive_depthwise_backward_weight(dweight_expected, dbias_expected, dout, in, s);
    error = chain_error(s->batch * s->out_height * s->out_width);
    assert_true(check_close(name, dweight, dweight_expected, weights, error, 0.0));
    assert_true(check_close(name, dbias, dbias_expected, channels, error, 0.0));
    assert_true(check_same(name, dweight_again, dweight, weights));
    assert_true(check_same(name, dbias_again, dbias, channels));

    real *all[] = {in,     din,     din_expected,     din_again,     dout, out,   out_expected,   out_again,
                   weight, dweight, dweight_expected, dweight_again, bias, dbias, dbias_expected, dbias_again,
                   scratch};
    for (size_t i = 0; i < sizeof all / sizeof *all; ++i) free(all[i]);
}

static void check_shape(conv_shape s)
{
    for (size_t i = 0; i < sizeof ISA_NAMES / sizeof *ISA_NAMES; ++i) {
        const kernel_table *k = kernels_choose(ISA_NAMES[i]);
        if (k != NULL) check_kernels(k, &s);
    }
}

static void test_the_layers_of_dscnn_agree_with_naive_loops(void **state)
{
    (void)state;
    check_shape(shape_of(3, 25, 5, 64, 3, 3, 1, 1, 1, 1));
}

static void test_every_channel_count_agrees_with_naive_loops(void **state)
{
    (void)state;
    for (int channels = 1; channels <= 36; ++channels) {
        check_shape(shape_of(3, 6, 9, channels, 3, 3, 1, 1, 1, 1));
        check_shape(shape_of(1, 9, 6, channels, 3, 3, 2, 2, 1, 1));
    }
}

static void test_every_combination_of_window_stride_and_padding_agrees_with_naive_loops(void **state)
{
    (void)state;
    for (int kernel = 1; kernel <= 6; ++kernel)
        for (int stride = 1; stride <= 3; ++stride)
            for (int pad = 0; pad <= 3; ++pad) {
                check_shape(shape_of(2, 9, 11, 5, kernel, kernel, stride, stride, pad, pad));
                check_shape(shape_of(1, 8, 13, 17, kernel, 7 - kernel, stride, 4 - stride, pad, 3 - pad));
            }
}

static void test_small_images_agree_with_naive_loops(void **state)
{
    (void)state;
    check_shape(shape_of(1, 1, 1, 1, 1, 1, 1, 1, 0, 0));
    check_shape(shape_of(3, 1, 1, 20, 3, 3, 1, 1, 1, 1));
    check_shape(shape_of(3, 2, 3, 16, 3, 3, 1, 1, 1, 1));
    check_shape(shape_of(1, 40, 40, 3, 3, 3, 1, 1, 1, 1)); /* more rows than one block */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_layers_of_dscnn_agree_with_naive_loops),
        cmocka_unit_test(test_every_channel_count_agrees_with_naive_loops),
        cmocka_unit_test(test_every_combination_of_window_stride_and_padding_agrees_with_naive_loops),
        cmocka_unit_test(test_small_images_agree_with_naive_loops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
