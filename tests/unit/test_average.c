/* links: core_train */
/* The moving average of values: a mean at first, then exponential weights of the promised age. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/train/average.h"

static void assert_near(double value, double wanted)
{
    if (fabs(value - wanted) > 1e-4 * (1 + fabs(wanted))) fail_msg("%.9g, expected %.9g", value, wanted);
}

/* Until step (window + 1) / 2 it is the mean of all values so far, whatever it held before. */
static void test_the_beginning_is_a_mean(void **state)
{
    (void)state;
    real average[2] = {(real)NAN, 1000};
    double sum = 0;
    for (int step = 1; step <= 10; step++) {
        const real values[2] = {(real)(step * step), 3};
        sum += step * step;
        average_update(average, values, 2, 19, step);
        assert_near((double)average[0], sum / step);
        assert_near((double)average[1], 3);
    }
}

/* The average of the step number lags by the mean age of its weights: that of a plain mean over the window. */
static void test_the_age_is_that_of_the_window(void **state)
{
    (void)state;
    for (double window = 5; window < 100; window *= 2) {
        real average = 0;
        for (int step = 1; step <= 2000; step++) {
            const real value = (real)step;
            average_update(&average, &value, 1, window, step);
        }
        assert_near((double)average, 2000 - (window - 1) / 2);
    }
}

static void test_a_window_of_one_step_is_the_value(void **state)
{
    (void)state;
    real average = 7;
    for (int step = 1; step < 5; step++) {
        const real value = (real)(1.0 / step);
        average_update(&average, &value, 1, 0.5, step);
        assert_true(average == value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_beginning_is_a_mean),
        cmocka_unit_test(test_the_age_is_that_of_the_window),
        cmocka_unit_test(test_a_window_of_one_step_is_the_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
