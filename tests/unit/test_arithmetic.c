/* links: core_train */
/* Each rule of core/base/arithmetic.h alone: exact arithmetic with this one rule as published, and what that changes.
 * Whole reference arithmetic is compared with the published implementation in tests/golden. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/rng.h"
#include "core/net/model/model.h"
#include "core/train/update.h"
#include "tests/support/graph_fixture.h"

enum { IMAGES = 4 };
/* One step of a network under the given rules. */
typedef struct {
    model m;
    real *values, *gradients;
} stepped;

/* `pruned`: a channel of the first layer that is pruned in the discrete network, or -1. */
static stepped step(const arithmetic_rules *rules, model_mode mode, int pruned)
{
    model_options options = {.quantized = true,
                             .rules = *rules,
                             .start_temperature = 1,
                             .weight_count = 4,
                             .weight_bits = {0, 2, 4, 8},
                             .activation_count = 1,
                             .activation_bits = {4},
                             .input_count = 1,
                             .input_bits = {8},
                             .capacity = IMAGES};
    stepped s;
    model fine;
    assert_false(failed(model_open(&fine, &network, kernels_choose(NULL), &(model_options){.capacity = 1})));
    assert_false(failed(model_open(&s.m, &network, kernels_choose(NULL), &options)));
    real *start = calloc(fine.layout.total, sizeof *start);
    s.values = calloc(s.m.layout.total, sizeof *s.values);
    s.gradients = calloc(s.m.layout.total, sizeof *s.gradients);
    model_initialize(&fine, start, 4);
    model_convert(&s.m, s.values, &fine, start);
    for (int i = 0; i < network.layer_count; i++) { /* biases worth quantising */
        if (s.m.nodes[i].bias < 0) continue;
        const model_tensor *bias = &s.m.layout.tensors[s.m.nodes[i].bias];
        for (size_t c = 0; c < bias->count; c++) s.values[bias->offset + c] = (real)0.05 * (real)(c + 1);
    }
    if (pruned >= 0) {
        const model_weight_group *group = &s.m.groups[network.layers[graph_find(&network, "stem")].group];
        s.values[s.m.layout.tensors[group->logits].offset + (size_t)pruned] = 5;
    }
    for (uint32_t i = 0; i < IMAGES * 9 * 8 * 2; i++)
        model_input(&s.m)[i] = (real)rng_uniform(rng_draw(2, RNG_SYNTHETIC, i, 0, 0).word[0]);
    model_prepare(&s.m, s.values, mode, 1, 0);
    model_forward(&s.m, s.values, IMAGES, (model_pass){0});
    for (int i = 0; i < IMAGES * network.classes; i++) model_output_gradient(&s.m)[i] = (real)(i % 5) - 2;
    model_backward(&s.m, s.values, s.gradients, IMAGES, IMAGES, (model_pass){0}, NULL);
    model_choice_gradients(&s.m, s.values, s.gradients);
    model_finish_gradients(&s.m, s.gradients);
    free(start);
    model_close(&fine);
    return s;
}

static void step_free(stepped *s)
{
    free(s->gradients);
    free(s->values);
    model_close(&s->m);
}

static const real *gradient(const stepped *s, int tensor)
{
    return s->gradients + s->m.layout.tensors[tensor].offset;
}

static void test_exact_is_the_absence_of_all_rules(void **state)
{
    (void)state;
    arithmetic_rules exact = arithmetic_rules_of(ARITHMETIC_EXACT), none = {0};
    arithmetic_rules published = arithmetic_rules_of(ARITHMETIC_REFERENCE), all;
    memset(&all, true, sizeof all); /* a struct of booleans alone: a rule that is not set in reference shows here */
    assert_memory_equal(&exact, &none, sizeof none);
    assert_memory_equal(&published, &all, sizeof all);
}

static void test_a_name_publishes_its_rule_alone(void **state)
{
    (void)state;
    arithmetic_rules all = {0};
    for (int i = 0; arithmetic_rule_names[i] != NULL; i++) {
        arithmetic_rules alone = {0};
        assert_true(arithmetic_rules_publish(&alone, arithmetic_rule_names[i]));
        assert_int_equal(((const bool *)&alone)[i], true);
        assert_null(memchr(&alone, true, (size_t)i));
        assert_true(arithmetic_rules_publish(&all, arithmetic_rule_names[i]));
    }
    const arithmetic_rules published = arithmetic_rules_of(ARITHMETIC_REFERENCE);
    assert_memory_equal(&all, &published, sizeof all);
    assert_false(arithmetic_rules_publish(&all, "pact"));
}

static void test_bias_gradient_is_scaled_by_its_step(void **state)
{
    (void)state;
    arithmetic_rules rules = {0};
    stepped exact = step(&rules, MODEL_SOFT, -1);
    rules.bias_gradient_scaled = true;
    stepped published = step(&rules, MODEL_SOFT, -1);
    const int hidden = graph_find(&network, "hidden");
    const model_node *node = &exact.m.nodes[hidden];
    const real input_step = exact.m.quantizers[node->input_quantizer].step;
    const real *plain = gradient(&exact, node->bias), *scaled = gradient(&published, node->bias);
    double size = 0;
    for (int c = 0; c < network.layers[hidden].out_channels; c++) {
        assert_true(scaled[c] == plain[c] * (input_step * node->step[c]));
        size += fabs((double)plain[c]);
    }
    assert_true(size > 0);
    /* and it reaches the choices of the layer's weights, while the weights themselves do not notice */
    const model_weight_group *group = &exact.m.groups[network.layers[hidden].group];
    size_t choices = (size_t)group->precisions * (size_t)group->columns;
    assert_true(memcmp(gradient(&exact, group->logits), gradient(&published, group->logits), choices * sizeof(real)) !=
                0);
    assert_memory_equal(gradient(&exact, node->weight), gradient(&published, node->weight),
                        layer_weight_count(&network.layers[hidden]) * sizeof(real));
    step_free(&published);
    step_free(&exact);
}

/* No rule, and no code: its output is exactly 0, where the quantiser passes nothing back (METHOD.md 2.4). */
static void test_pruned_channels_have_no_gradient_in_the_discrete_network(void **state)
{
    (void)state;
    enum { PRUNED = 2 };
    const int stem = graph_find(&network, "stem"), channels = network.layers[stem].out_channels;
    for (int which = 0; which < 2; which++) {
        arithmetic_rules rules = arithmetic_rules_of(which == 0 ? ARITHMETIC_EXACT : ARITHMETIC_REFERENCE);
        stepped s = step(&rules, MODEL_HARD, PRUNED);
        const real *weight = gradient(&s, s.m.nodes[stem].weight);
        double of_pruned = 0, of_kept = 0;
        for (size_t k = 0; k < s.m.nodes[stem].rows; k++)
            for (int c = 0; c < channels; c++)
                *(c == PRUNED ? &of_pruned : &of_kept) += fabs((double)weight[k * (size_t)channels + (size_t)c]);
        of_pruned += fabs((double)gradient(&s, s.m.nodes[stem].bias)[PRUNED]);
        assert_true(of_kept > 0 && of_pruned == 0);
        for (size_t i = s.m.layout.clips; i < s.m.layout.choices; i++) assert_true(s.gradients[i] == 0);
        step_free(&s);
    }
}

/* An input inside the first quantisation step gives 0, and the ReLU behind the quantiser then stops its gradient. */
static void test_relu_masks_the_first_step(void **state)
{
    (void)state;
    arithmetic_rules rules = {0};
    stepped exact = step(&rules, MODEL_SOFT, -1);
    rules.relu_masks_first_step = true;
    stepped published = step(&rules, MODEL_SOFT, -1);
    const int hidden = graph_find(&network, "hidden");
    const model_node *plain = &exact.m.nodes[hidden], *masked = &published.m.nodes[hidden];
    int inside = 0;
    for (int i = 0; i < IMAGES * network.layers[hidden].out_channels; i++) {
        bool first_step = plain->raw[i] > 0 && plain->out[i] == 0;
        inside += first_step && plain->dout[i] != 0;
        assert_true(masked->dout[i] == (first_step ? 0 : plain->dout[i]));
    }
    assert_true(inside > 0);
    step_free(&published);
    step_free(&exact);
}

static void test_clips_keep_their_distance_from_zero(void **state)
{
    (void)state;
    network.input_signed = true;
    network.input_clip_low = -1;
    for (int published = 0; published < 2; published++) {
        arithmetic_rules rules = {.clips_unguarded = published == 1};
        stepped s = step(&rules, MODEL_SOFT, -1);
        const size_t total = s.m.layout.total;
        real *moments = calloc(3 * total, sizeof *moments), *pull = calloc(total, sizeof *pull);
        const model_quantizer *input = &s.m.quantizers[network.group_count], *first = &s.m.quantizers[0];
        if (!first->used) first = &s.m.quantizers[1];
        const size_t clip = s.m.layout.tensors[first->clips].offset, low = s.m.layout.tensors[input->low].offset;
        pull[clip] = 100;
        pull[low] = -100;
        const phase_settings phase = {.optimizer = OPTIMIZER_SGD, .learning_rate = 1};
        const update_moments where = {moments, moments + total, moments + 2 * total};
        update_values(&s.m, s.values, &where, pull, &phase, NULL, 1, 1);
        assert_true(published == 1 ? s.values[clip] < 0 : s.values[clip] == (real)1e-3);
        assert_true(published == 1 ? s.values[low] > 0 : s.values[low] == (real)-1e-3);
        free(pull);
        free(moments);
        step_free(&s);
    }
    network.input_signed = false;
    network.input_clip_low = 0;
}

static void test_running_statistics_take_the_momentum_of_their_arithmetic(void **state)
{
    (void)state;
    network.bn_momentum = 0.25f;
    network.reference_bn_momentum = 0.75f;
    for (int published = 0; published < 2; published++) {
        model m;
        model_options options = {.rules = {.published_batchnorm_momentum = published == 1}, .capacity = 1};
        assert_false(failed(model_open(&m, &network, kernels_choose(NULL), &options)));
        real *values = calloc(m.layout.total, sizeof *values), *batch = calloc(m.layout.total, sizeof *batch);
        for (size_t i = m.layout.choices; i < m.layout.total; i++) {
            values[i] = 4;
            batch[i] = 8;
        }
        model_update_running(&m, values, batch);
        for (size_t i = m.layout.choices; i < m.layout.total; i++) assert_true(values[i] == (published == 1 ? 7 : 5));
        free(batch);
        free(values);
        model_close(&m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exact_is_the_absence_of_all_rules),
        cmocka_unit_test(test_a_name_publishes_its_rule_alone),
        cmocka_unit_test(test_bias_gradient_is_scaled_by_its_step),
        cmocka_unit_test(test_pruned_channels_have_no_gradient_in_the_discrete_network),
        cmocka_unit_test(test_relu_masks_the_first_step),
        cmocka_unit_test(test_clips_keep_their_distance_from_zero),
        cmocka_unit_test(test_running_statistics_take_the_momentum_of_their_arithmetic),
    };
    return cmocka_run_group_tests(tests, load_every_layer, free_network);
}
