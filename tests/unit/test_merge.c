/* links: results */
/* Merging runs: the union of all results, each once, whatever the order and of whatever plans; results that contradict
 * each other are refused before anything is written. */
#define _XOPEN_SOURCE 700
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/check_status.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/io/h5.h"
#include "results/run/merge.h"
#include "results/run/run.h"
#include "tests/support/plan_fixture.h"
#include "tests/support/scratch.h"

enum { TASKS = 5, OTHERS = 2 }; /* of the plan: a warm-up and four points; and two points of another one */
static const char CONFIG[] =
    "name = \"demo\"; network = \"n.cfg\"; data = \"d.h5\"; batch = 32;\n"
    "sweep = ( { strategy = \"joint\"; cost_model = \"size\"; strengths = [1.0, 2.0, 3.0, 4.0]; } );\n";
static const char CHANGED[] =
    "name = \"demo\"; network = \"n.cfg\"; data = \"d.h5\"; batch = 64;\n"
    "sweep = ( { strategy = \"joint\"; cost_model = \"size\"; strengths = [1.0, 2.0, 3.0, 4.0]; } );\n";
static const char NETWORK[] = "name = \"tiny\"; layers = ( );\n", DATA[] = "sha256:0123";

static plan_fixture *everything; /* ids 1 ... TASKS + OTHERS */
static plan_fixture *first;      /* the first TASKS ... */
static task_plan plan;           /* ... borrowed, with a table of its own */

static int make_plans(void **state)
{
    (void)state;
    first = plan_fixture_new(1, TASKS - 1);
    everything = plan_fixture_new(1, TASKS - 1 + OTHERS);
    plan = first->plan;
    return 0;
}

static int free_plans(void **state)
{
    (void)state;
    plan_fixture_free(first);
    plan_fixture_free(everything);
    return 0;
}

static const char *in_run(const char *name, const char *file)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", name, file);
    return scratch_file(&scratch_place, path);
}

/* The file of a task; `more` follows its name. */
static const char *task_of_run(const char *name, int id, const char *more)
{
    char file[64];
    snprintf(file, sizeof file, "tasks/%s.h5%s", plan_fixture_key(everything, id), more);
    return in_run(name, file);
}

/* What every honest run computes for a task; `seconds` is that of this run. */
static void finish_task(const run *r, int id, double error, double seconds)
{
    float weights[3] = {(float)id, 0.5F, -1};
    record_tensor tensor = {.name = "b1.c1.weight", .rank = 1, .dims = {3}, .data = weights};
    record rec = plan_fixture_record(everything, id);
    rec.state = id == 4 ? RECORD_FAILED : RECORD_DONE;
    rec.test_accuracy = 0.125 * id + error;
    rec.seconds = seconds;
    rec.tensor_count = 1;
    rec.tensors = &tensor;
    char warning[256];
    check_ok(run_write_task(warning, r, &rec, NULL));
    assert_string_equal(warning, "");
    rec.tensor_count = 0;
    rec.tensors = NULL;
    record_free(&rec);
}

/* A run `name` of `config` that has finished the tasks in `ids`, a 0-terminated list. */
static void make_run(const char *name, const char *config, const int *ids, double error)
{
    static double seconds = 1;
    run r;
    bool changed;
    check_ok(run_open(&r, scratch_file(&scratch_place, name), config, NETWORK, DATA, &changed));
    for (int i = 0; ids[i] != 0; i++) finish_task(&r, ids[i], error, seconds++);
    run_close(&r);
}

/* Into `to`, which is a run already or is made with CONFIG. */
static status merge(merge_summary *out, char told[2048], const char *to, const char *const *names, int count)
{
    run inputs[8], like;
    bool changed;
    for (int i = 0; i < count; i++) check_ok(run_open_read(&inputs[i], scratch_file(&scratch_place, names[i])));
    check_ok(run_open(&like, scratch_file(&scratch_place, "like"), CONFIG, NETWORK, DATA, &changed));
    memset(told, 0, 2048);
    FILE *words = fmemopen(told, 2047, "w");
    assert_non_null(words);
    status s = merge_runs(out, words, scratch_file(&scratch_place, to), &like, &plan, inputs, count);
    fclose(words);
    for (int i = 0; i < count; i++) run_close(&inputs[i]);
    run_close(&like);
    return s;
}

static void check_points(const char *name, int count, const int *ids)
{
    h5_id file, points;
    size_t rows;
    int32_t found[TASKS];
    check_ok(h5_open_read(&file, in_run(name, "results.h5")));
    check_ok(h5_group_open(&points, file, "points"));
    check_ok(h5_dims(points, "id", 1, &rows));
    assert_int_equal(rows, count);
    check_ok(h5_read(points, "id", H5_I32, rows, found));
    for (int i = 0; i < count; i++) assert_int_equal(found[i], ids[i]);
    h5_group_close(points);
    check_ok(h5_close(file));
}

static void check_same_file(const char *a, const char *b)
{
    char command[3 * SCRATCH_PATH];
    snprintf(command, sizeof command, "cmp %s %s", a, b);
    assert_int_equal(system(command), 0);
}

static void test_everything_is_there_once(void **state)
{
    (void)state;
    merge_summary m;
    char told[2048];
    make_run("a", CONFIG, (const int[]){1, 2, 0}, 0);
    make_run("b", CHANGED, (const int[]){1, 3, 4, 0}, 0);
    check_ok(merge(&m, told, "out", (const char *const[]){"a", "b", "a"}, 3));
    assert_string_equal(told, "");
    assert_int_equal(m.total, TASKS);
    assert_int_equal(m.done, 3);
    assert_int_equal(m.failed, 1);
    assert_int_equal(m.added, 4);
    assert_int_equal(m.equal, 1);
    assert_int_equal(m.unusable, 0);
    check_points("out", 4, (const int[]){1, 2, 3, 4});
    assert_int_equal(m.others, 0);
    check_same_file(task_of_run("out", 2, ""), task_of_run("a", 2, ""));
    check_same_file(task_of_run("out", 3, ""), task_of_run("b", 3, ""));
    char *status_text;
    check_ok(file_read_text(&status_text, in_run("out", "status.json")));
    assert_non_null(strstr(status_text, "\"state\": \"stopped\""));
    free(status_text);

    /* Again, and with the output as an input: nothing changes. */
    check_ok(merge(&m, told, "out", (const char *const[]){"b", "out", "a"}, 3));
    assert_int_equal(m.added, 0);
    assert_int_equal(m.done, 3);
    check_points("out", 4, (const int[]){1, 2, 3, 4});

    /* A run can be completed in its own place; a sweep opens it as its own. */
    make_run("c", CONFIG, (const int[]){5, 0}, 0);
    check_ok(merge(&m, told, "a", (const char *const[]){"c", "b"}, 2));
    assert_int_equal(m.added, 3);
    assert_int_equal(m.done + m.failed, TASKS);
    check_points("a", 5, (const int[]){1, 2, 3, 4, 5});
    check_ok(file_read_text(&status_text, in_run("a", "status.json")));
    assert_non_null(strstr(status_text, "\"failed\"")); /* complete, and one task failed */
    free(status_text);
    run r;
    bool changed;
    check_ok(run_open(&r, scratch_file(&scratch_place, "out"), CONFIG, NETWORK, DATA, &changed));
    assert_false(changed);
    run_close(&r);
}

static void test_the_order_does_not_matter(void **state)
{
    (void)state;
    merge_summary m;
    char told[2048];
    make_run("a", CONFIG, (const int[]){1, 2, 4, 0}, 0);
    make_run("b", CONFIG, (const int[]){3, 5, 0}, 0);
    check_ok(merge(&m, told, "ab", (const char *const[]){"a", "b"}, 2));
    check_ok(merge(&m, told, "ba", (const char *const[]){"b", "a"}, 2));
    for (int id = 1; id <= TASKS; id++) {
        check_same_file(task_of_run("ab", id, ""), task_of_run("ba", id, ""));
    }
    check_points("ba", 5, (const int[]){1, 2, 3, 4, 5});
}

static void test_what_is_no_run_is_refused(void **state)
{
    (void)state;
    merge_summary m;
    char told[2048];
    make_run("a", CONFIG, (const int[]){1, 0}, 0);
    run r;
    check_says(run_open_read(&r, scratch_file(&scratch_place, "nowhere")), "it has no config.cfg");
    check_ok(file_make_directory(scratch_file(&scratch_place, "empty")));
    check_says(run_open_read(&r, scratch_file(&scratch_place, "empty")), "it has no config.cfg");

    /* The output is somebody else's directory, or of version 0.1. */
    check_ok(file_write_text(in_run("empty", "thesis.tex"), "\\end"));
    check_says(merge(&m, told, "empty", (const char *const[]){"a"}, 1), "thesis.tex");
    make_run("old", CONFIG, (const int[]){0}, 0);
    check_ok(file_write_text(in_run("old", "tasks/000001.h5"), "by number"));
    check_says(merge(&m, told, "old", (const char *const[]){"a"}, 1), "bitfront 0.1");
}

/* Runs of other configurations have results of other plans, and perhaps some of ours. */
static void test_results_of_other_plans_come_along_and_are_counted(void **state)
{
    (void)state;
    merge_summary m;
    char told[2048], *status_text;
    make_run("a", CONFIG, (const int[]){1, 0}, 0);
    make_run("b", CHANGED, (const int[]){1, 2, 6, 7, 0}, 0);
    check_ok(merge(&m, told, "out", (const char *const[]){"a", "b"}, 2));
    assert_string_equal(told, "");
    assert_int_equal(m.total, TASKS);
    assert_int_equal(m.done, 2);
    assert_int_equal(m.others, 2);
    assert_int_equal(m.added, 4);
    assert_int_equal(m.equal, 1);
    check_points("out", 2, (const int[]){1, 2}); /* results.h5 is of the plan */
    check_same_file(task_of_run("out", 6, ""), task_of_run("b", 6, ""));
    check_ok(file_read_text(&status_text, in_run("out", "status.json")));
    assert_non_null(strstr(status_text, "\"others\": 2"));
    free(status_text);
    char *config;
    check_ok(file_read_text(&config, in_run("out", "config.cfg"))); /* the output keeps its plan */
    assert_string_equal(config, CONFIG);
    free(config);

    /* Damaged ones of other plans are named, too. */
    assert_int_equal(truncate(task_of_run("b", 7, ""), 700), 0);
    check_ok(merge(&m, told, "again", (const char *const[]){"a", "b"}, 2));
    assert_int_equal(m.unusable, 1);
    assert_int_equal(m.others, 1);
    assert_non_null(strstr(told, plan_fixture_key(everything, 7)));
    assert_false(file_exists(task_of_run("again", 7, "")));
    assert_true(file_exists(task_of_run("b", 7, "")));

    /* What differs of another plan is a conflict like any other. */
    make_run("c", CHANGED, (const int[]){6, 0}, 1e-9);
    check_says(merge(&m, told, "again", (const char *const[]){"c"}, 1), "1 task with different results");
}

static void test_different_results_of_a_task_are_named(void **state)
{
    (void)state;
    merge_summary m;
    char told[2048];
    make_run("a", CONFIG, (const int[]){1, 2, 3, 0}, 0);
    make_run("b", CONFIG, (const int[]){2, 0}, 1e-9);
    status s = merge(&m, told, "out", (const char *const[]){"a", "b"}, 2);
    assert_int_equal(s.code, STATUS_DATA);
    check_says(s, "1 task with different results");
    char words[64];
    snprintf(words, sizeof words, "task %.8s (joint size 1 seed 1)", plan_fixture_key(everything, 2));
    assert_non_null(strstr(told, words));
    assert_non_null(strstr(told, "test_accuracy"));
    assert_null(strstr(told, "model/"));
    snprintf(words, sizeof words, "%.8s", plan_fixture_key(everything, 3));
    assert_null(strstr(told, words));
    assert_false(file_exists(scratch_file(&scratch_place, "out")));
}

static void check_told(const char *told, const char *run_name, int id, const char *more)
{
    char words[256];
    snprintf(words, sizeof words, "%s/tasks/%s.h5%s", run_name, plan_fixture_key(everything, id), more);
    if (strstr(told, words) == NULL) fail_msg("\"%s\" is not in: %s", words, told);
}

static void test_damaged_and_renamed_files_are_named_and_left_out(void **state)
{
    (void)state;
    merge_summary m;
    char told[2048];
    make_run("a", CONFIG, (const int[]){1, 2, 3, 0}, 0);
    make_run("b", CONFIG, (const int[]){1, 2, 0}, 0);
    make_run("x", CHANGED, (const int[]){6, 0}, 0);
    assert_int_equal(truncate(task_of_run("a", 2, ""), 700), 0);                   /* b has it, too */
    assert_int_equal(truncate(task_of_run("a", 3, ""), 0), 0);                     /* nobody else has it */
    assert_int_equal(rename(task_of_run("x", 6, ""), task_of_run("b", 5, "")), 0); /* of another configuration */
    check_ok(merge(&m, told, "out", (const char *const[]){"a", "b"}, 2));
    assert_int_equal(m.unusable, 3);
    check_told(told, "a", 2, "");
    check_told(told, "a", 3, " is empty");
    check_told(told, "b", 5, " holds task");
    assert_int_equal(m.done, 2);
    check_points("out", 2, (const int[]){1, 2});
    for (int id = 2; id <= 3; id++) assert_true(file_exists(task_of_run("a", id, ""))); /* nothing is deleted */
    assert_true(file_exists(task_of_run("b", 5, "")));

    /* Into the damaged one: its bad files make room, also for none. */
    check_ok(merge(&m, told, "a", (const char *const[]){"b"}, 1));
    assert_int_equal(m.added, 1);
    check_same_file(task_of_run("a", 2, ""), task_of_run("b", 2, ""));
    for (int id = 2; id <= 3; id++) assert_true(file_exists(task_of_run("a", id, ".damaged")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(test_everything_is_there_once),
        scratch_test(test_the_order_does_not_matter),
        scratch_test(test_results_of_other_plans_come_along_and_are_counted),
        scratch_test(test_what_is_no_run_is_refused),
        scratch_test(test_different_results_of_a_task_are_named),
        scratch_test(test_damaged_and_renamed_files_are_named_and_left_out),
    };
    return cmocka_run_group_tests(tests, make_plans, free_plans);
}
