/* links: core_quant */
/* Activation quantisers against the vectors and definitions of METHOD.md 2 and of other programs. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/quant/act_quant.h"
#include "tests/support/quant_fixture.h"
#include "tests/support/whole_kernels.h"

static void test_activation_step_and_grid(void **state)
{
    (void)state;
    const int bits[2] = {2, 8};
    const real clip[2] = {6, 3}, probability[2] = {(real)0.25, (real)0.75};
    const arithmetic_rules exact = arithmetic_rules_of(ARITHMETIC_EXACT);
    const arithmetic_rules published = arithmetic_rules_of(ARITHMETIC_REFERENCE);
    pact q;
    act_quant_prepare(&q, 2, bits, clip, 0, probability, ACT_BEHIND_LAYER, &exact);
    assert_near(act_quant_step(&q), 0.25 * 2 + 0.75 * 3 / 255, 1e-7);
    assert_true(q.top[0] == 3 && q.top[1] == 255 && q.snap == 0);
    assert_near(q.scale[1], 85, 1e-4);
    act_quant_prepare(&q, 2, bits, clip, 0, probability, ACT_BEHIND_ADD, &exact);
    assert_true(q.snap == (real)(1.0 / 1024));
    act_quant_prepare(&q, 2, bits, clip, 0, probability, ACT_BEHIND_ADD, &published);
    assert_true(q.high[0] == 6 && q.snap == 0);
}

/* A quantiser of one precision. */
static pact quantiser_of(int bits, real clip, levels_rule levels)
{
    const arithmetic_rules exact = {0};
    pact q;
    act_quant_prepare(&q, 1, &bits, &clip, 0, &(real){1}, ACT_BEHIND_LAYER, &exact);
    if (levels == LEVELS_OPEN) act_quant_open_levels(&q, &bits);
    return q;
}

/* The codes of a branch and those of every unsigned precision are whole numbers of half a signed step. */
static void check_signed_grid(levels_rule levels, int steps)
{
    const real clip = (real)3.7;
    pact q;
    act_quant_prepare_signed(&q, clip, levels);
    const kernel_table *k = kernels_choose(NULL);
    const double half = (double)clip / steps;
    for (int i = -600; i <= 600; i++) {
        real x = (real)(0.37 * i * half), y;
        k->pact_forward(&y, &x, &q, 1);
        double code = rint(0.37 * i / 2);
        if (fabs(0.37 * i / 2 - floor(0.37 * i / 2) - 0.5) < 1e-3) continue; /* on a border */
        code = fmin(fmax(code, -128), 127);
        assert_near((double)y, code * 2 * half, 1e-6 * (double)clip);
    }
    for (int bits = 2; bits <= 8; bits *= 2) {
        const pact one = quantiser_of(bits, clip, levels);
        double halves = (double)act_quant_step(&one) / half;
        assert_near(halves, rint(halves), 1e-4);
    }
}

static void test_signed_grid_is_common_to_the_group(void **state)
{
    (void)state;
    check_signed_grid(LEVELS_CLOSED, 255);
    check_signed_grid(LEVELS_OPEN, 256);
}

/* Saturated values move with the clip: 127 and -128 steps of 2 c / 255, or / 256. */
static void check_signed_slope(levels_rule levels)
{
    const kernel_table *k = kernels_choose(NULL);
    const real x[4] = {100, -100, 50, (real)0.1}, g[4] = {1, (real)0.5, (real)-0.25, 7};
    real clip[2] = {(real)1.99, (real)2.01}, y[4];
    double value[2] = {0};
    for (int side = 0; side < 2; side++) {
        pact q;
        act_quant_prepare_signed(&q, clip[side], levels);
        k->pact_forward(y, x, &q, 4);
        for (int i = 0; i < 3; i++) value[side] += (double)g[i] * (double)y[i]; /* x[3] is inside: straight through */
    }
    pact q;
    real dx[4], dclip[PACT_MAX], dprobability[PACT_MAX], dlow;
    act_quant_prepare_signed(&q, 2, levels);
    whole_pact_backward(k, dx, dclip, dprobability, &dlow, g, x, &q, 4);
    assert_near((double)act_quant_signed_slope(dclip[0], dlow, levels), (value[1] - value[0]) / 0.02, 1e-4);
    assert_true(dx[0] == 0 && dx[1] == 0 && dx[2] == 0 && dx[3] == 7);
}

static void test_signed_slope_is_the_difference_quotient(void **state)
{
    (void)state;
    check_signed_slope(LEVELS_CLOSED);
    check_signed_slope(LEVELS_OPEN);
}

/* The published vector of impq's activations: levels k c / 2^a, half a step to the even code, gradients straight
 * through between 0 and the clip. */
static void test_activations_of_impq_are_those_published(void **state)
{
    (void)state;
    const real x[10] = {-1, 0, (real)0.4, (real)0.5, (real)0.6, (real)1.6, (real)2.9, (real)3.4, (real)3.6, 9};
    const real wanted[10] = {0, 0, 0, 0, 1, 2, 3, 3, 3, 3}, passes[10] = {0, 0, 1, 1, 1, 1, 1, 1, 1, 0};
    real y[10], dx[10], g[10], dclip[PACT_MAX], dprobability[PACT_MAX];
    for (int i = 0; i < 10; i++) g[i] = (real)(i + 1);
    pact q = quantiser_of(2, 4, LEVELS_OPEN);
    act_quant_round_to_even(&q);
    static const char *const names[] = {"avx512", "avx2", "portable"};
    for (int n = 0; n < 3; n++) {
        const kernel_table *k = kernels_choose(names[n]);
        if (k == NULL) continue;
        k->pact_forward(y, x, &q, 10);
        whole_pact_backward(k, dx, dclip, dprobability, NULL, g, x, &q, 10);
        for (int i = 0; i < 10; i++) assert_true(y[i] == wanted[i] && dx[i] == passes[i] * g[i]);
    }
    for (int bits = 1; bits <= 8; bits++) { /* the formula itself, at another clip */
        const double clip = 2.75, levels = 1 << bits;
        q = quantiser_of(bits, (real)clip, LEVELS_OPEN);
        act_quant_round_to_even(&q);
        for (int i = -40; i < 900; i++) {
            const real value = (real)(clip * i / 800);
            const double inside = fmin(fmax((double)value, 0), clip), place = (double)value * levels / clip;
            if (fabs(fabs(place - floor(place)) - 0.5) < 1e-4) continue; /* on a border but for rounding */
            kernels_choose(NULL)->pact_forward(y, &value, &q, 1);
            assert_near((double)y[0], fmin(rint(inside * levels / clip) / levels, 1 - 1 / levels) * clip, 1e-6);
        }
    }
}

/* Those of Zur et al.: q = rint(clamp(x, 0, c) (2^a - 1) / c) c / (2^a - 1). */
static void test_activations_of_the_deviation_follow_their_formula(void **state)
{
    (void)state;
    for (int bits = 1; bits <= 8; bits++) {
        const double top = (1 << bits) - 1, clip = top / 4; /* steps of 1/4: ties are exact */
        pact q = quantiser_of(bits, (real)clip, LEVELS_CLOSED);
        act_quant_round_to_even(&q);
        for (int i = -40; i < 8 * (1 << bits); i++) {
            const real value = (real)(i / 16.0);
            real y;
            kernels_choose(NULL)->pact_forward(&y, &value, &q, 1);
            assert_true((double)y == rint(fmin(fmax((double)value, 0), clip) * 4) / 4);
        }
    }
}

static void test_rounding_to_nearest_moves_borders_by_half_a_step(void **state)
{
    (void)state;
    const kernel_table *k = kernels_choose(NULL);
    const int bits = 4;
    const real clip = 15, all = 1;
    const arithmetic_rules exact = {0};
    pact q;
    act_quant_prepare(&q, 1, &bits, &clip, 0, &all, ACT_BEHIND_LAYER, &exact);
    act_quant_round_to_nearest(&q);
    const real x[] = {(real)-3, (real)0.49, (real)0.51, (real)6.49, (real)6.51, (real)14.6, (real)99};
    const real wanted[] = {0, 0, 1, 6, 7, 15, 15};
    real y[7];
    k->pact_forward(y, x, &q, 7);
    for (int i = 0; i < 7; i++) assert_near((double)y[i], (double)wanted[i], 1e-6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_activation_step_and_grid),
        cmocka_unit_test(test_signed_grid_is_common_to_the_group),
        cmocka_unit_test(test_signed_slope_is_the_difference_quotient),
        cmocka_unit_test(test_rounding_to_nearest_moves_borders_by_half_a_step),
        cmocka_unit_test(test_activations_of_impq_are_those_published),
        cmocka_unit_test(test_activations_of_the_deviation_follow_their_formula),
    };
    return cmocka_run_group_tests_name("act_quant", tests, NULL, NULL);
}
