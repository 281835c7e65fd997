/* links: core_strategy hw_models */
/* The gradual schedule: which layers compute in float, with noise, or quantised, in which epoch; and what computing in
 * float means for weights, activations and gradients. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "core/net/model/batchnorm.h"
#include "core/net/model/model_memory.h"
#include "core/strategy/gradual.h"
#include "core/train/trainer_discrete.h"
#include "core/train/trainer_step.h"
#include "tests/support/noise_world.h"
#include "tests/support/whole_kernels.h"

enum { BITS = 4, GRADUAL = 2, FINETUNE = 1 };

static trainer *opened(weight_step_rule weights)
{
    world.settings.quantizer = (quantizer_rules){
        .weight_step_2 = weights, .weight_step_4 = weights, .weight_step_8 = weights, .batchnorm = BATCHNORM_KEPT};
    world.settings.finetune.gradual = GRADUAL;
    world.settings.finetune.weight_noise = 0.3;
    world.settings.finetune.learning_rate = 0; /* weights stay, so that they can be looked at after a step */
    noise_world_use_entry(&world, "strategy = \"fixed\"; bits = [4];");
    world.task.bits = BITS;
    trainer *t = noise_world_open(&world, "fixed");
    t->counters.stage = FINETUNE;
    trainer_start_steps(t);
    check_ok(trainer_segment_begin(t));
    return t;
}

typedef enum { IN_FLOAT, NOISY, QUANTISED } turn;

/* Of a layer, whose weights in the step were `used`; the model is as prepared without noise. */
static turn turn_of(const trainer *t, int index, const real *used)
{
    const model *m = t->now.model;
    const model_node *node = &m->nodes[index];
    const size_t count = layer_weight_count(&m->graph->layers[index]);
    const real *w = model_view(m, t->now.values, node->weight);
    size_t plain = 0, quantised = 0;
    for (size_t k = 0; k < count; k++) {
        plain += used[k] == w[k];
        quantised += used[k] == node->effective_weight[k];
    }
    if (plain == count) return IN_FLOAT;
    if (quantised == count) return QUANTISED;
    assert_true(quantised > count / 2);
    return NOISY;
}

/* turns[layers with weights] in a step of this epoch. */
static void take_step(turn *turns, trainer *t, int epoch)
{
    static real used[GRAPH_MAX_LAYERS][20000];
    const ranks_view alone = ranks_alone();
    const model *m = t->now.model;
    bool stop;
    t->counters.epoch = epoch;
    t->counters.step = 0;
    check_ok(trainer_step(t, &alone, &stop));
    for (int i = 0; i < m->graph->layer_count; i++)
        if (m->nodes[i].weight >= 0)
            memcpy(used[i], m->nodes[i].effective_weight, layer_weight_count(&m->graph->layers[i]) * sizeof(real));
    model_prepare(t->now.model, t->now.values, MODEL_HARD, 1, 0);
    for (int i = 0, number = 0; i < m->graph->layer_count; i++)
        if (m->nodes[i].weight >= 0) turns[number++] = turn_of(t, i, used[i]);
}

static void test_layers_are_quantised_one_after_the_other(void **state)
{
    (void)state;
    trainer *t = opened(WEIGHT_STEP_DEVIATION);
    const int layers = graph_weight_layers(&world.graph);
    turn turns[GRAPH_MAX_LAYERS];
    assert_true(layers >= 4);
    for (int epoch = 0; epoch <= GRADUAL * layers; epoch++) {
        take_step(turns, t, epoch);
        for (int k = 0; k < layers; k++) {
            const turn expected = epoch < GRADUAL * k ? IN_FLOAT : epoch < GRADUAL * (k + 1) ? NOISY : QUANTISED;
            if (turns[k] != expected) fail_msg("epoch %d, layer %d: %d, not %d", epoch, k, turns[k], expected);
        }
    }
    world.settings.finetune.gradual = 0; /* as before: all are noisy, always */
    take_step(turns, t, 0);
    for (int k = 0; k < layers; k++) assert_int_equal(turns[k], NOISY);
    trainer_close(t);
}

/* A step of no quantiser: core/quant/act_quant.h. */
static bool passes_through(const model *m, int quantizer)
{
    return m->quantizers[quantizer].behind_layer.step[0] < (real)1e-12;
}

static void test_activations_are_quantised_with_the_last_layer_that_shares_their_quantiser(void **state)
{
    (void)state;
    trainer *t = opened(WEIGHT_STEP_DEVIATION);
    model *m = t->now.model;
    const int layers = graph_weight_layers(&world.graph);
    for (int end = 0; end <= layers; end++) {
        model_prepare(m, t->now.values, MODEL_HARD, 1, 0);
        model_leave_float(m, t->now.values, end);
        assert_false(passes_through(m, m->graph->group_count)); /* the image */
        for (int q = 0; q < m->graph->group_count; q++) {
            int last = -1;
            for (int i = 0, number = 0; i < m->graph->layer_count; i++) {
                if (m->nodes[i].weight < 0) continue;
                if (m->nodes[i].quantizer == q) last = number;
                number++;
            }
            if (m->quantizers[q].used) assert_int_equal(passes_through(m, q), last >= end);
        }
    }
    trainer_close(t);
}

static void test_what_passes_through_is_rectified_and_else_as_it_is(void **state)
{
    (void)state;
    static real expected[32 * 32 * 64 * 16];
    trainer *t = opened(WEIGHT_STEP_DEVIATION);
    model *m = t->now.model;
    enum { IMAGES = 2 };
    model_prepare(m, t->now.values, MODEL_HARD, 1, 0);
    model_leave_float(m, t->now.values, 0);
    real *image = model_input(m);
    for (int i = 0; i < IMAGES * 32 * 32 * 3; i++) image[i] = (real)(i % 255) / 255;
    model_forward(m, t->now.values, IMAGES, (model_pass){.training = true});
    int compared = 0;
    for (int i = 0; i < m->graph->layer_count; i++) {
        const layer_spec *l = &m->graph->layers[i];
        const model_node *node = &m->nodes[i];
        if (node->gamma < 0 || node->quantizer < 0 || compared > 0) continue; /* later ones share memory */
        const size_t rows = (size_t)IMAGES * (size_t)l->out_height * (size_t)l->out_width;
        real mean[64], variance[64];
        whole_batchnorm_forward(m->kernels, expected, mean, variance, node->raw, model_gamma(m, t->now.values, i),
                                model_beta(m, t->now.values, i), BATCHNORM_EPSILON, true, rows, l->out_channels);
        for (size_t k = 0; k < rows * (size_t)l->out_channels; k++)
            assert_true(fabs((double)node->out[k] - (double)expected[k]) < 1e-6 * (1 + (double)expected[k]));
        compared++;
    }
    assert_int_equal(compared, 1);
    trainer_close(t);
}

/* Largest magnitude of the gradients of learned steps of layer number `number`, and of its weights. */
static void slopes_of(double *steps, double *weights, const trainer *t, int index)
{
    const model *m = t->now.model;
    const model_node *node = &m->nodes[index];
    const real *log_step = model_view(m, t->levels, node->log_step), *weight = model_view(m, t->levels, node->weight);
    *steps = *weights = 0;
    for (int c = 0; c < m->graph->layers[index].out_channels; c++) *steps = fmax(*steps, fabs((double)log_step[c]));
    for (size_t k = 0; k < layer_weight_count(&m->graph->layers[index]); k++)
        *weights = fmax(*weights, fabs((double)weight[k]));
}

static void test_steps_of_weights_in_float_have_no_gradient(void **state)
{
    (void)state;
    trainer *t = opened(WEIGHT_STEP_LEARNED);
    turn turns[GRAPH_MAX_LAYERS];
    take_step(turns, t, GRADUAL); /* layer 0 is quantised, layer 1 noisy, the others in float */
    for (int i = 0, number = 0; i < world.graph.layer_count; i++) {
        double steps, weights;
        if (t->now.model->nodes[i].weight < 0) continue;
        slopes_of(&steps, &weights, t, i);
        assert_true(weights > 0 && isfinite(weights));
        if (number < 2)
            assert_true(steps > 0);
        else
            assert_true(steps == 0);
        number++;
    }
    trainer_close(t);
}

static void test_a_schedule_that_does_not_end_is_refused(void **state)
{
    (void)state;
    const int layers = graph_weight_layers(&world.graph);
    const task t = {.strategy = "joint", .kind = "joint"};
    settings s = world.settings;
    snprintf(s.path, sizeof s.path, "x.cfg");
    s.finetune.gradual = 3;
    s.finetune.epochs = 3 * layers + 1;
    check_ok(gradual_check(&s, &t, strategies_task_kind("joint"), &world.graph));
    s.finetune.epochs--;
    const status refused = gradual_check(&s, &t, strategies_task_kind("joint"), &world.graph);
    assert_int_equal(refused.code, STATUS_CONFIG);
    assert_non_null(strstr(refused.message, "x.cfg: finetune.gradual = 3"));
    check_ok(gradual_check(&s, &t, strategies_task_kind("warmup"), &world.graph));
    s.finetune.gradual = 0;
    check_ok(gradual_check(&s, &t, strategies_task_kind("joint"), &world.graph));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layers_are_quantised_one_after_the_other),
        cmocka_unit_test(test_activations_are_quantised_with_the_last_layer_that_shares_their_quantiser),
        cmocka_unit_test(test_what_passes_through_is_rectified_and_else_as_it_is),
        cmocka_unit_test(test_steps_of_weights_in_float_have_no_gradient),
        cmocka_unit_test(test_a_schedule_that_does_not_end_is_refused),
    };
    return cmocka_run_group_tests_name("gradual", tests, make_world, free_world);
}
