/* links: results */
/* Merging runs: everything once, whatever the order; what does not belong together is refused before anything is
 * written. */
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
#include "tests/support/scratch.h"

enum { TASKS = 5 }; /* a warm-up and four points */
static const char CONFIG[] =
    "name = \"demo\"; network = \"n.cfg\"; data = \"d.h5\"; batch = 32;\n"
    "sweep = ( { strategy = \"joint\"; cost_model = \"size\"; strengths = [1.0, 2.0, 3.0, 4.0]; } );\n";
static const char RENAMED[] =
    "name = \"other\"; network = \"n.cfg\"; data = \"d.h5\"; batch = 32;\n"
    "sweep = ( { strategy = \"joint\"; cost_model = \"size\"; strengths = [1.0, 2.0, 3.0, 4.0]; } );\n";
static const char CHANGED[] =
    "name = \"demo\"; network = \"n.cfg\"; data = \"d.h5\"; batch = 64;\n"
    "sweep = ( { strategy = \"joint\"; cost_model = \"size\"; strengths = [1.0, 2.0, 3.0, 4.0]; } );\n";
static const char NETWORK[] = "name = \"tiny\"; layers = ( );\n", DATA[] = "sha256:0123";

static const char *in_run(const char *name, const char *file)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", name, file);
    return scratch_file(&scratch_place, path);
}

/* What every honest run computes for a task; `seconds` is that of this run. */
static void finish_task(const run *r, int id, double error, double seconds)
{
    float weights[3] = {(float)id, 0.5F, -1};
    record_tensor tensor = {.name = "b1.c1.weight", .rank = 1, .dims = {3}, .data = weights};
    record rec = {.task = {.id = id, .kind = id == 1 ? TASK_WARMUP : TASK_POINT, .depends_on = id > 1, .seed = 1},
                  .state = id == 4 ? RECORD_FAILED : RECORD_DONE,
                  .test_accuracy = 0.125 * id + error,
                  .seconds = seconds,
                  .tensor_count = 1,
                  .tensors = &tensor};
    snprintf(rec.task.strategy, sizeof rec.task.strategy, id == 1 ? "warmup" : "joint");
    snprintf(rec.task.cost_model, sizeof rec.task.cost_model, id == 1 ? "none" : "size");
    char warning[256];
    check_ok(run_write_task(warning, r, &rec, NULL));
    assert_string_equal(warning, "");
}

/* A run `name` of `config` that has finished the tasks in `ids`, a 0-terminated list. */
static void make_run(const char *name, const char *config, const int *ids, double error)
{
    static double seconds = 1;
    run r;
    check_ok(run_open(&r, scratch_file(&scratch_place, name), config, NETWORK, DATA));
    for (int i = 0; ids[i] != 0; i++) finish_task(&r, ids[i], error, seconds++);
    run_close(&r);
}

static status merge(merge_summary *out, char told[2048], const char *to, const char *const *names, int count)
{
    const char *paths[8];
    char storage[8][SCRATCH_PATH + 64], target[SCRATCH_PATH + 64];
    for (int i = 0; i < count; i++) {
        snprintf(storage[i], sizeof storage[i], "%s", scratch_file(&scratch_place, names[i]));
        paths[i] = storage[i];
    }
    snprintf(target, sizeof target, "%s", scratch_file(&scratch_place, to));
    memset(told, 0, 2048);
    FILE *words = fmemopen(told, 2047, "w");
    assert_non_null(words);
    status s = merge_runs(out, words, target, paths, count);
    fclose(words);
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
    make_run("b", RENAMED, (const int[]){1, 3, 4, 0}, 0);
    check_ok(merge(&m, told, "out", (const char *const[]){"a", "b", "a"}, 3));
    assert_string_equal(told, "");
    assert_int_equal(m.total, TASKS);
    assert_int_equal(m.done, 3);
    assert_int_equal(m.failed, 1);
    assert_int_equal(m.added, 4);
    assert_int_equal(m.equal, 1);
    assert_int_equal(m.unusable, 0);
    check_points("out", 4, (const int[]){1, 2, 3, 4});
    check_same_file(in_run("out", "tasks/000002.h5"), in_run("a", "tasks/000002.h5"));
    check_same_file(in_run("out", "tasks/000003.h5"), in_run("b", "tasks/000003.h5"));
    char *status_text;
    check_ok(file_read_text(&status_text, in_run("out", "status.json")));
    assert_non_null(strstr(status_text, "\"stopped\""));
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
    check_ok(run_open(&r, scratch_file(&scratch_place, "out"), CONFIG, NETWORK, DATA));
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
        char file[32], one[SCRATCH_PATH + 64];
        snprintf(file, sizeof file, "tasks/%06d.h5", id);
        snprintf(one, sizeof one, "%s", in_run("ab", file));
        check_same_file(one, in_run("ba", file));
    }
    check_points("ba", 5, (const int[]){1, 2, 3, 4, 5});
}

static void test_different_sweeps_are_refused(void **state)
{
    (void)state;
    merge_summary m;
    char told[2048];
    make_run("a", CONFIG, (const int[]){1, 0}, 0);
    make_run("b", CHANGED, (const int[]){1, 0}, 0);
    status s = merge(&m, told, "out", (const char *const[]){"a", "b"}, 2);
    assert_int_equal(s.code, STATUS_CONFIG);
    check_says(s, "batch");
    check_says(s, "/a and ");
    assert_false(file_exists(scratch_file(&scratch_place, "out")));
    run r;
    check_ok(run_open(&r, scratch_file(&scratch_place, "data"), CONFIG, NETWORK, "sha256:9"));
    run_close(&r);
    check_ok(run_open(&r, scratch_file(&scratch_place, "net"), CONFIG, "name = \"big\";\n", DATA));
    run_close(&r);
    check_says(merge(&m, told, "out", (const char *const[]){"a", "data"}, 2), "another data set");
    check_says(merge(&m, told, "out", (const char *const[]){"net", "a"}, 2), "another network");
    check_says(merge(&m, told, "a", (const char *const[]){"b"}, 1), "batch");
    check_says(merge(&m, told, "out", (const char *const[]){"a", "nowhere"}, 2), "cannot read");
    check_ok(file_make_directory(scratch_file(&scratch_place, "empty")));
    check_says(merge(&m, told, "out", (const char *const[]){"a", "empty"}, 2), "no config.cfg");
    assert_false(file_exists(scratch_file(&scratch_place, "out")));

    /* The output is somebody else's directory. */
    check_ok(file_write_text(in_run("empty", "thesis.tex"), "\\end"));
    check_says(merge(&m, told, "empty", (const char *const[]){"a"}, 1), "thesis.tex");
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
    assert_non_null(strstr(told, "task 2 "));
    assert_non_null(strstr(told, "test_accuracy"));
    assert_null(strstr(told, "model/"));
    assert_null(strstr(told, "task 3"));
    assert_false(file_exists(scratch_file(&scratch_place, "out")));
}

static void test_damaged_and_foreign_files_are_named_and_left_out(void **state)
{
    (void)state;
    merge_summary m;
    char told[2048], foreign[SCRATCH_PATH + 64];
    make_run("a", CONFIG, (const int[]){1, 2, 3, 0}, 0);
    make_run("b", CONFIG, (const int[]){1, 2, 0}, 0);
    make_run("x", CHANGED, (const int[]){5, 0}, 0);
    assert_int_equal(truncate(in_run("a", "tasks/000002.h5"), 700), 0); /* b has it, too */
    assert_int_equal(truncate(in_run("a", "tasks/000003.h5"), 0), 0);   /* nobody else has it */
    snprintf(foreign, sizeof foreign, "%s", in_run("x", "tasks/000005.h5"));
    assert_int_equal(rename(foreign, in_run("b", "tasks/000005.h5")), 0); /* of another configuration */
    check_ok(merge(&m, told, "out", (const char *const[]){"a", "b"}, 2));
    assert_int_equal(m.unusable, 3);
    assert_non_null(strstr(told, "a/tasks/000002.h5"));
    assert_non_null(strstr(told, "a/tasks/000003.h5 is empty"));
    assert_non_null(strstr(told, "b/tasks/000005.h5: "));
    assert_int_equal(m.done, 2);
    check_points("out", 2, (const int[]){1, 2});

    /* Into the damaged one: its bad file makes room for the good one. */
    check_ok(merge(&m, told, "a", (const char *const[]){"b"}, 1));
    assert_int_equal(m.added, 1);
    check_same_file(in_run("a", "tasks/000002.h5"), in_run("b", "tasks/000002.h5"));
    assert_true(file_exists(in_run("a", "tasks/000002.h5.damaged")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(test_everything_is_there_once),
        scratch_test(test_the_order_does_not_matter),
        scratch_test(test_different_sweeps_are_refused),
        scratch_test(test_different_results_of_a_task_are_named),
        scratch_test(test_damaged_and_foreign_files_are_named_and_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
