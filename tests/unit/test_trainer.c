/* links: core_strategy hw_models */
/* The two promises, inside one process: a task gives the same bits for every size of its group, and when it is stopped
 * at any step and continued from its spans. Ranks are threads here; mpi/ is tested elsewhere. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/net/graph/graph_build.h"
#include "tests/support/stripes_world.h"

static void test_training_learns_the_stripes(void **state)
{
    const world *w = *state;
    assert_true(w->warmup_record.test_accuracy > 0.6);
    assert_int_equal(w->warmup_record.epochs, 2);
    assert_int_equal(w->point_record.epochs, 4);
    assert_true(w->point_record.cost_count >= 1);
}

static void test_result_is_the_same_for_every_group_size(void **state)
{
    const world *w = *state;
    for (int point = 0; point < 2; point++)
        for (int size = 2; size <= MAX_RANKS; size *= 2) {
            trainer_inputs in = inputs(w, point == 1);
            record r = train(&in, size, 0, NULL);
            assert_same_records(&r, point == 1 ? &w->point_record : &w->warmup_record);
            record_free(&r);
        }
}

/* Sums over ranks begin while the backward pass goes on, in several parts, with shards cut into pieces and, in the last
 * batch of an epoch, shards without images. */
static void test_sums_that_begin_early_change_nothing(void **state)
{
    world w = *(world *)*state;
    assert_false(failed(graph_load(&w.graph, "tests/support/networks/wide.cfg")));
    w.settings.batch = 88;
    w.settings.warmup.epochs = w.settings.search_phase.epochs = w.settings.finetune.epochs = 1;
    for (int point = 0; point < 2; point++) {
        trainer_inputs in = inputs(&w, point == 1);
        trainer *t;
        assert_false(failed(trainer_open(&t, &in)));
        assert_int_equal(t->piece != NULL, point == 1);
        trainer_close(t);
        early_sums = 0;
        record alone = train(&in, 1, 0, NULL), pair = train(&in, 2, 0, NULL), four = train(&in, 4, 0, NULL);
        const int steps = point == 0 ? 2 : 4;
        assert_true(early_sums >= 6 * steps * 2); /* two parts or more of each step on each rank */
        assert_same_records(&pair, &alone);
        assert_same_records(&four, &alone);
        record_free(&pair);
        record_free(&four);
        if (point == 0) {
            w.warmup_record = alone;
            continue;
        }
        /* More shards need no pieces: without batch-norm the same sums, but for their order. */
        w.settings.shards = 16;
        record uncut = train(&in, 1, 0, NULL);
        const double loss = alone.curve[0].train_loss;
        assert_true(fabs(uncut.curve[0].train_loss - loss) < 1e-3 * loss);
        record_free(&uncut);
        record_free(&alone);
    }
    record_free(&w.warmup_record);
    graph_free(&w.graph);
}

static void test_result_is_the_same_when_stopped_anywhere(void **state)
{
    const world *w = *state;
    for (int stop_every = 1; stop_every <= 5; stop_every += 2)
        for (int point = 0; point < 2; point++) {
            trainer_inputs in = inputs(w, point == 1);
            int stops;
            record r = train(&in, stop_every == 3 ? 2 : 1, stop_every, &stops);
            assert_true(stops >= 1);
            assert_same_records(&r, point == 1 ? &w->point_record : &w->warmup_record);
            record_free(&r);
        }
}

static void test_segments_do_not_change_the_result(void **state)
{
    world w = *(world *)*state;
    w.settings.segment_steps = 2;
    trainer_inputs in = inputs(&w, true);
    record r = train(&in, 1, 0, NULL);
    assert_same_records(&r, &w.point_record);
    record_free(&r);
}

/* Fine-tuning steps on the network without its removed channels; what goes with them is 0 in the record. */
static void test_pruned_network_is_trained_the_same_however_it_is_run(void **state)
{
    world w = *(world *)*state;
    w.point.strength = 40;
    trainer_inputs in = inputs(&w, true);
    record alone = train(&in, 1, 0, NULL), together = train(&in, 4, 3, NULL);
    assert_same_records(&alone, &together);
    int removed = 0, left = 0;
    for (int i = 0; i < alone.allocation_count; i++) {
        const record_allocation *layer = &alone.allocations[i];
        const int node = graph_find(&w.graph, layer->layer);
        const size_t channels = (size_t)layer->channels, rows = layer_weight_count(&w.graph.layers[node]) / channels;
        const record_tensor *weight = find_tensor(&alone, layer->layer, "weight");
        const record_tensor *bias = find_tensor(&alone, layer->layer, "bias");
        for (size_t c = 0; c < channels; c++) {
            bool all_zero = bias->data[c] == 0;
            for (size_t k = 0; k < rows; k++) all_zero = all_zero && weight->data[k * channels + c] == 0;
            assert_true(all_zero == (layer->bits[c] == 0));
            removed += layer->bits[c] == 0;
            left += layer->bits[c] != 0;
        }
    }
    assert_true(removed > 0 && left > 0);
    record_free(&together);
    record_free(&alone);
}

/* Noise is drawn for each group and step, not for each rank; a restart draws the same again. */
static void test_noisy_choices_do_not_depend_on_ranks_or_stops(void **state)
{
    world w = *(world *)*state;
    w.settings.search.sampling = SAMPLING_HARD_GUMBEL;
    trainer_inputs in = inputs(&w, true);
    record alone = train(&in, 1, 0, NULL), together = train(&in, 4, 3, NULL);
    assert_same_records(&alone, &together);
    assert_true(alone.curve[0].train_loss != w.point_record.curve[0].train_loss);
    record_free(&together);
    record_free(&alone);
}

/* Every rule that differs from the published ones at once. */
static void use_new_rules(settings *s)
{
    s->quantizer = (quantizer_rules){.weight_step_2 = WEIGHT_STEP_LEARNED,
                                     .weight_step_4 = WEIGHT_STEP_MSE,
                                     .weight_step_8 = WEIGHT_STEP_LEARNED,
                                     .batchnorm = BATCHNORM_KEPT,
                                     .before_add = BEFORE_ADD_SIGNED,
                                     .clips = CLIPS_DATA,
                                     .clip_percentile = 99.9,
                                     .rounding = ROUNDING_NEAREST};
    s->augment = (augment_settings){.alternating_flip = true, .crop_pixels = 1};
    phase_settings *phases[] = {&s->warmup, &s->search_phase, &s->finetune};
    for (int i = 0; i < 3; i++) {
        phases[i]->optimizer = OPTIMIZER_SGD;
        phases[i]->momentum = 0.9;
        phases[i]->nesterov = true;
        phases[i]->schedule = SCHEDULE_ONE_CYCLE;
        phases[i]->warmup_fraction = -1;
        phases[i]->label_smoothing = 0.1;
        phases[i]->average = 0.2;
        phases[i]->reestimate_batches = 3;
        phases[i]->first_candidate_epoch = 1;
        phases[i]->distill_temperature = 4;
    }
}

static void test_new_rules_do_not_depend_on_ranks_or_stops(void **state)
{
    world w = *(world *)*state;
    use_new_rules(&w.settings);
    w.settings.search_phase.distill = 1;
    w.settings.finetune.distill = 0.5;
    w.point.strength = 40;
    trainer_inputs in = inputs(&w, false);
    record start = train(&in, 1, 0, NULL), start_together = train(&in, 4, 3, NULL);
    assert_same_records(&start, &start_together);
    record_free(&start_together);
    w.warmup_record = start;
    in = inputs(&w, true);
    record alone = train(&in, 1, 0, NULL), together = train(&in, 4, 3, NULL);
    assert_same_records(&alone, &together);
    int removed = 0;
    for (int i = 0; i < alone.allocation_count; i++)
        for (int c = 0; c < alone.allocations[i].channels; c++) removed += alone.allocations[i].bits[c] == 0;
    assert_true(removed > 0);
    record_free(&together);
    record_free(&alone);
    record_free(&start);
}

/* As the authors of impq and of the NAS quantisers trained: clips that follow batch-norm, noise on weights. */
static void test_rules_of_other_programs_do_not_depend_on_ranks_or_stops(void **state)
{
    world w = *(world *)*state;
    use_new_rules(&w.settings);
    w.settings.quantizer.weight_step_2 = WEIGHT_STEP_DEVIATION;
    w.settings.quantizer.clips = CLIPS_BATCHNORM;
    w.settings.quantizer.rounding = ROUNDING_EVEN;
    w.settings.quantizer.levels = LEVELS_OPEN;
    w.settings.finetune.weight_noise = 0.05;
    w.settings.finetune.average = 0;
    trainer_inputs in = inputs(&w, false);
    record start = train(&in, 1, 0, NULL);
    w.warmup_record = start;
    in = inputs(&w, true);
    record alone = train(&in, 1, 0, NULL), together = train(&in, 4, 3, NULL);
    assert_same_records(&alone, &together);
    w.settings.finetune.weight_noise = 0;
    record silent = train(&in, 1, 0, NULL);
    w.settings.finetune.gradual = 1;
    record gradual = train(&in, 1, 0, NULL), gradual_together = train(&in, 4, 3, NULL);
    assert_same_records(&gradual, &gradual_together);
    assert_true(gradual.curve[gradual.epoch_count - 1].train_loss != silent.curve[silent.epoch_count - 1].train_loss);
    record_free(&gradual_together);
    record_free(&gradual);
    const int last = alone.epoch_count - 1;
    assert_true(alone.curve[last].train_loss != silent.curve[last].train_loss);
    record_free(&silent);
    record_free(&together);
    record_free(&alone);
    record_free(&start);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_training_learns_the_stripes),
        cmocka_unit_test(test_result_is_the_same_for_every_group_size),
        cmocka_unit_test(test_sums_that_begin_early_change_nothing),
        cmocka_unit_test(test_result_is_the_same_when_stopped_anywhere),
        cmocka_unit_test(test_segments_do_not_change_the_result),
        cmocka_unit_test(test_pruned_network_is_trained_the_same_however_it_is_run),
        cmocka_unit_test(test_noisy_choices_do_not_depend_on_ranks_or_stops),
        cmocka_unit_test(test_new_rules_do_not_depend_on_ranks_or_stops),
        cmocka_unit_test(test_rules_of_other_programs_do_not_depend_on_ranks_or_stops),
    };
    return cmocka_run_group_tests(tests, make_world, free_world);
}
