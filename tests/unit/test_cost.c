/* links: core_cost hw_models */
/* Cost models on whole networks against the golden numbers of METHOD.md 6 and 8.6. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/cost/cost_deploy.h"
#include "core/cost/cost_total.h"
#include "core/net/graph/graph_build.h"
#include "hw_models/registry.h"

enum { MAX_GROUPS = 80 };

#define RESNET8 "configs/networks/resnet8.cfg"
#define DSCNN "configs/networks/dscnn.cfg"
#define RESNET18 "configs/networks/resnet18.cfg"
#define RESNET50 "configs/networks/resnet50.cfg"

static void load(graph *g, const char *network)
{
    status s = graph_load(g, network);
    if (failed(s)) fail_msg("%s", s.message);
    assert_true(g->group_count < MAX_GROUPS);
}

static const cost_model *find(const char *name)
{
    const cost_model *model = cost_model_find(name);
    if (model == NULL) fail_msg("there is no model %s", name);
    return model;
}

/* Within half a unit of the last digit that is written down; `absolute` 0: to the last bit. Activations have 8 bit. */
static void assert_cost(const char *network, const char *name, int bits, double wanted, double absolute)
{
    graph g;
    group_choice groups[MAX_GROUPS];
    load(&g, network);
    cost_uniform(groups, &g, bits, 8);
    double value = cost_total(find(name), &g, groups, false, NULL);
    if (fabs(value - wanted) > absolute) fail_msg("%s %s w%d: %.10g, wanted %.10g", network, name, bits, value, wanted);
    graph_free(&g);
}

static void test_sizes_and_cycles_of_the_method(void **state)
{
    (void)state;
    static const struct {
        const char *network, *model;
        double w8, w4, w2, absolute;
    } rows[] = {
        {RESNET8, "size", 618880, 309440, 154720, 0},
        {RESNET8, "mpic", 5953158.10, 5435492.17, 5000652.80, 0.005001},
        {RESNET8, "ne16", 155241, 104361, 78921, 0},
        {DSCNN, "mpic", 1265127.62, 1155116.52, 1062707.20, 0.005001},
        {DSCNN, "ne16", 204838, 172582, 156454, 0},
        {RESNET18, "mpic", 1057987047.6, 965988173.9, 888709120, 0.05001},
        {RESNET18, "ne16", 19689650, 11719858, 7734962, 0},
        {RESNET50, "mpic", 1947230598, 1777906198, 1635673702, 0.5001},
        {RESNET50, "ne16", 63615984, 55162864, 50936304, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_cost(rows[i].network, rows[i].model, 8, rows[i].w8, rows[i].absolute);
        assert_cost(rows[i].network, rows[i].model, 4, rows[i].w4, rows[i].absolute);
        assert_cost(rows[i].network, rows[i].model, 2, rows[i].w2, rows[i].absolute);
    }
    assert_cost(RESNET8, "mpic_energy", 8, 128.17e-6, 0.005e-6);
    assert_cost(RESNET8, "mpic_energy", 8, 5953158.0952381 * 21.53e-12, 1e-13);
}

/* Tables of METHOD.md 6: weights (with the folded biases) and multiply-accumulates; precisions do not matter. */
static void test_parameters_and_operations_of_the_method(void **state)
{
    (void)state;
    static const struct {
        const char *network;
        double weights, biases, macs;
    } rows[] = {{RESNET8, 77360, 346, 12501632},
                {DSCNN, 22016, 588, 2656768},
                {RESNET18, 11261632, 5000, 2221772800},
                {RESNET50, 25502912, 27560, 4089184256}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (int bits = 2; bits <= 8; bits *= 2) {
            assert_cost(rows[i].network, "size", bits, rows[i].weights * bits, 0);
            assert_cost(rows[i].network, "macs", bits, rows[i].macs, 0);
            assert_cost(rows[i].network, "bitops", bits, rows[i].macs * bits * 8, 0);
            assert_cost(rows[i].network, "params", bits, rows[i].weights + rows[i].biases, 0);
        }
    /* one operation more for every output value: 3 x 16 x 32 x 32, 3 x 32 x 16 x 16, 3 x 64 x 8 x 8, 10 */
    assert_cost(RESNET8, "ops", 8, 12501632 + 49152 + 24576 + 12288 + 10, 0);
}

/* ResNet-8 by hand. 3x3 at 32x32: 16 x 4 tiles of 8 rows. */
static void test_gap8_counts_blocks(void **state)
{
    (void)state;
    const double input = 64 * (2 * 27 + 4 * (15 + 14 * 7));
    const double b1 = 64 * (2 * 144 + 4 * (15 + 14 * 36));
    const double b2c1 = 16 * (2 * 144 + 8 * (15 + 14 * 36)), b2c2 = 16 * (2 * 288 + 8 * (15 + 14 * 72));
    const double b2sc = 16 * (2 * 16 + 8 * (15 + 14 * 4));
    const double b3c1 = 4 * (2 * 288 + 16 * (15 + 14 * 72)), b3c2 = 4 * (2 * 576 + 16 * (15 + 14 * 144));
    const double b3sc = 4 * (2 * 32 + 16 * (15 + 14 * 8));
    assert_cost(RESNET8, "gap8", 8, input + 2 * b1 + b2c1 + b2c2 + b2sc + b3c1 + b3c2 + b3sc + 32 * 3, 0);
    /* DS-CNN: a 10x4 stem, four depthwise, four pointwise, 64 x 12 */
    const double stem = 13 * 1 * (2 * 40 + 16 * (15 + 14 * 10)), depthwise = 4 * 16 * 125 * 9;
    const double pointwise = 13 * 1 * (2 * 64 + 16 * (15 + 14 * 16));
    assert_cost(DSCNN, "gap8", 2, stem + 4 * depthwise + 4 * pointwise + 32 * 3, 0);
}

/* softmax(bits / 8) over the candidates: the state every search starts from (METHOD.md 1.2). */
static void initial_probabilities(double probability[4], bool with_zero)
{
    static const double bits[4] = {0, 2, 4, 8};
    double sum = 0;
    for (int w = 0; w < 4; w++) sum += probability[w] = w > 0 || with_zero ? exp(bits[w] / 8) : 0;
    for (int w = 0; w < 4; w++) probability[w] /= sum;
}

static void test_initial_soft_state_of_the_method(void **state)
{
    (void)state;
    double probability[4], output[4], mean = 0, output_mean = 0;
    initial_probabilities(probability, true);
    initial_probabilities(output, false);
    for (int w = 1; w < 4; w++) {
        mean += (1 << w) * probability[w];
        output_mean += (1 << w) * output[w];
    }
    if (fabs(mean - 4.64727981) > 5e-9) fail_msg("mean bits %.9f", mean);
    if (fabs(output_mean - 5.46965751) > 5e-9) fail_msg("mean bits of the output %.9f", output_mean);

    graph g;
    load(&g, RESNET8);
    group_choice groups[MAX_GROUPS] = {{{0}, {0}}};
    for (int i = 0; i <= g.group_count; i++) {
        for (int w = 0; i < g.group_count && w < 4; w++)
            groups[i].channels[w > 0 ? 1 << w : 0] =
                g.groups[i].channels * (g.groups[i].holds_output ? output[w] : probability[w]);
        groups[i].activation[8] = 1;
    }
    static const struct {
        const char *model;
        double wanted;
    } rows[] = {{"size", 306208.776}, {"mpic", 4057604.000}, {"ne16", 180155.987}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        double value = cost_total(find(rows[i].model), &g, groups, false, NULL);
        if (fabs(value - rows[i].wanted) > 5.001e-4)
            fail_msg("%s %.6f, wanted %.3f", rows[i].model, value, rows[i].wanted);
        double published = cost_total(find(rows[i].model), &g, groups, true, NULL);
        if (fabs(published - value) > 2e-7 * value)
            fail_msg("%s in reference convention %.6f", rows[i].model, published);
    }
    graph_free(&g);
}

/* Pruned channels cost nothing, neither in their layer nor in the next; a network without channels is free of size. */
static void test_pruning_reaches_the_next_layer(void **state)
{
    (void)state;
    graph g;
    group_choice groups[MAX_GROUPS];
    load(&g, DSCNN);
    cost_uniform(groups, &g, 8, 8);
    int first = g.layers[graph_find(&g, "dw1")].group; /* 64 channels: the stem and dw1 */
    groups[first].channels[0] = 24;
    groups[first].channels[8] = 40;
    static const struct {
        const char *model;
        double wanted; /* stem, dw1 and the inputs of pw1 shrink to 40 of 64 */
    } rows[] = {{"macs", 2656768 - 24 / 64.0 * (320000 + 72000 + 512000)},
                {"size", 8 * (22016 - 24 / 64.0 * (2560 + 576 + 4096))},
                {"params", 22016 + 588 - 24 / 64.0 * (2560 + 576 + 4096) - 2 * 24},
                {"bitops", 64 * (2656768 - 24 / 64.0 * (320000 + 72000 + 512000))}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        double value = cost_total(find(rows[i].model), &g, groups, false, NULL);
        if (value != rows[i].wanted) fail_msg("%s: %.10g, wanted %.10g", rows[i].model, value, rows[i].wanted);
    }
    for (int i = 0; i < g.group_count; i++)
        groups[i] = (group_choice){.channels = {g.groups[i].channels}, .activation = {[8] = 1}};
    for (const cost_model *const *m = cost_models(); *m != NULL; m++)
        for (int reference = 0; reference < 2; reference++) {
            group_choice slopes[MAX_GROUPS];
            double value = cost_total(*m, &g, groups, reference == 1, slopes);
            if (!(value >= 0 && value < 1e6)) fail_msg("%s of nothing: %g", (*m)->name, value);
            for (int i = 0; i < g.group_count; i++)
                for (int w = 0; w < COST_WEIGHT_BITS; w++) assert_true(isfinite(slopes[i].channels[w]));
        }
    assert_true(cost_total(find("size"), &g, groups, false, NULL) == 0);
    graph_free(&g);
}

/* 77360 weights in their carriers, and 9 bytes for each of the 346 output channels. */
static void test_flash_counts_what_is_stored(void **state)
{
    (void)state;
    static const int carrier[] = {0, 2, 2, 4, 4, 8, 8, 8, 8};
    for (int bits = 1; bits <= 8; bits++) assert_cost(RESNET8, "flash", bits, 77360.0 * carrier[bits] / 8 + 9 * 346, 0);
    assert_cost(DSCNN, "flash", 4, 22016 / 2.0 + 9 * 588, 0);
}

/* ResNet-8 is largest in its first block: the stem's output waits for the add while c2 reads c1's and writes its own,
 * each 32 x 32 x 16. */
static void test_ram_is_the_largest_step(void **state)
{
    (void)state;
    assert_cost(RESNET8, "ram", 8, 3 * 16384, 0);
    assert_cost(RESNET8, "ram", 2, 3 * 16384, 0);     /* weights are no activations */
    assert_cost(DSCNN, "ram", 8, 2 * 25 * 5 * 64, 0); /* a chain: what a layer reads and writes */
    graph g;
    group_choice groups[MAX_GROUPS];
    load(&g, RESNET8);
    cost_uniform(groups, &g, 8, 4);
    groups[g.group_count].activation[4] = 0; /* the image keeps 8 bit */
    groups[g.group_count].activation[8] = 1;
    assert_true(cost_total(find("ram"), &g, groups, false, NULL) == 3 * 8192);
    groups[g.layers[graph_find(&g, "b1.c1")].group].channels[8] = 4;
    groups[g.layers[graph_find(&g, "b1.c1")].group].channels[0] = 12;
    /* c1 is a quarter: now the most is at the add, with both branches and the sum */
    assert_true(cost_total(find("ram"), &g, groups, false, NULL) == 3 * 8192);
    groups[g.layers[graph_find(&g, "input")].group].channels[8] = 4;
    groups[g.layers[graph_find(&g, "input")].group].channels[0] = 12;
    /* the first block shrinks to 3 * 2048; now the add of the second one is the largest */
    assert_true(cost_total(find("ram"), &g, groups, false, NULL) == 3 * 16 * 16 * 32 / 2);
    graph_free(&g);
}

static void test_ram_slopes_are_difference_quotients(void **state)
{
    (void)state;
    graph g;
    group_choice groups[MAX_GROUPS], slopes[MAX_GROUPS];
    load(&g, RESNET8);
    cost_uniform(groups, &g, 8, 8);
    for (int i = 0; i <= g.group_count; i++) groups[i].activation[8] = 1 - (groups[i].activation[4] = 0.5 - 0.05 * i);
    const cost_model *ram = find("ram");
    const double value = cost_total(ram, &g, groups, false, slopes);
    int steep = 0;
    for (int i = 0; i <= g.group_count; i++)
        for (int a = 4; a <= 8; a += 4) {
            const double before = groups[i].activation[a];
            groups[i].activation[a] += 1e-3;
            const double quotient = (cost_total(ram, &g, groups, false, NULL) - value) / 1e-3;
            groups[i].activation[a] = before;
            assert_true(fabs(quotient - slopes[i].activation[a]) < 1e-6 * value);
            steep += quotient > 0;
        }
    assert_int_equal(steep, 4); /* two groups hold the tensors of that step */
    for (int i = 0; i < g.group_count; i++) {
        groups[i].channels[0] = -1e-3; /* not more pruned channels: at the corner another step is the largest */
        const double quotient = (cost_total(ram, &g, groups, false, NULL) - value) / -1e-3;
        groups[i].channels[0] = 0;
        assert_true(fabs(quotient - slopes[i].channels[0]) < 1e-6 * value);
    }
    graph_free(&g);
}

/* Every precision is raised to the one that holds it; what is there already costs the same to the last bit. */
static void test_deployed_precisions_are_the_next_ones(void **state)
{
    (void)state;
    static const int carrier[] = {0, 2, 2, 4, 4, 8, 8, 8, 8};
    graph g;
    group_choice groups[MAX_GROUPS];
    load(&g, RESNET8);
    for (int bits = 1; bits <= 8; bits++) {
        cost_uniform(groups, &g, bits, bits);
        cost_deploy_round(groups, &g);
        assert_true(cost_total(find("size"), &g, groups, false, NULL) == 77360.0 * carrier[bits]);
        assert_true(cost_total(find("bitops"), &g, groups, false, NULL) == 12501632.0 * carrier[bits] * carrier[bits]);
        assert_true(isfinite(cost_total(find("mpic"), &g, groups, false, NULL)));
    }
    const int first = g.layers[graph_find(&g, "b1.c1")].group;
    cost_uniform(groups, &g, 8, 8);
    groups[first] = (group_choice){.channels = {1, 2, 3, 4, 0, 1, 0, 0, 5}, .activation = {[3] = 1}};
    cost_deploy_round(groups, &g);
    static const double wanted[COST_WEIGHT_BITS] = {1, 0, 5, 0, 4, 0, 0, 0, 6};
    for (int bits = 0; bits < COST_WEIGHT_BITS; bits++) assert_true(groups[first].channels[bits] == wanted[bits]);
    assert_true(groups[first].activation[4] == 1 && groups[first].activation[3] == 0);
    graph_free(&g);
}

static void test_models_are_found_by_name(void **state)
{
    (void)state;
    static const char *const names[] = {"size",   "macs", "bitops", "mpic",  "mpic_energy", "ne16",
                                        "params", "ops",  "gap8",   "flash", "ram",         "bops_accumulator"};
    int count = 0;
    for (const cost_model *const *m = cost_models(); *m != NULL; m++) count++;
    assert_int_equal(count, sizeof names / sizeof names[0]);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) assert_string_equal(find(names[i])->name, names[i]);
    assert_null(cost_model_find("sise"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes_and_cycles_of_the_method),
        cmocka_unit_test(test_parameters_and_operations_of_the_method),
        cmocka_unit_test(test_gap8_counts_blocks),
        cmocka_unit_test(test_initial_soft_state_of_the_method),
        cmocka_unit_test(test_pruning_reaches_the_next_layer),
        cmocka_unit_test(test_flash_counts_what_is_stored),
        cmocka_unit_test(test_ram_is_the_largest_step),
        cmocka_unit_test(test_ram_slopes_are_difference_quotients),
        cmocka_unit_test(test_deployed_precisions_are_the_next_ones),
        cmocka_unit_test(test_models_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
