/* links: core_strategy hw_models */
/* Masks: their gradients against finite differences, what a closed one does, and that what is pruned stays so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/data/batch.h"
#include "core/net/model/model_allocation.h"
#include "core/strategy/pit_mask.h"
#include "core/train/trainer_batch.h"
#include "tests/support/noise_world.h"

/* Groups of the network: image, {first, b.c2, sum} 8, b.c1 8, last 16, fc 10. */
enum {
    IMAGE = 3,
    CHANNELS = IMAGE + 8 + 8 + 16 + 10,
    SLOPE = 3 * CHANNELS,
    OPEN = 4 * CHANNELS,
    MASTER = 5 * CHANNELS
};

static trainer *open_masks(const char *masked, double strength)
{
    char keys[200];
    snprintf(keys, sizeof keys,
             "strategy = \"pit\"; cost_model = \"size\"; strengths = [1.0]; bits = [8]; masked = \"%s\"; "
             "mask_learning_rate = 0.2;",
             masked);
    noise_world_use_entry(&world, keys);
    world.task.strength = strength;
    world.task.bits = 0;
    return noise_world_open(&world, "pit");
}

static int first_channel(const char *layer)
{
    int first = 0;
    for (int i = 0; i < world.graph.layers[graph_find(&world.graph, layer)].group; i++)
        first += world.graph.groups[i].channels;
    return first;
}

/* Loss of 16 images in the float network in training; gradients if a block is given. */
static double loss_of(trainer *t, const real *values, real *gradients)
{
    model *m = &t->network;
    int32_t labels[16];
    double unused;
    int correct;
    trainer_choose_samples(t, 0, &unused);
    model_prepare(m, values, MODEL_TRAIN_FLOAT, 1, 0);
    batch_load(model_input(m), labels, &world.data, t->samples, 4, NULL, 0, 0); /* a shard */
    const model_pass pass = {.training = true};
    model_forward(m, values, 4, pass);
    const double loss = m->kernels->softmax_cross_entropy(model_output_gradient(m), &correct, model_logits(m), labels,
                                                          NULL, (real)1, 4, 10);
    if (gradients != NULL) model_backward(m, values, gradients, 4, 4, pass, NULL);
    return loss;
}

static void scale_channel(trainer *t, real *values, int group, int channel, real factor)
{
    for (int i = 0; i < world.graph.layer_count; i++) {
        const model_node *node = &t->network.nodes[i];
        if (node->weight < 0 || world.graph.layers[i].group != group) continue;
        values[t->network.layout.tensors[node->gamma].offset + (size_t)channel] *= factor;
        values[t->network.layout.tensors[node->beta].offset + (size_t)channel] *= factor;
    }
}

/* By a number between mask and output, which the straight-through gradient takes for the mask itself. */
static void test_gradients_of_masks_are_those_of_finite_differences(void **state)
{
    (void)state;
    trainer *t = open_masks("all", 0);
    const size_t total = t->network.layout.total;
    real *own = t->own[0], *gradients = calloc(total, sizeof *gradients), *values = malloc(total * sizeof *values);
    assert_true(gradients != NULL && values != NULL);
    for (int i = 0; i < world.graph.layer_count; i++) { /* shifts that are worth masking */
        const model_node *node = &t->network.nodes[i];
        for (int c = 0; node->weight >= 0 && node->beta >= 0 && c < world.graph.layers[i].out_channels; c++)
            t->values[t->network.layout.tensors[node->beta].offset + (size_t)c] = (real)(0.2 + 0.05 * (c % 5));
    }
    check_ok(pit_search_stage.begin(t, own));
    loss_of(t, t->values, gradients);
    pit_search_stage.gradient(t, own, gradients);
    double largest = 0, worst = 0;
    for (int group = 1; group < world.graph.group_count - 1; group++) {
        const int first = group == 1 ? IMAGE : group == 2 ? IMAGE + 8 : IMAGE + 16;
        for (int c = 0; c + 1 < world.graph.groups[group].channels; c++) {
            double side[2];
            for (int k = 0; k < 2; k++) {
                memcpy(values, t->values, total * sizeof *values);
                scale_channel(t, values, group, c, (real)(k == 0 ? 0.99 : 1.01));
                side[k] = loss_of(t, values, NULL);
            }
            const double expected = (side[1] - side[0]) / 0.02, found = (double)own[SLOPE + first + c];
            largest = fmax(largest, fabs(expected));
            worst = fmax(worst, fabs(found - expected));
        }
        assert_true(own[SLOPE + first + world.graph.groups[group].channels - 1] == 0);
    }
    print_message("largest slope %.4g, worst difference %.2g\n", largest, worst);
    assert_true(largest > 0.05);
    assert_true(worst < 0.03 * largest);
    free(values);
    free(gradients);
    trainer_close(t);
}

/* Size in bits with theta for the numbers of channels: 8 bit for every weight. */
static double size_of(const double theta[CHANNELS])
{
    double kept[5] = {IMAGE, 0, 0, 0, 10};
    for (int c = 0; c < 8; c++) kept[1] += theta[IMAGE + c];
    for (int c = 0; c < 8; c++) kept[2] += theta[IMAGE + 8 + c];
    for (int c = 0; c < 16; c++) kept[3] += theta[IMAGE + 16 + c];
    return 8 * (9 * (kept[0] * kept[1] + 2 * kept[1] * kept[2] + kept[1] * kept[3]) + kept[3] * kept[4]);
}

static void test_the_cost_pulls_on_all_channels(void **state)
{
    (void)state;
    trainer *t = open_masks("all", 2);
    real *own = t->own[0], *gradients = calloc(t->network.layout.total, sizeof *gradients);
    assert_non_null(gradients);
    double theta[CHANNELS];
    for (int c = 0; c < CHANNELS; c++) theta[c] = 1;
    theta[IMAGE + 2] = 0.7;
    theta[IMAGE + 9] = 1.4;
    own[IMAGE + 2] = (real)-0.7; /* theta is the magnitude */
    own[IMAGE + 9] = (real)1.4;
    pit_search_stage.gradient(t, own, gradients);
    const int seen[] = {IMAGE + 2, IMAGE + 9, IMAGE + 20};
    for (int i = 0; i < 3; i++) {
        double side[2];
        for (int k = 0; k < 2; k++) {
            theta[seen[i]] += k == 0 ? -1e-3 : 2e-3;
            side[k] = size_of(theta);
        }
        theta[seen[i]] -= 1e-3;
        const double slope = 2 * (side[1] - side[0]) / 2e-3 * (i == 0 ? -1 : 1);
        assert_true(fabs((double)own[SLOPE + seen[i]] - slope) < 1e-3 * fabs(slope));
    }
    assert_true(own[0] == 1 && own[SLOPE] == 0 && own[SLOPE + CHANNELS - 1] == 0); /* image and output stay */
    free(gradients);
    trainer_close(t);
}

static void test_a_closed_channel_is_away_and_comes_back(void **state)
{
    (void)state;
    for (int all = 0; all < 2; all++) {
        trainer *t = open_masks(all ? "all" : "weights", 0);
        real *own = t->own[0], *gradients = calloc(t->network.layout.total, sizeof *gradients);
        assert_non_null(gradients);
        const model_node *node = &t->network.nodes[graph_find(&world.graph, "last")];
        const size_t gamma = t->network.layout.tensors[node->gamma].offset + 4;
        const size_t beta = t->network.layout.tensors[node->beta].offset + 4;
        const int channel = first_channel("last") + 4;
        const real before[] = {t->values[gamma], t->values[beta]};
        const double full = pit_search_stage.cost(t, own);
        own[channel] = (real)-0.5; /* |m| = 1/2 is closed */
        check_ok(pit_search_stage.updated(t, own));
        assert_true(own[OPEN + channel] == 0 && t->values[gamma] == 0);
        assert_true(t->values[beta] == (all ? 0 : before[1]));
        assert_true(full - pit_search_stage.cost(t, own) == 8 * (9 * 8 + 10));
        gradients[gamma] = gradients[beta] = 2;
        pit_search_stage.gradient(t, own, gradients);
        assert_true(gradients[gamma] == 0 && gradients[beta] == (all ? 0 : 2));
        const double slope = -2 * ((double)before[0] + (all ? (double)before[1] : 0));
        assert_float_equal((double)own[SLOPE + channel], slope, 1e-6);
        t->values[gamma] = 9; /* whatever an optimiser does to what is closed */
        own[channel] = (real)0.8;
        check_ok(pit_search_stage.updated(t, own));
        assert_true(t->values[gamma] == before[0] && t->values[beta] == before[1]);
        own[channel] = 0;
        check_ok(pit_search_stage.updated(t, own));
        check_ok(pit_search_stage.end(t, own));
        assert_true(t->values[gamma] == 0 && t->values[beta] == 0);
        free(gradients);
        trainer_close(t);
    }
}

static void test_fine_tuning_leaves_pruned_channels_alone(void **state)
{
    (void)state;
    trainer *t = open_masks("all", 0);
    real *gradients = malloc(t->network.layout.total * sizeof *gradients), own[CHANNELS] = {0};
    assert_non_null(gradients);
    for (size_t k = 0; k < t->network.layout.total; k++) gradients[k] = 1;
    own[first_channel("b.c2") + 2] = 1;
    pit_tune_stage.gradient(t, own, gradients);
    for (int c = 0; c < 8; c++) {
        const model_node *node = &t->network.nodes[graph_find(&world.graph, "b.c2")];
        assert_true(gradients[t->network.layout.tensors[node->gamma].offset + (size_t)c] == (c == 2 ? 0 : 1));
        assert_true(gradients[t->network.layout.tensors[node->beta].offset + (size_t)c] == (c == 2 ? 0 : 1));
    }
    free(gradients);
    trainer_close(t);
}

/* ---- the flow ---- */

static void check_pruned(trainer *t, const bool *pruned, int bits)
{
    allocation a;
    check_ok(allocation_new(&a, &world.graph));
    model_prepare(&t->network, t->values, MODEL_HARD, 1, 0);
    model_allocation_read(&a, &t->network);
    for (int c = IMAGE; c < CHANNELS; c++) {
        assert_int_equal(a.weight_bits[c] == 0, pruned[c]);
        if (bits > 0 && !pruned[c]) assert_int_equal(a.weight_bits[c], bits);
    }
    allocation_free(&a);
}

static void test_what_is_pruned_stays_pruned(void **state)
{
    (void)state;
    world.settings.search_phase.epochs = 2;
    trainer *t = open_masks("all", 1e-5);
    noise_world_train(t);
    record masked, warmup = world.start;
    check_ok(trainer_record(&masked, t));
    bool pruned[CHANNELS];
    check_ok(pit_pruned_read(pruned, t, &masked));
    int count = 0;
    for (int c = 0; c < CHANNELS; c++) count += pruned[c];
    print_message("%d channels pruned\n", count);
    assert_true(count >= 2 && count <= 28);
    assert_true(!pruned[IMAGE + 7] && !pruned[IMAGE + 15] && !pruned[IMAGE + 31]);
    const char *const layers[] = {"last", "b.c2"}; /* fine-tuning in float has not brought any back */
    for (int l = 0; l < 2; l++) {
        const int layer = graph_find(&world.graph, layers[l]);
        const size_t gamma = t->network.layout.tensors[t->network.nodes[layer].gamma].offset;
        for (int c = 0; c < world.graph.layers[layer].out_channels; c++)
            assert_int_equal(t->values[gamma + (size_t)c] == 0, pruned[first_channel(layers[l]) + c]);
    }
    trainer_close(t);

    world.start = masked;
    world.task.bits = 4;
    t = noise_world_open(&world, "pit_fixed");
    check_pruned(t, pruned, 4);
    noise_world_train(t);
    check_pruned(t, pruned, 4);
    trainer_close(t);

    noise_world_use_entry(
        &world, "strategy = \"pit_mixprec\"; cost_model = \"size\"; strengths = [1.0]; pit_strengths = [1.0];");
    world.task.bits = 0;
    t = noise_world_open(&world, "pit_mixprec");
    model_prepare(&t->network, t->values, MODEL_SOFT, 1, 0);
    for (int i = 1; i < 4; i++)
        for (int c = 0; c < world.graph.groups[i].channels; c++) {
            const int first = i == 1 ? IMAGE : i == 2 ? IMAGE + 8 : IMAGE + 16;
            assert_true(t->network.groups[i].probability[c] == (pruned[first + c] ? 1 : 0));
        }
    noise_world_train(t);
    check_pruned(t, pruned, 0);
    trainer_close(t);
    world.start = warmup;
    t = open_masks("all", 0);
    status s = pit_pruned_read(pruned, t, &warmup);
    check_says(s, "does not say what is pruned");
    trainer_close(t);
    record_free(&masked);
}

/* Folded weights are those of the float network: none was made larger for candidates that are pruned. */
static void test_no_compensation_where_pruning_is_decided(void **state)
{
    (void)state;
    noise_world_use_entry(
        &world, "strategy = \"pit_mixprec\"; cost_model = \"size\"; strengths = [1.0]; pit_strengths = [1.0];");
    trainer *t = open_masks("all", 0);
    noise_world_train(t);
    record masked, warmup = world.start;
    check_ok(trainer_record(&masked, t));
    trainer_close(t);
    world.start = masked;
    noise_world_use_entry(
        &world, "strategy = \"pit_mixprec\"; cost_model = \"size\"; strengths = [1.0]; pit_strengths = [1.0];");
    trainer *searched = noise_world_open(&world, "pit_mixprec");
    world.task.bits = 8;
    trainer *fixed = noise_world_open(&world, "pit_fixed");
    const size_t weights = searched->network.layout.decayed;
    assert_int_equal(weights, fixed->network.layout.decayed);
    assert_memory_equal(searched->values, fixed->values, weights * sizeof(real));
    trainer_close(searched);
    trainer_close(fixed);
    world.start = warmup;
    record_free(&masked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients_of_masks_are_those_of_finite_differences),
        cmocka_unit_test(test_the_cost_pulls_on_all_channels),
        cmocka_unit_test(test_a_closed_channel_is_away_and_comes_back),
        cmocka_unit_test(test_fine_tuning_leaves_pruned_channels_alone),
        cmocka_unit_test(test_what_is_pruned_stays_pruned),
        cmocka_unit_test(test_no_compensation_where_pruning_is_decided),
    };
    return cmocka_run_group_tests_name("pit", tests, make_world, free_world);
}
