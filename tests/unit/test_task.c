/* links: core_task */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/task/record.h"
#include "core/task/task.h"

/* Two seeds; joint at two strengths in line 10, fixed at w8 and w2 in line 11. */
static settings *example(void)
{
    static settings s;
    memset(&s, 0, sizeof s);
    strcpy(s.path, "x.cfg");
    s.seed_count = 2;
    s.seeds[0] = 14;
    s.seeds[1] = 5;
    s.entry_count = 2;
    s.entries[0] = (sweep_entry){
        .strategy = "joint", .cost_model = "size", .strength_count = 2, .strengths = {2.5, 0.5}, .line = 10};
    s.entries[1] =
        (sweep_entry){.strategy = "fixed", .cost_model = "none", .bits_count = 2, .bits = {8, 2}, .line = 11};
    return &s;
}

static void test_warmups_come_first_and_points_wait_for_their_seed(void **state)
{
    (void)state;
    task *tasks;
    int count;
    assert_false(failed(task_list_build(&tasks, &count, example())));
    assert_int_equal(count, 2 + 2 * 2 + 2 * 2);
    int points[2] = {0};
    for (int i = 0; i < count; i++) {
        const task *t = &tasks[i];
        assert_int_equal(t->id, i + 1);
        assert_int_equal(t->kind, i < 2 ? TASK_WARMUP : TASK_POINT);
        if (t->kind == TASK_WARMUP) {
            assert_int_equal(t->depends_on, 0);
            assert_string_equal(t->strategy, "warmup");
            assert_string_equal(t->cost_model, "none");
            assert_int_equal(t->seed, i == 0 ? 14 : 5);
        } else {
            assert_in_range(t->depends_on, 1, 2);
            assert_int_equal(t->seed, tasks[t->depends_on - 1].seed);
            points[t->depends_on - 1]++;
        }
    }
    assert_int_equal(points[0], 4);
    assert_int_equal(points[1], 4);
    assert_true(tasks[2].strength == 2.5 && tasks[4].strength == 0.5); /* order of the file, not of size */
    assert_int_equal(tasks[2].bits, 0);
    assert_string_equal(tasks[6].strategy, "fixed");
    assert_int_equal(tasks[6].bits, 8);
    assert_true(tasks[6].strength == 0);
    assert_string_equal(tasks[6].cost_model, "none");
    free(tasks);
}

static void test_the_list_is_a_pure_function_of_the_settings(void **state)
{
    (void)state;
    task *a, *b;
    int count_a, count_b;
    assert_false(failed(task_list_build(&a, &count_a, example())));
    assert_false(failed(task_list_build(&b, &count_b, example())));
    assert_int_equal(count_a, count_b);
    assert_memory_equal(a, b, (size_t)count_a * sizeof *a);
    free(a);
    free(b);
}

static void assert_doubled(const settings *s, const char *lines, const char *label)
{
    task *tasks = NULL;
    int count = -1;
    status result = task_list_build(&tasks, &count, s);
    assert_int_equal(result.code, STATUS_CONFIG);
    if (strstr(result.message, lines) == NULL || strstr(result.message, label) == NULL) fail_msg("%s", result.message);
    assert_null(tasks); /* untouched */
    assert_int_equal(count, -1);
}

static void test_doubled_points_name_both_lines(void **state)
{
    (void)state;
    settings *s = example();
    s->entries[2] =
        (sweep_entry){.strategy = "joint", .cost_model = "size", .strength_count = 1, .strengths = {0.5}, .line = 12};
    s->entry_count = 3;
    assert_doubled(s, "x.cfg: sweep line 10 and line 12", "joint size 0.5 seed 14");

    s->entries[0].line = s->entries[2].line = 0; /* from the command line */
    assert_doubled(s, "entry 1 and entry 3", "joint size 0.5");

    s = example();
    s->entries[0].strengths[1] = 2.5;
    assert_doubled(s, "line 10 asks", "twice");
}

static void test_points_that_differ_anywhere_are_not_doubled(void **state)
{
    (void)state;
    settings *s = example();
    s->entries[2] = s->entries[3] = s->entries[0];
    strcpy(s->entries[2].strategy, "mixprec");
    strcpy(s->entries[3].cost_model, "mpic");
    s->entry_count = 4;
    task *tasks;
    int count;
    assert_false(failed(task_list_build(&tasks, &count, s)));
    assert_int_equal(count, 2 + 2 * (2 + 2 + 2 + 2));
    free(tasks);
}

static void test_labels_are_for_people(void **state)
{
    (void)state;
    char label[128];
    task_label(label, &(task){.kind = TASK_WARMUP, .strategy = "warmup", .cost_model = "none", .seed = 1});
    assert_string_equal(label, "warm-up seed 1");
    task_label(label,
               &(task){.kind = TASK_POINT, .strategy = "joint", .cost_model = "size", .strength = 2.5, .seed = 1});
    assert_string_equal(label, "joint size 2.5 seed 1");
    task_label(label,
               &(task){.kind = TASK_POINT, .strategy = "fixed", .cost_model = "none", .bits = 4, .seed = UINT64_MAX});
    assert_string_equal(label, "fixed w4 seed 18446744073709551615");
}

static void test_the_printed_list_has_a_line_for_each_task(void **state)
{
    (void)state;
    task *tasks;
    int count;
    assert_false(failed(task_list_build(&tasks, &count, example())));
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    task_list_print(out, tasks, count);
    assert_int_equal(fclose(out), 0);
    int lines = 0;
    for (const char *p = text; *p != '\0'; p++) lines += *p == '\n';
    assert_int_equal(lines, count + 1);
    assert_non_null(strstr(text, "2.5"));
    free(text);
    free(tasks);
}

static void test_freeing_a_record_frees_everything_once(void **state)
{
    (void)state;
    record r = {.epoch_count = 2, .allocation_count = 2, .tensor_count = 1};
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
    record_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_warmups_come_first_and_points_wait_for_their_seed),
        cmocka_unit_test(test_the_list_is_a_pure_function_of_the_settings),
        cmocka_unit_test(test_doubled_points_name_both_lines),
        cmocka_unit_test(test_points_that_differ_anywhere_are_not_doubled),
        cmocka_unit_test(test_labels_are_for_people),
        cmocka_unit_test(test_the_printed_list_has_a_line_for_each_task),
        cmocka_unit_test(test_freeing_a_record_frees_everything_once),
    };
    return cmocka_run_group_tests_name("task", tests, NULL, NULL);
}
