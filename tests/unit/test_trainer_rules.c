/* links: core_strategy hw_models */
/* What a trainer does with its settings, which epoch it keeps, and what it refuses. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/stripes_world.h"

static void test_reference_arithmetic_trains_another_network(void **state)
{
    world w = *(world *)*state;
    w.settings.arithmetic = ARITHMETIC_REFERENCE;
    trainer_inputs in = inputs(&w, true);
    record r = train(&in, 1, 0, NULL);
    assert_true(isfinite(r.test_loss) && r.test_loss != w.point_record.test_loss);
    record_free(&r);
}

static void test_all_rules_as_published_are_reference_arithmetic(void **state)
{
    world w = *(world *)*state;
    w.settings.arithmetic = ARITHMETIC_REFERENCE;
    trainer_inputs in = inputs(&w, true);
    record reference = train(&in, 1, 0, NULL);
    w.settings.arithmetic = ARITHMETIC_EXACT;
    for (int i = 0; arithmetic_rule_names[i] != NULL; i++)
        strcpy(w.settings.published_rules[w.settings.published_rule_count++], arithmetic_rule_names[i]);
    in = inputs(&w, true);
    record named = train(&in, 1, 0, NULL);
    assert_same_records(&named, &reference);
    record_free(&named);
    record_free(&reference);
}

static void test_clips_of_a_signed_input_start_at_the_data_unless_told_otherwise(void **state)
{
    world w = *(world *)*state;
    w.graph.input_signed = true;
    w.graph.input_clip_low = -6;
    w.graph.input_clip_high = 6;
    const struct {
        bool calibrate;
        arithmetic which;
        bool from_data;
    } cases[] = {{true, ARITHMETIC_EXACT, true}, {false, ARITHMETIC_EXACT, false}, {true, ARITHMETIC_REFERENCE, false}};
    for (int i = 0; i < 3; i++) {
        w.settings.search.calibrate_input = cases[i].calibrate;
        w.settings.arithmetic = cases[i].which;
        trainer_inputs in = inputs(&w, true);
        trainer *t;
        assert_false(failed(trainer_open(&t, &in)));
        const model_quantizer *q = &t->network.quantizers[w.graph.group_count];
        real high = t->values[t->network.layout.tensors[q->clips].offset];
        real low = t->values[t->network.layout.tensors[q->low].offset];
        assert_true(cases[i].from_data ? high < 1 && low == (real)-1e-3 : high == 6 && low == -6);
        trainer_close(t);
    }
}

/* The epoch kept so far is the first one with the best score, epoch by epoch, as the curve shows it. */
static void test_the_first_epoch_with_the_best_score_is_kept(void **state)
{
    world w = *(world *)*state;
    w.settings.search_phase.epochs = 9;
    w.point.strength = 40;
    for (int select = SELECT_ACCURACY; select <= SELECT_TOTAL_LOSS; select++) {
        bool still = select == SELECT_ACCURACY; /* equal accuracies; else a cost that falls from epoch to epoch */
        w.settings.search_phase.select = (selection)select;
        w.settings.search_phase.learning_rate = still ? 1e-9 : 1e-2;
        w.settings.search.logit_learning_rate = still ? 1e-9 : 0.02;
        trainer_inputs in = inputs(&w, true);
        trainer *t;
        assert_false(failed(trainer_open(&t, &in)));
        ranks_view alone = ranks_alone();
        segment_end end;
        double best = 0, largest_cost = 0, smallest_cost = INFINITY;
        int best_epoch = -1;
        for (int e = 0; e < w.settings.search_phase.epochs - 1; e++) {
            assert_false(failed(trainer_segment(t, &alone, &end)));
            const record_epoch *now = &t->curve[e];
            double score = select == SELECT_ACCURACY ? now->validation_accuracy
                           : select == SELECT_LOSS   ? -now->validation_loss
                                                     : -now->validation_loss - 40 * t->cost_scale * now->cost;
            if (best_epoch < 0 || score > best) {
                best = score;
                best_epoch = e;
            }
            assert_int_equal(t->counters.best_epoch, best_epoch);
            assert_int_equal(t->counters.since_best, e - best_epoch);
            largest_cost = fmax(largest_cost, now->cost);
            smallest_cost = fmin(smallest_cost, now->cost);
        }
        assert_true(still || smallest_cost < largest_cost);
        trainer_close(t);
    }
}

static void test_another_seed_gives_another_result(void **state)
{
    world w = *(world *)*state;
    w.warmup.seed = 4;
    trainer_inputs in = inputs(&w, false);
    record r = train(&in, 1, 0, NULL);
    assert_true(r.test_loss != w.warmup_record.test_loss);
    record_free(&r);
}

static void test_exploding_loss_is_a_failed_task(void **state)
{
    world w = *(world *)*state;
    w.settings.warmup.learning_rate = 1e30;
    trainer_inputs in = inputs(&w, false);
    trainer *t;
    ranks_view alone = ranks_alone();
    segment_end end = SEGMENT_MORE;
    status s = trainer_open(&t, &in);
    while (!failed(s) && end != SEGMENT_FINISHED) s = trainer_segment(t, &alone, &end);
    assert_int_equal(s.code, STATUS_NUMERIC);
    assert_non_null(strstr(s.message, "loss is not finite"));
    trainer_close(t);
}

/* Every counter, every row of the curve and every value that training cannot have led to; t is in its second epoch. */
static void test_an_impossible_state_is_refused(void **state)
{
    const world *w = *state;
    trainer_inputs in = inputs(w, false);
    ranks_view alone = {.size = 1};
    segment_end end;
    trainer *t;
    assert_false(failed(trainer_open(&t, &in)));
    while (t->counters.epoch == 0) assert_false(failed(trainer_segment(t, &alone, &end)));
    const trainer_counters good = t->counters;
    const record_epoch row = t->curve[0];
    status s = trainer_restored(t);
    if (failed(s)) fail_msg("a sound state: %s", s.message);
#define REFUSED(member, value)                                                                                         \
    t->counters.member = value;                                                                                        \
    if (trainer_restored(t).code != STATUS_DATA) fail_msg("%s = %s was accepted", #member, #value);                    \
    t->counters = good
    REFUSED(stage, 1);
    REFUSED(stage, -1);
    REFUSED(epoch, 2);
    REFUSED(epoch, -1);
    REFUSED(step, 1000);
    REFUSED(step, -1);
    REFUSED(finished, 2);
    REFUSED(finished, 1); /* in the middle */
    REFUSED(task_steps, INT64_MAX);
    REFUSED(stage_steps, -1);
    REFUSED(segments_done, INT64_MIN);
    REFUSED(curve_count, 1 << 20);
    REFUSED(curve_count, -1);
    REFUSED(best_epoch, 1);
    REFUSED(best_epoch, -2);
    REFUSED(since_best, 100);
    REFUSED(image_sum, NAN);
    REFUSED(loss_sum, INFINITY);
    REFUSED(seconds, -1);
    REFUSED(best_accuracy, 2);
#undef REFUSED
    t->curve[0].phase = (phase_kind)99;
    assert_int_equal(trainer_restored(t).code, STATUS_DATA);
    t->curve[0] = row;
    memset(t->curve[0].stage, 'x', sizeof t->curve[0].stage); /* without an end */
    assert_int_equal(trainer_restored(t).code, STATUS_DATA);
    t->curve[0] = row;
    t->curve[0].train_loss = NAN;
    assert_int_equal(trainer_restored(t).code, STATUS_DATA);
    t->curve[0] = row;
    const real kept = t->values[3];
    t->values[3] = INFINITY;
    assert_int_equal(trainer_restored(t).code, STATUS_DATA);
    t->values[3] = kept;
    assert_false(failed(trainer_restored(t)));
    trainer_close(t);
}

static void test_network_that_does_not_fit_the_data_is_refused(void **state)
{
    world w = *(world *)*state;
    w.data.height = 5;
    trainer_inputs in = inputs(&w, false);
    trainer *t;
    status s = trainer_open(&t, &in);
    assert_int_equal(s.code, STATUS_CONFIG);
    assert_non_null(strstr(s.message, "6x6x2"));
    assert_non_null(strstr(s.message, "5x6x2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reference_arithmetic_trains_another_network),
        cmocka_unit_test(test_all_rules_as_published_are_reference_arithmetic),
        cmocka_unit_test(test_clips_of_a_signed_input_start_at_the_data_unless_told_otherwise),
        cmocka_unit_test(test_the_first_epoch_with_the_best_score_is_kept),
        cmocka_unit_test(test_another_seed_gives_another_result),
        cmocka_unit_test(test_exploding_loss_is_a_failed_task),
        cmocka_unit_test(test_an_impossible_state_is_refused),
        cmocka_unit_test(test_network_that_does_not_fit_the_data_is_refused),
    };
    return cmocka_run_group_tests(tests, make_world, free_world);
}
