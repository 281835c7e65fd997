/* links: core_strategy hw_models */
/* The two promises for every strategy, inside one process: all tasks of a sweep with all of them are trained on one
 * rank undisturbed, and on several ranks with stops after every few steps. Ranks are threads here; tests/e2e has the
 * same with processes that are killed. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/config/settings_load.h"
#include "tests/support/check_status.h"
#include "tests/support/stripes_world.h"

static const char SWEEP[] =
    "network = \"n.cfg\"; data = \"d.h5\"; seeds = [3];\n"
    "search = { activation_bits = [4, 8]; };\n"
    "sweep = (\n"
    "{ strategy = \"joint\"; cost_model = \"size\"; strengths = [1.0]; targets = [\"40 % of w8\"]; },\n"
    "{ strategy = \"mixprec\"; cost_model = \"mpic\"; strengths = [1.0]; },\n"
    "{ strategy = \"layerwise\"; cost_model = \"size\"; strengths = [1.0]; },\n"
    "{ strategy = \"fixed\"; bits = [4]; },\n"
    "{ strategy = \"trunk\"; cost_model = \"mpic\"; activation_bits = [4, 8]; targets = [\"80 % of w8\", \"60 % of "
    "w8\"]; "
    "},\n"
    "{ strategy = \"trunk\"; cost_model = \"size\"; allocation = \"gradient\"; targets = [\"60 % of w8\"]; },\n"
    "{ strategy = \"grid\"; cost_model = \"size\"; targets = [\"100 % of w4\"]; precisions = [2, 4, 8]; draws = 1; "
    "window = [0.8, 1.2]; },\n"
    "{ strategy = \"impq\"; cost_model = \"size\"; steps = 2; samples = 32; lower = \"sequence\"; },\n"
    "{ strategy = \"impq\"; cost_model = \"mpic\"; steps = 2; samples = 32; lower = \"together\"; metric = \"bound\"; "
    "},\n"
    "{ strategy = \"pit\"; cost_model = \"size\"; strengths = [1.0]; bits = [4]; mask_learning_rate = 0.2; },\n"
    "{ strategy = \"pit_mixprec\"; cost_model = \"size\"; pit_strengths = [1.0]; strengths = [1.0]; "
    "targets = [\"20 % of w8\"]; mask_learning_rate = 0.2; },\n"
    "{ strategy = \"sample\"; cost_model = \"size\"; strengths = [1.0]; samples = 2; updates = 1; draws = 1; },\n"
    "{ strategy = \"sample\"; cost_model = \"size\"; strengths = [1.0]; family = \"layer_categorical\"; "
    "evaluate = \"trained\"; samples = 2; rounds = 2; probe_epochs = 1; draws = 0; },\n"
    "{ strategy = \"widths\"; cost_model = \"ops\"; strengths = [1.0]; samples = 2; updates = 1; draws = 0; },\n"
    "{ strategy = \"widths\"; cost_model = \"ops\"; strengths = [1.0]; evaluate = \"trained\"; objective = \"curve\"; "
    "ratios = [0.5, 1.0]; samples = 2; rounds = 1; probe_epochs = 1; draws = 0; },\n"
    "{ strategy = \"sensitivity\"; kernels = 7; samples = 32; } );\n";

enum { MOST_TASKS = 100 };
static settings used;
static identity_network identity = {.checksum = "sha256:network"};
static task_plan plan;
static record records[MOST_TASKS + 1]; /* by id */

/* The entries of the text, trained as the stripes are. */
static void make_plan(world *w)
{
    static settings read;
    static int file = 0;
    check_ok(settings_parse(&read, SWEEP, "x.cfg", strategies_entry_kinds()));
    used = read;
    used.batch = w->settings.batch;
    used.shards = w->settings.shards;
    used.warmup = used.search_phase = used.trunk = used.finetune = w->settings.finetune;
    used.trunk.optimizer = OPTIMIZER_SGD;
    used.trunk.schedule = SCHEDULE_CONSTANT;
    const sweep_networks networks = {
        .count = 1, .graphs = &w->graph, .identities = &identity, .files = &file, .widths = &read.width};
    check_ok(strategies_plan(&plan, &used, &networks, cost_models(), "sha256:data"));
    assert_true(plan.count <= MOST_TASKS);
}

static void test_every_strategy_is_the_same_however_it_is_run(void **state)
{
    world *w = *state;
    make_plan(w);
    bool seen[MAX_ENTRIES] = {false};
    for (int id = 1; id <= plan.count; id++) {
        const task *t = &plan.tasks[id - 1];
        const record *parents[MOST_TASKS];
        for (int i = 0; i < t->parent_count; i++) parents[i] = &records[task_plan_parent(&plan, t, i)];
        const trainer_inputs in = {.settings = &used,
                                   .graph = &w->graph,
                                   .data = &w->data,
                                   .kernels = kernels_choose(NULL),
                                   .cost_models = cost_models(),
                                   .task = t,
                                   .kind = strategies_task_kind(t->kind),
                                   .parents = parents,
                                   .parent_count = t->parent_count};
        int stops;
        records[id] = train(&in, 1, 0, NULL);
        record other = train(&in, id % 3 == 0 ? 4 : 2, 1 + id % 2, &stops);
        assert_true(stops >= 1);
        assert_same_records(&records[id], &other);
        record_free(&other);
        if (t->entry >= 0) seen[t->entry] = true;
    }
    for (int e = 0; e < used.entry_count; e++) assert_true(seen[e]);
    print_message("%d tasks of %d entries\n", plan.count, used.entry_count);
    for (int id = 1; id <= plan.count; id++) record_free(&records[id]);
    task_plan_free(&plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_strategy_is_the_same_however_it_is_run),
    };
    return cmocka_run_group_tests_name("resume", tests, make_world, free_world);
}
