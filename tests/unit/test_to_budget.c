/* links: core_strategy hw_models */
/* The law of the strength, and the search that ends at a budget. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/config/settings_load.h"
#include "core/cost/cost_budget.h"
#include "core/net/model/model_allocation.h"
#include "core/train/budget_law.h"
#include "core/train/stage_to_budget.h"
#include "core/train/trainer_discrete.h"
#include "tests/support/noise_world.h"

/* ---- the law ---- */

static void test_the_strength_follows_the_error_and_its_sum(void **state)
{
    (void)state;
    real sum = 0;
    assert_float_equal(budget_law(&sum, 100, 10), pow(10, 1 + 2e-3), 1e-6);
    assert_float_equal((double)sum, 1, 1e-6);
    assert_float_equal(budget_law(&sum, 1000, 10), pow(10, 2 + 2e-3 * 3), 1e-4);
    assert_float_equal((double)sum, 3, 1e-6);
    assert_float_equal(budget_law(&sum, 10, 10), pow(10, 2e-3 * 3), 1e-6);
    assert_float_equal(budget_law(&sum, 1, 10), pow(10, -1 + 2e-3 * 2), 1e-6); /* below: weaker, the sum falls */
    assert_float_equal((double)sum, 2, 1e-6);
}

static void test_the_strength_has_ends(void **state)
{
    (void)state;
    real sum = 0;
    assert_float_equal(budget_law(&sum, 1e12, 1), 1e6, 1);
    sum = 0;
    assert_float_equal(budget_law(&sum, 0, 1), 1e-6, 1e-12); /* a network without anything */
    assert_true(isfinite((double)sum));
}

static void test_the_budget_falls_by_the_same_factor(void **state)
{
    (void)state;
    assert_float_equal(budget_falling(800, 50, 0), 800, 1e-9);
    assert_float_equal(budget_falling(800, 50, 0.25), 400, 1e-9);
    assert_float_equal(budget_falling(800, 50, 0.5), 200, 1e-9);
    assert_float_equal(budget_falling(800, 50, 1), 50, 1e-9);
    assert_float_equal(budget_falling(800, 50, 3), 50, 1e-9);
    assert_float_equal(budget_falling(800, 50, -1), 800, 1e-9);
}

/* ---- in a step ---- */

static trainer *open_search(const char *name, double part)
{
    char entry[200], kind[40];
    snprintf(entry, sizeof entry, "strategy = \"%s\"; cost_model = \"size\"; targets = [\"1 kB\"];", name);
    noise_world_use_entry(&world, entry);
    world.settings.search.normalize_cost = false;
    world.settings.search_phase.epochs = 8;
    snprintf(kind, sizeof kind, "%s_budget", name);
    world.task.target = 1; /* until the cost of the whole network is known */
    trainer *t = noise_world_open(&world, kind);
    world.task.target = part * t->full_cost;
    return t;
}

/* The budget at a step is at its end half-way through the search; the strength is that of the law. */
static void check_step(trainer *t, int64_t step, double budget)
{
    const graph *g = t->in.graph;
    real own[1] = {0}, *gradients = calloc(t->network.layout.total, sizeof *gradients);
    assert_non_null(gradients);
    t->counters.stage_steps = step;
    check_ok(trainer_segment_begin(t));
    model_prepare(&t->network, t->values, MODEL_SOFT, 1, 0);
    model_choice_gradients(&t->network, t->values, gradients);
    stage_to_budget.gradient(t, own, gradients);
    const double cost = cost_total(t->cost, g, t->choices, false, t->slopes), error = log10(cost / budget);
    assert_float_equal((double)own[0], error, 1e-5);
    const double strength = pow(10, 1.002 * error) / t->full_cost;
    for (int i = 0; i < g->group_count; i++) {
        const model_weight_group *group = &t->network.groups[i];
        for (int p = 0; p < group->precisions; p++) {
            const double wanted = strength * t->slopes[i].channels[group->bits[p]];
            assert_float_equal((double)group->dprobability[p * group->columns], wanted, 1e-5 * fabs(wanted) + 1e-12);
        }
    }
    trainer_segment_end(t);
    free(gradients);
}

static void test_the_cost_weighs_as_the_budget_of_the_step_says(void **state)
{
    (void)state;
    trainer *t = open_search("joint", 0.25);
    enum { STEPS = 8 * NOISE_TRAIN / 16 }; /* of the whole search */
    check_step(t, 0, t->full_cost);
    check_step(t, STEPS / 4, t->full_cost * 0.5);
    check_step(t, STEPS / 2, t->full_cost * 0.25);
    check_step(t, STEPS - 1, t->full_cost * 0.25);
    trainer_close(t);
}

/* ---- the end ---- */

/* Logits that nothing but their numbers speaks for. */
static void scatter_logits(trainer *t)
{
    uint32_t generator = 5;
    for (size_t i = t->network.layout.clips; i < t->network.layout.choices; i++) {
        generator = generator * 1664525u + 1013904223u;
        t->values[i] = (real)((generator >> 8) / 4194304.0 - 2);
    }
}

/* -log(softmax), written again. */
static double *losses_of(const trainer *t, const allocation *a)
{
    const int channels = a->first[t->in.graph->group_count];
    const model_options *o = &t->network.options;
    double *losses = calloc((size_t)(o->weight_count * channels), sizeof *losses);
    assert_non_null(losses);
    for (int i = 0; i < t->in.graph->group_count; i++) {
        const model_weight_group *group = &t->network.groups[i];
        for (int c = 0; group->precisions > 0 && c < t->in.graph->groups[i].channels; c++) {
            const real *logits = t->values + t->network.layout.tensors[group->logits].offset;
            double sum = 0;
            for (int p = 0; p < group->precisions; p++)
                sum += exp((double)logits[p * group->columns + c % group->columns]);
            for (int p = 0; p < group->precisions; p++) {
                const int candidate = p + o->weight_count - group->precisions; /* 0 bit is what may be missing */
                losses[candidate * channels + a->first[i] + c] =
                    -log(exp((double)logits[p * group->columns + c % group->columns]) / sum);
            }
        }
    }
    return losses;
}

static allocation allocation_of(trainer *t)
{
    allocation a;
    check_ok(allocation_new(&a, t->in.graph));
    model_prepare(&t->network, t->values, MODEL_HARD, 1, 0);
    model_allocation_read(&a, &t->network);
    return a;
}

static void check_end(const char *name, double part, bool whole)
{
    trainer *t = open_search(name, part);
    scatter_logits(t);
    allocation before = allocation_of(t), wanted;
    check_ok(allocation_new(&wanted, t->in.graph));
    memcpy(wanted.activation_bits, before.activation_bits, (size_t)t->in.graph->group_count + 1);
    double *losses = losses_of(t, &wanted);
    check_ok(cost_budget_allocate(&wanted, losses,
                                  &(cost_budget){.model = t->cost,
                                                 .target = world.task.target,
                                                 .candidates = t->network.options.weight_bits,
                                                 .candidate_count = t->network.options.weight_count,
                                                 .activation_bits = wanted.activation_bits,
                                                 .whole_groups = whole,
                                                 .keep_alive = true}));
    check_ok(stage_to_budget.end(t, t->own[0]));
    allocation found = allocation_of(t);
    const int channels = found.first[t->in.graph->group_count];
    assert_true(cost_budget_value(t->cost, &found) <= world.task.target);
    for (int i = 0; i < t->in.graph->group_count; i++) {
        if (t->network.groups[i].precisions == 0) continue;
        const int8_t *bits = allocation_of_group(&found, i);
        for (int c = 0; c < t->in.graph->groups[i].channels; c++) {
            assert_int_equal(bits[c], allocation_of_group(&wanted, i)[c]);
            if (whole) assert_true(bits[c] == bits[0] && bits[c] > 0);
        }
    }
    if (part >= 1) assert_memory_equal(found.weight_bits, before.weight_bits, (size_t)channels); /* the most probable */
    for (int i = 0; i < t->in.graph->layer_count; i++) { /* nothing is left of what is pruned */
        if (!layer_has_weights(&t->in.graph->layers[i])) continue;
        const int many = t->in.graph->layers[i].out_channels;
        const real *weight = t->values + t->network.layout.tensors[t->network.nodes[i].weight].offset;
        for (int c = 0; c < many; c++)
            if (allocation_of_group(&found, t->in.graph->layers[i].group)[c] == 0) assert_true(weight[c] == 0);
    }
    free(losses);
    allocation_free(&found);
    allocation_free(&wanted);
    allocation_free(&before);
    trainer_close(t);
}

static void test_the_end_is_the_most_probable_network_within_the_budget(void **state)
{
    (void)state;
    check_end("joint", 1, false);
    check_end("joint", 0.3, false);
    check_end("joint", 0.1, false);
    check_end("mixprec", 0.4, false);
}

static void test_layers_stay_whole(void **state)
{
    (void)state;
    check_end("layerwise", 1, true);
    check_end("layerwise", 0.45, true);
}

static void test_a_trained_point_meets_its_budget(void **state)
{
    (void)state;
    trainer *t = open_search("joint", 0.2);
    noise_world_train(t);
    record r;
    check_ok(trainer_record(&r, t));
    assert_string_equal(r.costs[0].name, "size_bits");
    if (!(r.costs[0].value <= 0.2 * t->full_cost) || r.costs[0].value < 0.02 * t->full_cost)
        fail_msg("costs %.4f of the whole", r.costs[0].value / t->full_cost);
    record_free(&r);
    trainer_close(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_strength_follows_the_error_and_its_sum),
        cmocka_unit_test(test_the_strength_has_ends),
        cmocka_unit_test(test_the_budget_falls_by_the_same_factor),
        cmocka_unit_test(test_the_cost_weighs_as_the_budget_of_the_step_says),
        cmocka_unit_test(test_the_end_is_the_most_probable_network_within_the_budget),
        cmocka_unit_test(test_layers_stay_whole),
        cmocka_unit_test(test_a_trained_point_meets_its_budget),
    };
    return cmocka_run_group_tests(tests, make_world, free_world);
}
