/* quant_fixture: what the tests of quantisers share: weights, quantisers by name, and the definition of codes. To be
 * included after cmocka; the test links core_quant. */
#ifndef TESTS_SUPPORT_QUANT_FIXTURE_H
#define TESTS_SUPPORT_QUANT_FIXTURE_H

#include <math.h>

#include "core/quant/weight_quant.h"

static inline void assert_near(double value, double wanted, double tolerance)
{
    if (fabs(value - wanted) > tolerance) fail_msg("%.9g is not %.9g within %g", value, wanted, tolerance);
}

static inline const weight_quantizer *quantizer_named(weight_step_rule rule)
{
    return weight_quantizer_of(&(quantizer_rules){.weight_step_8 = rule}, false, 8);
}

/* One precision for all channels. steps: borrowed; NULL: those of the quantiser. */
static inline weight_choice choice_of_one(const weight_quantizer *q, int bits, const real *steps)
{
    static const real certain = 1;
    return (weight_choice){
        .precisions = 1, .bits = {bits}, .quantizer = {q}, .columns = 1, .probability = &certain, .steps = steps};
}

static inline void mean_square_steps(real *steps, const real *w, size_t rows, int channels, int bits)
{
    weight_quantizer_steps(quantizer_named(WEIGHT_STEP_MSE), steps, w, rows, channels, bits);
}

enum { STEP_ROWS = 60, STEP_CHANNELS = 70 }; /* more than one block of channels */

/* The code of w by steps of this size. */
static inline double code_of(double w, double step, int bits)
{
    if (bits == 1) return w < 0 ? -1 : 1;
    double half = 1 << (bits - 1), code = rint(w / step);
    return fmin(fmax(code, -half), half - 1);
}

/* Something like a normal distribution, channel c about c + 1 times as wide as channel 0. */
static inline void fill_weights(real *w)
{
    for (int i = 0; i < STEP_ROWS * STEP_CHANNELS; i++) {
        double sum = 0;
        for (int k = 0; k < 4; k++) sum += sin(12.9898 * (i * 4 + k + 1)) * cos(78.233 * (i + 7 * k + 3));
        w[i] = (real)(0.01 * (i % STEP_CHANNELS + 1) * sum);
    }
}

#endif
