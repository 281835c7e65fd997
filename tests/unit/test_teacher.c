/* links: core_train */
/* The teacher answers as the float network in evaluation does, whatever the number of images at a time; and the
 * statistics of a forward pass are those that a training step takes. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/rng.h"
#include "core/net/graph/graph_build.h"
#include "core/train/teacher.h"
#include "tests/support/check_status.h"

enum { IMAGES = 7, CLASSES = 3 };

static real uniform(uint32_t i, uint32_t salt)
{
    return (real)rng_uniform(rng_draw(29, RNG_SYNTHETIC, i, salt, 0).word[0]);
}

typedef struct {
    graph graph;
    model model;
    real *values, *gradients, *images;
    size_t image_reals;
} fixture;

static void open_network(fixture *f)
{
    check_ok(graph_load(&f->graph, "tests/support/networks/every_layer.cfg"));
    check_ok(model_open(&f->model, &f->graph, kernels_choose(NULL), &(model_options){.capacity = IMAGES, .seed = 3}));
    const layer_spec *image = &f->graph.layers[0];
    f->image_reals = (size_t)(image->out_height * image->out_width * image->out_channels);
    f->values = calloc(f->model.layout.total, sizeof(real));
    f->gradients = calloc(f->model.layout.total, sizeof(real));
    f->images = calloc(IMAGES * f->image_reals, sizeof(real));
    model_initialize(&f->model, f->values, 4);
    for (size_t i = f->model.layout.choices; i < f->model.layout.total; i++) f->values[i] += uniform((uint32_t)i, 1);
    for (size_t i = 0; i < IMAGES * f->image_reals; i++) f->images[i] = uniform((uint32_t)i, 2);
    memcpy(model_input(&f->model), f->images, IMAGES * f->image_reals * sizeof(real));
}

static void close_network(fixture *f)
{
    free(f->images);
    free(f->gradients);
    free(f->values);
    model_close(&f->model);
    graph_free(&f->graph);
}

static void test_the_teacher_is_the_float_network(void **state)
{
    (void)state;
    fixture f;
    open_network(&f);
    model_prepare(&f.model, f.values, MODEL_EVAL_FLOAT, 1, 0);
    model_forward(&f.model, f.values, IMAGES, (model_pass){.training = false});
    real wanted[IMAGES * CLASSES];
    memcpy(wanted, model_logits(&f.model), sizeof wanted);
    for (int capacity = 1; capacity <= IMAGES + 1; capacity += 2) {
        teacher t = {.opened = false};
        arena memory = {0};
        const model_options options = {.quantized = true, .capacity = capacity, .weight_count = 1, .weight_bits = {8}};
        check_ok(teacher_open(&t, &f.graph, kernels_choose(NULL), &options));
        teacher_carve(&t, &memory, IMAGES);
        check_ok(arena_reserve(&memory));
        teacher_carve(&t, &memory, IMAGES);
        memcpy(t.values, f.values, f.model.layout.total * sizeof(real));
        teacher_learn(&t);
        const real *logits = teacher_answer(&t, f.images, IMAGES);
        for (int i = 0; i < IMAGES * CLASSES; i++) assert_true(fabs((double)(logits[i] - wanted[i])) < 1e-5);
        arena_free(&memory);
        teacher_close(&t);
    }
    close_network(&f);
}

static void test_statistics_are_those_of_a_step(void **state)
{
    (void)state;
    fixture f;
    open_network(&f);
    const size_t running = f.model.layout.total - f.model.layout.choices;
    real *sums = calloc(running, sizeof *sums);
    model_prepare(&f.model, f.values, MODEL_TRAIN_FLOAT, 1, 0);
    model_forward(&f.model, f.values, IMAGES, (model_pass){.training = false});
    model_add_statistics(&f.model, sums, IMAGES, 0.25);
    memset(model_output_gradient(&f.model), 0, IMAGES * CLASSES * sizeof(real));
    model_backward(&f.model, f.values, f.gradients, IMAGES, 4 * IMAGES, (model_pass){.training = false}, NULL);
    assert_memory_equal(sums, f.gradients + f.model.layout.choices, running * sizeof(real));
    int moved = 0;
    for (size_t i = 0; i < running; i++) moved += sums[i] != 0;
    assert_true(moved > 10);
    model_add_statistics(&f.model, sums, IMAGES, 0.75); /* a weight of 1 in all: the statistics themselves */
    const int stem = graph_find(&f.graph, "stem");
    const model_node *node = &f.model.nodes[stem];
    for (int c = 0; c < f.graph.layers[stem].out_channels; c++) {
        const size_t mean = f.model.layout.tensors[node->mean].offset - f.model.layout.choices;
        assert_true(fabs((double)(sums[mean + (size_t)c] - node->shard_mean[c])) < 1e-6);
    }
    free(sums);
    close_network(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_teacher_is_the_float_network),
        cmocka_unit_test(test_statistics_are_those_of_a_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
