/* links: core_train */
/* What changes from epoch to epoch: learning rate, temperature, strength, and which epoch may be kept (method.md 5.1).
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/train/schedule.h"

static void assert_close(double value, double wanted)
{
    if (fabs(value - wanted) > 1e-12 * fabs(wanted)) fail_msg("%.17g, expected %.17g", value, wanted);
}

/* method.md 5.3: after epoch index 50: /2, after 100: /2, after 150: /2.5. */
static void test_rate_drops_after_the_named_epochs(void **state)
{
    (void)state;
    const phase_settings phase = {
        .learning_rate_decay = 1, .drop_count = 3, .drop_epochs = {50, 100, 150}, .drop_factors = {0.5, 0.5, 0.4}};
    const int epochs[] = {0, 50, 51, 100, 101, 150, 151, 199};
    const double factors[] = {1, 1, 0.5, 0.5, 0.25, 0.25, 0.1, 0.1};
    for (int i = 0; i < 8; i++) assert_close(schedule_learning_rate_factor(&phase, epochs[i]), factors[i]);
}

static void test_decay_and_drops_multiply(void **state)
{
    (void)state;
    const phase_settings phase = {
        .learning_rate_decay = 0.9, .drop_count = 1, .drop_epochs = {1}, .drop_factors = {0.1}};
    assert_close(schedule_learning_rate_factor(&phase, 0), 1);
    assert_close(schedule_learning_rate_factor(&phase, 1), 0.9);
    assert_close(schedule_learning_rate_factor(&phase, 2), 0.081);
}

static void test_temperature_falls_by_its_factor(void **state)
{
    (void)state;
    const search_settings search = {.temperature = 5, .temperature_factor = 0.5};
    assert_close(schedule_temperature(&search, 0), 5);
    assert_close(schedule_temperature(&search, 3), 0.625);
}

/* min(s/100 + e * 0.99 s / floor(N/2), s) */
static void test_incremental_strength_rises_to_its_full_value_in_half_the_epochs(void **state)
{
    (void)state;
    assert_close(schedule_strength(3, false, 0, 500), 3);
    assert_close(schedule_strength(3, true, 0, 500), 0.03);
    assert_close(schedule_strength(3, true, 125, 500), 0.03 + 0.99 * 1.5);
    assert_close(schedule_strength(3, true, 250, 500), 3);
    assert_close(schedule_strength(3, true, 400, 500), 3);
    assert_close(schedule_strength(3, true, 2, 5), 3); /* floor(5/2) = 2 */
    assert_close(schedule_strength(3, true, 0, 1), 3); /* no half to rise in */
}

static void test_long_phases_keep_no_early_epoch(void **state)
{
    (void)state;
    const int epochs[] = {1, 20, 21, 22, 500}, first[] = {0, 0, 0, 21, 21};
    for (int i = 0; i < 5; i++) {
        const phase_settings phase = {.epochs = epochs[i], .first_candidate_epoch = -1};
        assert_int_equal(schedule_first_candidate(&phase), first[i]);
    }
    const phase_settings named = {.epochs = 500, .first_candidate_epoch = 7};
    assert_int_equal(schedule_first_candidate(&named), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rate_drops_after_the_named_epochs),
        cmocka_unit_test(test_decay_and_drops_multiply),
        cmocka_unit_test(test_temperature_falls_by_its_factor),
        cmocka_unit_test(test_incremental_strength_rises_to_its_full_value_in_half_the_epochs),
        cmocka_unit_test(test_long_phases_keep_no_early_epoch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
