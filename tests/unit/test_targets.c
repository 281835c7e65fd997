/* links: core_strategy hw_models */
/* Budgets in words: their numbers, by hand, and what is refused, by name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/config/settings_load.h"
#include "core/net/graph/graph_build.h"
#include "core/strategy/strategies.h"
#include "core/strategy/targets.h"
#include "hw_models/registry.h"
#include "tests/support/check_status.h"

/* tests/e2e/small_network.cfg: 3x3x(3, 8, 8)x8, 3x3x8x16, 16x10. */
enum { WEIGHTS = 9 * (3 + 8 + 8) * 8 + 9 * 8 * 16 + 16 * 10 };

static graph network;

static int load(void **state)
{
    (void)state;
    check_ok(graph_load(&network, "tests/e2e/small_network.cfg"));
    return 0;
}

static int release(void **state)
{
    (void)state;
    graph_free(&network);
    return 0;
}

static void check_target(const char *text, const char *usual, const char *named, double value)
{
    budget b;
    check_ok(targets_read(&b, text, usual != NULL ? cost_model_find(usual) : NULL, &network, cost_models()));
    assert_string_equal(b.cost_model, named);
    if (fabs(b.value - value) > 1e-9 * value) fail_msg("\"%s\" is %.9g, not %.9g", text, b.value, value);
}

static void check_refused(const char *text, const char *usual, const char *words)
{
    budget b;
    status s = targets_read(&b, text, usual != NULL ? cost_model_find(usual) : NULL, &network, cost_models());
    assert_int_equal(s.code, STATUS_CONFIG);
    check_says(s, words);
}

static void test_units_of_memory_are_those_of_size(void **state)
{
    (void)state;
    check_target("32 kB", "size", "size", 32 * 8000.0);
    check_target("32kB", NULL, "size", 32 * 8000.0);
    check_target(" 4 KiB ", "size", "size", 4 * 8192.0);
    check_target("1.5 MB", "size", "size", 12e6);
    check_target("20000 bits", "size", "size", 20000);
    check_target("700 B", "mpic", "size", 5600); /* what the usual model has no word for */
    check_target("2 kB flash", "size", "flash", 2000);
}

static void test_a_unit_is_of_the_model_that_is_named_or_usual(void **state)
{
    (void)state;
    check_target("1.0e6 cycles mpic", "size", "mpic", 1e6);
    check_target("1e5 cycles ne16", "mpic", "ne16", 1e5);
    check_target("250 kcycles", "mpic", "mpic", 250e3);
    check_target("3 Mcycles", "gap8", "gap8", 3e6);
}

static void test_parts_are_of_the_same_network_at_one_precision(void **state)
{
    (void)state;
    check_target("90 % of w4", "size", "size", 0.9 * 4 * WEIGHTS);
    check_target("100% of w8", "size", "size", 8 * WEIGHTS);
    check_target("12.5 % of w2 size", "mpic", "size", 0.125 * 2 * WEIGHTS);
    budget four, eight; /* another model has other numbers: MPIC counts cycles by the precision */
    check_ok(targets_read(&four, "100 % of w4", cost_model_find("mpic"), &network, cost_models()));
    check_ok(targets_read(&eight, "100 % of w8", cost_model_find("mpic"), &network, cost_models()));
    double full;
    check_ok(targets_full_cost(&full, cost_model_find("mpic"), &network));
    assert_true(eight.value == full && four.value < eight.value && four.value > eight.value / 2);
}

static void test_what_is_no_budget_is_refused(void **state)
{
    (void)state;
    static const char *const no_budgets[] = {"", "kB", "32", "-3 kB", "0 kB", "nan kB", "inf kB", "1 2 3 4 5 6"};
    for (size_t i = 0; i < sizeof no_budgets / sizeof *no_budgets; i++)
        check_refused(no_budgets[i], "size", "write a budget like");
    check_refused("3 apples", "size", "size is counted in bits, not in \"apples\"; write bit, B, kB, MB, KiB or MiB");
    check_refused("3 cycles", "size", "size is counted in bits, not in \"cycles\"");
    check_refused("3 kB mpic", "size", "mpic is counted in cycles, not in \"kB\"; write cycles, kcycles or Mcycles");
    check_refused("3 cycles nobody", "size", "no cost model \"nobody\"");
    check_refused("3 cycles mpic ne16", "size", "no cost model");
    check_refused("3 apples", NULL, "no cost model");
    check_refused("90 % of w9", "size", "part of what? Write w8, w4 or w2");
    check_refused("90 % of it", "size", "part of what?");
    check_refused("90 %", "size", "size is counted in bits, not in \"%\"");
}

/* ---- of an entry ---- */

static settings read_settings;

static status read_entry(budget out[MAX_TARGETS], const char *keys, const precision_choice *usual)
{
    char text[600];
    snprintf(text, sizeof text, "network = \"n.cfg\"; data = \"d.h5\";\nsweep = (\n { %s } );\n", keys);
    memset(&read_settings, 0, sizeof read_settings);
    check_ok(settings_parse(&read_settings, text, "x.cfg", strategies_entry_kinds()));
    return targets_of_entry(out, &read_settings, &(plan_place){.graph = &network, .cost_models = cost_models()}, usual);
}

/* The least that channels can have: one of each group that may be pruned, at 2 bit: with 3 image channels in front. */
static void test_only_what_can_be_reached_is_asked_for(void **state)
{
    (void)state;
    const precision_choice all = {.count = 4, .bits = {0, 2, 4, 8}};
    const precision_choice layers = {.count = 3, .bits = {2, 4, 8}, .whole_groups = true};
    enum { LEAST = 2 * (9 * (3 + 1 + 1 + 1) + 10) };
    budget b[MAX_TARGETS];
    char keys[200];
    snprintf(keys, sizeof keys,
             "strategy = \"joint\"; cost_model = \"size\"; targets = [\"90 %% of w4\", \"%d bits\"];", LEAST);
    check_ok(read_entry(b, keys, &all));
    assert_float_equal(b[0].value, 0.9 * 4 * WEIGHTS, 1e-6);
    assert_float_equal(b[1].value, LEAST, 1e-9);
    snprintf(keys, sizeof keys, "strategy = \"joint\"; cost_model = \"size\"; targets = [\"1 kB\", \"%d bits\"];",
             LEAST - 1);
    status s = read_entry(b, keys, &all);
    assert_int_equal(s.code, STATUS_CONFIG);
    check_says(s, "x.cfg: sweep line 3: targets[1]: is");
    snprintf(keys, sizeof keys, "strategy joint cannot bring small below %d: raise the target", LEAST);
    check_says(s, keys);

    /* The entry's own precisions count, and whether channels can be removed. */
    check_says(read_entry(b,
                          "strategy = \"joint\"; cost_model = \"size\"; precisions = [4, 8]; targets = [\"99 % of "
                          "w4\"];",
                          &all),
               "cannot bring small below");
    check_ok(read_entry(b, "strategy = \"layerwise\"; cost_model = \"size\"; targets = [\"100 % of w2\"];", &layers));
    check_says(read_entry(b, "strategy = \"layerwise\"; cost_model = \"size\"; targets = [\"99 % of w2\"];", &layers),
               "strategy layerwise cannot bring small below");
    check_says(read_entry(b,
                          "strategy = \"layerwise\"; cost_model = \"size\"; precisions = [0, 2, 8]; targets = [\"99 % "
                          "of w2\"];",
                          &layers),
               "strategy layerwise cannot bring small below"); /* whole layers are not removed */
    check_says(read_entry(b, "strategy = \"joint\"; cost_model = \"size\"; targets = [\"3 furlongs\"];", &all),
               "targets[0]: is \"3 furlongs\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_units_of_memory_are_those_of_size),
        cmocka_unit_test(test_a_unit_is_of_the_model_that_is_named_or_usual),
        cmocka_unit_test(test_parts_are_of_the_same_network_at_one_precision),
        cmocka_unit_test(test_what_is_no_budget_is_refused),
        cmocka_unit_test(test_only_what_can_be_reached_is_asked_for),
    };
    return cmocka_run_group_tests(tests, load, release);
}
