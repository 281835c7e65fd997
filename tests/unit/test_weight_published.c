/* links: core_quant */
/* Weight quantisers of other systems, against published values and formulas. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/quant/weight_noise.h"
#include "tests/support/quant_fixture.h"

static const real SEVEN[7] = {-1, (real)-0.4, (real)-0.05, 0, (real)0.05, (real)0.3, (real)0.8};

/* The values of the authors' formula, of b = 1 ... 4. */
static void test_midrise_levels_are_those_published(void **state)
{
    (void)state;
    static const double wanted[4][7] = {{-0.5, -0.5, -0.5, 0.5, 0.5, 0.5, 0.5},
                                        {-0.75, -0.25, -0.25, 0.25, 0.25, 0.25, 0.75},
                                        {-0.875, -0.375, -0.125, 0.125, 0.125, 0.375, 0.875},
                                        {-0.9375, -0.4375, -0.0625, 0.0625, 0.0625, 0.3125, 0.8125}};
    for (int bits = 1; bits <= 4; bits++) {
        real W[7], step;
        const weight_choice only = choice_of_one(quantizer_named(WEIGHT_STEP_MIDRISE), bits, NULL);
        weight_mix(W, &step, SEVEN, 7, 1, &only);
        for (int k = 0; k < 7; k++) assert_near((double)W[k], wanted[bits - 1][k], 1e-7);
        assert_near((double)step, 1.0 / (1 << bits), 1e-7); /* half the distance of two levels */
    }
}

/* At every precision: 2^b odd codes, in the formula of the program; the gain stands behind the codes. */
static void test_midrise_follows_its_formula(void **state)
{
    (void)state;
    real w[STEP_ROWS * STEP_CHANNELS], W[STEP_ROWS * STEP_CHANNELS], step[STEP_CHANNELS], gain[STEP_CHANNELS];
    fill_weights(w);
    for (int k = 0; k < STEP_ROWS; k++) w[k * STEP_CHANNELS + 3] = 0;
    for (int c = 0; c < STEP_CHANNELS; c++) gain[c] = (real)(c % 2 == 0 ? 1 : -2);
    for (int bits = 1; bits <= 8; bits++) {
        weight_choice only = choice_of_one(quantizer_named(WEIGHT_STEP_MIDRISE), bits, NULL);
        only.gain = gain;
        weight_mix(W, step, w, STEP_ROWS, STEP_CHANNELS, &only);
        for (int c = 0; c < STEP_CHANNELS; c++) {
            double largest = 0;
            for (int k = 0; k < STEP_ROWS; k++) largest = fmax(largest, fabs((double)w[k * STEP_CHANNELS + c]));
            for (int k = 0; k < STEP_ROWS; k++) {
                const double value = (double)W[k * STEP_CHANNELS + c];
                if (largest == 0) {
                    assert_true(value == 0);
                    continue;
                }
                const double inside =
                    fmin(fmax((double)w[k * STEP_CHANNELS + c] / (2 * largest), -0.5 + 1e-6), 0.5 - 1e-6) * (1 << bits);
                const double distance = 2 * largest / (1 << bits), code = rint(inside - 0.5) + 0.5;
                if (fabs(inside - rint(inside)) < 1e-4) continue; /* a border: either side will do */
                assert_near(value, code * distance * (double)gain[c], 1e-5 * largest);
                assert_near(fabs(remainder(value / (double)step[c], 2)), 1, 1e-3);
            }
        }
    }
}

/* Straight through: the gradient of the effective weights is that of the weights. */
static void test_midrise_passes_gradients_on(void **state)
{
    (void)state;
    const weight_quantizer *by_bits[WEIGHT_PRECISIONS];
    for (int b = 0; b < WEIGHT_PRECISIONS; b++) by_bits[b] = quantizer_named(WEIGHT_STEP_MIDRISE);
    real dw[7], steps[1] = {(real)0.25};
    const int8_t bits[1] = {2};
    for (int k = 0; k < 7; k++) dw[k] = (real)(k - 3);
    weight_quantizer_gradient(by_bits, dw, NULL, SEVEN, steps, bits, 7, 1);
    for (int k = 0; k < 7; k++) assert_true(dw[k] == (real)(k - 3));
}

/* The published values, of b = 2 ... 4 at the clip 0.9. */
static void test_codes_of_the_deviation_are_those_published(void **state)
{
    (void)state;
    static const double wanted[3][7] = {
        {-0.9, 0, 0, 0, 0, 0, 0.9}, {-0.9, -0.3, 0, 0, 0, 0.3, 0.9}, {-0.9, -0.385714, 0, 0, 0, 0.257143, 0.771429}};
    for (int bits = 2; bits <= 4; bits++) {
        const real given = (real)(0.9 / ((1 << bits) / 2 - 1));
        real W[7], step;
        const weight_choice only = choice_of_one(quantizer_named(WEIGHT_STEP_DEVIATION), bits, &given);
        weight_mix(W, &step, SEVEN, 7, 1, &only);
        for (int k = 0; k < 7; k++) assert_near((double)W[k], wanted[bits - 2][k], 1e-6);
    }
}

/* |mean + sign(mean) 3.45 deviation| at every precision above 1 bit; zeros do not count, nor does a scale. */
static void test_clips_of_the_deviation(void **state)
{
    (void)state;
    const weight_quantizer *q = quantizer_named(WEIGHT_STEP_DEVIATION);
    real w[STEP_ROWS * STEP_CHANNELS], larger[2 * STEP_ROWS * STEP_CHANNELS] = {0};
    real steps[STEP_CHANNELS], larger_steps[STEP_CHANNELS];
    fill_weights(w);
    for (int i = 0; i < STEP_ROWS * STEP_CHANNELS; i++) {
        w[i] += (real)(0.002 * (i % STEP_CHANNELS - 20)); /* means of both signs */
        larger[2 * i - i % STEP_CHANNELS] = 4 * w[i];
    }
    for (int bits = 2; bits <= 8; bits++) {
        weight_quantizer_steps(q, steps, w, STEP_ROWS, STEP_CHANNELS, bits);
        weight_quantizer_steps(q, larger_steps, larger, 2 * STEP_ROWS, STEP_CHANNELS, bits);
        for (int c = 0; c < STEP_CHANNELS; c++) {
            double mean = 0, square = 0;
            for (int k = 0; k < STEP_ROWS; k++) mean += (double)w[k * STEP_CHANNELS + c] / STEP_ROWS;
            for (int k = 0; k < STEP_ROWS; k++) square += pow((double)w[k * STEP_CHANNELS + c] - mean, 2) / STEP_ROWS;
            const double clip = fabs(mean + (mean < 0 ? -1 : 1) * 3.45 * sqrt(square));
            assert_near((double)steps[c], clip / ((1 << bits) / 2 - 1), 1e-5 * clip);
            assert_true(larger_steps[c] == 4 * steps[c]);
        }
    }
    real zeros[3] = {0}, step;
    weight_quantizer_steps(q, &step, zeros, 3, 1, 4);
    assert_true(step == 1);
    weight_quantizer_steps(q, &step, (const real[]){-2, 0, 2}, 3, 1, 2); /* a mean of 0 has a clip, too */
    assert_near((double)step, 3.45 * 2, 1e-6);
    assert_true(q->learns_steps && q->gradient == NULL); /* a step of its own that nothing moves */
}

/* Each weight independently: with probability 0.05 w + U(-step/2, step/2) within the clips, else its quantised value.
 */
static void test_noise_of_weights_is_that_published(void **state)
{
    (void)state;
    enum { NOISY_ROWS = 4000, NOISY_CHANNELS = 3, DRAWS = 20 };
    static real w[NOISY_ROWS * NOISY_CHANNELS], W[NOISY_ROWS * NOISY_CHANNELS], again[NOISY_ROWS * NOISY_CHANNELS];
    const real clip[NOISY_CHANNELS] = {(real)0.9, (real)0.9, 0}, step[NOISY_CHANNELS] = {(real)0.3, (real)0.9, 0};
    const weight_noise_draw at = {.seed = 3, .step = 7, .layer = 2};
    const real untouched = -5;
    double noisy = 0, inside = 0, sum = 0, squares = 0, clamped = 0;
    for (int k = 0; k < NOISY_ROWS * NOISY_CHANNELS; k++) w[k] = (real)((k / NOISY_CHANNELS % 41 - 20) * 0.05);
    for (uint32_t draw = 0; draw < DRAWS; draw++) {
        for (int k = 0; k < NOISY_ROWS * NOISY_CHANNELS; k++) W[k] = untouched;
        weight_noise(W, w, clip, step, NOISY_ROWS, NOISY_CHANNELS, 0.05, (weight_noise_draw){3, draw, 2});
        for (int k = 0; k < NOISY_ROWS * NOISY_CHANNELS; k++) {
            const int c = k % NOISY_CHANNELS;
            if (W[k] == untouched) continue;
            noisy++;
            assert_true(W[k] >= -clip[c] && W[k] <= clip[c]);
            assert_true(real_abs(W[k] - w[k]) <= step[c] / 2 + (real)1e-6 || real_abs(W[k]) == clip[c]);
            clamped += c < 2 && real_abs(W[k]) == clip[c];
            if (c == 2 || real_abs(w[k]) + step[c] / 2 > clip[c]) continue; /* never clamped: uniform */
            const double u = (double)((W[k] - w[k]) / step[c]);
            inside++;
            sum += u;
            squares += u * u * 12;
        }
    }
    const double all = DRAWS * NOISY_ROWS * NOISY_CHANNELS;
    assert_near(noisy / all, 0.05, 4 * sqrt(0.05 * 0.95 / all));
    assert_true(clamped > 100);
    assert_true(inside > noisy / 3); /* mean 0 and variance 1/12 within 4 standard errors */
    assert_near(sum / inside, 0, 4 / sqrt(12 * inside));
    assert_near(squares / inside, 1, 4 * sqrt(0.8 / inside));
    for (int k = 0; k < NOISY_ROWS * NOISY_CHANNELS; k++) W[k] = again[k] = untouched;
    weight_noise(W, w, clip, step, NOISY_ROWS, NOISY_CHANNELS, 0.05, at);
    weight_noise(again, w, clip, step, NOISY_ROWS, NOISY_CHANNELS, 0.05, at);
    assert_memory_equal(W, again, sizeof W);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_midrise_levels_are_those_published),
        cmocka_unit_test(test_midrise_follows_its_formula),
        cmocka_unit_test(test_midrise_passes_gradients_on),
        cmocka_unit_test(test_codes_of_the_deviation_are_those_published),
        cmocka_unit_test(test_clips_of_the_deviation),
        cmocka_unit_test(test_noise_of_weights_is_that_published),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
