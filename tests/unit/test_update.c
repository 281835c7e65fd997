/* links: core_train */
/* One optimiser step: the formulas of SGD, and which tensors follow which rule. The published numbers of Adam and SGD
 * are compared in tests/golden. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/net/graph/graph_build.h"
#include "core/train/optimizer.h"
#include "core/train/update.h"

/* Two steps by hand with momentum 0.5, rate 0.25, decay 0.5: all numbers are exact. */
static void test_nesterov_looks_one_step_ahead(void **state)
{
    (void)state;
    real value = 2, velocity = 0;
    const real first = 1, second = -1;
    optimizer_nesterov(&value, &velocity, &first, 1, 0.25, 0.5, 0.5);
    assert_true(velocity == 2);           /* g = 1 + 0.5 * 2 */
    assert_true(value == 2 - (real)0.75); /* 0.25 * (2 + 0.5 * 2) */
    optimizer_nesterov(&value, &velocity, &second, 1, 0.25, 0.5, 0.5);
    assert_true(velocity == (real)0.625); /* g = -1 + 0.5 * 1.25 = -0.375 */
    assert_true(value == (real)(1.25 - 0.25 * (-0.375 + 0.3125)));
}

/* Without momentum both are plain gradient descent. */
static void test_without_momentum_nesterov_is_descent(void **state)
{
    (void)state;
    real a[37], b[37], va[37] = {0}, vb[37] = {0}, g[37];
    for (int i = 0; i < 37; i++) {
        a[i] = b[i] = (real)(i - 18) / 7;
        g[i] = (real)(i % 5) - 2;
    }
    optimizer_nesterov(a, va, g, 37, 0.1, 0, 1e-3);
    optimizer_sgd(b, vb, g, 37, 0.1, 0, 1e-3);
    assert_memory_equal(a, b, sizeof a);
}

typedef struct {
    graph graph;
    model model;
    real *values, *gradients, *moments;
} fixture;

static void open_network(fixture *f, bool quantized)
{
    status s = graph_load(&f->graph, "tests/support/networks/every_layer.cfg");
    if (failed(s)) fail_msg("%s", s.message);
    const model_options options = {.quantized = quantized,
                                   .weight_count = 2,
                                   .weight_bits = {4, 8},
                                   .activation_count = 1,
                                   .activation_bits = {8},
                                   .input_count = 1,
                                   .input_bits = {8},
                                   .capacity = 1};
    s = model_open(&f->model, &f->graph, kernels_choose(NULL), &options);
    if (failed(s)) fail_msg("%s", s.message);
    f->values = calloc(f->model.layout.total, sizeof *f->values);
    f->gradients = calloc(f->model.layout.total, sizeof *f->gradients);
    f->moments = calloc(3 * f->model.layout.total, sizeof *f->moments);
    for (size_t i = 0; i < f->model.layout.total; i++) f->values[i] = 1;
}

static void close_network(fixture *f)
{
    free(f->moments);
    free(f->gradients);
    free(f->values);
    model_close(&f->model);
    graph_free(&f->graph);
}

static void step(fixture *f, const phase_settings *phase)
{
    const size_t total = f->model.layout.total;
    memset(f->moments, 0, 3 * total * sizeof *f->moments);
    const update_moments where = {f->moments, f->moments + total, f->moments + 2 * total};
    update_values(&f->model, f->values, &where, f->gradients, phase, NULL, 1, 1);
}

/* Without gradients only what decays moves: by rate * decay = 1/16 exactly. */
static void check_decay(bool quantized, bool decay_norm)
{
    fixture f;
    open_network(&f, quantized);
    const phase_settings phase = {
        .optimizer = OPTIMIZER_SGD, .learning_rate = 0.25, .weight_decay = 0.25, .decay_norm = decay_norm};
    step(&f, &phase);
    int norms = 0;
    for (int t = 0; t < f.model.layout.tensor_count; t++) {
        const model_tensor *tensor = &f.model.layout.tensors[t];
        bool norm = strstr(tensor->name, "bn_gamma") != NULL || strstr(tensor->name, "bn_beta") != NULL;
        bool weight = strstr(tensor->name, ".weight") != NULL && strstr(tensor->name, "choice") == NULL;
        bool bias = strstr(tensor->name, ".bias") != NULL;
        norms += norm;
        bool decays = weight || bias || (norm && decay_norm), low = strstr(tensor->name, "clip_low") != NULL;
        for (size_t k = 0; k < tensor->count; k++) {
            real value = f.values[tensor->offset + k];
            if (!low && value != (decays ? (real)0.9375 : 1)) fail_msg("%s: %g", tensor->name, (double)value);
        }
    }
    assert_true(quantized || norms > 0);
    close_network(&f);
}

static void test_norms_decay_only_when_told(void **state)
{
    (void)state;
    check_decay(false, true);
    check_decay(false, false);
}

static void test_clips_and_choices_never_decay(void **state)
{
    (void)state;
    check_decay(true, true);
}

static void test_nesterov_is_used_when_told(void **state)
{
    (void)state;
    fixture f;
    open_network(&f, false);
    phase_settings phase = {.optimizer = OPTIMIZER_SGD, .learning_rate = 0.5, .momentum = 0.5, .nesterov = true};
    f.gradients[0] = 1;
    step(&f, &phase);
    assert_true(f.values[0] == (real)0.25); /* 1 - 0.5 * (1 + 0.5) */
    phase.nesterov = false;
    f.values[0] = 1;
    step(&f, &phase);
    assert_true(f.values[0] == (real)0.5);
    close_network(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nesterov_looks_one_step_ahead),
        cmocka_unit_test(test_without_momentum_nesterov_is_descent),
        cmocka_unit_test(test_norms_decay_only_when_told),
        cmocka_unit_test(test_clips_and_choices_never_decay),
        cmocka_unit_test(test_nesterov_is_used_when_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
