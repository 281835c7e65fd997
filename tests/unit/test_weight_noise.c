/* links: core_strategy hw_models */
/* Noise on the weights of a network in training: which weights, how far, and that it is drawn anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "tests/support/noise_world.h"

enum { BITS = 4, HIGHEST = 7, MOST = 2000 };

static trainer *opened(void)
{
    world.settings.quantizer = (quantizer_rules){.weight_step_2 = WEIGHT_STEP_DEVIATION,
                                                 .weight_step_4 = WEIGHT_STEP_DEVIATION,
                                                 .weight_step_8 = WEIGHT_STEP_DEVIATION,
                                                 .batchnorm = BATCHNORM_KEPT};
    noise_world_use_entry(&world, "strategy = \"fixed\"; bits = [4];");
    world.task.bits = BITS;
    trainer *t = noise_world_open(&world, "fixed");
    model_prepare(&t->network, t->values, MODEL_HARD, 1, 0);
    return t;
}

static void test_every_weight_is_moved_within_its_clip(void **state)
{
    (void)state;
    trainer *t = opened();
    model *m = &t->network;
    int moved = 0, clamped = 0;
    model_add_weight_noise(m, t->values, 0, GRAPH_MAX_LAYERS, 1, 5);
    for (int i = 0; i < world.graph.layer_count; i++) {
        const model_node *node = &m->nodes[i];
        if (node->weight < 0) continue;
        const int channels = world.graph.layers[i].out_channels;
        const real *w = t->values + m->layout.tensors[node->weight].offset;
        for (size_t k = 0; k < node->rows * (size_t)channels; k++) {
            const double step = (double)node->step[k % (size_t)channels], clip = HIGHEST * step;
            const double W = (double)node->effective_weight[k];
            assert_true(fabs(W) <= clip * (1 + 1e-6));
            const bool at_clip = fabs(W) > clip * (1 - 1e-6);
            assert_true(at_clip || fabs(W - (double)w[k]) <= step / 2 * (1 + 1e-5));
            clamped += at_clip;
            moved += !at_clip && fabs(W - (double)w[k]) > step / 8;
        }
    }
    assert_true(moved > 500);
    assert_true(clamped < moved / 10); /* few lie beyond 3.45 deviations */
    trainer_close(t);
}

/* Weights of layer `from` that are not the quantised ones, by position. */
static int noisy_weights(bool noisy[MOST], trainer *t, const char *layer, double probability, uint32_t step)
{
    model *m = &t->network;
    const int i = graph_find(&world.graph, layer);
    const size_t count = layer_weight_count(&world.graph.layers[i]);
    static real quantised[MOST];
    assert_true(count <= MOST);
    model_prepare(m, t->values, MODEL_HARD, 1, 0);
    memcpy(quantised, m->nodes[i].effective_weight, count * sizeof(real));
    model_add_weight_noise(m, t->values, 0, GRAPH_MAX_LAYERS, probability, step);
    int found = 0;
    for (size_t k = 0; k < count; k++) {
        noisy[k] = m->nodes[i].effective_weight[k] != quantised[k];
        found += noisy[k];
    }
    return found;
}

static void test_weights_are_drawn_anew_for_each_step_and_layer(void **state)
{
    (void)state;
    static bool first[MOST], again[MOST], later[MOST], other[MOST];
    trainer *t = opened();
    assert_int_equal(noisy_weights(first, t, "b.c1", 0, 5), 0);
    const int count = noisy_weights(first, t, "b.c1", 0.3, 5); /* of 576 */
    assert_true(count > 120 && count < 230);
    noisy_weights(again, t, "b.c1", 0.3, 5);
    noisy_weights(later, t, "b.c1", 0.3, 6);
    noisy_weights(other, t, "b.c2", 0.3, 5);
    assert_memory_equal(first, again, 576);
    assert_memory_not_equal(first, later, 576);
    assert_memory_not_equal(first, other, 576);
    trainer_close(t);
}

static void test_only_layers_of_the_range_are_noisy(void **state)
{
    (void)state;
    trainer *t = opened();
    model *m = &t->network;
    static real quantised[8][MOST];
    for (int i = 0; i < world.graph.layer_count; i++)
        if (m->nodes[i].weight >= 0)
            memcpy(quantised[i], m->nodes[i].effective_weight,
                   layer_weight_count(&world.graph.layers[i]) * sizeof(real));
    model_add_weight_noise(m, t->values, 1, 3, 0.5, 1);
    for (int i = 0, number = 0; i < world.graph.layer_count; i++) {
        if (m->nodes[i].weight < 0) continue;
        const size_t bytes = layer_weight_count(&world.graph.layers[i]) * sizeof(real);
        const bool same = memcmp(quantised[i], m->nodes[i].effective_weight, bytes) == 0;
        assert_int_equal(same, number < 1 || number >= 3);
        number++;
    }
    trainer_close(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_weight_is_moved_within_its_clip),
        cmocka_unit_test(test_only_layers_of_the_range_are_noisy),
        cmocka_unit_test(test_weights_are_drawn_anew_for_each_step_and_layer),
    };
    return cmocka_run_group_tests_name("weight_noise", tests, make_world, free_world);
}
