/* links: results */
/* The run directory: what is damaged or was changed is moved aside, named and run again. */
#define _XOPEN_SOURCE 700
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>

#include "core/io/h5.h"
#include "core/io/seal.h"
#include "results/file/task_mark.h"
#include "tests/support/run_fixture.h"

static void test_a_damaged_task_is_moved_aside_and_runs_again(void **state)
{
    (void)state;
    run r = open_run();
    char warning[256], words[64];
    record rec;
    write_record(&r, 2, RECORD_DONE);
    assert_int_equal(truncate(task_file(2, ""), 3000), 0);
    check_says(run_read_task(&rec, &r, plan_fixture_key(plan, 2)), "end mark");
    assert_false(is_finished(warning, &r, 2));
    snprintf(words, sizeof words, "task %.8s runs again", plan_fixture_key(plan, 2));
    assert_non_null(strstr(warning, words));
    assert_true(file_exists(task_file(2, ".damaged")));
    assert_false(file_exists(task_file(2, "")));
    write_record(&r, 3, RECORD_DONE);
    assert_int_equal(rename(task_file(3, ""), task_file(2, "")), 0); /* sound, but of another task */
    check_says(run_read_task(&rec, &r, plan_fixture_key(plan, 2)), "it was renamed");
    assert_false(is_finished(warning, &r, 2));
    snprintf(words, sizeof words, "holds task %.8s", plan_fixture_key(plan, 3));
    assert_non_null(strstr(warning, words));
    run_close(&r);
}

/* Ends the file at `path` anew: without mark when `id` is 0. */
static void seal_again(const char *path, int id, record_state how)
{
    task_mark mark = {.state = how};
    if (id != 0) {
        memcpy(mark.key, plan_fixture_key(plan, id), TASK_KEY);
        check_ok(task_mark_append(path, &mark));
    }
    check_ok(seal_append(path));
}

/* Changes an attribute of /record by HDF5, which cuts off mark and seal. */
static void set_text(const char *path, const char *name, const char *text)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    assert_true(file >= 0);
    check_ok(h5_set_text(file, "record", name, text));
    assert_true(H5Fclose(file) >= 0);
}

static void set_number(const char *path, const char *name, double value)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    assert_true(file >= 0);
    check_ok(h5_set_number(file, "record", name, value));
    assert_true(H5Fclose(file) >= 0);
}

static void check_not_used(run *r, int id, const char *words)
{
    char warning[256], *kept, *moved;
    bool sound, finished;
    record rec;
    record_state how;
    const char *key = plan_fixture_key(plan, id);
    size_t size = read_bytes(&kept, task_file(id, ""));
    check_says(run_read_task(&rec, r, key), words);
    check_ok(run_task_state(&finished, &how, warning, r, key));
    if (finished) check_ok(run_check_task(&sound, warning, r, key)); /* the mark alone does not tell it */
    assert_false(finished && sound);
    assert_non_null(strstr(warning, "runs again"));
    assert_false(file_exists(task_file(id, "")));
    assert_int_equal(read_bytes(&moved, task_file(id, ".damaged")), size); /* not deleted */
    assert_memory_equal(kept, moved, size);
    free(kept);
    free(moved);

    /* A snapshot does not take it either, and says what to do. */
    assert_int_equal(rename(task_file(id, ".damaged"), task_file(id, "")), 0);
    status shot = run_snapshot(r, &plan->plan);
    assert_int_equal(shot.code, STATUS_DATA);
    check_says(shot, "is to be run again by the same command");
    assert_true(file_exists(task_file(id, ".damaged")));
    check_ok(run_snapshot(r, &plan->plan));
    assert_int_equal(rename(task_file(id, ".damaged"), task_file(id, "")), 0);
    assert_int_equal(unlink(task_file(id, "")), 0);
}

static void test_changed_files_with_a_right_seal_are_not_used(void **state)
{
    (void)state;
    run r = open_run();
    write_record(&r, 2, RECORD_DONE);
    set_text(task_file(2, ""), "key", plan_fixture_key(plan, 3)); /* says it is another task */
    seal_again(task_file(2, ""), 2, RECORD_DONE);
    check_not_used(&r, 2, "is not that of what it holds");

    write_record(&r, 2, RECORD_DONE);
    set_number(task_file(2, ""), "strength", 7); /* was asked for something else */
    seal_again(task_file(2, ""), 2, RECORD_DONE);
    check_not_used(&r, 2, "its attributes are not those of task");

    write_record(&r, 2, RECORD_FAILED);
    assert_int_equal(truncate(task_file(2, ""), 0), 0); /* nothing but an end */
    seal_again(task_file(2, ""), 2, RECORD_DONE);
    check_not_used(&r, 2, plan_fixture_key(plan, 2));

    write_record(&r, 2, RECORD_FAILED);
    set_number(task_file(2, ""), "strength", 2.5); /* the same, but the mark says it is done */
    seal_again(task_file(2, ""), 2, RECORD_DONE);
    check_not_used(&r, 2, "but is marked as");

    write_record(&r, 2, RECORD_DONE);
    set_number(task_file(2, ""), "strength", 2.5);
    seal_again(task_file(2, ""), 0, RECORD_DONE);
    check_not_used(&r, 2, "does not say which task");

    /* A whole other task under the name and with the mark of this one. */
    write_record(&r, 3, RECORD_DONE);
    assert_int_equal(rename(task_file(3, ""), task_file(2, "")), 0);
    set_number(task_file(2, ""), "strength", 2.5);
    seal_again(task_file(2, ""), 2, RECORD_DONE);
    check_not_used(&r, 2, "but is marked as");
    run_close(&r);
}

static void test_what_a_task_is_called_the_plan_says(void **state)
{
    (void)state;
    run r = open_run();
    h5_id file;
    char **texts;
    size_t count;
    write_record(&r, 2, RECORD_DONE);
    set_text(task_file(2, ""), "strategy", "other"); /* no part of the identity: a name in a sweep */
    seal_again(task_file(2, ""), 2, RECORD_DONE);
    check_ok(run_snapshot(&r, &plan->plan));
    check_ok(h5_open_read(&file, inside("results.h5")));
    check_ok(h5_read_strings(&texts, &count, file, "points/strategy"));
    assert_int_equal(count, 1);
    assert_string_equal(texts[0], "joint");
    free(texts);
    check_ok(h5_close(file));
    run_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_damaged_task_is_moved_aside_and_runs_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_changed_files_with_a_right_seal_are_not_used, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_a_task_is_called_the_plan_says, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, set_up_plan, tear_down_plan);
}
