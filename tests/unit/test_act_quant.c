/* links: core_quant */
/* Activation quantisers: the grid of a layer and that of a branch in front of an addition. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/quant/act_quant.h"
#include "tests/support/quant_fixture.h"

static void test_activation_step_and_grid(void **state)
{
    (void)state;
    const int bits[2] = {2, 8};
    const real clip[2] = {6, 3}, probability[2] = {(real)0.25, (real)0.75};
    assert_near(act_quant_step(2, bits, clip, 0, probability), 0.25 * 2 + 0.75 * 3 / 255, 1e-7);
    const arithmetic_rules exact = arithmetic_rules_of(ARITHMETIC_EXACT);
    const arithmetic_rules published = arithmetic_rules_of(ARITHMETIC_REFERENCE);
    pact q;
    act_quant_prepare(&q, 2, bits, clip, 0, probability, ACT_BEHIND_LAYER, &exact);
    assert_true(q.top[0] == 3 && q.top[1] == 255 && q.snap == 0);
    assert_near(q.scale[1], 85, 1e-4);
    act_quant_prepare(&q, 2, bits, clip, 0, probability, ACT_BEHIND_ADD, &exact);
    assert_true(q.snap == (real)(1.0 / 1024));
    act_quant_prepare(&q, 2, bits, clip, 0, probability, ACT_BEHIND_ADD, &published);
    assert_true(q.high[0] == 6 && q.snap == 0);
}

/* The codes of a branch and those of every unsigned precision are whole numbers of half a signed step. */
static void test_signed_grid_is_common_to_the_group(void **state)
{
    (void)state;
    const real clip = (real)3.7;
    pact q;
    act_quant_prepare_signed(&q, clip);
    const kernel_table *k = kernels_choose(NULL);
    const double half = (double)clip / 255;
    for (int i = -600; i <= 600; i++) {
        real x = (real)(0.37 * i * half), y;
        k->pact_forward(&y, &x, &q, 1);
        double code = rint(0.37 * i / 2);
        if (fabs(0.37 * i / 2 - floor(0.37 * i / 2) - 0.5) < 1e-3) continue; /* on a border */
        code = fmin(fmax(code, -128), 127);
        assert_near((double)y, code * 2 * half, 1e-6 * (double)clip);
    }
    const int bits[] = {2, 4, 8};
    for (int b = 0; b < 3; b++) {
        double halves = (double)act_quant_step(1, &bits[b], &clip, 0, &(real){1}) / half;
        assert_near(halves, rint(halves), 1e-4);
    }
}

/* Saturated values move with the clip: 127 and -128 steps of 2 c / 255. */
static void test_signed_slope_is_the_difference_quotient(void **state)
{
    (void)state;
    const kernel_table *k = kernels_choose(NULL);
    const real x[4] = {100, -100, 50, (real)0.1}, g[4] = {1, (real)0.5, (real)-0.25, 7};
    real clip[2] = {(real)1.99, (real)2.01}, y[4];
    double value[2] = {0};
    for (int side = 0; side < 2; side++) {
        pact q;
        act_quant_prepare_signed(&q, clip[side]);
        k->pact_forward(y, x, &q, 4);
        for (int i = 0; i < 3; i++) value[side] += (double)g[i] * (double)y[i]; /* x[3] is inside: straight through */
    }
    pact q;
    real dx[4], dclip[PACT_MAX], dprobability[PACT_MAX], dlow;
    act_quant_prepare_signed(&q, 2);
    k->pact_backward(dx, dclip, dprobability, &dlow, g, x, &q, 4);
    assert_near((double)act_quant_signed_slope(dclip[0], dlow), (value[1] - value[0]) / 0.02, 1e-3);
    assert_true(dx[0] == 0 && dx[1] == 0 && dx[2] == 0 && dx[3] == 7);
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
