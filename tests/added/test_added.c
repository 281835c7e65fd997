/* One file and one line add a strategy with its stage, a cost model, a weight quantiser, a rule for clips, an importer,
 * an augmentation, a view of the report page. The line is put into copies of the program's own tables
 * (tests/CMakeLists.txt), everything else is the program's as it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/config/settings_load.h"
#include "core/config/settings_text.h"
#include "core/cost/cost_budget.h"
#include "core/data/batch.h"
#include "core/data/import/importers.h"
#include "core/net/graph/graph_build.h"
#include "core/strategy/strategies.h"
#include "core/net/model/model.h"
#include "core/train/clips/clip_rule.h"
#include "hw_models/registry.h"
#include "results/report/page/report_page.h"
#include "tests/support/check_status.h"
#include "tests/support/one_network.h"
#include "tests/support/scratch.h"

static settings read_settings;

static status parse(const char *sweep)
{
    memset(&read_settings, 0, sizeof read_settings);
    return settings_parse(&read_settings, sweep, "x.cfg", strategies_entry_kinds());
}

static void test_a_strategy_with_a_stage(void **state)
{
    (void)state;
    check_ok(parse("network = \"n.cfg\"; data = \"d.h5\"; seeds = [1];\n"
                   "sweep = ( { strategy = \"added\"; cost_model = \"added\"; strengths = [0.5, 1.0];\n"
                   "  precisions = [1, 5, 7]; } );\n"));
    identity_network network = {.checksum = "sha256:network"};
    sweep_networks networks = one_network(&network, &read_settings);
    task_plan p;
    check_ok(strategies_plan(&p, &read_settings, &networks, no_cost_models, "sha256:data"));
    assert_int_equal(p.count, 1 + 2);
    assert_string_equal(p.tasks[1].strategy, "added");
    const task_kind *kind = strategies_task_kind(p.tasks[1].kind);
    assert_non_null(kind);
    assert_string_equal(kind->stages[0]->name, "counting");
    model_options o = {0};
    const trainer_inputs in = {.settings = &read_settings, .task = &p.tasks[1]};
    kind->options(&o, &in);
    assert_int_equal(o.weight_count, 3); /* a set of precisions is data */
    assert_int_equal(o.weight_bits[0], 1);
    assert_int_equal(o.weight_bits[1], 5);
    assert_int_equal(o.weight_bits[2], 7);
    task_plan_free(&p);
    status none = parse("network = \"n.cfg\"; data = \"d.h5\"; seeds = [1];\n"
                        "sweep = ( { strategy = \"added\"; cost_model = \"added\"; } );\n");
    assert_int_equal(none.code, STATUS_CONFIG);
    check_says(none, "needs strengths or targets");
}

static void test_a_cost_model(void **state)
{
    (void)state;
    const cost_model *added = cost_model_find("added");
    assert_non_null(added);
    graph g;
    allocation a;
    check_ok(graph_load(&g, "configs/networks/digits8.cfg"));
    check_ok(allocation_new(&a, &g));
    allocation_uniform(&a, 8, 8);
    double windows = 0;
    for (int i = 0; i < g.layer_count; i++) {
        const layer_spec *l = &g.layers[i];
        if (layer_has_weights(l)) windows += (double)l->out_channels * l->kernel_h * l->kernel_w;
    }
    assert_true(windows > 0 && cost_budget_value(added, &a) == windows);
    allocation_free(&a);
    graph_free(&g);
}

/* The weights of a layer at 2 bit, and the gradient that comes back. */
static void check_added_layer(model *m, const real *values, real *gradients, int layer)
{
    const model_node *node = &m->nodes[layer];
    const int channels = m->graph->layers[layer].out_channels;
    const size_t offset = m->layout.tensors[node->weight].offset, count = node->rows * (size_t)channels;
    int zeros = 0;
    for (size_t i = 0; i < count; i++) {
        const real step = node->step[i % (size_t)channels], w = node->effective_weight[i];
        assert_true(w == 0 || w == step || w == -step);
        gradients[offset + i] = 1;
        zeros += w == 0;
    }
    assert_true(zeros > 0 && (size_t)zeros < count);
    model_choice_gradients(m, values, gradients);
    for (size_t i = 0; i < count; i++) assert_true((gradients[offset + i] == 0) == (node->effective_weight[i] == 0));
}

/* A network of one layer in a training step: the trainer knows the rule by its name alone. */
static void test_a_rule_for_clips(void **state)
{
    (void)state;
    check_ok(parse("network = \"n.cfg\"; data = \"d.h5\"; seeds = [1]; quantizer = { clips = \"added\"; };\n"
                   "sweep = ( { strategy = \"fixed\"; bits = [2]; } );\n"));
    graph g;
    model m;
    const model_options o = {.quantized = true,
                             .quantizer = read_settings.quantizer,
                             .weight_count = 1,
                             .weight_bits = {2},
                             .activation_count = 1,
                             .activation_bits = {8},
                             .input_count = 1,
                             .input_bits = {8},
                             .start_temperature = 1,
                             .capacity = 1};
    check_ok(graph_load(&g, "configs/networks/digits8.cfg"));
    check_ok(model_open(&m, &g, kernels_choose(NULL), &o));
    real *values = calloc(m.layout.total, sizeof *values);
    assert_non_null(values);
    assert_false(clip_rule_of(&o.quantizer)->trained);
    clip_rule_follow(&m, values, 3, 3);
    for (int q = 0; q < g.group_count; q++)
        if (m.quantizers[q].used) assert_true(values[m.layout.tensors[m.quantizers[q].clips].offset] == (real)2.5);
    free(values);
    model_close(&m);
    graph_free(&g);
}

static void test_a_weight_quantizer(void **state)
{
    (void)state;
    check_ok(parse("network = \"n.cfg\"; data = \"d.h5\"; seeds = [1]; quantizer = { weight_step_2 = \"added\"; };\n"
                   "sweep = ( { strategy = \"fixed\"; bits = [2]; } );\n"));
    char *text;
    check_ok(settings_text(&text, &read_settings, strategies_entry_kinds()));
    assert_non_null(strstr(text, "weight_step_2 = \"added\";"));
    free(text);

    graph g;
    model m;
    const model_options o = {.quantized = true,
                             .quantizer = read_settings.quantizer,
                             .weight_count = 1,
                             .weight_bits = {2},
                             .activation_count = 1,
                             .activation_bits = {8},
                             .input_count = 1,
                             .input_bits = {8},
                             .start_temperature = 1,
                             .capacity = 1};
    check_ok(graph_load(&g, "configs/networks/digits8.cfg"));
    check_ok(model_open(&m, &g, kernels_choose(NULL), &o));
    real *values = calloc(m.layout.total, sizeof *values), *gradients = calloc(m.layout.total, sizeof *gradients);
    assert_true(values != NULL && gradients != NULL);
    for (size_t i = 0; i < m.layout.total; i++) values[i] = (real)((int)(i * 37 % 101) - 50) / 50;
    model_prepare(&m, values, MODEL_HARD, 1, 0);
    check_added_layer(&m, values, gradients, 1);
    free(gradients);
    free(values);
    model_close(&m);
    graph_free(&g);
}

static status no_record(record *out, bool *there, void *ctx, const report_point *p)
{
    (void)out;
    (void)ctx;
    (void)p;
    *there = false;
    return status_ok();
}

static char *no_file(void *ctx, int place, const char *name)
{
    (void)ctx;
    (void)place;
    (void)name;
    return NULL;
}

static void test_a_view_of_the_page(void **state)
{
    (void)state;
    report_point points[2] = {{.strategy = "added", .on_front = true}, {.strategy = "fixed"}};
    const report_data d = {.points = points, .count = 2, .front_count = 1, .run_count = 1, .cost = -1};
    const scratch place = scratch_make();
    const char *path = scratch_file(&place, "page.html");
    check_ok(report_page(path, &d, &(report_published){NULL, 0}, &(page_source){no_record, no_file, NULL}));
    char *text;
    check_ok(file_read_text(&text, path));
    const char *places[] = {strstr(text, "<h2>Schedule"), strstr(text, "<p id=\"added\"></p>\n<p>2 points were added"),
                            strstr(text, "<h2>How this was made"), strstr(text, "view({ start: addedView });"),
                            strstr(text, "startViews();")};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        assert_non_null(places[i]);
        if (i > 0) assert_true(places[i] > places[i - 1]);
    }
    free(text);
    scratch_remove(&place);
}

static void test_an_importer(void **state)
{
    (void)state;
    import_request r = {.what = importer_find("added"), .output = "x.h5"};
    assert_non_null(r.what);
    check_ok(import_check(&r));
    check_says(r.what->run(&r), "3 times to x.h5");
    r.values[0] = "10";
    assert_int_equal(import_check(&r).code, STATUS_CONFIG);
}

static void test_an_augmentation(void **state)
{
    (void)state;
    enum { SIDE = 4, COUNT = 2 };
    static uint8_t samples[COUNT * SIDE * SIDE];
    static const int32_t labels[COUNT], which[COUNT] = {0, 1};
    for (int i = 0; i < COUNT * SIDE * SIDE; i++) samples[i] = (uint8_t)(i + 1);
    const dataset data = {.height = SIDE,
                          .width = SIDE,
                          .channels = 1,
                          .classes = 2,
                          .count = COUNT,
                          .scale = 1.0f / 255.0f,
                          .labels = labels,
                          .samples = samples};
    real x[COUNT * SIDE * SIDE], plain[COUNT * SIDE * SIDE];
    int32_t loaded[COUNT];
    batch_load(plain, loaded, &data, which, COUNT, NULL, 1, 0);
    batch_load(x, loaded, &data, which, COUNT, &(augment_settings){.flip = false}, 1, 0);
    for (int i = 0; i < COUNT * SIDE * SIDE; i++)
        if (i % (SIDE * SIDE) == 0)
            assert_true(x[i] >= 2 && plain[i] <= 1);
        else
            assert_true(x[i] == plain[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_strategy_with_a_stage),
        cmocka_unit_test(test_a_cost_model),
        cmocka_unit_test(test_a_rule_for_clips),
        cmocka_unit_test(test_a_weight_quantizer),
        cmocka_unit_test(test_an_importer),
        cmocka_unit_test(test_an_augmentation),
        cmocka_unit_test(test_a_view_of_the_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
