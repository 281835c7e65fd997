/* links: core_net_double core_cost_double hw_models */
/* The engine in double on a small network with every kind of layer: gradients against difference quotients, batch-norm
 * folding, and what the search does to costs. The published numbers are compared in tests/golden. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/rng.h"
#include "core/cost/cost_choice.h"
#include "core/net/model/dropout.h"
#include "core/net/model/model.h"
#include "hw_models/registry.h"
#include "tests/support/graph_fixture.h"

enum { IMAGES = 5, PARAMETERS_TRIED = 40 };
static const double SHIFT = 1e-5,
                    TOLERANCE = 2e-6; /* central differences: error of the order of SHIFT^2 and 1e-16/SHIFT */

static const model_pass training = {.training = true, .step = 3, .first = 0};

static double uniform(uint32_t i, uint32_t salt)
{
    return (double)rng_uniform(rng_draw(11, RNG_SYNTHETIC, i, salt, 0).word[0]);
}

static model open_model(const model_options *options)
{
    model m;
    status s = model_open(&m, &network, kernels_choose(NULL), options);
    if (failed(s)) fail_msg("%s", s.message);
    const layer_spec *image = &network.layers[0];
    size_t count = (size_t)IMAGES * image->out_height * image->out_width * image->out_channels;
    for (size_t i = 0; i < count; i++) model_input(&m)[i] = uniform((uint32_t)i, 1);
    return m;
}

static double forward_loss(model *m, const real *values)
{
    static const int32_t labels[IMAGES] = {0, 2, 1, 1, 0};
    int correct;
    model_forward(m, values, IMAGES, training);
    return m->kernels->softmax_cross_entropy(model_output_gradient(m), &correct, model_logits(m), labels, NULL,
                                             1.0 / IMAGES, IMAGES, network.classes) /
           IMAGES;
}

static const model_options soft_options = {.quantized = true,
                                           .weight_count = 4,
                                           .weight_bits = {0, 2, 4, 8},
                                           .activation_count = 2,
                                           .activation_bits = {4, 8},
                                           .input_count = 1,
                                           .input_bits = {8},
                                           .start_temperature = 1,
                                           .capacity = IMAGES,
                                           .seed = 9};

static void test_float_gradients_are_difference_quotients(void **state)
{
    (void)state;
    model m = open_model(&(model_options){.capacity = IMAGES, .seed = 9});
    real *values = calloc(m.layout.total, sizeof *values), *gradients = calloc(m.layout.total, sizeof *gradients);
    model_initialize(&m, values, 4);
    model_prepare(&m, values, MODEL_TRAIN_FLOAT, 1, 0);
    forward_loss(&m, values);
    model_backward(&m, values, gradients, IMAGES, IMAGES, training, NULL);
    for (int t = 0; t < m.layout.tensor_count; t++) {
        const model_tensor *tensor = &m.layout.tensors[t];
        if (tensor->offset >= m.layout.decayed) continue;
        for (uint32_t k = 0; k < PARAMETERS_TRIED; k++) {
            size_t i = tensor->offset + (size_t)(uniform(k, 2) * (double)tensor->count);
            real kept = values[i];
            values[i] = kept + SHIFT;
            double above = forward_loss(&m, values);
            values[i] = kept - SHIFT;
            double below = forward_loss(&m, values);
            values[i] = kept;
            double quotient = (above - below) / (2 * SHIFT);
            if (fabs(quotient - gradients[i]) > TOLERANCE)
                fail_msg("%s[%zu]: gradient %.9g, difference quotient %.9g", tensor->name, i - tensor->offset,
                         gradients[i], quotient);
        }
    }
    free(gradients);
    free(values);
    model_close(&m);
}

/* With running statistics equal to the batch's, the folded network gives the training network's logits. */
static void test_folded_batchnorm_gives_the_same_logits(void **state)
{
    (void)state;
    model m = open_model(&(model_options){.capacity = IMAGES});
    real *values = calloc(m.layout.total, sizeof *values), *gradients = calloc(m.layout.total, sizeof *gradients);
    model_initialize(&m, values, 4);
    model_prepare(&m, values, MODEL_TRAIN_FLOAT, 1, 0);
    model_forward(&m, values, IMAGES, (model_pass){0});
    double logits[IMAGES * 3];
    memcpy(logits, model_logits(&m), sizeof logits);
    for (int i = 0; i < network.layer_count; i++) {
        const model_node *node = &m.nodes[i];
        if (node->mean < 0) continue;
        size_t bytes = (size_t)network.layers[i].out_channels * sizeof(real);
        memcpy(values + m.layout.tensors[node->mean].offset, node->shard_mean, bytes);
        memcpy(values + m.layout.tensors[node->variance].offset, node->shard_variance, bytes);
    }
    model_prepare(&m, values, MODEL_EVAL_FLOAT, 1, 0);
    model_forward(&m, values, IMAGES, (model_pass){0});
    for (int i = 0; i < IMAGES * 3; i++)
        if (fabs(logits[i] - model_logits(&m)[i]) > 1e-9)
            fail_msg("logit %d: %g, folded %g", i, logits[i], model_logits(&m)[i]);
    free(gradients);
    free(values);
    model_close(&m);
}

/* The last layer sees fixed inputs, so its choices are smooth there; costs are smooth in all choices. */
static void test_choice_gradients_are_difference_quotients(void **state)
{
    (void)state;
    const double strength = 1e-3;
    model fine = open_model(&(model_options){.capacity = 1}), m = open_model(&soft_options);
    real *start = calloc(fine.layout.total, sizeof *start);
    real *values = calloc(m.layout.total, sizeof *values), *gradients = calloc(m.layout.total, sizeof *gradients);
    model_initialize(&fine, start, 4);
    model_convert(&m, values, &fine, start);
    group_choice groups[32], slopes[32];
    assert_true(network.group_count < 32);
    int last = graph_find(&network, "logits");
    memset(values + m.layout.tensors[m.nodes[last].bias].offset, 0,
           3 * sizeof *values); /* its grid moves with the choice */
    for (size_t i = m.layout.clips; i < m.layout.choices; i++) values[i] += 0.3 * uniform((uint32_t)i, 5);

    for (const cost_model *const *cost = cost_models(); *cost != NULL; cost++) {
        model_prepare(&m, values, MODEL_SOFT, 0.7, 0);
        double wanted_task = forward_loss(&m, values);
        model_backward(&m, values, gradients, IMAGES, IMAGES, training, NULL);
        model_choice_gradients(&m, values, gradients);
        cost_choice_read(groups, &m);
        cost_total(*cost, &network, groups, false, slopes);
        /* only the classifier's task gradient is smooth: of the others take the cost's alone */
        for (int g = 0; g < network.group_count; g++)
            if (g != network.layers[last].group)
                memset(m.groups[g].dprobability, 0,
                       (size_t)m.groups[g].precisions * (size_t)m.groups[g].columns * sizeof(real));
        memset(gradients + m.layout.clips, 0, (m.layout.choices - m.layout.clips) * sizeof *gradients);
        cost_choice_add_slope(&m, gradients, slopes, strength);
        model_finish_gradients(&m, gradients);

        for (size_t i = m.layout.clips; i < m.layout.choices; i++) {
            double side[2];
            real kept = values[i];
            bool classifier = i >= m.layout.tensors[m.groups[network.layers[last].group].logits].offset &&
                              i < m.layout.tensors[m.groups[network.layers[last].group].logits].offset + 9;
            for (int k = 0; k < 2; k++) {
                values[i] = kept + (k == 0 ? -SHIFT : SHIFT);
                model_prepare(&m, values, MODEL_SOFT, 0.7, 0);
                cost_choice_read(groups, &m);
                side[k] = strength * cost_total(*cost, &network, groups, false, NULL);
                if (classifier) side[k] += forward_loss(&m, values);
            }
            values[i] = kept;
            if ((*cost)->in_kept_detached || (*cost)->stepped) continue; /* by definition not the derivative */
            double quotient = (side[1] - side[0]) / (2 * SHIFT), scale = 1 + fabs(quotient);
            if (fabs(quotient - gradients[i]) > 1e-5 * scale)
                fail_msg("%s: choice %zu: gradient %.9g, difference quotient %.9g", (*cost)->name, i - m.layout.clips,
                         gradients[i], quotient);
        }
        assert_true(isfinite(wanted_task));
    }
    free(gradients);
    free(values);
    free(start);
    model_close(&m);
    model_close(&fine);
}

/* METHOD.md 1.2 and 2.2: logits are bits over the most bits, clips 6, that of the image what the network file says. */
static void test_search_starts_at_the_published_values(void **state)
{
    (void)state;
    model fine = open_model(&(model_options){.capacity = 1}), m = open_model(&soft_options);
    real *start = calloc(fine.layout.total, sizeof *start), *values = calloc(m.layout.total, sizeof *values);
    model_initialize(&fine, start, 4);
    model_convert(&m, values, &fine, start);
    for (int g = 0; g < network.group_count; g++) {
        const model_weight_group *group = &m.groups[g];
        for (int p = 0; p < group->precisions; p++)
            for (int c = 0; c < group->columns; c++)
                assert_true(values[m.layout.tensors[group->logits].offset + (size_t)(p * group->columns + c)] ==
                            group->bits[p] / 8.0);
        const model_quantizer *q = &m.quantizers[g];
        if (!q->used) continue;
        const real *logits = values + m.layout.tensors[q->logits].offset,
                   *clips = values + m.layout.tensors[q->clips].offset;
        assert_true(logits[0] == 0.5 && logits[1] == 1); /* of 4 and 8 bit */
        assert_true(clips[0] == 6 && clips[1] == 6);
    }
    assert_true(values[m.layout.tensors[m.quantizers[network.group_count].clips].offset] == 1);
    free(values);
    free(start);
    model_close(&m);
    model_close(&fine);
}

/* Dropout keeps the mean: what stays is enlarged by 1 / (1 - rate). */
static void test_dropout_keeps_the_mean(void **state)
{
    (void)state;
    model m = open_model(&(model_options){.capacity = IMAGES, .seed = 9});
    real *values = calloc(m.layout.total, sizeof *values);
    model_initialize(&m, values, 4);
    model_prepare(&m, values, MODEL_TRAIN_FLOAT, 1, 0);
    const int drop = graph_find(&network, "drop"), sum = graph_find(&network, "sum");
    const layer_spec *l = &network.layers[drop];
    const int count = IMAGES * l->out_height * l->out_width * l->out_channels;
    int dropped = 0, alive = 0;
    for (uint32_t step = 0; step < 20; step++) {
        model_forward(&m, values, IMAGES, (model_pass){.training = true, .step = step});
        for (int i = 0; i < count; i++) {
            real in = m.nodes[sum].out[i], out = m.nodes[drop].out[i];
            if (in == 0) continue;
            assert_true(out == 0 || fabs(out - in / 0.75) < 1e-12);
            *(out == 0 ? &dropped : &alive) += 1;
        }
    }
    assert_true(fabs(dropped / (double)(dropped + alive) - 0.25) < 0.03);
    model_forward(&m, values, IMAGES, (model_pass){0});
    for (int i = 0; i < count; i++) assert_true(m.nodes[drop].out[i] == m.nodes[sum].out[i]);
    free(values);
    model_close(&m);
}

/* An image with more values than one layer's part of a counter numbers: no mask is used twice, neither within the image
 * nor by the next layer; what fits has the masks it always had. */
static void test_dropout_of_many_values_repeats_nothing(void **state)
{
    (void)state;
    enum { PIECE = 1 << 18, VALUES = 2 * PIECE + 5000, COMPARED = 4096 };
    real *in = malloc(VALUES * sizeof *in), *out = malloc(VALUES * sizeof *out), *next = malloc(VALUES * sizeof *next);
    assert_true(in != NULL && out != NULL && next != NULL);
    for (int i = 0; i < VALUES; i++) in[i] = 1;
    const kernel_table *k = kernels_choose(NULL);
    dropout_apply(k, out, in, 1, VALUES, 0.5f, 77, 3, 4, 8, false);
    dropout_apply(k, next, in, 1, VALUES, 0.5f, 77, 3, 4, 9, false);
    for (int piece = 1; piece <= 2; piece++) {
        int as_before = 0, as_next = 0;
        for (int i = 0; i < COMPARED; i++) {
            as_before += out[piece * PIECE + i] == out[(piece - 1) * PIECE + i];
            as_next += out[piece * PIECE + i] == next[(piece - 1) * PIECE + i];
        }
        assert_in_range(as_before, COMPARED * 2 / 5, COMPARED * 3 / 5); /* half of them, by chance */
        assert_in_range(as_next, COMPARED * 2 / 5, COMPARED * 3 / 5);
    }
    for (uint32_t i = 0; i < PIECE; i += 4093)
        assert_true((out[i] != 0) ==
                    (rng_uniform(rng_draw(77, RNG_DROPOUT, 3, 4, 8 << 16 | i / 4).word[i % 4]) >= 0.5f));
    free(next);
    free(out);
    free(in);
}

/* Pruning every channel of a prunable group silences it; the output's group has no 0 bit to choose. */
static void test_hard_choices_prune_and_never_touch_the_output(void **state)
{
    (void)state;
    model fine = open_model(&(model_options){.capacity = 1}), m = open_model(&soft_options);
    real *start = calloc(fine.layout.total, sizeof *start);
    real *values = calloc(m.layout.total, sizeof *values);
    model_initialize(&fine, start, 4);
    model_convert(&m, values, &fine, start);
    int stem = graph_find(&network, "stem"), last = graph_find(&network, "logits"), dw = graph_find(&network, "dw");
    assert_int_equal(m.groups[network.layers[last].group].precisions, 3);
    assert_int_equal(network.layers[stem].group, network.layers[dw].group);
    model_weight_group *group = &m.groups[network.layers[stem].group];
    real *logits = values + m.layout.tensors[group->logits].offset;
    for (int c = 0; c < group->columns; c++) logits[c] = 5;
    model_prepare(&m, values, MODEL_HARD, 1, 0);
    model_forward(&m, values, IMAGES, (model_pass){0});
    for (int i = 0; i < 9 * 8 * 5; i++) assert_true(m.nodes[dw].out[i] == 0);
    group_choice groups[32];
    cost_choice_read(groups, &m);
    assert_true(groups[network.layers[stem].group].channels[0] == 5);
    m.options.keep_alive = true; /* one channel lives */
    model_prepare(&m, values, MODEL_HARD, 1, 0);
    cost_choice_read(groups, &m);
    assert_true(groups[network.layers[stem].group].channels[0] == 4);
    free(values);
    free(start);
    model_close(&m);
    model_close(&fine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_float_gradients_are_difference_quotients),
        cmocka_unit_test(test_folded_batchnorm_gives_the_same_logits),
        cmocka_unit_test(test_choice_gradients_are_difference_quotients),
        cmocka_unit_test(test_search_starts_at_the_published_values),
        cmocka_unit_test(test_dropout_keeps_the_mean),
        cmocka_unit_test(test_dropout_of_many_values_repeats_nothing),
        cmocka_unit_test(test_hard_choices_prune_and_never_touch_the_output),
    };
    return cmocka_run_group_tests(tests, load_every_layer, free_network);
}
