/* links: core_train */
/* What changes from epoch to epoch: learning rate, temperature, strength, and which epoch may be kept (METHOD.md 5.1).
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

/* METHOD.md 5.3: after epoch index 50: /2, after 100: /2, after 150: /2.5. */
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

/* Where a shape stands at a part of the phase: 10 epochs of 100 steps. */
static double factor_at(const phase_settings *phase, double part)
{
    return schedule_rate_factor(phase, (int64_t)(part * 1000), 100);
}

static void assert_near(double value, double wanted)
{
    if (fabs(value - wanted) > 1e-2) fail_msg("%.9g, expected about %.9g", value, wanted);
}

static void test_shapes_follow_their_formulas(void **state)
{
    (void)state;
    const phase_settings linear = {.epochs = 10, .schedule = SCHEDULE_LINEAR},
                         cosine = {.epochs = 10, .schedule = SCHEDULE_COSINE},
                         constant = {.epochs = 10, .schedule = SCHEDULE_CONSTANT, .warmup_fraction = 0.1},
                         cycle = {.epochs = 10, .schedule = SCHEDULE_ONE_CYCLE, .warmup_fraction = -1};
    for (double part = 0; part < 1; part += 0.05) {
        assert_near(factor_at(&linear, part), 1 - part);
        assert_near(factor_at(&cosine, part), 0.5 + 0.5 * cos(acos(-1.0) * part));
        assert_near(factor_at(&constant, part), part < 0.1 ? part / 0.1 : 1);
        assert_near(factor_at(&cycle, part), fmin(part / 0.15, (1 - part) / 0.85));
    }
    /* half a step off both ends: no step is wasted at rate 0 */
    assert_close(schedule_rate_factor(&linear, 0, 100), 1 - 0.0005);
    assert_close(schedule_rate_factor(&linear, 999, 100), 0.0005);
    assert_close(schedule_rate_factor(&cycle, 0, 100), 0.0005 / 0.15);
}

static void test_one_cycle_is_linear_with_a_rise(void **state)
{
    (void)state;
    const phase_settings linear = {.epochs = 7, .schedule = SCHEDULE_LINEAR, .warmup_fraction = 0.15},
                         cycle = {.epochs = 7, .schedule = SCHEDULE_ONE_CYCLE, .warmup_fraction = -1};
    for (int64_t step = 0; step < 7 * 13; step++)
        assert_true(schedule_rate_factor(&linear, step, 13) == schedule_rate_factor(&cycle, step, 13));
}

static void test_drops_come_on_top_of_every_shape(void **state)
{
    (void)state;
    for (int kind = SCHEDULE_EXPONENTIAL; kind <= SCHEDULE_ONE_CYCLE; kind++) {
        phase_settings phase = {.epochs = 10, .schedule = (schedule_kind)kind, .learning_rate_decay = 0.9};
        for (int64_t step = 0; step < 100; step += 7) {
            double plain = schedule_rate_factor(&phase, step, 10);
            phase.drop_count = 1;
            phase.drop_epochs[0] = 4;
            phase.drop_factors[0] = 0.25;
            assert_close(schedule_rate_factor(&phase, step, 10), step >= 50 ? 0.25 * plain : plain);
            phase.drop_count = 0;
        }
    }
}

/* The same bits as the rule of epochs, whatever the number of steps in one. */
static void test_exponential_is_constant_within_an_epoch(void **state)
{
    (void)state;
    const phase_settings phase = {.epochs = 30,
                                  .warmup_fraction = -1,
                                  .learning_rate_decay = 0.93,
                                  .drop_count = 1,
                                  .drop_epochs = {11},
                                  .drop_factors = {0.3}};
    for (int64_t step = 0; step < 30 * 17; step++)
        assert_true(schedule_rate_factor(&phase, step, 17) == schedule_learning_rate_factor(&phase, (int)(step / 17)));
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

/* Each layer is noisy for its epochs; those before it are quantised, those behind it not yet. */
static void test_layers_take_turns_in_a_gradual_schedule(void **state)
{
    (void)state;
    const phase_settings at_once = {.epochs = 9}, gradual = {.epochs = 9, .gradual = 2};
    const layer_turn expected[] = {{0, 1}, {0, 1}, {1, 2}, {1, 2}, {2, 3}, {2, 3}, {3, 3}, {3, 3}, {3, 3}};
    for (int epoch = 0; epoch < 9; epoch++) {
        const layer_turn turn = schedule_layers(&gradual, epoch, 3), all = schedule_layers(&at_once, epoch, 3);
        assert_int_equal(turn.quantised, expected[epoch].quantised);
        assert_int_equal(turn.noisy, expected[epoch].noisy);
        assert_int_equal(all.quantised, 0);
        assert_int_equal(all.noisy, 3);
    }
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
        cmocka_unit_test(test_shapes_follow_their_formulas),
        cmocka_unit_test(test_one_cycle_is_linear_with_a_rise),
        cmocka_unit_test(test_drops_come_on_top_of_every_shape),
        cmocka_unit_test(test_exponential_is_constant_within_an_epoch),
        cmocka_unit_test(test_temperature_falls_by_its_factor),
        cmocka_unit_test(test_incremental_strength_rises_to_its_full_value_in_half_the_epochs),
        cmocka_unit_test(test_layers_take_turns_in_a_gradual_schedule),
        cmocka_unit_test(test_long_phases_keep_no_early_epoch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
