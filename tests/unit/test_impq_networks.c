/* links: core_strategy hw_models */
/* impq as it was published, on the networks that it was published for: each is planned, and lowers weights and
 * activations by one step with the quantisers of the authors' program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "core/net/graph/graph_build.h"
#include "core/net/graph/network_variant.h"
#include "core/net/model/model_allocation.h"
#include "tests/support/noise_world.h"

#define PUBLISHED                                                                                                      \
    "strategy = \"impq\"; cost_model = \"size\"; precisions = [2, 3, 4]; metric = \"released\"; rank = \"harm\"; "     \
    "steps = 1; samples = 16; "

static graph narrow(const char *name)
{
    char path[64];
    network_file file;
    graph g;
    snprintf(path, sizeof path, "configs/networks/%s.cfg", name);
    check_ok(network_file_read(&file, path));
    check_ok(network_variant_apply(&file,
                                   &(network_variant){.width = 0.25, .height = 32, .width_pixels = 32, .classes = 10}));
    check_ok(graph_build(&g, &file));
    network_file_free(&file);
    return g;
}

/* A warm-up, a leg of weights, and with both in sequence one of activations. */
static void check_plan(void)
{
    static settings read;
    static identity_network identity = {.checksum = "sha256:network"};
    static int file = 0;
    check_ok(settings_parse(&read,
                            "network = \"n.cfg\"; data = \"d.h5\"; seeds = [1];\n"
                            "search = { activation_bits = [4, 8]; };\n"
                            "sweep = ( { " PUBLISHED "lower = \"sequence\"; } );\n",
                            "x.cfg", strategies_entry_kinds()));
    const sweep_networks networks = {
        .count = 1, .graphs = &world.graph, .identities = &identity, .files = &file, .widths = &read.width};
    task_plan p;
    check_ok(strategies_plan(&p, &read, &networks, cost_models(), "sha256:data"));
    assert_int_equal(p.count, 3);
    assert_string_equal(p.tasks[1].kind, "impq_weights");
    assert_string_equal(p.tasks[2].kind, "impq_activations");
    task_plan_free(&p);
}

/* Lowers with the text's keys; returns how many channels have less than 4 bit, or activations less than 8. */
static int lowered(const char *keys, const char *kind)
{
    noise_world_use_entry(&world, keys);
    world.task.step = 1;
    trainer *t = noise_world_open(&world, kind);
    noise_world_train(t);
    record r;
    check_ok(trainer_record(&r, t));
    assert_true(r.state == RECORD_DONE);
    record_free(&r);
    model_prepare(&t->network, t->values, MODEL_EVAL_HARD, 1, 0);
    allocation a;
    check_ok(allocation_new(&a, &world.graph));
    model_allocation_read(&a, &t->network);
    int count = 0;
    for (int i = 0; i < world.graph.group_count; i++) {
        if (t->network.quantizers[i].used) count += a.activation_bits[i] < 8;
        for (int c = a.first[i]; c < a.first[i + 1] && t->network.groups[i].precisions > 0; c++)
            count += a.weight_bits[c] < 4;
    }
    allocation_free(&a);
    trainer_close(t);
    return count;
}

static void check_network(const char *name)
{
    noise_world_make_of(&world, narrow(name));
    check_plan();
    world.settings.quantizer = (quantizer_rules){.weight_step_2 = WEIGHT_STEP_MIDRISE,
                                                 .weight_step_4 = WEIGHT_STEP_MIDRISE,
                                                 .weight_step_8 = WEIGHT_STEP_MIDRISE,
                                                 .batchnorm = BATCHNORM_KEPT,
                                                 .clips = CLIPS_BATCHNORM,
                                                 .rounding = ROUNDING_EVEN,
                                                 .levels = LEVELS_OPEN};
    world.settings.search.activation_count = 2;
    world.settings.search.activation_bits[0] = 4;
    world.settings.search.activation_bits[1] = 8;
    assert_true(lowered(PUBLISHED "fractions = [0.5];", "impq_weights") > 10);
    assert_true(lowered(PUBLISHED "lower = \"activations\"; fractions = [0.6];", "impq_activations") > 1);
    noise_world_free(&world);
}

static void test_resnet20(void **state)
{
    (void)state;
    check_network("resnet20");
}

static void test_resnet8(void **state)
{
    (void)state;
    check_network("resnet8");
}

static void test_vgg_small(void **state)
{
    (void)state;
    check_network("vgg_small");
}

static void test_mobilenet_v1(void **state)
{
    (void)state;
    check_network("mobilenet_v1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resnet20),
        cmocka_unit_test(test_resnet8),
        cmocka_unit_test(test_vgg_small),
        cmocka_unit_test(test_mobilenet_v1),
    };
    return cmocka_run_group_tests_name("impq_networks", tests, NULL, NULL);
}
