/* links: core_train */
/* How the search draws its choices: softmax, argmax, both with Gumbel noise; and where its input clips start. The
 * probabilities and gradients of given noise are compared with the published implementation in
 * tests/golden/test_golden_mixed.c. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/net/graph/graph_build.h"
#include "core/net/model/model.h"
#include "core/quant/act_quant.h"
#include "core/quant/choice.h"
#include "core/train/calibrate.h"
#include "tests/support/graph_fixture.h"

enum { DRAWS = 40000 };
static const sampling_kind KINDS[] = {SAMPLING_SOFTMAX, SAMPLING_ARGMAX, SAMPLING_GUMBEL, SAMPLING_HARD_GUMBEL};
enum { KIND_COUNT = sizeof KINDS / sizeof KINDS[0] };

static bool is_hard(sampling_kind kind)
{
    return kind == SAMPLING_ARGMAX || kind == SAMPLING_HARD_GUMBEL;
}

static bool is_noisy(sampling_kind kind)
{
    return kind == SAMPLING_GUMBEL || kind == SAMPLING_HARD_GUMBEL;
}

/* A converted network; the caller closes the model and frees the values. */
static model open_search(sampling_kind kind, arithmetic which, real temperature, real **values)
{
    model_options options = {.quantized = true,
                             .rules = arithmetic_rules_of(which),
                             .sampling = kind,
                             .start_temperature = temperature,
                             .weight_count = 4,
                             .weight_bits = {0, 2, 4, 8},
                             .activation_count = 3,
                             .activation_bits = {2, 4, 8},
                             .input_count = 2,
                             .input_bits = {4, 8},
                             .capacity = 1,
                             .seed = 12};
    model fine, m;
    assert_false(failed(model_open(&fine, &network, kernels_choose(NULL), &(model_options){.capacity = 1})));
    assert_false(failed(model_open(&m, &network, kernels_choose(NULL), &options)));
    real *start = calloc(fine.layout.total, sizeof *start);
    *values = calloc(m.layout.total, sizeof **values);
    model_initialize(&fine, start, 4);
    model_convert(&m, *values, &fine, start);
    free(start);
    model_close(&fine);
    return m;
}

static void test_gumbel_noise_has_the_right_distribution(void **state)
{
    (void)state;
    real *noise = malloc(DRAWS * sizeof *noise);
    choice_gumbel_noise(noise, DRAWS, 3, 17, 5);
    double sum = 0, squares = 0;
    int below = 0;
    for (int i = 0; i < DRAWS; i++) {
        sum += (double)noise[i];
        squares += (double)noise[i] * (double)noise[i];
        below += noise[i] < 0;
    }
    const double mean = sum / DRAWS, variance = squares / DRAWS - mean * mean;
    assert_true(fabs(mean - 0.5772) < 0.03);                  /* Euler's constant; 4 standard errors: 0.026 */
    assert_true(fabs(variance - 1.6449) < 0.08);              /* pi^2 / 6 */
    assert_true(fabs(below / (double)DRAWS - 0.3679) < 0.01); /* 1 / e */
    free(noise);
}

static void test_gumbel_noise_depends_on_seed_step_and_stream_alone(void **state)
{
    (void)state;
    real first[7], again[7], other[7];
    choice_gumbel_noise(first, 7, 3, 17, 5);
    choice_gumbel_noise(again, 5, 3, 17, 5); /* also of another length */
    for (int i = 0; i < 5; i++) assert_true(first[i] == again[i]);
    const uint64_t seeds[3] = {4, 3, 3};
    const uint32_t steps[3] = {17, 18, 17}, streams[3] = {5, 5, 6};
    for (int k = 0; k < 3; k++) {
        choice_gumbel_noise(other, 7, seeds[k], steps[k], streams[k]);
        for (int i = 0; i < 7; i++) assert_true(first[i] != other[i]);
    }
}

/* Taking the largest of logits + Gumbel noise draws from the softmax: the reason for this noise. */
static void test_hard_gumbel_draws_as_often_as_the_softmax_says(void **state)
{
    (void)state;
    enum { COLUMNS = 9000 };
    const real one[3] = {(real)0.3, (real)-0.5, (real)1.1};
    real *logits = malloc(3 * COLUMNS * sizeof *logits), *noise = malloc(3 * COLUMNS * sizeof *noise);
    real *probability = malloc(3 * COLUMNS * sizeof *probability), *soft = malloc(3 * COLUMNS * sizeof *soft),
         wanted[3];
    for (int p = 0; p < 3; p++)
        for (int c = 0; c < COLUMNS; c++) logits[p * COLUMNS + c] = one[p];
    choice_gumbel_noise(noise, 3 * COLUMNS, 3, 1, 1);
    choice_sample(probability, soft, logits, noise, true, 3, COLUMNS, (real)0.4);
    choice_softmax(wanted, one, 3, 1, 1);
    for (int p = 0; p < 3; p++) {
        double often = 0;
        for (int c = 0; c < COLUMNS; c++) often += (double)probability[p * COLUMNS + c];
        assert_true(fabs(often / COLUMNS - (double)wanted[p]) < 0.02); /* 4 standard errors */
    }
    free(soft);
    free(probability);
    free(noise);
    free(logits);
}

static void test_every_sampling_gives_shares_of_its_kind(void **state)
{
    (void)state;
    for (int k = 0; k < KIND_COUNT; k++) {
        real *values;
        model m = open_search(KINDS[k], ARITHMETIC_EXACT, 1, &values);
        model_prepare(&m, values, MODEL_SOFT, (real)0.7, 3);
        for (int g = 0; g < network.group_count; g++) {
            const model_weight_group *group = &m.groups[g];
            for (int c = 0; c < group->columns; c++) {
                double sum = 0, soft_sum = 0;
                for (int p = 0; p < group->precisions; p++) {
                    real probability = group->probability[p * group->columns + c];
                    assert_true(is_hard(KINDS[k]) ? probability == 0 || probability == 1
                                                  : probability > 0 && probability < 1);
                    sum += (double)probability;
                    soft_sum += (double)group->soft[p * group->columns + c];
                }
                if (group->precisions == 0) continue;
                assert_true(fabs(sum - 1) < 1e-6 && fabs(soft_sum - 1) < 1e-6);
            }
        }
        free(values);
        model_close(&m);
    }
}

/* All choices of a model as one array. */
static void all_shares(real *out, const model *m)
{
    for (int g = 0; g < network.group_count; g++)
        for (int i = 0; i < m->groups[g].precisions * m->groups[g].columns; i++) *out++ = m->groups[g].probability[i];
    for (int q = 0; q <= network.group_count; q++)
        for (int j = 0; j < m->quantizers[q].precisions; j++) *out++ = m->quantizers[q].probability[j];
}

static void test_noise_is_drawn_anew_for_each_step_and_only_where_asked_for(void **state)
{
    (void)state;
    enum { ROOM = 400 };
    for (int k = 0; k < KIND_COUNT; k++) {
        real *values;
        real first[ROOM] = {0}, again[ROOM] = {0}, later[ROOM] = {0};
        model m = open_search(KINDS[k], ARITHMETIC_EXACT, 1, &values);
        model_prepare(&m, values, MODEL_SOFT, (real)0.7, 3);
        all_shares(first, &m);
        model_prepare(&m, values, MODEL_SOFT, (real)0.7, 4);
        all_shares(later, &m);
        model_prepare(&m, values, MODEL_SOFT, (real)0.7, 3);
        all_shares(again, &m);
        assert_memory_equal(first, again, sizeof first);
        assert_true((memcmp(first, later, sizeof first) != 0) == is_noisy(KINDS[k]));

        /* weights and activations of one group, and different groups, have different noise */
        if (KINDS[k] == SAMPLING_GUMBEL) {
            assert_true(m.quantizers[0].probability[0] != m.quantizers[1].probability[0]);
            assert_true(m.groups[1].probability[0] != m.groups[2].probability[0]);
            assert_true(m.groups[1].probability[0] != m.groups[1].probability[1]);
        }

        /* the discrete network knows no noise: logits are at their start, the largest precision wins */
        model_prepare(&m, values, MODEL_HARD, 1, 3);
        for (int g = 0; g < network.group_count; g++)
            for (int c = 0; c < m.groups[g].columns; c++)
                assert_true(m.groups[g].probability[(m.groups[g].precisions - 1) * m.groups[g].columns + c] == 1);
        free(values);
        model_close(&m);
    }
}

/* Straight through: one-hot forward, but every logit of an activation choice feels how the loss likes its level. */
static void test_hard_choices_pass_gradients_to_all_candidates(void **state)
{
    (void)state;
    for (int k = 0; k < KIND_COUNT; k++) {
        real *values;
        model m = open_search(KINDS[k], ARITHMETIC_EXACT, 1, &values);
        real *gradients = calloc(m.layout.total, sizeof *gradients);
        for (int i = 0; i < 9 * 8 * 2; i++) model_input(&m)[i] = (real)0.01 * (real)(i % 90);
        model_prepare(&m, values, MODEL_SOFT, (real)0.7, 3);
        model_forward(&m, values, 1, (model_pass){0});
        for (int i = 0; i < network.classes; i++) model_output_gradient(&m)[i] = (real)(i - 1);
        model_backward(&m, values, gradients, 1, 1, (model_pass){0}, NULL);
        model_choice_gradients(&m, values, gradients);
        const int stem = network.layers[graph_find(&network, "stem")].group;
        const model_quantizer *q = &m.quantizers[stem];
        const model_weight_group *group = &m.groups[stem];
        real *slope = gradients + m.layout.tensors[q->logits].offset, by_hand[PACT_MAX], mean = 0;
        for (int j = 0; j < 3; j++) mean += slope[j] * q->soft[j];
        for (int j = 0; j < 3; j++) by_hand[j] = q->soft[j] * (slope[j] - mean) / (real)0.7;
        real expected[4] = {0}, centre = 0; /* of channel 0's weights */
        for (int p = 0; p < 4; p++) centre += group->dprobability[p * group->columns] * group->soft[p * group->columns];
        for (int p = 0; p < 4; p++)
            expected[p] =
                group->soft[p * group->columns] * (group->dprobability[p * group->columns] - centre) / (real)0.7;
        model_finish_gradients(&m, gradients);
        const real *weight_slope = gradients + m.layout.tensors[group->logits].offset;
        double activation_size = 0, weight_size = 0;
        for (int j = 0; j < 3; j++) {
            assert_true(fabs((double)(slope[j] - by_hand[j])) <= 1e-5 * fabs((double)by_hand[j]) + 1e-9);
            activation_size += fabs((double)slope[j]);
        }
        for (int p = 0; p < 4; p++) {
            real got = weight_slope[p * group->columns];
            assert_true(fabs((double)(got - expected[p])) <= 1e-5 * fabs((double)expected[p]) + 1e-9);
        }
        for (int i = 0; i < 4 * group->columns; i++)
            weight_size += fabs((double)weight_slope[i]); /* channel 0 may be dead */
        assert_true(activation_size > 0 && weight_size > 0);
        free(gradients);
        free(values);
        model_close(&m);
    }
}

static void test_keep_alive_holds_for_one_hot_sampling(void **state)
{
    (void)state;
    real *values;
    model m = open_search(SAMPLING_ARGMAX, ARITHMETIC_EXACT, 1, &values);
    model_weight_group *group = &m.groups[network.layers[graph_find(&network, "stem")].group];
    real *logits = values + m.layout.tensors[group->logits].offset;
    for (int c = 0; c < group->columns; c++) logits[c] = 5;
    for (int alive = 0; alive < 2; alive++) {
        m.options.keep_alive = alive == 1;
        model_prepare(&m, values, MODEL_SOFT, 1, 0);
        double pruned = 0;
        for (int c = 0; c < group->columns; c++) pruned += (double)group->probability[c];
        assert_true(pruned == group->columns - alive);
    }
    free(values);
    model_close(&m);
}

/* METHOD.md 1.7: divided by the probability that is not pruned at the start, 0.84964731 at temperature 1; one-hot
 * probabilities prune nothing at the start. */
static void test_weights_are_compensated_for_soft_shares_only(void **state)
{
    (void)state;
    const double soft_at_two = 1 - 1 / (1 + exp(0.125) + exp(0.25) + exp(0.5));
    real *plain, *values;
    model m = open_search(SAMPLING_ARGMAX, ARITHMETIC_EXACT, 1, &plain);
    const int stem = m.nodes[graph_find(&network, "stem")].weight,
              last = m.nodes[graph_find(&network, "logits")].weight;
    const size_t at = m.layout.tensors[stem].offset, at_last = m.layout.tensors[last].offset;
    model_close(&m);
    const struct {
        sampling_kind kind;
        arithmetic which;
        real temperature;
        double kept;
    } cases[] = {{SAMPLING_HARD_GUMBEL, ARITHMETIC_EXACT, 1, 1},
                 {SAMPLING_SOFTMAX, ARITHMETIC_EXACT, 1, 0.84964731},
                 {SAMPLING_GUMBEL, ARITHMETIC_EXACT, 1, 0.84964731},
                 {SAMPLING_SOFTMAX, ARITHMETIC_EXACT, 2, soft_at_two},
                 {SAMPLING_SOFTMAX, ARITHMETIC_REFERENCE, 2, 0.84964731}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        m = open_search(cases[i].kind, cases[i].which, cases[i].temperature, &values);
        assert_true(fabs((double)(plain[at] / values[at]) - cases[i].kept) < 1e-6);
        assert_true(plain[at_last] == values[at_last]); /* the classifier has no 0 bit */
        free(values);
        model_close(&m);
    }
    free(plain);
}

/* ---- the input quantiser ---- */

static void test_input_clips_start_at_the_range_of_the_training_split(void **state)
{
    (void)state;
    graph keywords;
    assert_false(failed(graph_load(&keywords, "configs/networks/dscnn.cfg")));
    enum { SIZE = 49 * 10, SAMPLES = 4 };
    int8_t *samples = calloc(SAMPLES * SIZE, 1);
    const int32_t train[2] = {0, 2};
    samples[7] = -90;
    samples[2 * SIZE + 3] = 31;
    samples[1 * SIZE] = -128; /* of another split: must not count */
    samples[3 * SIZE] = 127;
    dataset data = {.height = 49,
                    .width = 10,
                    .channels = 1,
                    .count = SAMPLES,
                    .is_signed = 1,
                    .scale = 0.5f,
                    .samples = samples,
                    .split_count = {2},
                    .split_index = {train}};

    model_options options = {.quantized = true,
                             .start_temperature = 1,
                             .weight_count = 1,
                             .weight_bits = {8},
                             .activation_count = 1,
                             .activation_bits = {8},
                             .input_count = 2,
                             .input_bits = {4, 8},
                             .capacity = 1};
    model m;
    assert_false(failed(model_open(&m, &keywords, kernels_choose(NULL), &options)));
    real *values = calloc(m.layout.total, sizeof *values);
    const model_quantizer *q = &m.quantizers[keywords.group_count];
    const real *clip = values + m.layout.tensors[q->clips].offset, *low = values + m.layout.tensors[q->low].offset;
    calibrate_input(&m, values, &data);
    assert_true(*low == -45 && clip[0] == (real)15.5 && clip[1] == (real)15.5);

    samples[7] = 1; /* nothing below zero: a signed quantiser keeps its distance from it */
    calibrate_input(&m, values, &data);
    assert_true(*low == (real)-1e-3);
    free(values);
    model_close(&m);

    data.height = 9; /* an unsigned input keeps its clip */
    real *unsigned_values;
    m = open_search(SAMPLING_SOFTMAX, ARITHMETIC_EXACT, 1, &unsigned_values);
    real before = unsigned_values[m.layout.tensors[m.quantizers[network.group_count].clips].offset];
    calibrate_input(&m, unsigned_values, &data);
    assert_true(before == 1 && unsigned_values[m.layout.tensors[m.quantizers[network.group_count].clips].offset] == 1);
    free(unsigned_values);
    model_close(&m);
    free(samples);
    graph_free(&keywords);
}

/* Codes run from floor(low / step) over 2^b levels, whatever the two clips are; every level is a multiple of the step.
 */
static void test_signed_grid_has_all_its_levels_and_no_more(void **state)
{
    (void)state;
    const arithmetic_rules exact = arithmetic_rules_of(ARITHMETIC_EXACT);
    const kernel_table *k = kernels_choose(NULL);
    const int bits[3] = {2, 4, 8};
    const real low[] = {-6, (real)-90.3, (real)-0.37, (real)-1e-3}, high[] = {6, (real)30.1, (real)5.9, (real)2.5};
    const real all = 1;
    enum { POINTS = 20000 };
    real *x = malloc(POINTS * sizeof *x), *y = malloc(POINTS * sizeof *y);
    for (size_t r = 0; r < sizeof low / sizeof low[0]; r++)
        for (int b = 0; b < 3; b++) {
            const real range = high[r] - low[r];
            for (int i = 0; i < POINTS; i++) x[i] = low[r] - range / 2 + 2 * range * (real)i / POINTS; /* increasing */
            pact q;
            act_quant_prepare(&q, 1, &bits[b], &high[r], low[r], &all, ACT_BEHIND_LAYER, &exact);
            k->pact_forward(y, x, &q, POINTS);
            const double step = (double)range / ((1 << bits[b]) - 1), first = (double)y[0] / step;
            int levels = 1;
            for (int i = 1; i < POINTS; i++) {
                assert_true(y[i] >= y[i - 1]);
                levels += y[i] != y[i - 1];
                assert_true(fabs((double)y[i] / step - nearbyint((double)y[i] / step)) < 1e-3);
            }
            assert_int_equal(levels, 1 << bits[b]);
            assert_true(fabs(first - floor((double)low[r] / step + 1e-6)) < 1e-3 ||
                        fabs(first - floor((double)low[r] / step - 1e-6)) < 1e-3); /* low itself may lie on a border */
            assert_true(fabs((double)y[POINTS - 1] / step - first - ((1 << bits[b]) - 1)) < 1e-3);
        }
    free(y);
    free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gumbel_noise_has_the_right_distribution),
        cmocka_unit_test(test_gumbel_noise_depends_on_seed_step_and_stream_alone),
        cmocka_unit_test(test_hard_gumbel_draws_as_often_as_the_softmax_says),
        cmocka_unit_test(test_every_sampling_gives_shares_of_its_kind),
        cmocka_unit_test(test_noise_is_drawn_anew_for_each_step_and_only_where_asked_for),
        cmocka_unit_test(test_hard_choices_pass_gradients_to_all_candidates),
        cmocka_unit_test(test_keep_alive_holds_for_one_hot_sampling),
        cmocka_unit_test(test_weights_are_compensated_for_soft_shares_only),
        cmocka_unit_test(test_input_clips_start_at_the_range_of_the_training_split),
        cmocka_unit_test(test_signed_grid_has_all_its_levels_and_no_more),
    };
    return cmocka_run_group_tests(tests, load_every_layer, free_network);
}
