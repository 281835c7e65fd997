/* links: core_quant */
/* Weight and bias quantisers and the choice of precisions, against the vectors and definitions of METHOD.md 1 and 2. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/quant/choice.h"
#include "core/quant/weight_noise.h"
#include "core/quant/weight_quant.h"
#include "core/quant/weight_minmax.h"

static void assert_near(double value, double wanted, double tolerance)
{
    if (fabs(value - wanted) > tolerance) fail_msg("%.9g is not %.9g within %g", value, wanted, tolerance);
}

#define MINMAX &weight_quantizer_minmax

static const weight_quantizer *quantizer_named(weight_step_rule rule)
{
    return weight_quantizer_of(&(quantizer_rules){.weight_step_8 = rule}, false, 8);
}

static void mean_square_steps(real *steps, const real *w, size_t rows, int channels, int bits)
{
    weight_quantizer_steps(quantizer_named(WEIGHT_STEP_MSE), steps, w, rows, channels, bits);
}

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

/* ---- steps of smallest error ---- */

enum { STEP_ROWS = 60, STEP_CHANNELS = 70 }; /* more than one block of channels */

static double code_of(double w, double step, int bits)
{
    if (bits == 1) return w < 0 ? -1 : 1;
    double half = 1 << (bits - 1), code = rint(w / step);
    return fmin(fmax(code, -half), half - 1);
}

static double squared_error(const real *w, int channel, double step, int bits)
{
    double error = 0;
    for (int k = 0; k < STEP_ROWS; k++) {
        double x = (double)w[k * STEP_CHANNELS + channel];
        error += pow(x - step * code_of(x, step, bits), 2);
    }
    return error;
}

/* Something like a normal distribution, channel c about c + 1 times as wide as channel 0. */
static void fill_weights(real *w)
{
    for (int i = 0; i < STEP_ROWS * STEP_CHANNELS; i++) {
        double sum = 0;
        for (int k = 0; k < 4; k++) sum += sin(12.9898 * (i * 4 + k + 1)) * cos(78.233 * (i + 7 * k + 3));
        w[i] = (real)(0.01 * (i % STEP_CHANNELS + 1) * sum);
    }
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

/* ---- quantisers of other systems ---- */

static const real SEVEN[7] = {-1, (real)-0.4, (real)-0.05, 0, (real)0.05, (real)0.3, (real)0.8};

static weight_choice choice_of_one(const weight_quantizer *q, int bits, const real *steps)
{
    static const real certain = 1;
    return (weight_choice){
        .precisions = 1, .bits = {bits}, .quantizer = {q}, .columns = 1, .probability = &certain, .steps = steps};
}

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
        cmocka_unit_test(test_weight_codes_are_those_of_the_method),
        cmocka_unit_test(test_extreme_weights_keep_their_codes_at_every_scale),
        cmocka_unit_test(test_zero_channel_and_zero_bits_give_zero),
        cmocka_unit_test(test_mixing_is_the_sum_of_shares_times_levels),
        cmocka_unit_test(test_gradient_of_shares_is_the_difference_quotient),
        cmocka_unit_test(test_bias_is_on_its_grid_or_pruned),
        cmocka_unit_test(test_initial_shares_are_those_of_the_method),
        cmocka_unit_test(test_softmax_gradient_is_the_difference_quotient),
        cmocka_unit_test(test_keep_alive_revives_the_closest_channel),
        cmocka_unit_test(test_mean_square_steps_are_near_the_best),
        cmocka_unit_test(test_mean_square_steps_are_homogeneous),
        cmocka_unit_test(test_channels_of_zeros_have_a_step),
        cmocka_unit_test(test_given_steps_give_their_codes),
        cmocka_unit_test(test_gradient_of_learned_steps_is_its_definition),
        cmocka_unit_test(test_each_quantizer_sees_its_own_channels),
        cmocka_unit_test(test_midrise_levels_are_those_published),
        cmocka_unit_test(test_midrise_follows_its_formula),
        cmocka_unit_test(test_midrise_passes_gradients_on),
        cmocka_unit_test(test_codes_of_the_deviation_are_those_published),
        cmocka_unit_test(test_clips_of_the_deviation),
        cmocka_unit_test(test_noise_of_weights_is_that_published),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
