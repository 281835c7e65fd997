/* links: core_kernels core_base */
/* The activation quantiser of every available instruction set against the scalar formula, bit for bit, above all on and
 * beside the borders of its levels; its gradients; the same behind an add; the vectors of METHOD.md 2.2. */
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
#include "core/quant/round.h"
#include "tests/support/check.h"
#include "tests/support/naive.h"
#include "tests/support/whole_kernels.h"

#ifdef BITFRONT_DOUBLE
#define real_next nextafter
#else
#define real_next nextafterf
#endif

static const char *const ISA_NAMES[] = {"avx512", "avx2", "portable"};

/* Sums over elements are blocks of float sums in some lanes: a sum of n numbers of size 1 within sqrt(n) roundings. */
static const double MAX_SUM_ERROR = 64 * REAL_EPSILON;

/* Candidate j with `bits`, as kernels.h describes the two arithmetics. */
static void add_candidate(pact *q, int bits, real clip, real probability)
{
    int j = q->count++;
    real top = (real)((1 << bits) - 1);
    q->clip[j] = clip;
    q->probability[j] = probability;
    q->step[j] = clip / top;
    q->scale[j] = q->reference ? 1 / (clip + (real)0.001) * top : top / clip;
    q->high[j] = q->reference ? clip : REAL_MAX;
    q->top[j] = q->reference ? REAL_MAX : top;
}

/* Values where a code may go wrong: every border of every candidate and its neighbours, clips, zeros, large numbers,
 * and some in between. Returns how many were written. */
static size_t awkward_values(real *x, size_t room, const pact *q)
{
    size_t count = 0;
    for (int j = 0; j < q->count; ++j) {
        for (int code = 0; code <= 256 && count + 16 < room; ++code) {
            real borders[] = {(real)code * q->step[j], (real)code / q->scale[j], ((real)code + (real)0.5) * q->step[j]};
            for (int b = 0; b < 3; ++b) {
                x[count++] = real_next(borders[b], -REAL_MAX);
                x[count++] = borders[b];
                x[count++] = real_next(borders[b], REAL_MAX);
                x[count++] = -borders[b];
            }
        }
    }
    for (int j = 0; j < q->count && count + 8 < room; ++j) {
        x[count++] = real_next(q->clip[j], 0);
        x[count++] = q->clip[j];
        x[count++] = real_next(q->clip[j], REAL_MAX);
    }
    real special[] = {0,          (real)-0.0,  q->low,     real_next(q->low, REAL_MAX), real_next(q->low, -REAL_MAX),
                      (real)1e30, (real)-1e30, (real)1e-30};
    for (size_t i = 0; i < sizeof special / sizeof *special && count < room; ++i) x[count++] = special[i];
    fill_uniform(x + count, room - count, 7, (double)q->low - 1.0, (double)q->clip[0] * 1.5);
    return room;
}

static void check_quantiser(const char *what, const pact *q)
{
    enum { COUNT = 9999 }; /* more than two blocks, not a multiple of any vector */
    real *x = new_reals(COUNT), *g = new_reals(COUNT), *y = new_reals(COUNT), *expected = new_reals(COUNT);
    real *dx = new_reals(COUNT), *dx_expected = new_reals(COUNT);
    awkward_values(x, COUNT, q);
    fill_uniform(g, COUNT, 8, -1.0, 1.0);
    double dclip_expected[PACT_MAX], dprobability_expected[PACT_MAX], dlow_expected;
    for (int i = 0; i < COUNT; ++i) expected[i] = naive_pact_value(x[i], q);
    naive_pact_backward(dx_expected, dclip_expected, dprobability_expected, &dlow_expected, g, x, q, COUNT);
    double size = 0.0; /* of the largest level: the unit of dprobability */
    for (int j = 0; j < q->count; ++j) size = fmax(size, fabs((double)q->clip[j]) + fabs((double)q->low));

    for (size_t i = 0; i < sizeof ISA_NAMES / sizeof *ISA_NAMES; ++i) {
        const kernel_table *k = kernels_choose(ISA_NAMES[i]);
        if (k == NULL) continue;
        char name[100];
        snprintf(name, sizeof name, "%s %s, %d candidates", k->name, what, q->count);
        static const size_t counts[] = {0, 1, 5, 16, 17, 31, COUNT};
        for (size_t c = 0; c < sizeof counts / sizeof *counts; ++c) {
            fill_poison(y, COUNT);
            k->pact_forward(y, x, q, counts[c]);
            assert_true(check_same(name, y, expected, counts[c]));
            assert_true(counts[c] == COUNT || isnan((double)y[counts[c]]));
        }
        real in_place[COUNT];
        for (int n = 0; n < COUNT; ++n) in_place[n] = x[n];
        k->pact_forward(in_place, in_place, q, COUNT);
        assert_true(check_same(name, in_place, expected, COUNT));

        real dclip[PACT_MAX], dprobability[PACT_MAX], dlow, dclip_again[PACT_MAX], dprobability_again[PACT_MAX];
        fill_poison(dx, COUNT);
        whole_pact_backward(k, dx, dclip, dprobability, &dlow, g, x, q, COUNT);
        assert_true(check_same(name, dx, dx_expected, COUNT));
        double roundings = MAX_SUM_ERROR * sqrt((double)COUNT);
        for (int j = 0; j < q->count; ++j) {
            assert_true(check_value("dclip", (double)dclip[j], dclip_expected[j], roundings, 0.0));
            assert_true(
                check_value("dprobability", (double)dprobability[j], dprobability_expected[j], roundings * size, 0.0));
        }
        assert_true(check_value("dlow", (double)dlow, dlow_expected, roundings * q->count, 0.0));

        /* Without dx and dlow, and with dx in the place of g: the same numbers. */
        whole_pact_backward(k, NULL, dclip_again, dprobability_again, NULL, g, x, q, COUNT);
        assert_true(check_same(name, dclip_again, dclip, (size_t)q->count));
        assert_true(check_same(name, dprobability_again, dprobability, (size_t)q->count));
        for (int n = 0; n < COUNT; ++n) in_place[n] = g[n];
        whole_pact_backward(k, in_place, dclip_again, dprobability_again, NULL, in_place, x, q, COUNT);
        assert_true(check_same(name, in_place, dx_expected, COUNT));
        assert_true(check_same(name, dclip_again, dclip, (size_t)q->count));
    }
    real *all[] = {x, g, y, expected, dx, dx_expected};
    for (size_t i = 0; i < sizeof all / sizeof *all; ++i) free(all[i]);
}

static void test_the_exact_arithmetic_equals_the_formula(void **state)
{
    (void)state;
    for (int count = 1; count <= PACT_MAX; ++count) {
        for (int border = 0; border <= 3; ++border) {
            static const char *const names[] = {"exact", "exact, snapped", "exact, to nearest", "exact, to even"};
            static const real snap[] = {0, (real)(1.0 / 1024.0), (real)0.5, ROUND_OFFSET};
            pact q = {.snap = snap[border], .back = border == 3 ? ROUND_OFFSET : 0};
            static const int bits[] = {8, 4, 2};
            static const real clips[] = {(real)6.0, (real)3.7, (real)1.1},
                              probabilities[] = {(real)0.5, (real)0.3, (real)0.2};
            for (int j = 0; j < count; ++j) add_candidate(&q, bits[j], clips[j], probabilities[j]);
            check_quantiser(names[border], &q);
        }
    }
}

static void test_the_reference_arithmetic_equals_the_formula(void **state)
{
    (void)state;
    for (int count = 1; count <= PACT_MAX; ++count) {
        for (int mask = 0; mask <= 1; ++mask) {
            pact q = {.reference = true, .mask_zero_output = mask};
            static const int bits[] = {2, 4, 8};
            static const real clips[] = {(real)6.0, (real)2.9, (real)0.3},
                              probabilities[] = {(real)0.2, (real)0.7, (real)0.1};
            for (int j = 0; j < count; ++j) add_candidate(&q, bits[j], clips[j], probabilities[j]);
            check_quantiser(mask ? "reference, before a ReLU" : "reference", &q);
        }
    }
}

static void test_a_signed_quantiser_equals_the_formula(void **state)
{
    (void)state;
    for (int reference = 0; reference <= 1; ++reference) {
        pact q = {.low = (real)-2.5, .reference = reference};
        add_candidate(&q, 8, (real)3.5, 1);
        real range = q.clip[0] - q.low;
        q.scale[0] = reference ? 255 / (range + (real)0.001) : 255 / range;
        q.step[0] = range / 255;
        check_quantiser("signed", &q);
    }
}

/* Behind an add: what the quantiser alone does with the sum, bit for bit, and dx = [dx +] d, db = [db +] d. */
static void check_behind_an_add(const kernel_table *k, const char *name, const pact *q, const real *x, const real *b,
                                size_t count)
{
    enum { MOST = 4999 };
    assert_true(count < MOST);
    real g[MOST], sum[MOST], y[MOST], expected[MOST], d[MOST], before[2][MOST], got[2][MOST];
    fill_uniform(g, count, 9, -1.0, 1.0);
    for (size_t i = 0; i < count; ++i) sum[i] = x[i] + b[i];
    k->pact_forward(expected, sum, q, count);
    fill_poison(y, MOST);
    k->pact_add_forward(y, x, b, q, count);
    assert_true(check_same(name, y, expected, count));
    assert_true(isnan((double)y[count]));

    real dclip[PACT_MAX], dprobability[PACT_MAX], dclip_sum[PACT_MAX], dprobability_sum[PACT_MAX];
    whole_pact_backward(k, d, dclip_sum, dprobability_sum, NULL, g, sum, q, count);
    for (int flags = 0; flags < 4; ++flags) {
        const bool add[] = {(flags & 1) != 0, (flags & 2) != 0};
        for (int side = 0; side < 2; ++side) {
            fill_poison(got[side], MOST); /* not a number: adding where it must overwrite shows */
            if (!add[side]) continue;
            fill_uniform(before[side], count, 10 + (uint64_t)side, -1.0, 1.0);
            memcpy(got[side], before[side], count * sizeof(real));
        }
        whole_pact_add_backward(k, got[0], add[0], got[1], add[1], dclip, dprobability, g, x, b, q, count);
        for (int side = 0; side < 2; ++side) {
            for (size_t i = 0; i < count; ++i) expected[i] = add[side] ? before[side][i] + d[i] : d[i];
            assert_true(check_same(name, got[side], expected, count));
            assert_true(isnan((double)got[side][count]));
        }
        assert_true(check_same(name, dclip, dclip_sum, (size_t)q->count));
        assert_true(check_same(name, dprobability, dprobability_sum, (size_t)q->count));
    }
}

static void test_behind_an_add_the_sum_is_quantised(void **state)
{
    (void)state;
    enum { MOST = 4111 }; /* more than a block */
    static const size_t counts[] = {0, 1, 5, 15, 16, 17, 33, 4096, MOST};
    static const int bits[] = {8, 4, 2};
    static const real clips[] = {(real)6.0, (real)3.7, (real)1.1}, probabilities[] = {(real)0.5, (real)0.3, (real)0.2};
    static real x[MOST], b[MOST];
    fill_uniform(x, MOST, 5, -1.0, 4.0);
    fill_uniform(b, MOST, 6, -1.0, 4.0);
    for (size_t i = 0; i < sizeof ISA_NAMES / sizeof *ISA_NAMES; ++i) {
        const kernel_table *k = kernels_choose(ISA_NAMES[i]);
        if (k == NULL) continue;
        for (int kind = 0; kind < 3 * PACT_MAX; ++kind) { /* exact, reference, reference before a ReLU */
            pact q = {.reference = kind % 3 > 0, .mask_zero_output = kind % 3 > 1};
            if (!q.reference) q.snap = (real)(1.0 / 1024.0);
            for (int j = 0; j <= kind / 3; ++j) add_candidate(&q, bits[j], clips[j], probabilities[j]);
            char name[100];
            snprintf(name, sizeof name, "%s behind an add, kind %d, %d candidates", k->name, kind % 3, q.count);
            for (size_t c = 0; c < sizeof counts / sizeof *counts; ++c) {
                check_behind_an_add(k, name, &q, x, b, counts[c]);
                check_behind_an_add(k, name, &q, x, x, counts[c]);
            }
        }
    }
}

/* METHOD.md 2.2: clip 6; x = 1, 3 and 6 or more. */
static void test_the_vectors_of_the_method_are_met(void **state)
{
    (void)state;
    static const int bits[] = {2, 4, 8}, codes[3][3] = {{0, 1, 2}, {2, 7, 14}, {42, 127, 254}};
    static const int exact_codes[3][3] = {{0, 1, 3}, {2, 7, 15}, {42, 127, 255}};
    const real x[] = {1, 3, 6, (real)6.5, 100};
    for (size_t i = 0; i < sizeof ISA_NAMES / sizeof *ISA_NAMES; ++i) {
        const kernel_table *k = kernels_choose(ISA_NAMES[i]);
        if (k == NULL) continue;
        for (int b = 0; b < 3; ++b) {
            pact reference = {.reference = true}, exact = {0};
            add_candidate(&reference, bits[b], 6, 1);
            add_candidate(&exact, bits[b], 6, 1);
            real y[5];
            k->pact_forward(y, x, &reference, 5);
            for (int v = 0; v < 5; ++v)
                assert_int_equal(lrint((double)(y[v] * reference.scale[0])), codes[b][v < 2 ? v : 2]);
            k->pact_forward(y, x, &exact, 5);
            for (int v = 0; v < 5; ++v)
                assert_int_equal(lrint((double)(y[v] * exact.scale[0])), exact_codes[b][v < 2 ? v : 2]);
        }
    }
}

/* What the snap is for: sums of two values on the grid stay on their code when they are quantised again. */
static void test_sums_of_quantised_values_keep_their_code(void **state)
{
    (void)state;
    static const real clips[] = {(real)0.37, (real)1.0, (real)2.9173, (real)6.0, (real)11.3};
    const kernel_table *k = kernels_choose(NULL);
    for (size_t c = 0; c < sizeof clips / sizeof *clips; ++c) {
        pact q = {.snap = (real)(1.0 / 1024.0)};
        add_candidate(&q, 8, clips[c], 1);
        for (int a = 0; a < 256; ++a) {
            for (int b = 0; a + b < 256; ++b) {
                real sum = (real)a * q.step[0] + (real)b * q.step[0], y;
                k->pact_forward(&y, &sum, &q, 1);
                assert_true(y == (real)(a + b) * q.step[0]);
            }
        }
    }
}

static void test_not_a_number_is_passed_on(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ISA_NAMES / sizeof *ISA_NAMES; ++i) {
        const kernel_table *k = kernels_choose(ISA_NAMES[i]);
        if (k == NULL) continue;
        pact q = {0};
        add_candidate(&q, 8, 6, 1);
        real x[40], y[40];
        for (int n = 0; n < 40; ++n) x[n] = n % 2 ? (real)NAN : 1;
        k->pact_forward(y, x, &q, 40);
        for (int n = 0; n < 40; ++n) assert_int_equal(isnan((double)y[n]) != 0, n % 2);
    }
}

/* Batch-norm and quantiser in one against one after the other: the same bits, except the quantiser's sums, which are
 * taken in another order. */
static void check_behind_batchnorm(const kernel_table *k, const char *name, const pact *q, size_t rows, int channels)
{
    enum { MOST = 40000, CHANNELS = 80 };
    const size_t count = rows * (size_t)channels;
    assert_true(count < MOST && channels < CHANNELS);
    const real eps = (real)1e-3;
    real *in = new_reals(MOST), *g = new_reals(MOST), *z = new_reals(MOST), *wanted = new_reals(MOST);
    real *out = new_reals(MOST), *d = new_reals(MOST);
    real gamma[CHANNELS], beta[CHANNELS], mean[CHANNELS], variance[CHANNELS];
    real dgamma[2][CHANNELS], dbeta[2][CHANNELS], dclip[2][PACT_MAX], dprobability[2][PACT_MAX], dlow[2];
    fill_uniform(in, count, 31, -2.0, 3.0);
    fill_uniform(g, count, 32, -1.0, 1.0);
    fill_uniform(gamma, (size_t)channels, 33, 0.5, 3.0);
    fill_uniform(beta, (size_t)channels, 34, -1.0, 2.0);

    const batchnorm b = whole_batchnorm_forward(k, z, mean, variance, in, gamma, beta, eps, false, rows, channels);
    k->pact_forward(wanted, z, q, count);
    fill_poison(out, MOST);
    k->batchnorm_pact_forward(out, in, &b, q, whole_rows(rows), channels);
    assert_true(check_same(name, out, wanted, count));
    assert_true(isnan((double)out[count]));

    whole_pact_backward(k, d, dclip[0], dprobability[0], &dlow[0], g, z, q, count);
    whole_batchnorm_backward(k, d, dgamma[0], dbeta[0], d, in, NULL, &b, false, rows, channels);
    memcpy(out, g, count * sizeof *out); /* in place */
    whole_batchnorm_pact_backward(k, out, dgamma[1], dbeta[1], dclip[1], dprobability[1], &dlow[1], out, in, &b, q,
                                  rows, channels);
    assert_true(check_same(name, out, d, count));
    assert_true(isnan((double)out[count]));
    assert_true(check_same(name, dgamma[1], dgamma[0], (size_t)channels));
    assert_true(check_same(name, dbeta[1], dbeta[0], (size_t)channels));
    const double error = MAX_SUM_ERROR * (double)count;
    assert_true(fabs((double)dlow[1] - (double)dlow[0]) <= error);
    for (int j = 0; j < q->count; ++j) {
        assert_true(fabs((double)dclip[1][j] - (double)dclip[0][j]) <= error);
        double wanted_sum = q->count > 1 ? (double)dprobability[0][j] : 0.0;
        assert_true(fabs((double)dprobability[1][j] - wanted_sum) <= error * (double)q->clip[j]);
    }
    real *all[] = {in, g, z, wanted, out, d};
    for (size_t i = 0; i < sizeof all / sizeof *all; ++i) free(all[i]);
}

static void test_behind_batchnorm_equals_one_after_the_other(void **state)
{
    (void)state;
    static const struct {
        size_t rows;
        int channels;
    } shapes[] = {{1, 1}, {2, 16}, {513, 16}, {1100, 33}, {300, 64}, {77, 79}, {1025, 7}, {40, 48}};
    for (int n = 0; n < 3; ++n) {
        const kernel_table *k = kernels_choose(ISA_NAMES[n]);
        if (k == NULL) continue;
        for (int count = 1; count <= PACT_MAX; ++count) {
            pact q = {.snap = count == 2 ? ROUND_OFFSET : 0, .back = count == 2 ? ROUND_OFFSET : 0};
            add_candidate(&q, 8, (real)2.0, (real)0.5);
            if (count > 1) add_candidate(&q, 4, (real)1.7, (real)0.3);
            if (count > 2) add_candidate(&q, 2, (real)1.1, (real)0.2);
            for (size_t s = 0; s < sizeof shapes / sizeof *shapes; ++s)
                check_behind_batchnorm(k, ISA_NAMES[n], &q, shapes[s].rows, shapes[s].channels);
        }
        pact branch = {.low = (real)-1.28, .snap = (real)0.5};
        add_candidate(&branch, 8, (real)1.27, 1);
        branch.scale[0] = 100;
        branch.step[0] = (real)0.01;
        branch.top[0] = 127;
        check_behind_batchnorm(k, ISA_NAMES[n], &branch, 600, 20);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_exact_arithmetic_equals_the_formula),
        cmocka_unit_test(test_the_reference_arithmetic_equals_the_formula),
        cmocka_unit_test(test_a_signed_quantiser_equals_the_formula),
        cmocka_unit_test(test_behind_an_add_the_sum_is_quantised),
        cmocka_unit_test(test_the_vectors_of_the_method_are_met),
        cmocka_unit_test(test_sums_of_quantised_values_keep_their_code),
        cmocka_unit_test(test_not_a_number_is_passed_on),
        cmocka_unit_test(test_behind_batchnorm_equals_one_after_the_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
