/* links: core_quant */
/* Codes of the min-max quantiser, effective weights as sums of shares, and biases, against METHOD.md 1 and 2. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/quant/choice.h"
#include "core/quant/weight_minmax.h"
#include "tests/support/quant_fixture.h"

#define MINMAX &weight_quantizer_minmax

static void quantize(real *q, real *step, const real *w, size_t rows, int channels, int bits, bool reference)
{
    real probability = 1;
    const weight_quantizer *minmax = weight_quantizer_of(&(quantizer_rules){0}, reference, bits);
    weight_choice only = {
        .precisions = 1, .bits = {bits}, .quantizer = {minmax}, .columns = 1, .probability = &probability};
    weight_mix(q, step, w, rows, channels, &only);
}

static void test_weight_codes_are_those_of_the_method(void **state)
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
    weight_choice all = {.precisions = PRECISIONS,
                         .bits = {0, 2, 4, 8},
                         .quantizer = {NULL, MINMAX, MINMAX, MINMAX},
                         .columns = CHANNELS,
                         .probability = probability};
    weight_mix(W, step, w, ROWS, CHANNELS, &all);
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
        weight_choice all = {.precisions = PRECISIONS,
                             .bits = {0, 2, 4, 8},
                             .quantizer = {NULL, MINMAX, MINMAX, MINMAX},
                             .columns = columns,
                             .probability = probability};
        for (int i = 0; i < PRECISIONS * columns; i++) dprobability[i] = 0;
        weight_mix_backward(dprobability, dW, w, ROWS, CHANNELS, &all);
        for (int p = 0; p < PRECISIONS; p++)
            for (int c = 0; c < columns; c += 23) {
                for (int i = 0; i < PRECISIONS * columns; i++) probability[i] = 0;
                probability[p * columns + c] = 1;
                weight_mix(W, step, w, ROWS, CHANNELS, &all);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weight_codes_are_those_of_the_method),
        cmocka_unit_test(test_extreme_weights_keep_their_codes_at_every_scale),
        cmocka_unit_test(test_zero_channel_and_zero_bits_give_zero),
        cmocka_unit_test(test_mixing_is_the_sum_of_shares_times_levels),
        cmocka_unit_test(test_gradient_of_shares_is_the_difference_quotient),
        cmocka_unit_test(test_bias_is_on_its_grid_or_pruned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
