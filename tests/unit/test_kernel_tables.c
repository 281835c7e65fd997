/* links: core_kernels core_base */
/* Every kernel of every table on the same random input. Two instruction sets may round differently and no more: results
 * agree within bounds that grow with the length of the sums. With itself each agrees bit for bit, at any address. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/rng.h"
#include "core/kernels/kernels.h"
#include "tests/support/check.h"
#include "tests/support/whole_kernels.h"

enum { TABLES = 3, OUTPUTS = 4, MOST = 40000, SHIFT = 3 };
static const char *const names[TABLES] = {"avx512", "avx2", "portable"};

/* What one call wrote. */
typedef struct {
    real *values[OUTPUTS];
    size_t counts[OUTPUTS];
    double scalar;
} outputs;

/* A call on inputs a, b, c (random, MOST each) into `out`; `tolerance`: relative to the largest value of an output. */
typedef struct {
    const char *name;
    void (*run)(const kernel_table *k, outputs *out, const real *a, const real *b, const real *c, real *scratch);
    double tolerance; /* 0: bit for bit */
} kernel_case;

static real *claim(outputs *out, int i, size_t count)
{
    assert_true(count <= MOST);
    out->counts[i] = count;
    return out->values[i];
}

/* ---- the cases ---- */

static conv_shape shapes[] = {
    {3, 32, 9, 3, 32, 9, 16, 3, 3, 1, 1, 1, 1},   {2, 8, 8, 16, 8, 8, 32, 3, 3, 1, 1, 1, 1},
    {2, 9, 7, 16, 5, 4, 20, 3, 3, 2, 2, 1, 1},    {3, 8, 8, 32, 4, 4, 33, 1, 1, 2, 2, 0, 0},
    {2, 49, 10, 1, 25, 5, 64, 10, 4, 2, 2, 5, 1}, {3, 5, 5, 64, 5, 5, 64, 1, 1, 1, 1, 0, 0},
    {4, 1, 1, 64, 1, 1, 10, 1, 1, 1, 1, 0, 0},    {1, 12, 12, 48, 12, 12, 64, 3, 3, 1, 1, 1, 1},
};
enum { SHAPES = sizeof shapes / sizeof *shapes };
static const conv_shape *shape; /* of the case in hand */

static size_t in_count(const conv_shape *s)
{
    return (size_t)s->batch * (size_t)(s->in_height * s->in_width * s->in_channels);
}

static size_t out_count(const conv_shape *s)
{
    return (size_t)s->batch * (size_t)(s->out_height * s->out_width * s->out_channels);
}

static size_t weight_count(const conv_shape *s)
{
    return (size_t)(s->kernel_h * s->kernel_w * s->in_channels * s->out_channels);
}

static void conv_forward(const kernel_table *k, outputs *out, const real *a, const real *b, const real *c,
                         real *scratch)
{
    k->conv_forward(claim(out, 0, out_count(shape)), a, b, c, shape, scratch);
}

static void conv_data(const kernel_table *k, outputs *out, const real *a, const real *b, const real *c, real *scratch)
{
    k->conv_backward_data(claim(out, 0, in_count(shape)), a, b, shape, false, scratch);
    memcpy(claim(out, 1, in_count(shape)), c, in_count(shape) * sizeof(real));
    k->conv_backward_data(out->values[1], a, b, shape, true, scratch);
}

static void conv_weight(const kernel_table *k, outputs *out, const real *a, const real *b, const real *c, real *scratch)
{
    (void)c;
    k->conv_backward_weight(claim(out, 0, weight_count(shape)), claim(out, 1, (size_t)shape->out_channels), a, b, shape,
                            scratch);
}

static conv_shape depthwise_shapes[] = {
    {2, 25, 5, 64, 25, 5, 64, 3, 3, 1, 1, 1, 1},
    {2, 9, 8, 20, 5, 4, 20, 3, 3, 2, 2, 1, 1},
    {1, 9, 9, 17, 9, 9, 17, 5, 5, 1, 1, 2, 2},
    {2, 7, 6, 5, 7, 6, 5, 3, 3, 1, 1, 1, 1},
};
enum { DEPTHWISE_SHAPES = sizeof depthwise_shapes / sizeof *depthwise_shapes };

static void depthwise_forward(const kernel_table *k, outputs *out, const real *a, const real *b, const real *c,
                              real *scratch)
{
    k->depthwise_forward(claim(out, 0, out_count(shape)), a, b, c, shape, scratch);
}

static void depthwise_data(const kernel_table *k, outputs *out, const real *a, const real *b, const real *c,
                           real *scratch)
{
    k->depthwise_backward_data(claim(out, 0, in_count(shape)), a, b, shape, false, scratch);
    memcpy(claim(out, 1, in_count(shape)), c, in_count(shape) * sizeof(real));
    k->depthwise_backward_data(out->values[1], a, b, shape, true, scratch);
}

static void depthwise_weight(const kernel_table *k, outputs *out, const real *a, const real *b, const real *c,
                             real *scratch)
{
    (void)c;
    k->depthwise_backward_weight(claim(out, 0, (size_t)(shape->kernel_h * shape->kernel_w * shape->in_channels)),
                                 claim(out, 1, (size_t)shape->in_channels), a, b, shape, scratch);
}

enum { ROWS = 311, CHANNELS = 37, VALUES = ROWS * CHANNELS };

static void batchnorm_forward(const kernel_table *k, outputs *out, const real *a, const real *b, const real *c,
                              real *scratch)
{
    (void)scratch;
    whole_batchnorm_forward(k, claim(out, 0, VALUES), claim(out, 1, CHANNELS), claim(out, 2, CHANNELS), a, b, c,
                            (real)1e-5, true, ROWS, CHANNELS);
}

static void batchnorm_backward(const kernel_table *k, outputs *out, const real *a, const real *b, const real *c,
                               real *scratch)
{
    real *mean = scratch, *variance = scratch + CHANNELS, *y = scratch + 2 * CHANNELS;
    const batchnorm norm = whole_batchnorm_forward(kernels_choose("portable"), y, mean, variance, a, b, c, (real)1e-5,
                                                   true, ROWS, CHANNELS);
    whole_batchnorm_backward(k, claim(out, 0, VALUES), claim(out, 1, CHANNELS), claim(out, 2, CHANNELS), c, a, y, &norm,
                             true, ROWS, CHANNELS);
}

static void add_forward(const kernel_table *k, outputs *out, const real *a, const real *b, const real *c, real *scratch)
{
    (void)c, (void)scratch;
    k->add_forward(claim(out, 0, VALUES), a, b, true, VALUES);
    k->add_forward(claim(out, 1, VALUES), a, b, false, VALUES);
    k->add_forward(claim(out, 2, VALUES), a, NULL, true, VALUES);
}

static void relu_backward(const kernel_table *k, outputs *out, const real *a, const real *b, const real *c,
                          real *scratch)
{
    (void)scratch;
    k->relu_backward(claim(out, 0, VALUES), a, b, true, false, VALUES);
    memcpy(claim(out, 1, VALUES), c, VALUES * sizeof(real));
    k->relu_backward(out->values[1], a, b, true, true, VALUES);
}

static pact quantiser(bool reference)
{
    pact q = {.count = PACT_MAX, .low = (real)-0.7, .reference = reference};
    for (int j = 0; j < PACT_MAX; j++) {
        const real top = (real)((1 << (2 << j)) - 1);
        q.clip[j] = (real)(0.6 + 0.1 * j);
        q.scale[j] = top / q.clip[j];
        q.step[j] = q.clip[j] / top;
        q.high[j] = reference ? q.clip[j] : REAL_MAX;
        q.top[j] = reference ? REAL_MAX : top;
        q.probability[j] = (real)(0.5 - 0.15 * j);
    }
    return q;
}

static void pact_forward(const kernel_table *k, outputs *out, const real *a, const real *b, const real *c,
                         real *scratch)
{
    (void)b, (void)c, (void)scratch;
    for (int reference = 0; reference < 2; reference++) {
        pact q = quantiser(reference != 0);
        k->pact_forward(claim(out, reference, VALUES), a, &q, VALUES);
    }
}

static void pact_backward(const kernel_table *k, outputs *out, const real *a, const real *b, const real *c,
                          real *scratch)
{
    (void)c, (void)scratch;
    pact q = quantiser(false);
    real *sums = claim(out, 1, 2 * PACT_MAX + 1);
    whole_pact_backward(k, claim(out, 0, VALUES), sums, sums + PACT_MAX, sums + 2 * PACT_MAX, b, a, &q, VALUES);
}

static void pact_add(const kernel_table *k, outputs *out, const real *a, const real *b, const real *c, real *scratch)
{
    (void)scratch;
    pact q = quantiser(true);
    k->pact_add_forward(claim(out, 0, VALUES), a, b, &q, VALUES);
    memcpy(claim(out, 1, VALUES), a, VALUES * sizeof(real));
    real *sums = claim(out, 3, 2 * PACT_MAX);
    whole_pact_add_backward(k, out->values[1], true, claim(out, 2, VALUES), false, sums, sums + PACT_MAX, c, a, b, &q,
                            VALUES);
}

static void batchnorm_pact(const kernel_table *k, outputs *out, const real *a, const real *b, const real *c,
                           real *scratch)
{
    (void)scratch;
    pact q = quantiser(false);
    real *statistics = claim(out, 1, 2 * CHANNELS), *sums = claim(out, 3, 2 * CHANNELS + 2 * PACT_MAX + 1);
    const batchnorm norm = whole_statistics(k, statistics, statistics + CHANNELS, a, b, c, (real)1e-5, ROWS, CHANNELS);
    k->batchnorm_pact_forward(claim(out, 0, VALUES), a, &norm, &q, whole_rows(ROWS), CHANNELS);
    whole_batchnorm_pact_backward(k, claim(out, 2, VALUES), sums, sums + CHANNELS, sums + 2 * CHANNELS,
                                  sums + 2 * CHANNELS + PACT_MAX, sums + 2 * CHANNELS + 2 * PACT_MAX, c, a, &norm, &q,
                                  ROWS, CHANNELS);
}

static void dropout(const kernel_table *k, outputs *out, const real *a, const real *b, const real *c, real *scratch)
{
    (void)c, (void)scratch;
    dropout_draw d = {.rate = 0.3f};
    rng_place(d.counter, d.key, 12345, RNG_DROPOUT, 6, 7, 8 << 16);
    k->dropout(claim(out, 0, VALUES), a, &d, VALUES, false);
    memcpy(claim(out, 1, VALUES), b, VALUES * sizeof(real));
    k->dropout(out->values[1], a, &d, VALUES, true);
}

static conv_shape pooling_shape = {3, 9, 8, 21, 4, 4, 21, 3, 2, 2, 2, 0, 0};

static void average_pool(const kernel_table *k, outputs *out, const real *a, const real *b, const real *c,
                         real *scratch)
{
    (void)b, (void)scratch;
    const conv_shape *s = &pooling_shape;
    k->average_pool_forward(claim(out, 0, out_count(s)), a, s);
    k->average_pool_backward(claim(out, 1, in_count(s)), c, s, false);
}

static void max_pool(const kernel_table *k, outputs *out, const real *a, const real *b, const real *c, real *scratch)
{
    (void)b, (void)scratch;
    const conv_shape *s = &pooling_shape;
    k->max_pool_forward(claim(out, 0, out_count(s)), a, s);
    k->max_pool_backward(claim(out, 1, in_count(s)), c, a, s, false);
}

static void softmax(const kernel_table *k, outputs *out, const real *a, const real *b, const real *c, real *scratch)
{
    (void)b, (void)c, (void)scratch;
    enum { N = 33, CLASSES = 13 };
    int32_t labels[N];
    int correct;
    for (int i = 0; i < N; i++) labels[i] = i % CLASSES;
    out->scalar =
        k->softmax_cross_entropy(claim(out, 0, N * CLASSES), &correct, a, labels, NULL, (real)0.25, N, CLASSES);
    *claim(out, 1, 1) = (real)correct;
}

/* Sums of up to 432 products, or over 11507 elements; 1e-6 is 8 units of the last place of a float. */
static const kernel_case convolutions[] = {{"conv_forward", conv_forward, 1e-5},
                                           {"conv_backward_data", conv_data, 1e-5},
                                           {"conv_backward_weight", conv_weight, 1e-5}};
static const kernel_case depthwise[] = {{"depthwise_forward", depthwise_forward, 1e-6},
                                        {"depthwise_backward_data", depthwise_data, 1e-6},
                                        {"depthwise_backward_weight", depthwise_weight, 1e-6}};
static const kernel_case others[] = {
    {"batchnorm_forward", batchnorm_forward, 1e-6},
    {"batchnorm_backward", batchnorm_backward, 1e-5},
    {"add_forward", add_forward, 0},
    {"relu_backward", relu_backward, 0},
    {"pact_forward", pact_forward, 1e-6},
    {"pact_backward", pact_backward, 1e-5},
    {"pact_add", pact_add, 1e-5},
    {"batchnorm_pact", batchnorm_pact, 1e-5},
    {"dropout", dropout, 0},
    {"average_pool", average_pool, 1e-6},
    {"max_pool", max_pool, 0},
    {"softmax_cross_entropy", softmax, 1e-6},
};

/* ---- comparing ---- */

static real *inputs, *scratch_room;
enum { INPUTS = 3, SCRATCH = 1 << 21 };

static void outputs_make(outputs *out)
{
    memset(out, 0, sizeof *out);
    for (int i = 0; i < OUTPUTS; i++) out->values[i] = calloc(MOST, sizeof(real));
}

static void outputs_free(outputs *out)
{
    for (int i = 0; i < OUTPUTS; i++) free(out->values[i]);
}

/* shift: inputs and scratch begin this many elements further on. */
static void run_case(const kernel_case *test, const kernel_table *k, outputs *out, int shift)
{
    real *copy[INPUTS];
    for (int i = 0; i < INPUTS; i++) {
        copy[i] = malloc((MOST + SHIFT) * sizeof(real));
        memcpy(copy[i] + shift, inputs + i * MOST, MOST * sizeof(real));
    }
    for (int i = 0; i < SCRATCH; i++) scratch_room[i] = (real)(shift + 1); /* what was there must not matter */
    test->run(k, out, copy[0] + shift, copy[1] + shift, copy[2] + shift, scratch_room + shift);
    for (int i = 0; i < INPUTS; i++) free(copy[i]);
}

static void compare(const char *what, const char *a_name, const char *b_name, const outputs *a, const outputs *b,
                    double tolerance)
{
    for (int i = 0; i < OUTPUTS; i++) {
        assert_int_equal(a->counts[i], b->counts[i]);
        double largest = 0, worst = 0;
        for (size_t n = 0; n < a->counts[i]; n++) {
            double difference = fabs((double)a->values[i][n] - (double)b->values[i][n]);
            if (!(difference <= worst)) worst = difference;
            if (fabs((double)a->values[i][n]) > largest) largest = fabs((double)a->values[i][n]);
        }
        if (!(worst <= tolerance * largest))
            fail_msg("%s, output %d: %s and %s differ by %g of %g", what, i, a_name, b_name, worst, largest);
        if (tolerance == 0 && memcmp(a->values[i], b->values[i], a->counts[i] * sizeof(real)) != 0)
            fail_msg("%s, output %d: %s and %s differ in their bits", what, i, a_name, b_name);
    }
    if (!(fabs(a->scalar - b->scalar) <= tolerance * fabs(a->scalar)))
        fail_msg("%s: %s gives %.17g, %s %.17g", what, a_name, a->scalar, b_name, b->scalar);
}

static void check_case(const kernel_case *test)
{
    outputs first, other;
    outputs_make(&first);
    outputs_make(&other);
    const kernel_table *portable = kernels_choose("portable");
    run_case(test, portable, &first, 0);
    for (int t = 0; t < TABLES; t++) {
        const kernel_table *k = kernels_choose(names[t]);
        if (k == NULL) continue;
        run_case(test, k, &other, 0);
        compare(test->name, "portable", k->name, &first, &other, test->tolerance);
        outputs again;
        outputs_make(&again);
        run_case(test, k, &again, SHIFT);
        compare(test->name, k->name, k->name, &other, &again, 0);
        outputs_free(&again);
    }
    outputs_free(&first);
    outputs_free(&other);
}

static void check_shapes(const kernel_case *cases, int count, const conv_shape *list, int shape_count)
{
    for (int s = 0; s < shape_count; s++) {
        shape = &list[s];
        assert_true(conv_scratch_reals(shape) + SHIFT <= SCRATCH);
        for (int i = 0; i < count; i++) check_case(&cases[i]);
    }
}

static void test_convolutions(void **state)
{
    (void)state;
    check_shapes(convolutions, 3, shapes, SHAPES);
}

static void test_depthwise_convolutions(void **state)
{
    (void)state;
    check_shapes(depthwise, 3, depthwise_shapes, DEPTHWISE_SHAPES);
}

static void test_everything_else(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) check_case(&others[i]);
}

/* The bits of a mask are those of rng_draw, one block of four values after the other. */
static void test_dropout_draws_what_rng_draws(void **state)
{
    (void)state;
    outputs out;
    outputs_make(&out);
    for (int t = 0; t < TABLES; t++) {
        const kernel_table *k = kernels_choose(names[t]);
        if (k == NULL) continue;
        run_case(&(kernel_case){"dropout", dropout, 0}, k, &out, 0);
        for (uint32_t i = 0; i < VALUES; i++) {
            float u = rng_uniform(rng_draw(12345, RNG_DROPOUT, 6, 7, 8 << 16 | i / 4).word[i % 4]);
            real expected = u >= 0.3f ? inputs[i] * (1 / (1 - (real)0.3f)) : 0;
            assert_true(out.values[0][i] == expected);
        }
    }
    outputs_free(&out);
}

/* Tables that this processor cannot run are not compared: say so. */
static int setup(void **state)
{
    (void)state;
    for (int t = 0; t < TABLES; t++)
        if (kernels_choose(names[t]) == NULL) printf("skipped: this processor has no %s\n", names[t]);
    inputs = new_reals(INPUTS * MOST);
    scratch_room = new_reals(SCRATCH);
    fill_uniform(inputs, INPUTS * MOST, 5, -1.0, 1.0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(inputs);
    free(scratch_room);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_convolutions),
        cmocka_unit_test(test_depthwise_convolutions),
        cmocka_unit_test(test_everything_else),
        cmocka_unit_test(test_dropout_draws_what_rng_draws),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
