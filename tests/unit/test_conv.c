/* links: core_kernels core_base */
/* Convolutions of every available instruction set against naive loops, and their promises: the same bits twice, and an
 * image alone gives the bits it gives in a batch. */
#define _POSIX_C_SOURCE 200809L /* setenv */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <float.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/kernels/kernels.h"
#include "core/kernels/conv/winograd.h"
#include "tests/support/check.h"
#include "tests/support/naive.h"

static const char *const ISA_NAMES[] = {"avx512", "avx2", "portable"};

static conv_shape shape_of(int batch, int height, int width, int in, int out, int kh, int kw, int sh, int sw, int ph,
                           int pw)
{
    return (conv_shape){
        batch, height, width, in, (height + 2 * ph - kh) / sh + 1, (width + 2 * pw - kw) / sw + 1, out, kh, kw,
        sh,    sw,     ph,    pw};
}

/* Everything one convolution needs, in blocks of exactly the promised sizes. */
typedef struct {
    conv_shape shape;
    size_t ins, outs, weights, biases, scratches;
    real *in, *dout, *weight, *bias, *start, *scratch; /* start: what an accumulating call finds */
} problem;

static problem problem_new(conv_shape s, uint64_t seed)
{
    problem p = {.shape = s};
    p.ins = (size_t)(s.batch * s.in_height * s.in_width * s.in_channels);
    p.outs = (size_t)(s.batch * s.out_height * s.out_width * s.out_channels);
    p.weights = (size_t)(s.kernel_h * s.kernel_w * s.in_channels * s.out_channels);
    p.biases = (size_t)s.out_channels;
    p.scratches = conv_scratch_reals(&s);
    p.in = new_reals(p.ins);
    p.dout = new_reals(p.outs);
    p.weight = new_reals(p.weights);
    p.bias = new_reals(p.biases);
    p.start = new_reals(p.ins);
    p.scratch = new_reals(p.scratches);
    fill_uniform(p.in, p.ins, seed, -1.0, 1.0);
    fill_uniform(p.dout, p.outs, seed + 1, -1.0, 1.0);
    fill_uniform(p.weight, p.weights, seed + 2, -1.0, 1.0);
    fill_uniform(p.bias, p.biases, seed + 3, -1.0, 1.0);
    fill_uniform(p.start, p.ins, seed + 4, -1.0, 1.0);
    return p;
}

static void problem_free(problem *p)
{
    free(p->in);
    free(p->dout);
    free(p->weight);
    free(p->bias);
    free(p->start);
    free(p->scratch);
}

/* Factors are at most 1 in size, so a chain of `depth` products has partial sums of about sqrt(depth)/3 and collects
 * roundings like a random walk: far below depth epsilons, while one product at the wrong place is about 0.1. */
static double chain_error(int depth, const conv_shape *s)
{
    double factor = winograd_fits(s) ? WINOGRAD_ERROR_FACTOR : 1.0;
    return factor * REAL_EPSILON * (double)(depth + 8);
}

static void describe(char text[160], const kernel_table *k, const char *what, const conv_shape *s)
{
    snprintf(text, 160, "%s %s: batch %d, %dx%dx%d to %dx%dx%d, kernel %dx%d, stride %d,%d, padding %d,%d", k->name,
             what, s->batch, s->in_height, s->in_width, s->in_channels, s->out_height, s->out_width, s->out_channels,
             s->kernel_h, s->kernel_w, s->stride_h, s->stride_w, s->pad_h, s->pad_w);
}

static void check_forward(const kernel_table *k, problem *p)
{
    const conv_shape *s = &p->shape;
    char name[160];
    real *out = new_reals(p->outs), *again = new_reals(p->outs), *expected = new_reals(p->outs);
    double error = chain_error(s->kernel_h * s->kernel_w * s->in_channels, s);

    for (int with_bias = 0; with_bias <= 1; ++with_bias) {
        const real *bias = with_bias ? p->bias : NULL;
        naive_conv_forward(expected, p->in, p->weight, bias, s);
        fill_poison(out, p->outs);
        fill_poison(p->scratch, p->scratches);
        k->conv_forward(out, p->in, p->weight, bias, s, p->scratch);
        describe(name, k, with_bias ? "forward" : "forward without bias", s);
        assert_true(check_close(name, out, expected, p->outs, error, 0.0));

        k->conv_forward(again, p->in, p->weight, bias, s, p->scratch);
        describe(name, k, "forward twice", s);
        assert_true(check_same(name, again, out, p->outs));
    }

    conv_shape single = *s;
    single.batch = 1;
    for (int n = 0; n < s->batch; ++n) {
        size_t image = p->outs / (size_t)s->batch;
        k->conv_forward(again, p->in + (size_t)n * (p->ins / (size_t)s->batch), p->weight, p->bias, &single,
                        p->scratch);
        describe(name, k, "forward alone", s);
        assert_true(check_same(name, again, out + (size_t)n * image, image));
    }
    free(out);
    free(again);
    free(expected);
}

static void check_backward_data(const kernel_table *k, problem *p)
{
    const conv_shape *s = &p->shape;
    char name[160];
    real *din = new_reals(p->ins), *again = new_reals(p->ins), *expected = new_reals(p->ins);
    double error = chain_error(s->kernel_h * s->kernel_w * s->out_channels, s);

    for (int accumulate = 1; accumulate >= 0; --accumulate) {
        for (size_t i = 0; i < p->ins; ++i) expected[i] = din[i] = p->start[i];
        if (!accumulate) fill_poison(din, p->ins);
        naive_conv_backward_data(expected, p->dout, p->weight, s, accumulate);
        fill_poison(p->scratch, p->scratches);
        k->conv_backward_data(din, p->dout, p->weight, s, accumulate, p->scratch);
        describe(name, k, accumulate ? "backward data, adding" : "backward data", s);
        assert_true(check_close(name, din, expected, p->ins, error, 0.0));
    }
    k->conv_backward_data(again, p->dout, p->weight, s, false, p->scratch);
    describe(name, k, "backward data twice", s);
    assert_true(check_same(name, again, din, p->ins));

    conv_shape single = *s;
    single.batch = 1;
    for (int n = 0; n < s->batch; ++n) {
        size_t image = p->ins / (size_t)s->batch;
        k->conv_backward_data(again, p->dout + (size_t)n * (p->outs / (size_t)s->batch), p->weight, &single, false,
                              p->scratch);
        describe(name, k, "backward data alone", s);
        assert_true(check_same(name, again, din + (size_t)n * image, image));
    }
    free(din);
    free(again);
    free(expected);
}

static void check_backward_weight(const kernel_table *k, problem *p)
{
    const conv_shape *s = &p->shape;
    char name[160];
    real *dweight = new_reals(p->weights), *again = new_reals(p->weights), *expected = new_reals(p->weights);
    real *dbias = new_reals(p->biases), *bias_again = new_reals(p->biases), *bias_expected = new_reals(p->biases);
    double error = chain_error(s->batch * s->out_height * s->out_width, s);

    naive_conv_backward_weight(expected, bias_expected, p->dout, p->in, s);
    fill_poison(dweight, p->weights);
    fill_poison(dbias, p->biases);
    fill_poison(p->scratch, p->scratches);
    k->conv_backward_weight(dweight, dbias, p->dout, p->in, s, p->scratch);
    describe(name, k, "backward weight", s);
    assert_true(check_close(name, dweight, expected, p->weights, error, 0.0));
    describe(name, k, "backward bias", s);
    assert_true(check_close(name, dbias, bias_expected, p->biases, error, 0.0));

    k->conv_backward_weight(again, bias_again, p->dout, p->in, s, p->scratch);
    describe(name, k, "backward weight twice", s);
    assert_true(check_same(name, again, dweight, p->weights));
    assert_true(check_same(name, bias_again, dbias, p->biases));
    free(dweight);
    free(again);
    free(expected);
    free(dbias);
    free(bias_again);
    free(bias_expected);
}

static void check_shape(conv_shape s)
{
    problem p = problem_new(s, 1);
    for (size_t i = 0; i < sizeof ISA_NAMES / sizeof *ISA_NAMES; ++i) {
        const kernel_table *k = kernels_choose(ISA_NAMES[i]);
        if (k == NULL) continue;
        check_forward(k, &p);
        check_backward_data(k, &p);
        check_backward_weight(k, &p);
    }
    problem_free(&p);
}

static void test_the_layers_of_resnet8_agree_with_naive_loops(void **state)
{
    (void)state;
    check_shape(shape_of(2, 32, 32, 3, 16, 3, 3, 1, 1, 1, 1));
    check_shape(shape_of(1, 32, 32, 16, 16, 3, 3, 1, 1, 1, 1));
    check_shape(shape_of(2, 32, 32, 16, 32, 3, 3, 2, 2, 1, 1));
    check_shape(shape_of(1, 32, 32, 16, 32, 1, 1, 2, 2, 0, 0));
    check_shape(shape_of(3, 16, 16, 32, 32, 3, 3, 1, 1, 1, 1));
    check_shape(shape_of(3, 16, 16, 32, 64, 3, 3, 2, 2, 1, 1));
    check_shape(shape_of(3, 8, 8, 64, 64, 3, 3, 1, 1, 1, 1));
    check_shape(linear_shape(3, 64, 10));
}

static void test_the_layers_of_dscnn_agree_with_naive_loops(void **state)
{
    (void)state;
    check_shape(shape_of(3, 49, 10, 1, 64, 10, 4, 2, 2, 5, 1));
    check_shape(shape_of(3, 25, 5, 64, 64, 1, 1, 1, 1, 0, 0));
    check_shape(linear_shape(3, 64, 12));
}

static void test_every_mix_of_channel_counts_agrees_with_naive_loops(void **state)
{
    (void)state;
    static const int in[] = {1, 3, 5, 16, 17, 32}, out[] = {1, 10, 12, 16, 20, 33, 64, 81};
    for (size_t i = 0; i < sizeof in / sizeof *in; ++i) {
        for (size_t o = 0; o < sizeof out / sizeof *out; ++o) {
            check_shape(shape_of(3, 5, 7, in[i], out[o], 3, 3, 1, 1, 1, 1));
            check_shape(shape_of(1, 7, 5, in[i], out[o], 3, 3, 2, 2, 1, 1));
            check_shape(shape_of(3, 5, 5, in[i], out[o], 1, 1, 1, 1, 0, 0));
        }
    }
}

/* Shapes of winograd.h: tiles that reach over the border, every padding, channels that fill no vector, more tiles than
 * are transformed together. */
static void test_tiles_of_winograd_agree_with_naive_loops(void **state)
{
    (void)state;
    assert_true(winograd_fits(&(conv_shape){1, 8, 8, 64, 8, 8, 64, 3, 3, 1, 1, 1, 1}));
    assert_false(winograd_fits(&(conv_shape){8, 8, 8, 512, 8, 8, 512, 3, 3, 1, 1, 1, 1}));
    static const int channels[][2] = {{8, 8}, {9, 40}, {20, 13}, {33, 17}, {48, 64}};
    for (size_t i = 0; i < sizeof channels / sizeof *channels; ++i) {
        for (int pad = 0; pad <= 2; ++pad)
            check_shape(shape_of(2, 10 + pad, 13, channels[i][0], channels[i][1], 3, 3, 1, 1, pad, 2 - pad));
        check_shape(shape_of(7, 12, 9, channels[i][0], channels[i][1], 3, 3, 1, 1, 1, 1));
    }
    check_shape(shape_of(1, 16, 16, 130, 70, 3, 3, 1, 1, 1, 1));
}

static void test_every_row_length_agrees_with_naive_loops(void **state)
{
    (void)state;
    for (int width = 1; width <= 34; ++width) {
        check_shape(shape_of(1, 3, width, 4, 16, 3, 3, 1, 1, 1, 1));
        check_shape(shape_of(1, 3, width, 2, 40, 3, 3, 2, 2, 1, 1));
    }
}

/* There the pixels are the vector lanes, in the forward pass (few outputs) or in the gradient of the input (few
 * inputs). */
static void test_few_channels_and_wide_images_agree_with_naive_loops(void **state)
{
    (void)state;
    static const int widths[] = {6, 15, 16, 17, 31, 32, 33, 40, 70};
    for (size_t w = 0; w < sizeof widths / sizeof *widths; ++w) {
        for (int few = 1; few <= 5; ++few) {
            check_shape(shape_of(2, 4, widths[w], 19, few, 3, 3, 1, 1, 1, 1));
            check_shape(shape_of(2, 4, widths[w], few, 19, 3, 3, 1, 1, 1, 1));
            check_shape(shape_of(1, 5, widths[w], few, few, 3, 3, 2, 2, 1, 1));
            check_shape(linear_shape(widths[w], 9, few));
        }
    }
}

static void test_every_combination_of_window_stride_and_padding_agrees_with_naive_loops(void **state)
{
    (void)state;
    for (int kernel = 1; kernel <= 5; ++kernel) {
        for (int stride = 1; stride <= 4; ++stride) {
            for (int pad = 0; pad <= 3; ++pad) {
                check_shape(shape_of(2, 9, 11, 3, 5, kernel, kernel, stride, stride, pad, pad));
                check_shape(shape_of(1, 6, 8, 5, 17, kernel, 6 - kernel, stride, 5 - stride, pad, 3 - pad));
            }
        }
    }
}

static void test_images_of_one_pixel_and_linear_layers_agree_with_naive_loops(void **state)
{
    (void)state;
    check_shape(shape_of(1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0));
    check_shape(shape_of(3, 1, 1, 17, 20, 3, 3, 1, 1, 1, 1));
    check_shape(shape_of(3, 2, 2, 16, 64, 3, 3, 1, 1, 1, 1));
    check_shape(shape_of(3, 1, 1, 5, 16, 3, 3, 2, 2, 1, 1));
    check_shape(shape_of(250, 1, 1, 3, 10, 3, 3, 1, 1, 1, 1)); /* more images than one block */
    check_shape(linear_shape(1, 1, 1));
    check_shape(linear_shape(1, 33, 7));
    check_shape(linear_shape(48, 20, 11));
    check_shape(linear_shape(97, 5, 30));
    check_shape(linear_shape(250, 3, 3));
}

/* A weight gradient over many pixels is a sum of short sums: it must be better than one long chain can be. */
static void test_weight_gradients_over_many_pixels_stay_exact(void **state)
{
    (void)state;
    conv_shape s = shape_of(4, 64, 64, 1, 16, 1, 1, 1, 1, 0, 0);
    problem p = problem_new(s, 3);
    fill_uniform(p.in, p.ins, 5, 0.5, 1.0); /* sums grow to about 10^4: a chain would lose four digits */
    fill_uniform(p.dout, p.outs, 6, 0.5, 1.0);
    real dweight[16], dbias[16], expected[16], bias_expected[16];
    naive_conv_backward_weight(expected, bias_expected, p.dout, p.in, &s);
    /* About 85 blocks of 192 pixels: sqrt(85) + sqrt(192) roundings; and one per pixel of the naive twin, in double. */
    const double MAX_RELATIVE_ERROR = 24 * REAL_EPSILON + 4 * 64 * 64 * DBL_EPSILON;
    for (size_t i = 0; i < sizeof ISA_NAMES / sizeof *ISA_NAMES; ++i) {
        const kernel_table *k = kernels_choose(ISA_NAMES[i]);
        if (k == NULL) continue;
        k->conv_backward_weight(dweight, dbias, p.dout, p.in, &s, p.scratch);
        assert_true(check_close(k->name, dweight, expected, 16, 0.0, MAX_RELATIVE_ERROR));
        assert_true(check_close(k->name, dbias, bias_expected, 16, 0.0, MAX_RELATIVE_ERROR));
    }
    problem_free(&p);
}

/* Pruning makes layers narrower in memory that was planned for the whole ones. */
static void test_scratch_for_a_layer_is_enough_for_every_narrower_one(void **state)
{
    (void)state;
    for (int extent = 4; extent <= 16; extent *= 2)
        for (int kernel = 1; kernel <= 3; kernel += 2) {
            conv_shape whole = {2,      extent, extent, 70, extent,     extent,    90,
                                kernel, kernel, 1,      1,  kernel / 2, kernel / 2};
            const size_t most = conv_scratch_most(&whole);
            for (int in = 1; in <= 70; in++)
                for (int out = 1; out <= 90; out++) {
                    conv_shape narrower = whole;
                    narrower.in_channels = in;
                    narrower.out_channels = out;
                    assert_true(conv_scratch_reals(&narrower) <= most);
                }
        }
}

static void test_an_instruction_set_is_chosen_by_name(void **state)
{
    (void)state;
    assert_string_equal(kernels_choose("portable")->name, "portable");
    assert_null(kernels_choose("sse9"));
    setenv("BITFRONT_ISA", "portable", 1);
    assert_string_equal(kernels_choose(NULL)->name, "portable");
    setenv("BITFRONT_ISA", "sse9", 1);
    assert_null(kernels_choose(NULL));
    unsetenv("BITFRONT_ISA");
    assert_non_null(kernels_choose(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_layers_of_resnet8_agree_with_naive_loops),
        cmocka_unit_test(test_the_layers_of_dscnn_agree_with_naive_loops),
        cmocka_unit_test(test_every_mix_of_channel_counts_agrees_with_naive_loops),
        cmocka_unit_test(test_tiles_of_winograd_agree_with_naive_loops),
        cmocka_unit_test(test_every_row_length_agrees_with_naive_loops),
        cmocka_unit_test(test_few_channels_and_wide_images_agree_with_naive_loops),
        cmocka_unit_test(test_every_combination_of_window_stride_and_padding_agrees_with_naive_loops),
        cmocka_unit_test(test_images_of_one_pixel_and_linear_layers_agree_with_naive_loops),
        cmocka_unit_test(test_weight_gradients_over_many_pixels_stay_exact),
        cmocka_unit_test(test_scratch_for_a_layer_is_enough_for_every_narrower_one),
        cmocka_unit_test(test_an_instruction_set_is_chosen_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
