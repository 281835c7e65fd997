/* links: results */
/* Snapshots that are larger than what is kept of them in memory: every task once, in every slice of work, and nothing
 * half done when the disk is full. */
#define _XOPEN_SOURCE 700
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/check_status.h"
#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/shared_text.h"
#include "core/io/h5.h"
#include "core/io/seal.h"
#include "results/file/columns.h"
#include "results/file/front.h"
#include "results/file/record_same.h"
#include "results/run/run.h"
#include "results/file/task_file.h"
#include "results/file/task_mark.h"
#include "tests/support/file_limit.h"
#include "tests/support/plan_fixture.h"
#include "tests/support/scratch.h"

enum { TASKS = 150, ROWS = RUN_MOST_COPIES + 1, WEIGHTS = 3000, LATER = 5000 };
static const char CONFIG[] = "name = \"demo\"; network = \"n.cfg\"; data = \"d.h5\";\n"
                             "sweep = ( { strategy = \"joint\"; cost_model = \"size\"; strengths = [1.0]; } );\n";

static plan_fixture *plan; /* of ROWS tasks, no two alike; used from the front */

static int set_up_plan(void **state)
{
    (void)state;
    plan = plan_fixture_new(1, 0);
    for (int id = 2; id <= ROWS; id++) {
        char model[16];
        task t = {
            .point = true, .seed = (uint64_t)id, .strength = 0.5 * id, .strategy = id % 3 == 0 ? "mixprec" : "joint"};
        snprintf(model, sizeof model, "model%d", id % 40);
        check_ok(shared_text(&t.cost_model, model));
        assert_int_equal(plan_fixture_add(plan, &t, (const int[]){1, 0}), id);
    }
    return 0;
}

static int tear_down_plan(void **state)
{
    (void)state;
    plan_fixture_free(plan);
    return 0;
}

/* The plan of the first `count` tasks. */
static task_plan first_tasks(int count)
{
    task_plan p = plan->plan;
    p.count = count;
    return p;
}

static int tear_down(void **state)
{
    assert_int_equal(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), 0);
    return scratch_tear_down(state);
}

static bool fails(int id)
{
    return id % 7 == 3;
}

/* No two tasks are alike. To be freed. */
static record make_head(int id)
{
    record r = plan_fixture_record(plan, id);
    r.state = fails(id) ? RECORD_FAILED : RECORD_DONE;
    r.test_accuracy = 1.0 / id;
    r.validation_accuracy = 0.9 * id / ROWS + 0.1 * (id * 7919 % 1009) / 1009;
    r.epochs = id;
    if (fails(id)) {
        snprintf(r.reason, sizeof r.reason, "loss not finite at step %d", id);
        return r;
    }
    r.costs[r.cost_count++] = (record_cost){"size_bits", "bits", "bits of the kept weights", 2.0 * id};
    if (id > 4) r.costs[r.cost_count++] = (record_cost){"late_cycles", "cycles", "cycles of an inference", 3.0 * id};
    if (id > LATER) r.costs[r.cost_count++] = (record_cost){"later_ms", "ms", "time of an inference", 4.0 * id};
    return r;
}

static void finish_task(const run *r, int id)
{
    float weights[WEIGHTS];
    for (int i = 0; i < WEIGHTS; i++) weights[i] = (float)((id * 7919 + i * 104729) % 65537);
    record_tensor tensor = {.name = "c.weight", .rank = 1, .dims = {WEIGHTS}, .data = weights};
    record rec = make_head(id);
    rec.tensor_count = 1;
    rec.tensors = &tensor;
    char warning[256];
    check_ok(run_write_task(warning, r, &rec, NULL));
    assert_string_equal(warning, "");
    rec.tensors = NULL;
    rec.tensor_count = 0;
    record_free(&rec);
}

static run open_run(void)
{
    run r;
    bool changed;
    check_ok(run_open(&r, scratch_file(&scratch_place, "run"), CONFIG, "layers = ( );\n", "sha256:0123", &changed));
    return r;
}

/* Row `row` of the points is task `id`. */
static void check_texts(h5_id points, const char *name, size_t rows, void (*expected)(char out[256], int id))
{
    char **texts;
    size_t found;
    check_ok(h5_read_strings(&texts, &found, points, name));
    assert_int_equal(found, rows);
    for (size_t i = 0; i < rows; i++) {
        char text[256];
        expected(text, (int)i + 1);
        assert_string_equal(texts[i], text);
    }
    free(texts);
}

static void reason_of(char out[256], int id)
{
    record r = make_head(id);
    snprintf(out, 256, "%s", r.reason);
    record_free(&r);
}

static void model_of(char out[256], int id)
{
    snprintf(out, 256, "%s", plan_fixture_task(plan, id)->cost_model);
}

static void file_of(char out[256], int id)
{
    snprintf(out, 256, "tasks/%s.h5", plan_fixture_key(plan, id));
}

static void key_of(char out[256], int id)
{
    snprintf(out, 256, "%s", plan_fixture_key(plan, id));
}

static void parents_of(char out[256], int id)
{
    snprintf(out, 256, "%s", id > 1 ? plan_fixture_key(plan, 1) : "");
}

static double size_of(int id)
{
    return fails(id) ? NAN : 2.0 * id;
}

static double late_of(int id)
{
    return fails(id) || id <= 4 ? NAN : 3.0 * id;
}

static double later_of(int id)
{
    return fails(id) || id <= LATER ? NAN : 4.0 * id;
}

static double accuracy_of(int id)
{
    return fails(id) ? NAN : 1.0 / id;
}

static double id_of(int id)
{
    return id;
}

static void check_numbers(h5_id points, const char *name, size_t rows, double (*expected)(int id))
{
    double *values = malloc(rows * sizeof *values);
    assert_non_null(values);
    check_ok(h5_read(points, name, H5_F64, rows, values));
    for (size_t i = 0; i < rows; i++) {
        double wanted = expected((int)i + 1);
        if (!(values[i] == wanted || (isnan(values[i]) && isnan(wanted))))
            fail_msg("%s of row %zu is %g instead of %g", name, i, values[i], wanted);
    }
    free(values);
}

static void check_points(h5_id points, size_t rows)
{
    check_numbers(points, "id", rows, id_of);
    check_numbers(points, "epochs", rows, id_of);
    check_numbers(points, "seed", rows, id_of); /* the warm-up has seed 1, too */
    check_numbers(points, "test_accuracy", rows, accuracy_of);
    check_numbers(points, "size_bits", rows, size_of);
    check_numbers(points, "late_cycles", rows, late_of);
    check_texts(points, "reason", rows, reason_of);
    check_texts(points, "cost_model", rows, model_of);
    check_texts(points, "file", rows, file_of);
    check_texts(points, "key", rows, key_of);
    check_texts(points, "parents", rows, parents_of);
}

/* The front of all rows at once. */
static void check_front(h5_id points, size_t rows)
{
    double *cost = malloc(rows * sizeof *cost), *accuracy = malloc(rows * sizeof *accuracy);
    bool *member = malloc(rows);
    int *order = malloc(rows * sizeof *order);
    int8_t *found = malloc(rows);
    assert_true(cost != NULL && accuracy != NULL && member != NULL && order != NULL && found != NULL);
    check_ok(h5_read(points, "size_bits", H5_F64, rows, cost));
    check_ok(h5_read(points, "validation_accuracy", H5_F64, rows, accuracy));
    check_ok(h5_read(points, "on_front", H5_I8, rows, found));
    cost[0] = NAN; /* the warm-up */
    assert_true(front_extract(member, order, cost, accuracy, (int)rows) > 10);
    for (size_t i = 0; i < rows; i++)
        if (found[i] != member[i]) fail_msg("on_front of row %zu is %d", i, found[i]);
    free(found);
    free(order);
    free(member);
    free(accuracy);
    free(cost);
}

/* Texts above 64 KiB, and numbers above 64 KiB, which are compressed. */
static void test_columns_of_many_rows_come_back(void **state)
{
    (void)state;
    columns *c;
    h5_id file;
    char rows[512];
    snprintf(rows, sizeof rows, "%s", scratch_file(&scratch_place, "columns.rows"));
    check_ok(columns_new(&c, rows));
    for (int id = 1; id <= ROWS; id++) {
        record head = make_head(id);
        check_ok(columns_add(c, &head));
        record_free(&head);
    }
    assert_false(file_exists(rows)); /* it has no name */
    check_ok(h5_create(&file, scratch_file(&scratch_place, "columns.h5")));
    check_ok(columns_write(c, file, "digits"));
    columns_free(c);
    check_ok(h5_close(file));
    check_ok(h5_open_read(&file, scratch_file(&scratch_place, "columns.h5")));
    check_points(file, ROWS);
    check_numbers(file, "later_ms", ROWS, later_of);
    check_front(file, ROWS);
    check_ok(h5_close(file));
}

/* Everything in tasks/ of the snapshot is what the files hold. */
static void check_tasks(const run *r, h5_id file, size_t count)
{
    char **names;
    size_t found;
    h5_id tasks;
    check_ok(h5_group_open(&tasks, file, "tasks"));
    check_ok(h5_list(&names, &found, tasks));
    assert_int_equal(found, count);
    for (size_t i = 0; i < count; i++) {
        h5_id group;
        record copy, original;
        char differing[256];
        const char *name = names[i];
        assert_in_range(task_plan_find(&plan->plan, name), 1, count);
        if (i > 0) assert_string_not_equal(names[i - 1], name);
        check_ok(h5_group_open(&group, tasks, name));
        check_ok(task_file_read(&copy, group));
        check_ok(run_read_task(&original, r, name));
        if (!record_same(differing, sizeof differing, &copy, &original)) fail_msg("task %s: %s", name, differing);
        record_free(&copy);
        record_free(&original);
        h5_group_close(group);
    }
    free(names);
    h5_group_close(tasks);
}

static void check_snapshot(const run *r, size_t count)
{
    h5_id file, points;
    check_ok(h5_open_read(&file, scratch_file(&scratch_place, "run/results.h5")));
    check_tasks(r, file, count);
    check_ok(h5_group_open(&points, file, "points"));
    check_points(points, count);
    h5_group_close(points);
    check_ok(h5_close(file));
}

static void test_a_snapshot_in_slices_holds_every_task_once(void **state)
{
    (void)state;
    run r = open_run();
    snapshot *s;
    bool published = false;
    int steps = 0;
    for (int id = 1; id <= TASKS - 1; id++) finish_task(&r, id);
    const task_plan planned = first_tasks(TASKS);
    check_ok(run_snapshot_begin(&s, &r, &planned));
    for (; !published; steps++) {
        assert_false(file_exists(scratch_file(&scratch_place, "run/results.h5")));
        check_ok(run_snapshot_step(s, 0, &published));
        if (steps == 10) finish_task(&r, TASKS); /* before its turn */
    }
    run_snapshot_end(s);
    assert_int_equal(steps, TASKS + 1); /* of at least one task each; the last one publishes */
    check_snapshot(&r, TASKS);

    struct stat info;
    assert_int_equal(stat(scratch_file(&scratch_place, "run/results.h5"), &info), 0);
    assert_true(info.st_size > 8 * (256 << 10)); /* far more than HDF5 was allowed to keep */
    run_close(&r);
}

/* Writes a task file anew as format 2 had it: without its row. */
static void remove_row(const run *r, int id)
{
    enum { SEAL = 24, MARK = 64, FOOT = 24 };
    char path[MAX_PATH_TEXT], foot[FOOT + 1] = "";
    struct stat info;
    task_mark mark;
    run_task_path(path, r, plan_fixture_key(plan, id));
    check_ok(task_mark_read(&mark, path));
    assert_int_equal(stat(path, &info), 0);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    assert_int_equal(fseek(f, -(SEAL + MARK + FOOT), SEEK_END), 0);
    assert_int_equal(fread(foot, 1, FOOT, f), FOOT);
    fclose(f);
    long length;
    assert_int_equal(sscanf(foot, "bitfront-row %ld", &length), 1);
    assert_int_equal(truncate(path, info.st_size - SEAL - MARK - FOOT - length), 0);
    check_ok(task_mark_append(path, &mark));
    check_ok(seal_append(path));
}

/* Changes one digit of the row, under a right seal. */
static void forge_row(const run *r, int id)
{
    static char bytes[1 << 20];
    char path[MAX_PATH_TEXT];
    run_task_path(path, r, plan_fixture_key(plan, id));
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    const size_t size = fread(bytes, 1, sizeof bytes, f);
    char *at = bytes + size;
    static const char name[] = "\nepochs\t";
    while (memcmp(--at, name, sizeof name - 1) != 0) assert_true(at > bytes);
    at[sizeof name - 1]++;
    rewind(f);
    assert_int_equal(fwrite(bytes, 1, size, f), size);
    fclose(f);
    assert_int_equal(truncate(path, (off_t)size - 24), 0);
    check_ok(seal_append(path));
}

static void test_a_large_plan_has_its_points_but_no_copies(void **state)
{
    (void)state;
    enum { FEW = 20 };
    run r = open_run();
    record rec;
    for (int id = 1; id <= FEW; id++) finish_task(&r, id);
    check_ok(run_read_task(&rec, &r, plan_fixture_key(plan, 5)));
    record_free(&rec);
    remove_row(&r, 5);
    remove_row(&r, 10); /* failed */
    const task_plan planned = first_tasks(ROWS);
    check_ok(run_snapshot(&r, &planned));
    h5_id file, points, tasks;
    char **names;
    size_t copies;
    check_ok(h5_open_read(&file, scratch_file(&scratch_place, "run/results.h5")));
    check_ok(h5_group_open(&points, file, "points"));
    check_points(points, FEW);
    check_ok(h5_group_open(&tasks, file, "tasks"));
    check_ok(h5_list(&names, &copies, tasks));
    free(names);
    assert_int_equal(copies, 0);
    h5_group_close(tasks);
    h5_group_close(points);
    check_ok(h5_close(file));

    forge_row(&r, 7);
    check_says(run_read_task(&rec, &r, plan_fixture_key(plan, 7)), "the row behind it says something else");
    run_close(&r);
}

static void test_an_abandoned_snapshot_leaves_the_last_one(void **state)
{
    (void)state;
    run r = open_run();
    snapshot *s;
    bool published;
    for (int id = 1; id <= 5; id++) finish_task(&r, id);
    const task_plan planned = first_tasks(6);
    check_ok(run_snapshot(&r, &planned));
    finish_task(&r, 6);
    check_ok(run_snapshot_begin(&s, &r, &planned));
    check_ok(run_snapshot_step(s, 0, &published));
    assert_false(published);
    assert_true(file_exists(scratch_file(&scratch_place, "run/results.h5.tmp-alone")));
    run_snapshot_end(s);
    assert_false(file_exists(scratch_file(&scratch_place, "run/results.h5.tmp-alone")));
    check_snapshot(&r, 5);
    run_close(&r);
}

static void test_a_disk_that_fills_at_any_moment_is_told_and_leaves_no_parts(void **state)
{
    (void)state;
    run r = open_run();
    struct stat info;
    const task_plan planned = first_tasks(40);
    for (int id = 1; id <= 40; id++) finish_task(&r, id);
    check_ok(run_snapshot(&r, &planned));
    assert_int_equal(stat(scratch_file(&scratch_place, "run/results.h5"), &info), 0);
    for (int part = 0; part < 25; part++) {
        rlim_t old = file_limit_set((rlim_t)((info.st_size - 100) * part / 24));
        status full = run_snapshot(&r, &planned);
        file_limit_set(old);
        check_says(full, "results.h5.tmp-alone: File too large");
        assert_int_equal(full.code, STATUS_IO);
        assert_false(file_exists(scratch_file(&scratch_place, "run/results.h5.tmp-alone")));
        assert_int_equal(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), 0);
    }
    check_snapshot(&r, 40);
    check_ok(run_snapshot(&r, &planned));
    check_snapshot(&r, 40);
    run_close(&r);
}

static status count_and_break(void *ctx)
{
    int *calls = ctx;
    return ++*calls < 3 ? status_ok() : status_fail(STATUS_MPI, "nobody is there");
}

static void test_other_work_goes_on_meanwhile_and_may_end_it(void **state)
{
    (void)state;
    run r = open_run();
    int calls = 0;
    const task_plan planned = first_tasks(TASKS);
    for (int id = 1; id <= TASKS; id++) finish_task(&r, id);
    status s = status_ok();
    while (!failed(s)) s = run_snapshot_last(&r, &planned, &(run_meanwhile){count_and_break, &calls});
    check_says(s, "nobody is there");
    assert_int_equal(calls, 3);
    assert_false(file_exists(scratch_file(&scratch_place, "run/results.h5.tmp-alone")));
    run_close(&r);
}

static status remove_once(void *ctx)
{
    int *calls = ctx;
    return ++*calls == 1 && unlink(scratch_file(&scratch_place, "run/results.h5.tmp-alone")) != 0
               ? status_fail(STATUS_IO, "nothing was there to remove")
               : status_ok();
}

/* Another job does so when this one was stopped for longer than its lease. */
static void test_a_snapshot_that_somebody_removes_is_written_again(void **state)
{
    (void)state;
    run r = open_run();
    const task_plan planned = first_tasks(TASKS);
    for (int id = 1; id <= TASKS; id++) finish_task(&r, id);
    snapshot *s;
    bool published = false;
    check_ok(run_snapshot_begin(&s, &r, &planned));
    check_ok(run_snapshot_step(s, 0, &published));
    check_ok(remove_once(&(int){0}));
    status result = status_ok();
    while (!failed(result) && !published) result = run_snapshot_step(s, 1, &published);
    assert_true(failed(result) && !published && run_snapshot_is_gone(s));
    run_snapshot_end(s);

    int calls = 0;
    check_ok(run_snapshot_last(&r, &planned, &(run_meanwhile){remove_once, &calls}));
    assert_true(calls > 1 && file_exists(scratch_file(&scratch_place, "run/results.h5")));
    run_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_columns_of_many_rows_come_back, scratch_set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_snapshot_in_slices_holds_every_task_once, scratch_set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_large_plan_has_its_points_but_no_copies, scratch_set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_abandoned_snapshot_leaves_the_last_one, scratch_set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_disk_that_fills_at_any_moment_is_told_and_leaves_no_parts,
                                        scratch_set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_other_work_goes_on_meanwhile_and_may_end_it, scratch_set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_snapshot_that_somebody_removes_is_written_again, scratch_set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, set_up_plan, tear_down_plan);
}
