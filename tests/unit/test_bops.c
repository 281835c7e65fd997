/* links: core_cost hw_models */
/* bops_accumulator against the published networks (Zur et al. 2019, arXiv 1904.09872; recomputed from its formula). */
#include <math.h>
#include <string.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/cost/cost_total.h"
#include "core/net/graph/graph_build.h"
#include "hw_models/registry.h"
#include "tests/support/check_status.h"

static const char RESNET[] = "configs/networks/resnet20.cfg", THIN[] = "tests/support/networks/thin_resnet.cfg";

typedef struct {
    graph graph;
    group_choice *groups;
} network;

/* All weights and maps at these bits, the image at 8. */
static network open_network(const char *path, int weight_bits, int activation_bits)
{
    network n;
    check_ok(graph_load(&n.graph, path));
    n.groups = calloc((size_t)n.graph.group_count + 1, sizeof *n.groups);
    assert_non_null(n.groups);
    cost_uniform(n.groups, &n.graph, weight_bits, activation_bits);
    n.groups[n.graph.group_count].activation[activation_bits] = 0;
    n.groups[n.graph.group_count].activation[8] = 1;
    return n;
}

static double close_network(network *n)
{
    const double cost = cost_total(cost_model_find("bops_accumulator"), &n->graph, n->groups, false, NULL);
    free(n->groups);
    graph_free(&n->graph);
    return cost;
}

static void test_homogeneous_networks(void **state)
{
    (void)state;
    static const struct {
        int weights, activations;
        double resnet, thin;
    } published[] = {{2, 2, 0.487350272, 0.148709376}, {2, 4, 0.688398336, 0.208543744},
                     {3, 3, 0.773779456, 0.237301760}, {4, 4, 1.100337152, 0.337596416},
                     {8, 3, 1.600086016, 0.497950720}, {8, 8, 3.253907456, 0.991686656}};
    for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
        network resnet = open_network(RESNET, published[i].weights, published[i].activations);
        network thin = open_network(THIN, published[i].weights, published[i].activations);
        const double big = close_network(&resnet), small = close_network(&thin);
        if (fabs(big - 1e9 * published[i].resnet) > 0.5 || fabs(small - 1e9 * published[i].thin) > 0.5)
            fail_msg("w%da%d: %.9f and %.9f", published[i].weights, published[i].activations, big / 1e9, small / 1e9);
    }
}

/* The first layer's 16 channels and what they put out, at 2, 3, 4 and 8 bit; all else at 3. The first layer is alone in
 * this: other layers of its group keep 3 bit. */
static void test_a_mixed_first_layer(void **state)
{
    (void)state;
    static const struct {
        int counts[4];
        double cost;
    } published[] = {{{16, 0, 0, 0}, 0.762327040},
                     {{0, 0, 16, 0}, 0.784805888},
                     {{0, 0, 0, 16}, 0.828911616},
                     {{8, 2, 6, 0}, 0.772481024},
                     {{4, 4, 4, 4}, 0.791556096}};
    static const int bits[4] = {2, 3, 4, 8};
    const cost_model *m = cost_model_find("bops_accumulator");
    for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
        network n = open_network(RESNET, 3, 3);
        const int stem = graph_find(&n.graph, "stem"), next = graph_find(&n.graph, "1_0.c1");
        const cost_choice first = cost_choice_of(&n.graph, stem, n.groups);
        const cost_choice second = cost_choice_of(&n.graph, next, n.groups);
        const cost_layer one = cost_layer_of(&n.graph.layers[stem]), two = cost_layer_of(&n.graph.layers[next]);
        cost_choice mixed = first, reads = second;
        mixed.channels[3] = 0;
        reads.activation[3] = 0;
        for (int k = 0; k < 4; k++) {
            mixed.channels[bits[k]] += published[i].counts[k];
            reads.activation[bits[k]] += published[i].counts[k] / 16.0;
        }
        const double change = m->layer(m, &one, &mixed, false, NULL) - m->layer(m, &one, &first, false, NULL) +
                              m->layer(m, &two, &reads, false, NULL) - m->layer(m, &two, &second, false, NULL);
        const double cost = close_network(&n) + change;
        if (fabs(cost - 1e9 * published[i].cost) > 0.5) fail_msg("mixture %zu: %.9f", i, cost / 1e9);
    }
}

/* Storage and compute of ResNet-20 with shortcuts without parameters, as impq's authors count them: the products of
 * both operands' widths, the classifier included, an image of 8 bit. Ours has two convolutions in their place. */
static void test_costs_of_impq(void **state)
{
    (void)state;
    static const struct {
        int weights, activations;
        double compute;
    } published[] = {{4, 4, 655894528}, {8, 8, 2595266560}, {2, 4, 327947264}};
    for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
        network n = open_network(RESNET, published[i].weights, published[i].activations);
        double compute = 0, weights = 0;
        for (int l = 0; l < n.graph.layer_count; l++) {
            const layer_spec *spec = &n.graph.layers[l];
            if (!layer_has_weights(spec) || strstr(spec->name, ".ds") != NULL) continue;
            const cost_choice choice = cost_choice_of(&n.graph, l, n.groups);
            const cost_layer layer = cost_layer_of(spec);
            compute += cost_model_find("bitops")->layer(cost_model_find("bitops"), &layer, &choice, false, NULL);
            weights += cost_model_find("size")->layer(cost_model_find("size"), &layer, &choice, false, NULL);
        }
        assert_true(compute == published[i].compute);
        assert_true(weights == 268336.0 * published[i].weights);
        close_network(&n);
    }
}

static void test_one_bit_is_not_defined(void **state)
{
    (void)state;
    network n = open_network(THIN, 1, 4);
    assert_true(isnan(close_network(&n)));
    const cost_model *m = cost_model_find("bops_accumulator");
    assert_true(m->defined(m, 2, 2) && !m->defined(m, 1, 8));
}

/* Where the widths of the sums stay what they are, slopes are difference quotients. */
static void test_slopes_take_the_width_as_given(void **state)
{
    (void)state;
    const cost_model *m = cost_model_find("bops_accumulator");
    for (int kind = 0; kind < 2; kind++) {
        const cost_layer l = {.kind = kind == 0 ? COST_CONV : COST_DEPTHWISE,
                              .kernel_h = 3,
                              .kernel_w = 3,
                              .in_channels = 12,
                              .out_channels = 12,
                              .out_height = 5,
                              .out_width = 4};
        cost_choice c = {.channels = {[0] = 2, [2] = 4.5, [5] = 1.5, [8] = 4}, .kept = 10, .in_kept = 10.7};
        c.activation[4] = 0.3;
        c.activation[8] = 0.7;
        cost_slope slope;
        const double value = m->layer(m, &l, &c, false, &slope);
        double *inputs[] = {&c.channels[5], &c.in_kept, &c.activation[4], &c.activation[8]};
        const double slopes[] = {slope.channels[5], slope.in_kept, slope.activation[4], slope.activation[8]};
        for (int i = 0; i < 4; i++) {
            const double start = *inputs[i];
            *inputs[i] = start + 1e-6;
            const double quotient = (m->layer(m, &l, &c, false, NULL) - value) / 1e-6;
            *inputs[i] = start;
            assert_true(fabs(quotient - slopes[i]) < 1e-5 * value);
        }
        assert_true(slope.kept == 0 && (slope.in_kept == 0) == (kind == 1));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_homogeneous_networks),           cmocka_unit_test(test_a_mixed_first_layer),
        cmocka_unit_test(test_slopes_take_the_width_as_given), cmocka_unit_test(test_costs_of_impq),
        cmocka_unit_test(test_one_bit_is_not_defined),
    };
    return cmocka_run_group_tests_name("bops", tests, NULL, NULL);
}
