/* links: core_kernels core_base */
/* The BLAS wrapper against naive loops, and the convolutions against BLAS: a convolution is a matrix product of the
 * unfolded image (pixels, KH*KW*C) and the weights (KH*KW*C, O). Independent of both the naive loops and the kernels.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/kernels/blas.h"
#include "core/kernels/gemm.h"
#include "core/kernels/kernels.h"
#include "tests/support/check.h"
#include "tests/support/check_status.h"

static const char *const ISA_NAMES[] = {"avx512", "avx2", "portable"};

/* Two sums of `depth` products of factors below 1, each with its own order. */
static double chain_error(int depth)
{
    return 2 * REAL_EPSILON * (double)(depth + 8);
}

static void check_product(int m, int n, int k, bool transposed_a, bool transposed_b, real beta)
{
    size_t counts[] = {(size_t)(m * k), (size_t)(k * n), (size_t)(m * n)};
    real *a = new_reals(counts[0]), *b = new_reals(counts[1]), *c = new_reals(counts[2]),
         *expected = new_reals(counts[2]);
    fill_uniform(a, counts[0], 1, -1.0, 1.0);
    fill_uniform(b, counts[1], 2, -1.0, 1.0);
    fill_uniform(c, counts[2], 3, -1.0, 1.0);
    for (int i = 0; i < m; ++i) {
        for (int j = 0; j < n; ++j) {
            double sum = (double)beta * (double)c[i * n + j];
            for (int l = 0; l < k; ++l)
                sum +=
                    (double)a[transposed_a ? l * m + i : i * k + l] * (double)b[transposed_b ? j * k + l : l * n + j];
            expected[i * n + j] = (real)sum;
        }
    }
    gemm(c, n, a, transposed_a ? m : k, transposed_a, b, transposed_b ? k : n, transposed_b, beta, m, n, k);
    assert_true(check_close("gemm", c, expected, counts[2], chain_error(k), 0.0));
    free(a);
    free(b);
    free(c);
    free(expected);
}

static void test_products_agree_with_naive_loops(void **state)
{
    (void)state;
    for (int transposed = 0; transposed < 4; ++transposed) {
        check_product(1, 1, 1, transposed & 1, transposed & 2, 0);
        check_product(7, 5, 19, transposed & 1, transposed & 2, 1);
        check_product(33, 48, 65, transposed & 1, transposed & 2, (real)0.5);
    }
}

/* Rows of pixels: the KH*KW*C inputs under each output pixel, zero in the border. */
static void unfold(real *rows, const real *in, const conv_shape *s)
{
    for (int n = 0; n < s->batch; ++n)
        for (int y = 0; y < s->out_height; ++y)
            for (int x = 0; x < s->out_width; ++x)
                for (int i = 0; i < s->kernel_h; ++i)
                    for (int j = 0; j < s->kernel_w; ++j, rows += s->in_channels) {
                        int in_y = y * s->stride_h + i - s->pad_h, in_x = x * s->stride_w + j - s->pad_w;
                        bool inside = in_y >= 0 && in_y < s->in_height && in_x >= 0 && in_x < s->in_width;
                        const real *pixel = in + ((n * s->in_height + in_y) * s->in_width + in_x) * s->in_channels;
                        for (int c = 0; c < s->in_channels; ++c) rows[c] = inside ? pixel[c] : 0;
                    }
}

/* The transpose of unfold: adds every row element to the input it came from. */
static void fold(real *din, const real *rows, const conv_shape *s)
{
    memset(din, 0, (size_t)(s->batch * s->in_height * s->in_width * s->in_channels) * sizeof(real));
    for (int n = 0; n < s->batch; ++n)
        for (int y = 0; y < s->out_height; ++y)
            for (int x = 0; x < s->out_width; ++x)
                for (int i = 0; i < s->kernel_h; ++i)
                    for (int j = 0; j < s->kernel_w; ++j, rows += s->in_channels) {
                        int in_y = y * s->stride_h + i - s->pad_h, in_x = x * s->stride_w + j - s->pad_w;
                        if (in_y < 0 || in_y >= s->in_height || in_x < 0 || in_x >= s->in_width) continue;
                        real *pixel = din + ((n * s->in_height + in_y) * s->in_width + in_x) * s->in_channels;
                        for (int c = 0; c < s->in_channels; ++c) pixel[c] += rows[c];
                    }
}

static void check_shape(conv_shape s)
{
    int pixels = s.batch * s.out_height * s.out_width, depth = s.kernel_h * s.kernel_w * s.in_channels,
        o = s.out_channels;
    size_t ins = (size_t)(s.batch * s.in_height * s.in_width * s.in_channels), outs = (size_t)(pixels * o);
    size_t weights = (size_t)(depth * o), unfolded = (size_t)(pixels * depth);
    real *in = new_reals(ins), *din = new_reals(ins), *din_expected = new_reals(ins), *rows = new_reals(unfolded);
    real *dout = new_reals(outs), *out = new_reals(outs), *out_expected = new_reals(outs), *weight = new_reals(weights);
    real *dweight = new_reals(weights), *dweight_expected = new_reals(weights), *drows = new_reals(unfolded);
    real *dbias = new_reals((size_t)o), *scratch = new_reals(conv_scratch_reals(&s));
    fill_uniform(in, ins, 11, -1.0, 1.0);
    fill_uniform(dout, outs, 12, -1.0, 1.0);
    fill_uniform(weight, weights, 13, -1.0, 1.0);
    unfold(rows, in, &s);
    gemm(out_expected, o, rows, depth, false, weight, o, false, 0, pixels, o, depth);
    gemm(dweight_expected, o, rows, depth, true, dout, o, false, 0, depth, o, pixels);
    gemm(drows, depth, dout, o, false, weight, o, true, 0, pixels, depth, o);
    fold(din_expected, drows, &s);
    for (size_t i = 0; i < sizeof ISA_NAMES / sizeof *ISA_NAMES; ++i) {
        const kernel_table *k = kernels_choose(ISA_NAMES[i]);
        if (k == NULL) continue;
        k->conv_forward(out, in, weight, NULL, &s, scratch);
        assert_true(check_close("forward", out, out_expected, outs, chain_error(depth), 0.0));
        k->conv_backward_data(din, dout, weight, &s, false, scratch);
        assert_true(
            check_close("backward data", din, din_expected, ins, chain_error(s.kernel_h * s.kernel_w * o), 0.0));
        k->conv_backward_weight(dweight, dbias, dout, in, &s, scratch);
        assert_true(check_close("backward weight", dweight, dweight_expected, weights, chain_error(pixels), 0.0));
    }
    real *all[] = {in,     din,     din_expected,     rows,  dout,  out,    out_expected,
                   weight, dweight, dweight_expected, drows, dbias, scratch};
    for (size_t i = 0; i < sizeof all / sizeof *all; ++i) free(all[i]);
}

static void test_convolutions_agree_with_matrix_products(void **state)
{
    (void)state;
    check_shape((conv_shape){4, 32, 32, 16, 32, 32, 16, 3, 3, 1, 1, 1, 1});
    check_shape((conv_shape){4, 32, 32, 16, 16, 16, 32, 3, 3, 2, 2, 1, 1});
    check_shape((conv_shape){8, 8, 8, 64, 8, 8, 64, 3, 3, 1, 1, 1, 1});
    check_shape((conv_shape){4, 49, 10, 1, 25, 5, 64, 10, 4, 2, 2, 5, 1});
    check_shape((conv_shape){4, 25, 5, 64, 25, 5, 64, 1, 1, 1, 1, 0, 0});
    check_shape((conv_shape){2, 13, 11, 7, 6, 5, 23, 3, 2, 2, 2, 0, 0});
    check_shape((conv_shape){1, 14, 14, 96, 14, 14, 129, 3, 3, 1, 1, 1, 1});
    check_shape(linear_shape(32, 64, 10));
    check_shape(linear_shape(100, 300, 35));
}

static void test_the_library_is_loaded_when_asked_for(void **state)
{
    (void)state;
    char name[BLAS_NAME_LENGTH], warning[BLAS_WARNING_LENGTH];
    unsetenv("OPENBLAS_CORETYPE"); /* the choice is ours */
    blas_name(name);
    assert_string_equal(name, "not used");
    blas_warning(warning);
    assert_string_equal(warning, "");
    assert_null(blas_use());
    check_ok(blas_load());
    check_ok(blas_load());
    assert_non_null(blas_use());
    blas_name(name);
    assert_memory_equal(name, "OpenBLAS ", 9);
    assert_true(strchr(name, '(') != NULL && name[strlen(name) - 1] == ')');
    blas_warning(warning);
    assert_string_equal(warning, ""); /* the installed library is used as well as it can */
}

/* OpenBLAS would ask for it again and again. */
static void test_too_little_address_space_is_seen_before_loading(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        struct rlimit little = {1 << 20, 1 << 20};
        status s = setrlimit(RLIMIT_AS, &little) == 0 ? blas_load() : status_ok();
        _exit(s.code == STATUS_MEMORY && strstr(s.message, "no room for OpenBLAS") != NULL ? 0 : 1);
    }
    int end = -1;
    assert_int_equal(waitpid(child, &end, 0), child);
    assert_int_equal(end, 0);
}

static void test_a_core_is_replaced_only_by_a_faster_one(void **state)
{
    (void)state;
    assert_string_equal(blas_faster_core("Haswell", true, true), "SKYLAKEX");
    assert_string_equal(blas_faster_core("Zen", true, true), "SKYLAKEX");
    assert_string_equal(blas_faster_core("Prescott", true, true), "SKYLAKEX");
    assert_string_equal(blas_faster_core("Prescott", false, true), "HASWELL");
    assert_string_equal(blas_faster_core("Sandybridge", false, true), "HASWELL");
    static const char *const good[] = {"SkylakeX", "Cooperlake", "SapphireRapids", "SKYLAKEX"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) assert_null(blas_faster_core(good[i], true, true));
    assert_null(blas_faster_core("Haswell", false, true));
    assert_null(blas_faster_core("Zen", false, true));
    assert_null(blas_faster_core("Nehalem", false, false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_too_little_address_space_is_seen_before_loading),
        cmocka_unit_test(test_the_library_is_loaded_when_asked_for), /* before the others use it */
        cmocka_unit_test(test_products_agree_with_naive_loops),
        cmocka_unit_test(test_convolutions_agree_with_matrix_products),
        cmocka_unit_test(test_a_core_is_replaced_only_by_a_faster_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
