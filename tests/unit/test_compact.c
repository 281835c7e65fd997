/* links: core_net_double */
/* The discrete network without its removed channels computes what the whole one computes, forward and backward. */
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
#include "core/net/model/compact.h"
#include "tests/support/check_status.h"

enum { IMAGES = 3, MOST_LOGITS = IMAGES * 16 };
static const double TOLERANCE = 1e-9; /* of the largest number compared: sums in another order */
static const model_pass evaluation = {.training = false};

static const char *const networks[] = {"tests/support/networks/every_layer.cfg", "configs/networks/resnet8.cfg",
                                       "configs/networks/dscnn.cfg"};
enum { NETWORKS = sizeof networks / sizeof networks[0] };

static double uniform(uint32_t i, uint32_t salt)
{
    return (double)rng_uniform(rng_draw(23, RNG_SYNTHETIC, i, salt, 0).word[0]);
}

/* A quantised network beside its compact form. */
typedef struct {
    graph graph;
    model full;
    compact pruned;
    real *values, *gradients, *small_values, *small_gradients, *gathered;
} pair;

static const quantizer_rules published_quantizer = {.clip_percentile = 99.9},
                             kept_quantizer = {.weight_step_2 = WEIGHT_STEP_MSE,
                                               .weight_step_8 = WEIGHT_STEP_MSE,
                                               .batchnorm = BATCHNORM_KEPT,
                                               .before_add = BEFORE_ADD_SIGNED,
                                               .rounding = ROUNDING_NEAREST};

static void open_pair(pair *p, const char *path, const arithmetic_rules *rules, const quantizer_rules *quantizer)
{
    model_options options = {.quantized = true,
                             .rules = *rules,
                             .quantizer = *quantizer,
                             .weight_count = 4,
                             .weight_bits = {0, 2, 4, 8},
                             .activation_count = 2,
                             .activation_bits = {4, 8},
                             .input_count = 1,
                             .input_bits = {8},
                             .start_temperature = 1,
                             .capacity = IMAGES,
                             .seed = 9};
    model fine;
    check_ok(graph_load(&p->graph, path));
    check_ok(model_open(&p->full, &p->graph, kernels_choose(NULL), &options));
    check_ok(model_open(&fine, &p->graph, kernels_choose(NULL), &(model_options){.capacity = 1}));
    check_ok(compact_open(&p->pruned, &p->full));
    real **blocks[] = {&p->values, &p->gradients, &p->small_values, &p->small_gradients, &p->gathered};
    for (int i = 0; i < 5; i++) *blocks[i] = calloc(p->full.layout.total, sizeof(real));
    real *start = calloc(fine.layout.total, sizeof *start);
    model_initialize(&fine, start, 4);
    model_convert(&p->full, p->values, &fine, start);
    free(start);
    model_close(&fine);
    for (int i = 0; i < p->graph.layer_count; i++) { /* biases worth quantising */
        if (p->full.nodes[i].bias < 0) continue;
        const model_tensor *bias = &p->full.layout.tensors[p->full.nodes[i].bias];
        for (size_t c = 0; c < bias->count; c++) p->values[bias->offset + c] = 0.2 * uniform((uint32_t)c, 100) - 0.05;
    }
}

static void close_pair(pair *p)
{
    free(p->values);
    free(p->gradients);
    free(p->small_values);
    free(p->small_gradients);
    free(p->gathered);
    compact_close(&p->pruned);
    model_close(&p->full);
    graph_free(&p->graph);
}

/* Each prunable channel chooses 0 bit with this probability, else 8: at 2 and 4 bit, sums of exactly zero are common,
 * and there the last bit of a sum, which is taken in another order, decides whether a quantiser passes the gradient. */
static void choose_randomly(pair *p, double probability, uint32_t salt)
{
    for (int g = 0; g < p->graph.group_count; g++) {
        const model_weight_group *group = &p->full.groups[g];
        if (group->precisions == 0) continue;
        real *logits = p->values + p->full.layout.tensors[group->logits].offset;
        bool prunable = group->bits[0] == 0;
        for (int c = 0; c < group->columns; c++) {
            bool pruned = prunable && uniform((uint32_t)(g << 16 | c), salt) < probability;
            int kept = group->precisions - 1;
            for (int k = 0; k < group->precisions; k++)
                logits[k * group->columns + c] = k == (pruned ? 0 : kept) ? 1 : 0;
        }
    }
}

static void prepare(pair *p, bool keep_alive, model_use use)
{
    p->full.options.keep_alive = p->pruned.model.options.keep_alive = keep_alive;
    model_prepare(&p->full, p->values, MODEL_HARD, 1, 0);
    check_ok(compact_choose(&p->pruned, use));
    compact_gather(&p->pruned, p->small_values, p->values);
    model_prepare(&p->pruned.model, p->small_values, MODEL_HARD, 1, 0);
}

/* Forward, and backward from made-up gradients of the logits. The logits are copied out, because both models compute in
 * the same memory. */
static void run(model *m, const real *values, real *gradients, real *logits)
{
    const layer_spec *image = &m->graph->layers[0];
    size_t count = (size_t)IMAGES * (size_t)(image->out_height * image->out_width * image->out_channels);
    for (size_t i = 0; i < count; i++) model_input(m)[i] = uniform((uint32_t)i, 50);
    model_forward(m, values, IMAGES, evaluation);
    memcpy(logits, model_logits(m), (size_t)(IMAGES * m->graph->classes) * sizeof *logits);
    if (gradients == NULL) return;
    for (int i = 0; i < IMAGES * m->graph->classes; i++) model_output_gradient(m)[i] = (real)(i % 5) - 2;
    model_backward(m, values, gradients, IMAGES, IMAGES, evaluation, NULL);
    model_choice_gradients(m, values, gradients);
    model_finish_gradients(m, gradients);
}

static void assert_close(const real *a, const real *b, size_t count, const char *what)
{
    double largest = 0;
    for (size_t i = 0; i < count; i++) largest = fmax(largest, fabs(a[i]));
    for (size_t i = 0; i < count; i++)
        if (!(fabs(a[i] - b[i]) <= TOLERANCE * largest))
            fail_msg("%s %zu: %.17g in the compact network, %.17g in the whole one", what, i, a[i], b[i]);
}

static void compare(pair *p, bool keep_alive)
{
    real compact_logits[MOST_LOGITS], full_logits[MOST_LOGITS], evaluated[MOST_LOGITS];
    size_t outputs = (size_t)(IMAGES * p->graph.classes);
    prepare(p, keep_alive, MODEL_FOR_TRAINING);
    compact_clear_removed(&p->full, p->values);
    prepare(p, keep_alive, MODEL_FOR_TRAINING);
    const model *small = &p->pruned.model;

    run(&p->full, p->values, p->gradients, full_logits);
    run(&p->pruned.model, p->small_values, p->small_gradients, compact_logits);
    assert_close(compact_logits, full_logits, outputs, "logit");
    compact_gather(&p->pruned, p->gathered, p->gradients);
    for (int t = 0; t < small->layout.tensor_count; t++) {
        const model_tensor *tensor = &small->layout.tensors[t];
        assert_close(p->small_gradients + tensor->offset, p->gathered + tensor->offset, tensor->count, tensor->name);
    }
    /* what is removed has no gradient, so that the whole network would not have changed it either */
    memset(p->gathered, 0, small->layout.total * sizeof(real));
    compact_scatter(&p->pruned, p->gradients, p->gathered);
    for (size_t i = 0; i < p->full.layout.decayed; i++) assert_true(p->gradients[i] == 0);

    prepare(p, keep_alive, MODEL_FOR_EVALUATION);
    run(&p->pruned.model, p->small_values, NULL, evaluated);
    assert_memory_equal(evaluated, compact_logits, outputs * sizeof(real));
}

static int count_channels(const graph *g)
{
    int count = 0;
    for (int i = 0; i < g->group_count; i++) count += g->groups[i].channels;
    return count;
}

static void test_compact_network_computes_the_same(void **state)
{
    (void)state;
    const double probability[] = {0, 0.5, 0.9};
    for (int n = 0; n < NETWORKS; n++)
        for (uint32_t k = 0; k < 3; k++) {
            pair p;
            open_pair(&p, networks[n], &(arithmetic_rules){0}, &published_quantizer);
            choose_randomly(&p, probability[k], 10 * k);
            compare(&p, false);
            int full = count_channels(&p.graph), left = count_channels(&p.pruned.graph);
            assert_true(k == 0 ? left == full : left < full);
            close_pair(&p);
        }
}

/* The same with batch-norm in the quantised network, in training and folded, and steps from the weights that are left.
 */
static void test_compact_network_with_batchnorm_computes_the_same(void **state)
{
    (void)state;
    for (int n = 0; n < NETWORKS; n++)
        for (uint32_t k = 1; k < 3; k++) {
            pair p;
            open_pair(&p, networks[n], &(arithmetic_rules){0}, &kept_quantizer);
            choose_randomly(&p, 0.4 * k, 10 * k);
            compare(&p, false);
            const size_t outputs = (size_t)(IMAGES * p.graph.classes);
            real full[MOST_LOGITS], small[MOST_LOGITS];
            model_prepare(&p.full, p.values, MODEL_EVAL_HARD, 1, 0);
            run(&p.full, p.values, NULL, full);
            check_ok(compact_choose(&p.pruned, MODEL_FOR_EVALUATION));
            compact_gather(&p.pruned, p.small_values, p.values);
            model_prepare(&p.pruned.model, p.small_values, MODEL_EVAL_HARD, 1, 0);
            run(&p.pruned.model, p.small_values, NULL, small);
            assert_close(small, full, outputs, "folded logit");
            close_pair(&p);
        }
}

/* Nothing is left of any group that can go: one channel each remains, at 0 bit, or revived with keep_alive. */
static void test_group_that_is_pruned_as_a_whole_keeps_a_channel(void **state)
{
    (void)state;
    for (int keep_alive = 0; keep_alive < 2; keep_alive++)
        for (int n = 0; n < NETWORKS; n++) {
            pair p;
            open_pair(&p, networks[n], &(arithmetic_rules){0}, &published_quantizer);
            choose_randomly(&p, 1, 3);
            compare(&p, keep_alive == 1);
            for (int g = 0; g < p.graph.group_count; g++) {
                const model_weight_group *group = &p.pruned.model.groups[g];
                if (group->precisions == 0 || group->bits[0] != 0) continue;
                assert_int_equal(p.pruned.graph.groups[g].channels, 1);
                assert_true((group->probability[0] == 1) == (keep_alive == 0));
            }
            close_pair(&p);
        }
}

/* The choice may change from evaluation to evaluation, in both directions. */
static void test_channels_come_back_when_they_are_chosen_again(void **state)
{
    (void)state;
    pair p, fresh;
    open_pair(&p, networks[0], &(arithmetic_rules){0}, &published_quantizer);
    open_pair(&fresh, networks[0], &(arithmetic_rules){0}, &published_quantizer);
    choose_randomly(&p, 0.9, 5);
    prepare(&p, false, MODEL_FOR_EVALUATION);
    assert_true(count_channels(&p.pruned.graph) < count_channels(&p.graph));
    real again[MOST_LOGITS], expected[MOST_LOGITS];
    choose_randomly(&p, 0.2, 6);
    choose_randomly(&fresh, 0.2, 6);
    prepare(&p, false, MODEL_FOR_TRAINING);
    run(&p.pruned.model, p.small_values, p.small_gradients, again);
    prepare(&fresh, false, MODEL_FOR_TRAINING);
    run(&fresh.pruned.model, fresh.small_values, fresh.small_gradients, expected);
    size_t total = fresh.pruned.model.layout.total;
    assert_int_equal(p.pruned.model.layout.total, total);
    assert_memory_equal(again, expected, (size_t)(IMAGES * p.graph.classes) * sizeof(real));
    assert_memory_equal(p.small_gradients, fresh.small_gradients, total * sizeof(real));
    close_pair(&fresh);
    close_pair(&p);
}

static void test_scatter_brings_back_what_gather_took_and_nothing_else(void **state)
{
    (void)state;
    for (int n = 0; n < NETWORKS; n++) {
        pair p;
        open_pair(&p, networks[n], &(arithmetic_rules){0}, &published_quantizer);
        choose_randomly(&p, 0.5, 7);
        prepare(&p, false, MODEL_FOR_TRAINING);
        const size_t total = p.full.layout.total;
        real *marked = calloc(total, sizeof *marked);
        for (size_t i = 0; i < total; i++) marked[i] = (real)(i + 1);
        compact_gather(&p.pruned, p.gathered, marked);
        size_t values = 0, kept = 0;
        for (size_t i = 0; i < p.pruned.model.layout.total; i++) {
            values += p.gathered[i] != 0;
            p.gathered[i] = -p.gathered[i];
        }
        compact_scatter(&p.pruned, marked, p.gathered);
        for (size_t i = 0; i < total; i++) {
            assert_true(fabs(marked[i]) == (real)(i + 1));
            kept += marked[i] < 0;
        }
        assert_int_equal(kept, values); /* every small value came from one place of its own */
        size_t tensors = 0;
        for (int t = 0; t < p.pruned.model.layout.tensor_count; t++) tensors += p.pruned.model.layout.tensors[t].count;
        assert_int_equal(values, tensors);
        free(marked);
        close_pair(&p);
    }
}

/* A weight that reads a removed channel does not widen the range of its own channel any more. */
static void test_weights_that_read_a_removed_channel_go_with_it(void **state)
{
    (void)state;
    pair p;
    open_pair(&p, networks[0], &(arithmetic_rules){0}, &published_quantizer);
    choose_randomly(&p, 0, 8);
    int stem = graph_find(&p.graph, "stem"), left = graph_find(&p.graph, "left");
    const model_weight_group *group = &p.full.groups[p.graph.layers[stem].group];
    p.values[p.full.layout.tensors[group->logits].offset] = 5;                          /* channel 0: 0 bit */
    real *reading = p.values + p.full.layout.tensors[p.full.nodes[left].weight].offset; /* tap 0, input 0, output 0 */
    reading[0] = 1000;
    prepare(&p, false, MODEL_FOR_TRAINING);
    assert_true(p.full.nodes[left].step[0] > 1);
    assert_true(p.pruned.model.nodes[left].step[0] < 1);
    compact_clear_removed(&p.full, p.values);
    assert_true(reading[0] == 0);
    model_prepare(&p.full, p.values, MODEL_HARD, 1, 0);
    assert_memory_equal(p.full.nodes[left].step, p.pruned.model.nodes[left].step, 6 * sizeof(real));
    close_pair(&p);
}

/* The fewest bits of a group that cannot be pruned are not 0. */
static void test_only_channels_of_0_bit_are_removed(void **state)
{
    (void)state;
    for (int n = 0; n < NETWORKS; n++) {
        pair p;
        open_pair(&p, networks[n], &(arithmetic_rules){0}, &published_quantizer);
        choose_randomly(&p, 0, 10);
        int unprunable = 0;
        for (int g = 0; g < p.graph.group_count; g++) {
            const model_weight_group *group = &p.full.groups[g];
            if (group->precisions == 0 || group->bits[0] == 0) continue;
            unprunable += group->columns > 1;
            real *logits = p.values + p.full.layout.tensors[group->logits].offset;
            for (int c = 0; c < group->columns; c++) logits[c] = 5; /* the fewest bits */
        }
        assert_true(unprunable > 0);
        prepare(&p, false, MODEL_FOR_EVALUATION);
        assert_int_equal(count_channels(&p.pruned.graph), count_channels(&p.graph));
        close_pair(&p);
    }
}

static void test_with_the_published_rule_nothing_is_removed(void **state)
{
    (void)state;
    pair p;
    open_pair(&p, networks[0], &(arithmetic_rules){.pruned_channels_stay = true}, &published_quantizer);
    choose_randomly(&p, 0.5, 9);
    real *before = malloc(p.full.layout.total * sizeof *before);
    memcpy(before, p.values, p.full.layout.total * sizeof *before);
    compare(&p, false);
    assert_int_equal(count_channels(&p.pruned.graph), count_channels(&p.graph));
    assert_memory_equal(p.values, before, p.full.layout.total * sizeof *before);
    free(before);
    close_pair(&p);
}

/* What was reserved is checked in every build, not by an assertion. */
static void test_memory_that_was_not_reserved_is_an_error(void **state)
{
    (void)state;
    pair p;
    open_pair(&p, networks[0], &(arithmetic_rules){0}, &published_quantizer);
    choose_randomly(&p, 0.4, 3);
    model_prepare(&p.full, p.values, MODEL_HARD, 1, 0);
    check_ok(compact_choose(&p.pruned, MODEL_FOR_TRAINING));
    const arena whole = p.pruned.model.activations;
    p.pruned.model.activations.capacity = 64;
    check_says(compact_choose(&p.pruned, MODEL_FOR_TRAINING), "were reserved");
    p.pruned.model.activations = whole;
    check_ok(compact_choose(&p.pruned, MODEL_FOR_TRAINING));

    const size_t capacity = p.full.activations.capacity;
    compact second;
    p.full.activations.capacity = capacity / 2;
    check_says(compact_open(&second, &p.full), "were reserved");
    p.full.activations.capacity = capacity;
    check_ok(compact_open(&second, &p.full));
    compact_close(&second);
    close_pair(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compact_network_computes_the_same),
        cmocka_unit_test(test_compact_network_with_batchnorm_computes_the_same),
        cmocka_unit_test(test_group_that_is_pruned_as_a_whole_keeps_a_channel),
        cmocka_unit_test(test_channels_come_back_when_they_are_chosen_again),
        cmocka_unit_test(test_scatter_brings_back_what_gather_took_and_nothing_else),
        cmocka_unit_test(test_weights_that_read_a_removed_channel_go_with_it),
        cmocka_unit_test(test_only_channels_of_0_bit_are_removed),
        cmocka_unit_test(test_with_the_published_rule_nothing_is_removed),
        cmocka_unit_test(test_memory_that_was_not_reserved_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
