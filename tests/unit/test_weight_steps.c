/* links: core_quant */
/* Steps of weights: of smallest error, given, and learned, against their definitions. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/quant_fixture.h"

static double squared_error(const real *w, int channel, double step, int bits)
{
    double error = 0;
    for (int k = 0; k < STEP_ROWS; k++) {
        double x = (double)w[k * STEP_CHANNELS + channel];
        error += pow(x - step * code_of(x, step, bits), 2);
    }
    return error;
}

static void test_mean_square_steps_are_near_the_best(void **state)
{
    (void)state;
    real w[STEP_ROWS * STEP_CHANNELS], steps[STEP_CHANNELS];
    fill_weights(w);
    for (int bits = 1; bits <= 8; bits++) {
        mean_square_steps(steps, w, STEP_ROWS, STEP_CHANNELS, bits);
        double all = 0, best_of_all = 0;
        for (int c = 0; c < STEP_CHANNELS; c++) {
            double own = squared_error(w, c, (double)steps[c], bits), best = own;
            for (double factor = 0.3; factor < 3; factor *= 1.004)
                best = fmin(best, squared_error(w, c, factor * (double)steps[c], bits));
            all += own / best;
            best_of_all += 1;
        }
        if (all > (bits <= 4 ? 1.15 : 1.3) * best_of_all)
            fail_msg("%d bit: %.3f times the smallest error", bits, all / best_of_all);
    }
}

/* What folding rests on: k times the weights have k times the steps, and zeros do not count. */
static void test_mean_square_steps_are_homogeneous(void **state)
{
    (void)state;
    real w[STEP_ROWS * STEP_CHANNELS], larger[2 * STEP_ROWS * STEP_CHANNELS] = {0};
    real steps[STEP_CHANNELS], larger_steps[STEP_CHANNELS];
    fill_weights(w);
    for (int k = 0; k < STEP_ROWS; k++)
        for (int c = 0; c < STEP_CHANNELS; c++)
            larger[2 * k * STEP_CHANNELS + c] = w[k * STEP_CHANNELS + c] * (real)(1 << (c % 7)); /* exact */
    for (int bits = 1; bits <= 8; bits++) {
        mean_square_steps(steps, w, STEP_ROWS, STEP_CHANNELS, bits);
        mean_square_steps(larger_steps, larger, 2 * STEP_ROWS, STEP_CHANNELS, bits);
        for (int c = 0; c < STEP_CHANNELS; c++) assert_true(larger_steps[c] == steps[c] * (real)(1 << (c % 7)));
    }
}

static void test_channels_of_zeros_have_a_step(void **state)
{
    (void)state;
    real w[3 * 2] = {0, 1, 0, -2, 0, 0}, steps[2];
    for (int bits = 1; bits <= 8; bits++) {
        mean_square_steps(steps, w, 3, 2, bits);
        assert_true(steps[0] == 1);
        assert_true(steps[1] > 0 && steps[1] <= 2);
    }
}

/* Given steps, one bit and the gain behind the codes, against the definition. */
static void test_given_steps_give_their_codes(void **state)
{
    (void)state;
    real w[STEP_ROWS * STEP_CHANNELS], W[STEP_ROWS * STEP_CHANNELS], steps[3 * STEP_CHANNELS], step[STEP_CHANNELS];
    real gain[STEP_CHANNELS], probability[3] = {(real)0.25, (real)0.25, (real)0.5};
    const int bits[3] = {1, 3, 4};
    fill_weights(w);
    const weight_quantizer *mse = quantizer_named(WEIGHT_STEP_MSE);
    weight_choice choice = {.precisions = 3,
                            .bits = {1, 3, 4},
                            .columns = 1,
                            .probability = probability,
                            .quantizer = {mse, mse, mse},
                            .steps = steps,
                            .gain = gain};
    for (int p = 0; p < 3; p++) mean_square_steps(steps + p * STEP_CHANNELS, w, STEP_ROWS, STEP_CHANNELS, bits[p]);
    for (int c = 0; c < STEP_CHANNELS; c++) gain[c] = (real)(c % 5 + 1);
    weight_mix(W, step, w, STEP_ROWS, STEP_CHANNELS, &choice);
    for (int c = 0; c < STEP_CHANNELS; c++) {
        double mixed_step = 0;
        for (int p = 0; p < 3; p++)
            mixed_step += (double)probability[p] * (double)steps[p * STEP_CHANNELS + c] * (double)gain[c];
        assert_near((double)step[c], mixed_step, 1e-6 * mixed_step);
        for (int k = 0; k < STEP_ROWS; k++) {
            double x = (double)w[k * STEP_CHANNELS + c], wanted = 0;
            for (int p = 0; p < 3; p++) {
                double s = (double)steps[p * STEP_CHANNELS + c];
                wanted += (double)probability[p] * code_of(x, s, bits[p]) * s * (double)gain[c];
            }
            assert_near((double)W[k * STEP_CHANNELS + c], wanted, 1e-5 * mixed_step);
        }
    }
}

/* Weight by weight from the definition; a channel without a learned step keeps its gradient. */
static void test_gradient_of_learned_steps_is_its_definition(void **state)
{
    (void)state;
    real w[STEP_ROWS * STEP_CHANNELS], dw[STEP_ROWS * STEP_CHANNELS], G[STEP_ROWS * STEP_CHANNELS];
    real steps[STEP_CHANNELS], dlog_step[STEP_CHANNELS] = {0};
    const weight_quantizer *learned = quantizer_named(WEIGHT_STEP_LEARNED), *by_bits[WEIGHT_PRECISIONS];
    for (int b = 0; b < WEIGHT_PRECISIONS; b++) by_bits[b] = learned;
    int8_t bits[STEP_CHANNELS];
    fill_weights(w);
    mean_square_steps(steps, w, STEP_ROWS, STEP_CHANNELS, 2);
    for (int c = 0; c < STEP_CHANNELS; c++) {
        bits[c] = (int8_t)(c % 5); /* 0 ... 4 */
        steps[c] *= (real)0.6;     /* so that something lies outside at every precision */
    }
    for (int i = 0; i < STEP_ROWS * STEP_CHANNELS; i++) dw[i] = G[i] = (real)sin(0.7 * i + 1);
    weight_quantizer_gradient(by_bits, dw, dlog_step, w, steps, bits, STEP_ROWS, STEP_CHANNELS);
    int masked = 0;
    for (int c = 0; c < STEP_CHANNELS; c++) {
        double half = (1 << bits[c]) / 2, low = -half, high = bits[c] == 1 ? 1 : half - 1, sum = 0;
        for (int k = 0; k < STEP_ROWS; k++) {
            int i = k * STEP_CHANNELS + c;
            double v = (double)w[i] / (double)steps[c], g = (double)G[i];
            bool inside = bits[c] == 0 || (v >= low && v <= high);
            assert_true(dw[i] == (inside ? G[i] : 0));
            masked += !inside;
            if (bits[c] == 0) continue;
            double inner = bits[c] == 1 ? code_of((double)w[i], 1, 1) : rint(v) - v;
            sum += g * (v < low ? low : v > high ? high : inner);
        }
        double wanted = bits[c] == 0 ? 0 : (double)steps[c] * sum / sqrt(STEP_ROWS * fmax(high, 1));
        assert_near((double)dlog_step[c], wanted, 1e-5 * (fabs(wanted) + (double)steps[c]));
    }
    assert_true(masked > STEP_ROWS);
}

/* Learned at 2 bit, straight through at 4: what belongs to the other channels stays. */
static void test_each_quantizer_sees_its_own_channels(void **state)
{
    (void)state;
    const weight_quantizer *by_bits[WEIGHT_PRECISIONS];
    for (int b = 0; b < WEIGHT_PRECISIONS; b++)
        by_bits[b] = quantizer_named(b == 2 ? WEIGHT_STEP_LEARNED : WEIGHT_STEP_MINMAX);
    real w[4 * 2] = {9, 9, 1, 1, -1, -1, 2, 2}, dw[4 * 2], steps[2] = {1, 1}, dlog_step[2] = {7, 7};
    const int8_t bits[2] = {2, 4};
    for (int i = 0; i < 8; i++) dw[i] = 1;
    weight_quantizer_gradient(by_bits, dw, dlog_step, w, steps, bits, 4, 2);
    assert_true(dw[0] == 0 && dw[2] == 1 && dw[4] == 1 && dw[6] == 0);
    for (int k = 0; k < 4; k++) assert_true(dw[2 * k + 1] == 1);
    assert_near((double)dlog_step[0], 2 / sqrt(4), 1e-6); /* two weights above the range, the others on their codes */
    assert_true(dlog_step[1] == 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mean_square_steps_are_near_the_best),
        cmocka_unit_test(test_mean_square_steps_are_homogeneous),
        cmocka_unit_test(test_channels_of_zeros_have_a_step),
        cmocka_unit_test(test_given_steps_give_their_codes),
        cmocka_unit_test(test_gradient_of_learned_steps_is_its_definition),
        cmocka_unit_test(test_each_quantizer_sees_its_own_channels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
