/* links: core_quant */
/* The choice of precisions: shares, their gradient, the largest logit, keep-alive (METHOD.md 1). */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/quant/choice.h"
#include "tests/support/quant_fixture.h"

static void test_initial_shares_are_those_of_the_method(void **state)
{
    (void)state;
    const real logits[4] = {0, (real)0.25, (real)0.5, 1};
    const double wanted[4] = {0.15035269, 0.19305667, 0.24788967, 0.40870097};
    real probability[4];
    choice_softmax(probability, logits, 4, 1, 1);
    for (int p = 0; p < 4; p++) assert_near(probability[p], wanted[p], 1e-7);
    choice_softmax(probability, logits, 4, 1, (real)1e-9);
    assert_true(probability[3] == 1 && probability[0] == 0 && probability[1] == 0 && probability[2] == 0);
    const real tie[4] = {1, 3, 3, 2};
    choice_onehot(probability, tie, 4, 1);
    assert_true(probability[1] == 1 && probability[2] == 0);
}

static void test_softmax_gradient_is_the_difference_quotient(void **state)
{
    (void)state;
    enum { P = 3, C = 2 };
    const real temperature = (real)0.6, shift = (real)1e-2;
    real logits[P * C] = {(real)0.1, (real)-0.4, (real)0.7, (real)0.2, (real)-0.3, (real)0.9};
    const real upstream[P * C] = {1, -2, (real)0.5, 3, (real)-0.7, (real)0.2};
    real probability[P * C], dlogits[P * C];
    choice_softmax(probability, logits, P, C, temperature);
    choice_softmax_backward(dlogits, upstream, probability, P, C, temperature);
    for (int i = 0; i < P * C; i++) {
        double value[2];
        for (int side = 0; side < 2; side++) {
            real kept = logits[i];
            logits[i] += side == 0 ? -shift : shift;
            choice_softmax(probability, logits, P, C, temperature);
            logits[i] = kept;
            value[side] = 0;
            for (int k = 0; k < P * C; k++) value[side] += (double)probability[k] * (double)upstream[k];
        }
        assert_near(dlogits[i], (value[1] - value[0]) / (2 * (double)shift), 2e-4);
    }
}

static void test_keep_alive_revives_the_closest_channel(void **state)
{
    (void)state;
    /* three channels, all pruned; channel 1 is closest to living, at its second precision */
    const real logits[9] = {5, 5, 5, 1, 2, 1, 1, (real)4.5, 2};
    real probability[9];
    choice_onehot(probability, logits, 3, 3);
    choice_keep_alive(probability, logits, 3, 3);
    const real wanted[9] = {1, 0, 1, 0, 0, 0, 0, 1, 0};
    for (int i = 0; i < 9; i++) assert_true(probability[i] == wanted[i]);
    choice_keep_alive(probability, logits, 3, 3); /* somebody lives: nothing changes */
    for (int i = 0; i < 9; i++) assert_true(probability[i] == wanted[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_initial_shares_are_those_of_the_method),
        cmocka_unit_test(test_softmax_gradient_is_the_difference_quotient),
        cmocka_unit_test(test_keep_alive_revives_the_closest_channel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
