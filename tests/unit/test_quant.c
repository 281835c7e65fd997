/* links: core_quant */
/* Weight, bias and activation quantisers and the choice of precisions, against the vectors and definitions of method.md
 * 1 and 2. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/quant/act_quant.h"
#include "core/quant/choice.h"
#include "core/quant/weight_quant.h"

static void assert_near(double value, double wanted, double tolerance)
{
    if (fabs(value - wanted) > tolerance) fail_msg("%.9g is not %.9g within %g", value, wanted, tolerance);
}

static void quantize(real *q, real *step, const real *w, size_t rows, int channels, int bits, bool reference)
{
    real probability = 1;
    weight_choice only = {.precisions = 1, .bits = {bits}, .columns = 1, .probability = &probability};
    weight_mix(q, step, w, rows, channels, &only, reference);
}

static void test_weight_codes_are_those_of_the_dossier(void **state)
{
    (void)state;
    const real w[4] = {-1, (real)0.5, (real)0.3, 1};
    const int codes[3][4] = {{-2, 1, 0, 1}, {-8, 4, 2, 7}, {-128, 64, 38, 127}};
    const int bits[3] = {2, 4, 8};
    for (int reference = 0; reference < 2; reference++)
        for (int b = 0; b < 3; b++) {
            real q[4], step;
            quantize(q, &step, w, 4, 1, bits[b], reference == 1);
            assert_near(step, 2.0 / ((1 << bits[b]) - 1), 1e-7);
            /* in reference arithmetic the division decides which side of its tie the first weight falls on */
            for (int k = reference; k < 4; k++) assert_near(q[k] / step, codes[b][k], 2e-5);
            if (reference == 1) assert_near(q[0] / step, codes[b][0] + 0.5, 0.5 + 2e-5);
        }
}

/* The extreme weights lie exactly on a rounding tie; any range must give the same codes. */
static void test_extreme_weights_keep_their_codes_at_every_scale(void **state)
{
    (void)state;
    for (int i = 1; i < 4000; i++) {
        real m = (real)(0.000317 * i), w[2] = {-m, m}, q[2], step;
        const int bits[3] = {2, 4, 8};
        for (int b = 0; b < 3; b++) {
            quantize(q, &step, w, 2, 1, bits[b], false);
            assert_near(q[0] / step, -(1 << bits[b]) / 2, 1e-3);
            assert_near(q[1] / step, (1 << bits[b]) / 2 - 1, 1e-3);
        }
    }
}

static void test_zero_channel_and_zero_bits_give_zero(void **state)
{
    (void)state;
    const real w[4] = {0, 3, 0, -2}; /* (2 rows, 2 channels): channel 0 is all zero */
    real q[4], step[2];
    quantize(q, step, w, 2, 2, 8, false);
    assert_true(q[0] == 0 && q[2] == 0);
    assert_near(step[0], 1.0 / 255, 1e-9);
    quantize(q, step, w, 2, 2, 0, false);
    for (int k = 0; k < 4; k++) assert_true(q[k] == 0);
    assert_true(step[0] == 0 && step[1] == 0);
}

/* 70 channels: more than one block of channels; 4 precisions with probabilities of their own for every channel. */
enum { ROWS = 9, CHANNELS = 70, PRECISIONS = 4 };

static void fill(real *values, int count, int salt)
{
    for (int i = 0; i < count; i++) values[i] = (real)(sin(0.7 * i + salt) + 0.3 * cos(2.9 * i * salt + 1));
}

static void test_mixing_is_the_sum_of_shares_times_levels(void **state)
{
    (void)state;
    static real w[ROWS * CHANNELS], probability[PRECISIONS * CHANNELS], W[ROWS * CHANNELS], step[CHANNELS];
    static real q[ROWS * CHANNELS], own[CHANNELS], logits[PRECISIONS * CHANNELS];
    fill(w, ROWS * CHANNELS, 1);
    fill(logits, PRECISIONS * CHANNELS, 2);
    choice_softmax(probability, logits, PRECISIONS, CHANNELS, (real)0.7);
    weight_choice all = {
        .precisions = PRECISIONS, .bits = {0, 2, 4, 8}, .columns = CHANNELS, .probability = probability};
    weight_mix(W, step, w, ROWS, CHANNELS, &all, false);
    static double sum[ROWS * CHANNELS], steps[CHANNELS];
    for (int p = 1; p < PRECISIONS; p++) {
        quantize(q, own, w, ROWS, CHANNELS, all.bits[p], false);
        for (int i = 0; i < ROWS * CHANNELS; i++)
            sum[i] += (double)probability[p * CHANNELS + i % CHANNELS] * (double)q[i];
        for (int c = 0; c < CHANNELS; c++) steps[c] += (double)probability[p * CHANNELS + c] * (double)own[c];
    }
    for (int i = 0; i < ROWS * CHANNELS; i++) assert_near(W[i], sum[i], 1e-6);
    for (int c = 0; c < CHANNELS; c++) assert_near(step[c], steps[c], 1e-6);
}

/* W is linear in the probabilities, so the gradient is exact: compare with differences of size one. */
static void test_gradient_of_shares_is_the_difference_quotient(void **state)
{
    (void)state;
    static real w[ROWS * CHANNELS], dW[ROWS * CHANNELS], probability[PRECISIONS * CHANNELS],
        dprobability[PRECISIONS * CHANNELS];
    static real W[ROWS * CHANNELS], step[CHANNELS];
    fill(w, ROWS * CHANNELS, 3);
    fill(dW, ROWS * CHANNELS, 5);
    for (int per_layer = 0; per_layer < 2; per_layer++) {
        int columns = per_layer == 1 ? 1 : CHANNELS;
        weight_choice all = {
            .precisions = PRECISIONS, .bits = {0, 2, 4, 8}, .columns = columns, .probability = probability};
        for (int i = 0; i < PRECISIONS * columns; i++) dprobability[i] = 0;
        weight_mix_backward(dprobability, dW, w, ROWS, CHANNELS, &all, false);
        for (int p = 0; p < PRECISIONS; p++)
            for (int c = 0; c < columns; c += 23) {
                for (int i = 0; i < PRECISIONS * columns; i++) probability[i] = 0;
                probability[p * columns + c] = 1;
                weight_mix(W, step, w, ROWS, CHANNELS, &all, false);
                double wanted = 0;
                for (int i = 0; i < ROWS * CHANNELS; i++) wanted += (double)W[i] * (double)dW[i];
                assert_near(dprobability[p * columns + c], wanted, 2e-5 * (per_layer == 1 ? CHANNELS : 1));
            }
    }
}

static void test_bias_is_on_its_grid_or_pruned(void **state)
{
    (void)state;
    const real bias[3] = {(real)0.307, (real)-0.149, 5}, step[3] = {(real)0.1, (real)0.2, 0};
    real B[3];
    bias_quantize(B, bias, step, (real)0.5, 3);
    assert_near(B[0], 0.3, 1e-6);  /* 0.307 / 0.05 = 6.14 -> 6 */
    assert_near(B[1], -0.1, 1e-6); /* -1.49 -> -1 */
    assert_true(B[2] == 0);
}

static void test_initial_shares_are_those_of_the_dossier(void **state)
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weight_codes_are_those_of_the_dossier),
        cmocka_unit_test(test_extreme_weights_keep_their_codes_at_every_scale),
        cmocka_unit_test(test_zero_channel_and_zero_bits_give_zero),
        cmocka_unit_test(test_mixing_is_the_sum_of_shares_times_levels),
        cmocka_unit_test(test_gradient_of_shares_is_the_difference_quotient),
        cmocka_unit_test(test_bias_is_on_its_grid_or_pruned),
        cmocka_unit_test(test_initial_shares_are_those_of_the_dossier),
        cmocka_unit_test(test_softmax_gradient_is_the_difference_quotient),
        cmocka_unit_test(test_keep_alive_revives_the_closest_channel),
        cmocka_unit_test(test_activation_step_and_grid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
