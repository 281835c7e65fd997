/* links: core_strategy hw_models */
/* Numbered allocations: all compositions of a layer, random ones, and which of them a plan takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/config/settings_load.h"
#include "core/cost/cost_budget.h"
#include "core/strategy/grid_space.h"
#include "core/strategy/strategies.h"
#include "hw_models/registry.h"
#include "tests/support/check_status.h"
#include "tests/support/graph_fixture.h"

static int group_of(const char *layer)
{
    return network.layers[graph_find(&network, layer)].group;
}

static grid_space space_of(const char *layer, const char *other, int step)
{
    grid_space s = {.graph = &network, .choice = {.count = 4, .bits = {2, 3, 4, 8}}, .base_bits = 3, .step = step};
    if (layer != NULL) s.groups[s.group_count++] = group_of(layer);
    if (other != NULL) s.groups[s.group_count++] = group_of(other);
    return s;
}

/* 16 channels in steps of 2 at 2, 3, 4 or 8 bit: 165 compositions (Zur et al. 2019, thin network). */
static void test_every_composition_is_there_once(void **state)
{
    (void)state;
    const grid_space s = space_of("b2.c1", NULL, 2);
    static int8_t seen[165][16];
    int count;
    check_ok(grid_space_count(&count, &s));
    assert_int_equal(count, 165);
    allocation a;
    check_ok(allocation_new(&a, &network));
    int own = 0;
    for (int n = 0; n < count; n++) {
        own += grid_space_allocation(&a, &s, n);
        const int8_t *bits = allocation_of_group(&a, group_of("b2.c1"));
        memcpy(seen[n], bits, 16);
        for (int c = 0; c < 16; c++) assert_true(c == 0 || bits[c] >= bits[c - 1]);
        for (int c = 0; c < 16; c += 2) assert_int_equal(bits[c], bits[c + 1]);
        for (int k = 0; k < n; k++) assert_memory_not_equal(seen[k], bits, 16);
        assert_int_equal(allocation_of_group(&a, group_of("b3.c1"))[5], 3);
    }
    assert_int_equal(own, 164); /* all at 3 bit is homogeneous */
    allocation_free(&a);
}

static void test_several_layers_vary_together(void **state)
{
    (void)state;
    const grid_space s = space_of("input", "b1.c1", 4);
    int count;
    check_ok(grid_space_count(&count, &s));
    assert_int_equal(count, 10 * 10);
    allocation a;
    check_ok(allocation_new(&a, &network));
    assert_true(grid_space_allocation(&a, &s, 10)); /* the last group's composition runs fastest */
    const int8_t first = allocation_of_group(&a, group_of("input"))[0];
    const int8_t other = allocation_of_group(&a, group_of("b1.c1"))[0];
    assert_true(grid_space_allocation(&a, &s, 11));
    assert_int_equal(allocation_of_group(&a, group_of("input"))[0], first);
    assert_true(allocation_of_group(&a, group_of("b1.c1"))[0] != other ||
                allocation_of_group(&a, group_of("b1.c1"))[4] != allocation_of_group(&a, group_of("b1.c1"))[0]);
    allocation_free(&a);
    const grid_space many = space_of("b3.c1", "b3.c2", 1);
    check_says(grid_space_count(&count, &many), "more than 1000000 compositions");
    const grid_space uneven = space_of("input", NULL, 3);
    check_says(grid_space_count(&count, &uneven), "step is 3, but a group of layers[0] has 8 channels");
}

/* With 0 bit: no group may vanish, and the output is never pruned. */
static void test_no_group_vanishes(void **state)
{
    (void)state;
    grid_space s = {.graph = &network, .choice = {.count = 3, .bits = {0, 4, 8}}, .base_bits = 8, .step = 8};
    s.groups[s.group_count++] = group_of("input");
    int count;
    check_ok(grid_space_count(&count, &s));
    assert_int_equal(count, 3);
    allocation a;
    check_ok(allocation_new(&a, &network));
    int own = 0;
    for (int n = 0; n < count; n++) own += grid_space_allocation(&a, &s, n);
    assert_int_equal(own, 1); /* all pruned, all 8 bit: neither */
    s.group_count = 0;
    for (int n = 0; n < 300; n++) {
        if (!grid_space_allocation(&a, &s, n)) continue;
        for (int c = 0; c < 10; c++) assert_int_not_equal(allocation_of_group(&a, group_of("fc"))[c], 0);
    }
    allocation_free(&a);
}

/* Fractions uniform over the simplex: each precision has a third on average, with a variance of 1/18 between groups. */
static void test_random_allocations_are_spread_evenly(void **state)
{
    (void)state;
    const grid_space s = {.graph = &network, .choice = {.count = 3, .bits = {2, 4, 8}}, .base_bits = 8};
    enum { DRAWS = 2000 };
    allocation a;
    check_ok(allocation_new(&a, &network));
    double sum[9] = {0}, squares = 0;
    const int group = group_of("b3.c1");
    for (int n = 0; n < DRAWS; n++) {
        assert_true(grid_space_allocation(&a, &s, n));
        double fraction[9] = {0};
        for (int c = 0; c < 32; c++) fraction[allocation_of_group(&a, group)[c]] += 1.0 / 32;
        for (int b = 0; b < 9; b++) sum[b] += fraction[b] / DRAWS;
        squares += (fraction[4] - 1.0 / 3) * (fraction[4] - 1.0 / 3) / DRAWS;
    }
    for (int b = 2; b <= 8; b *= 2) assert_true(sum[b] > 0.315 && sum[b] < 0.352);
    /* 1/18 of the fractions and (1/3 - 1/9 - 1/18) / 32 of the channels */
    assert_true(squares > 0.055 && squares < 0.067);
    allocation again;
    check_ok(allocation_new(&again, &network));
    assert_true(grid_space_allocation(&again, &s, DRAWS - 1));
    assert_memory_equal(again.weight_bits, a.weight_bits, (size_t)a.first[network.group_count]);
    allocation_free(&again);
    allocation_free(&a);
}

/* ---- plans ---- */

static settings read_settings;
static identity_network identity = {.checksum = "sha256:network"};

static status plan_of(task_plan *out, const char *entry)
{
    char text[1000];
    snprintf(text, sizeof text, "network = \"n.cfg\"; data = \"d.h5\"; seeds = [1, 2];\nsweep = ( { %s } );\n", entry);
    memset(&read_settings, 0, sizeof read_settings);
    TRY(settings_parse(&read_settings, text, "x.cfg", strategies_entry_kinds()));
    static int file = 0;
    const sweep_networks networks = {
        .count = 1, .graphs = &network, .identities = &identity, .files = &file, .widths = &read_settings.width};
    return strategies_plan(out, &read_settings, &networks, cost_models(), "sha256:data");
}

static void check_refused(const char *entry, const char *message)
{
    task_plan p = {.count = 0};
    status result = plan_of(&p, entry);
    assert_int_equal(result.code, STATUS_CONFIG);
    check_says(result, message);
    task_plan_free(&p);
}

static int find_step(const task_plan *p, int step, uint64_t seed)
{
    for (int i = 0; i < p->count; i++)
        if (p->tasks[i].step == step && p->tasks[i].seed == seed) return i + 1;
    return 0;
}

static void test_a_plan_takes_what_costs_enough(void **state)
{
    (void)state;
    task_plan p;
    check_ok(plan_of(&p, "strategy = \"grid\"; cost_model = \"size\"; targets = [\"100 % of w4\"]; draws = 3;"));
    assert_int_equal(p.count, 2 + 2 * (1 + 3)); /* w4 is what the target is */
    allocation a;
    check_ok(allocation_new(&a, &network));
    memset(a.activation_bits, 8, (size_t)network.group_count + 1);
    const grid_space space = {.graph = &network, .choice = {.count = 3, .bits = {2, 4, 8}}};
    int uniform = 0;
    for (int i = 2; i < p.count; i++) {
        assert_true(p.tasks[i].point);
        uniform += p.tasks[i].bits == 4;
        if (p.tasks[i].step == 0) continue;
        assert_true(grid_space_allocation(&a, &space, p.tasks[i].step - 1));
        const double cost = cost_budget_value(cost_model_find("size"), &a);
        assert_true(cost >= 0.98 * 4 * 19608 && cost <= 1.02 * 4 * 19608);
    }
    assert_int_equal(uniform, 2);
    allocation_free(&a);

    /* More draws, a wider window, another target: what was planned keeps its key. */
    const task kept = p.tasks[p.count - 1];
    task_plan_free(&p);
    check_ok(plan_of(&p, "strategy = \"grid\"; cost_model = \"size\"; targets = [\"90 % of w4\", \"100 % of w4\"]; "
                         "draws = 5; window = [0.979, 1.02];"));
    const int id = find_step(&p, kept.step, kept.seed);
    assert_true(id > 0);
    assert_string_equal(p.tasks[id - 1].key, kept.key);
    int below = 0;
    for (int i = 0; i < p.count; i++) below += p.tasks[i].bits == 2; /* around 90 %: w2 and w4 */
    assert_int_equal(below, 2);
    task_plan_free(&p);
}

static void test_a_plan_of_compositions_draws_without_replacement(void **state)
{
    (void)state;
    static const char entry[] = "strategy = \"grid\"; cost_model = \"size\"; targets = [\"100 % of w4\"]; layers = "
                                "[\"b2.c1\"]; window = [0.99, 1.01]; draws = ";
    task_plan all, some;
    char text[300];
    snprintf(text, sizeof text, "%s0;", entry);
    check_ok(plan_of(&all, text));
    snprintf(text, sizeof text, "%s4;", entry);
    check_ok(plan_of(&some, text));
    assert_int_equal(some.count, 2 + 2 * (1 + 4));
    assert_true(all.count > some.count);
    for (int i = 0; i < some.count; i++) assert_true(task_plan_find(&all, some.tasks[i].key) > 0);
    for (int i = 0; i < some.count; i++)
        for (int k = 0; k < i; k++) assert_string_not_equal(some.tasks[i].key, some.tasks[k].key);
    task_plan_free(&all);
    task_plan_free(&some);
}

static void test_bad_entries_are_refused(void **state)
{
    (void)state;
    check_refused("strategy = \"grid\"; cost_model = \"size\"; draws = 3;", "needs targets");
    check_refused("strategy = \"grid\"; cost_model = \"size\"; targets = [\"9 kB\"];", "needs draws");
    check_refused("strategy = \"grid\"; cost_model = \"size\"; targets = [\"9 kB\"]; draws = 1; window = [1.1, 0.9];",
                  "needs window");
    check_refused("strategy = \"grid\"; cost_model = \"size\"; targets = [\"9 kB\"]; layers = [\"b9\"];",
                  "layers[0] is \"b9\": digits8 has no layer");
    check_refused("strategy = \"grid\"; cost_model = \"size\"; targets = [\"9 kB\"]; layers = [\"input\", \"b1.c2\"];",
                  "of the same sharing group");
    check_refused("strategy = \"grid\"; cost_model = \"size\"; targets = [\"19 kB\"]; draws = 3; "
                  "precisions = [2, 3]; window = [1.0, 1.001];",
                  "window: only 0 allocations");
    check_refused("strategy = \"grid\"; cost_model = \"mpic\"; targets = [\"100 % of w4\"]; draws = 3; "
                  "precisions = [3, 4, 8];",
                  "mpic does not say what weights of 3 bit cost");
    check_refused("strategy = \"grid\"; cost_model = \"size\"; targets = [\"9 kB\", \"3.5e5 cycles mpic\"]; draws = 1; "
                  "window = [0.5, 2.0];",
                  "make an entry for each");
    check_refused("strategy = \"fixed\"; bits = [4]; base_bits = 3;", "is a key of strategy \"grid\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_composition_is_there_once),
        cmocka_unit_test(test_several_layers_vary_together),
        cmocka_unit_test(test_no_group_vanishes),
        cmocka_unit_test(test_random_allocations_are_spread_evenly),
        cmocka_unit_test(test_a_plan_takes_what_costs_enough),
        cmocka_unit_test(test_a_plan_of_compositions_draws_without_replacement),
        cmocka_unit_test(test_bad_entries_are_refused),
    };
    return cmocka_run_group_tests_name("grid", tests, load_digits, free_network);
}
