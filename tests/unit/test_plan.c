/* links: core_strategy */
/* The graph of a sweep: a pure function of its settings, in which every task is once. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/config/settings_load.h"
#include "core/strategy/strategies.h"
#include "tests/support/check_status.h"
#include "tests/support/one_network.h"
#include "tests/support/plan_fixture.h"

static const char EXAMPLE[] = "network = \"n.cfg\"; data = \"d.h5\"; seeds = [14, 5];\n"
                              "sweep = (\n"
                              "{ strategy = \"joint\"; cost_model = \"size\"; strengths = [2.5, 0.5]; },\n"
                              "{ strategy = \"fixed\"; bits = [8, 2]; } );\n";

/* What a plan borrows. */
static settings read_settings;
static identity_network network = {.checksum = "sha256:network"};
static sweep_networks networks;

static status plan_again(task_plan *out)
{
    networks = one_network(&network, &read_settings);
    return strategies_plan(out, &read_settings, &networks, no_cost_models, "sha256:data");
}

static status plan_of(task_plan *out, const char *text)
{
    memset(&read_settings, 0, sizeof read_settings);
    check_ok(settings_parse(&read_settings, text, "x.cfg", strategies_entry_kinds()));
    return plan_again(out);
}

static void test_warmups_come_first_and_points_wait_for_their_seed(void **state)
{
    (void)state;
    task_plan p;
    check_ok(plan_of(&p, EXAMPLE));
    assert_int_equal(p.count, 2 + 2 * 2 + 2 * 2);
    int points[2] = {0};
    for (int i = 0; i < p.count; i++) {
        const task *t = &p.tasks[i];
        assert_int_equal(t->id, i + 1);
        assert_int_equal(t->point, i >= 2);
        assert_int_equal(task_plan_find(&p, t->key), t->id);
        if (!t->point) {
            assert_int_equal(t->parent_count, 0);
            assert_string_equal(t->kind, "warmup");
            assert_string_equal(t->strategy, "warmup");
            assert_string_equal(t->cost_model, "none");
            assert_int_equal(t->seed, i == 0 ? 14 : 5);
        } else {
            assert_int_equal(t->parent_count, 1);
            const int warmup = task_plan_parent(&p, t, 0);
            assert_in_range(warmup, 1, 2);
            assert_int_equal(t->seed, p.tasks[warmup - 1].seed);
            assert_int_equal(t->entry, i < 6 ? 0 : 1);
            points[warmup - 1]++;
        }
    }
    assert_int_equal(points[0], 4);
    assert_int_equal(points[1], 4);
    assert_true(p.tasks[2].strength == 2.5 && p.tasks[4].strength == 0.5); /* order of the file, not of size */
    assert_int_equal(p.tasks[2].bits, 0);
    assert_string_equal(p.tasks[2].kind, "joint");
    assert_string_equal(p.tasks[6].strategy, "fixed");
    assert_int_equal(p.tasks[6].bits, 8);
    assert_true(p.tasks[6].strength == 0);
    assert_string_equal(p.tasks[6].cost_model, "none");
    assert_int_equal(task_plan_find(&p, "0123456789abcdef0123456789abcdef"), 0);
    task_plan_free(&p);
}

static void test_the_plan_is_a_pure_function_of_the_settings(void **state)
{
    (void)state;
    task_plan a, b;
    check_ok(plan_of(&a, EXAMPLE));
    task *tasks = malloc((size_t)a.count * sizeof *tasks); /* the settings are overwritten by the next plan */
    assert_non_null(tasks);
    memcpy(tasks, a.tasks, (size_t)a.count * sizeof *tasks);
    const int count = a.count, total = a.parent_total;
    task_plan_free(&a);
    check_ok(plan_of(&b, EXAMPLE));
    assert_int_equal(count, b.count);
    assert_int_equal(total, b.parent_total);
    assert_memory_equal(tasks, b.tasks, (size_t)count * sizeof *tasks);
    free(tasks);
    task_plan_free(&b);
}

static void check_doubled(const char *sweep, const char *lines, const char *label)
{
    char text[1000];
    task_plan p;
    snprintf(text, sizeof text, "network = \"n.cfg\"; data = \"d.h5\"; seeds = [14, 5];\n%s", sweep);
    status result = plan_of(&p, text);
    assert_int_equal(result.code, STATUS_CONFIG);
    check_says(result, lines);
    check_says(result, label);
    task_plan_free(&p);
}

static void test_doubled_points_name_both_lines(void **state)
{
    (void)state;
    check_doubled("sweep = ( { strategy = \"joint\"; cost_model = \"size\"; strengths = [2.5, 0.5]; },\n"
                  "{ strategy = \"fixed\"; bits = [8]; },\n"
                  "{ strategy = \"joint\"; cost_model = \"size\"; strengths = [0.5]; } );",
                  "x.cfg: sweep line 2 and line 4", "joint size 0.5 seed 14");
    task_plan p;
    check_ok(plan_of(&p, EXAMPLE)); /* strengths that are alike are refused earlier (test_settings) */
    task_plan_free(&p);
    read_settings.entries[0].strengths[1] = 2.5;
    status twice = plan_again(&p);
    check_says(twice, "line 3 asks");
    check_says(twice, "twice");
    task_plan_free(&p);
    read_settings.entries[0].line = 0; /* from the command line */
    check_says(plan_again(&p), "entry 1 asks");
    task_plan_free(&p);
}

static void test_points_that_differ_anywhere_are_not_doubled(void **state)
{
    (void)state;
    task_plan p;
    check_ok(plan_of(&p, "network = \"n.cfg\"; data = \"d.h5\"; seeds = [14, 5];\n"
                         "sweep = ( { strategy = \"joint\"; cost_model = \"size\"; strengths = [2.5, 0.5]; },\n"
                         "{ strategy = \"mixprec\"; cost_model = \"size\"; strengths = [2.5, 0.5]; },\n"
                         "{ strategy = \"joint\"; cost_model = \"mpic\"; strengths = [2.5, 0.5]; },\n"
                         "{ strategy = \"joint\"; cost_model = \"size\"; strengths = [2.5, 0.5];\n"
                         "  precisions = [0, 8]; },\n"
                         "{ strategy = \"fixed\"; bits = [8, 2]; } );\n"));
    assert_int_equal(p.count, 2 + 2 * (2 + 2 + 2 + 2 + 2)); /* the warm-ups of all entries are the same two */
    task_plan_free(&p);
}

static void test_a_plan_of_ten_thousand_tasks_takes_no_time(void **state)
{
    (void)state;
    static char text[20000];
    size_t used = (size_t)snprintf(text, sizeof text, "network = \"n.cfg\"; data = \"d.h5\"; seeds = [");
    for (int i = 1; i <= 20; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%d", i > 1 ? "," : "", i);
    used += (size_t)snprintf(text + used, sizeof text - used, "];\nsweep = (");
    static const char *const models[] = {"size", "mpic"};
    for (int i = 0; i < 2; i++)
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 "%s{ strategy = \"joint\"; cost_model = \"%s\"; strengths = { from = 0.01; to = 90.0; "
                                 "count = 250; }; }\n",
                                 i > 0 ? "," : "", models[i]);
    snprintf(text + used, sizeof text - used, ");");
    task_plan p;
    double before = clock_cpu_seconds();
    check_ok(plan_of(&p, text));
    double took = clock_cpu_seconds() - before;
    print_message("%d tasks planned in %.3f s\n", p.count, took);
    assert_int_equal(p.count, 20 + 20 * 2 * 250);
    assert_true(took < 0.7);
    for (int i = 0; i < p.count; i++) assert_int_equal(task_plan_find(&p, p.tasks[i].key), i + 1);
    task_plan_free(&p);
}

/* ---- several parents ---- */

static void test_a_task_may_start_from_several_others(void **state)
{
    (void)state;
    plan_fixture *f = plan_fixture_new(3, 0);
    const int both = plan_fixture_add(f, &(task){.point = true}, (const int[]){1, 3, 0});
    const int other_order = plan_fixture_add(f, &(task){.point = true}, (const int[]){3, 1, 0});
    const int one = plan_fixture_add(f, &(task){.point = true}, (const int[]){3, 0});
    assert_true(both == 4 && other_order == 5 && one == 6); /* their order counts: it is that of the records */
    const task *t = plan_fixture_task(f, both);
    assert_int_equal(t->parent_count, 2);
    assert_int_equal(task_plan_parent(&f->plan, t, 0), 1);
    assert_int_equal(task_plan_parent(&f->plan, t, 1), 3);
    record r = plan_fixture_record(f, both);
    char expected[2 * TASK_KEY + 1];
    snprintf(expected, sizeof expected, "%s %s", plan_fixture_key(f, 1), plan_fixture_key(f, 3));
    assert_string_equal(r.parents, expected);
    record_free(&r);

    /* A state that is asked for again is the same task; a point is not. */
    const int leg = plan_fixture_add(f, &(task){.kind = "leg", .step = 1}, (const int[]){1, 2, 0});
    assert_int_equal(plan_fixture_add(f, &(task){.kind = "leg", .step = 1}, (const int[]){1, 2, 0}), leg);
    assert_int_equal(f->plan.count, leg);
    assert_int_equal(f->plan.parent_total, 2 + 2 + 1 + 2);
    plan_fixture_free(f);
}

static void test_hundreds_of_parents_are_possible_and_too_many_are_refused(void **state)
{
    (void)state;
    enum { MANY = TASK_MOST_PARENTS };
    plan_fixture *f = plan_fixture_new(MANY + 1, 0);
    static int parents[MANY + 2];
    for (int i = 0; i < MANY; i++) parents[i] = i + 1;
    const int id = plan_fixture_add(f, &(task){.point = true}, parents);
    assert_int_equal(plan_fixture_task(f, id)->parent_count, MANY);
    record r = plan_fixture_record(f, id);
    assert_int_equal(strlen(r.parents), MANY * TASK_KEY - 1);
    assert_string_equal(r.parents + strlen(r.parents) - 32, plan_fixture_key(f, MANY));
    record_free(&r);
    static const char *const none[] = {NULL};
    parents[MANY] = MANY + 1;
    int again;
    check_says(task_plan_add(&f->plan, &again, &(task){.entry = -1}, parents, MANY + 1, &(identity_reads){none, false}),
               "at most 1024");
    plan_fixture_free(f);
}

static void test_labels_are_for_people(void **state)
{
    (void)state;
    char label[128];
    task_label(label, &(task){.kind = "warmup", .strategy = "warmup", .cost_model = "none", .seed = 1});
    assert_string_equal(label, "warm-up seed 1");
    task_label(label, &(task){.point = true, .strategy = "joint", .cost_model = "size", .strength = 2.5, .seed = 1});
    assert_string_equal(label, "joint size 2.5 seed 1");
    task_label(label, &(task){.point = true, .strategy = "fixed", .cost_model = "none", .bits = 4, .seed = UINT64_MAX});
    assert_string_equal(label, "fixed w4 seed 18446744073709551615");
    char setting[TASK_NAME];
    task_setting(setting, &(task){.point = true, .strategy = "trunk", .cost_model = "size", .step = 2, .target = 3200});
    assert_string_equal(setting, "to 3200"); /* not a strength of 0 */
    task_setting(setting, &(task){.point = true, .strategy = "fixed", .bits = 2});
    assert_string_equal(setting, "w2");
    task_setting(setting, &(task){.point = true, .strategy = "joint", .strength = 0.25});
    assert_string_equal(setting, "0.25");
    task_setting(setting, &(task){.strategy = "warmup"});
    assert_string_equal(setting, "-");
    task_label(label, &(task){.strategy = "path", .cost_model = "mpic", .step = 3, .target = 1.5e6, .seed = 2});
    assert_string_equal(label, "path mpic leg 3 to 1.5e+06 seed 2");
}

static void test_the_printed_plan_has_a_line_for_each_task(void **state)
{
    (void)state;
    task_plan p;
    check_ok(plan_of(&p, EXAMPLE));
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    task_plan_print(out, &p);
    assert_int_equal(fclose(out), 0);
    int lines = 0;
    for (const char *c = text; *c != '\0'; c++) lines += *c == '\n';
    assert_int_equal(lines, p.count + 1);
    assert_non_null(strstr(text, "2.5"));
    for (int i = 0; i < p.count; i++) {
        char key[9];
        snprintf(key, sizeof key, "%.8s", p.tasks[i].key);
        assert_non_null(strstr(text, key));
    }
    free(text);
    task_plan_free(&p);
}

static void test_freeing_a_record_frees_everything_once(void **state)
{
    (void)state;
    record r = {.epoch_count = 2, .allocation_count = 2, .tensor_count = 1};
    r.parents = calloc(1, 40);
    r.options = calloc(1, 40);
    r.identity = calloc(1, 40);
    r.curve = calloc(2, sizeof *r.curve);
    r.allocations = calloc(2, sizeof *r.allocations);
    r.tensors = calloc(1, sizeof *r.tensors);
    r.allocations[0].bits = malloc(16);
    r.allocations[1].bits = malloc(10);
    r.tensors[0].data = malloc(64);
    record_free(&r); /* leaks are found by the asan preset */
    assert_null(r.curve);
    assert_null(r.allocations);
    assert_null(r.tensors);
    assert_true(r.parents == NULL && r.options == NULL && r.identity == NULL);
    record_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_warmups_come_first_and_points_wait_for_their_seed),
        cmocka_unit_test(test_the_plan_is_a_pure_function_of_the_settings),
        cmocka_unit_test(test_doubled_points_name_both_lines),
        cmocka_unit_test(test_points_that_differ_anywhere_are_not_doubled),
        cmocka_unit_test(test_a_plan_of_ten_thousand_tasks_takes_no_time),
        cmocka_unit_test(test_a_task_may_start_from_several_others),
        cmocka_unit_test(test_hundreds_of_parents_are_possible_and_too_many_are_refused),
        cmocka_unit_test(test_labels_are_for_people),
        cmocka_unit_test(test_the_printed_plan_has_a_line_for_each_task),
        cmocka_unit_test(test_freeing_a_record_frees_everything_once),
    };
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
