/* links: results */
/* wraps: clock_gettime */
/* The index of what a snapshot was made of: it knows files that have not changed since, nothing else. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/base/file.h"
#include "results/run/run.h"
#include "results/run/run_index.h"
#include "tests/support/check_status.h"
#include "tests/support/plan_fixture.h"
#include "tests/support/scratch.h"

enum { TASKS = 6, FAILED = 4 };
static const char CONFIG[] = "name = \"demo\"; network = \"n.cfg\"; data = \"d.h5\";\n"
                             "sweep = ( { strategy = \"joint\"; cost_model = \"size\"; strengths = [1.0]; } );\n";

/* Seconds that the clock is ahead: as if the files were that much older. */
static time_t ahead;

int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
    const int outcome = __real_clock_gettime(clock, now);
    if (clock == CLOCK_REALTIME) now->tv_sec += ahead;
    return outcome;
}

static scratch place;
static plan_fixture *plan;
static run current_run;

static void write_task(int id)
{
    record rec = plan_fixture_record(plan, id);
    char warning[256];
    rec.state = id == FAILED ? RECORD_FAILED : RECORD_DONE;
    snprintf(rec.reason, sizeof rec.reason, "%s", id == FAILED ? "loss not finite" : "");
    check_ok(run_write_task(warning, &current_run, &rec, NULL));
    assert_string_equal(warning, "");
    record_free(&rec);
}

/* All tasks but the last, in a snapshot that was made when they were old enough. */
static int set_up(void **state)
{
    (void)state;
    bool changed;
    place = scratch_make();
    plan = plan_fixture_new(1, TASKS - 1);
    check_ok(run_open(&current_run, scratch_file(&place, "run"), CONFIG, "layers = ( );\n", "sha256:data", &changed));
    for (int id = 1; id < TASKS; id++) write_task(id);
    ahead = 60;
    check_ok(run_snapshot(&current_run, &plan->plan));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    run_close(&current_run);
    plan_fixture_free(plan);
    scratch_remove(&place);
    return 0;
}

static const char *task_path(int id)
{
    static char path[MAX_PATH_TEXT];
    run_task_path(path, &current_run, plan_fixture_key(plan, id));
    return path;
}

/* Task `except` is not known, nor is what has no file. */
static void check_known(int except)
{
    unsigned char states[TASKS];
    run_index_read(states, &current_run, &plan->plan);
    for (int id = 1; id <= TASKS; id++) {
        const int wanted = id == except || id == TASKS ? RUN_INDEX_UNKNOWN : id == FAILED ? RECORD_FAILED : RECORD_DONE;
        if (states[id - 1] != wanted) fail_msg("task %d: %d instead of %d", id, states[id - 1], wanted);
    }
}

static bool is_current(const run *r, const task_plan *p)
{
    bool current;
    check_ok(run_index_current(&current, r, p));
    return current;
}

static void test_unchanged_files_are_known(void **state)
{
    (void)state;
    check_known(0);
    assert_true(is_current(&current_run, &plan->plan));
}

/* What is changed right after it was read could have the same times. */
static void test_young_files_are_not_known(void **state)
{
    (void)state;
    ahead = 0;
    check_ok(run_snapshot(&current_run, &plan->plan));
    ahead = 60; /* that they are old by now does not count */
    unsigned char states[TASKS];
    run_index_read(states, &current_run, &plan->plan);
    for (int id = 1; id <= TASKS; id++) assert_int_equal(states[id - 1], RUN_INDEX_UNKNOWN);
    assert_true(is_current(&current_run, &plan->plan)); /* their seals are checked by who asks */
}

static void keep_times(const char *path, const struct stat *of)
{
    const struct timespec times[2] = {of->st_atim, of->st_mtim};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* The same size, and the times of the content set back. */
static void test_a_changed_byte_is_seen(void **state)
{
    (void)state;
    const char *path = task_path(3);
    struct stat before;
    assert_int_equal(stat(path, &before), 0);
    int fd = open(path, O_RDWR);
    char byte;
    assert_true(fd >= 0 && pread(fd, &byte, 1, 1000) == 1);
    byte ^= 1;
    assert_true(pwrite(fd, &byte, 1, 1000) == 1 && close(fd) == 0);
    keep_times(path, &before);
    check_known(3);
    assert_false(is_current(&current_run, &plan->plan));
    bool finished;
    record_state how;
    char warning[256];
    check_ok(run_task_state(&finished, &how, warning, &current_run, plan_fixture_key(plan, 3)));
    assert_false(finished); /* and then the seal tells */
}

static void test_a_copy_in_its_place_is_seen(void **state)
{
    (void)state;
    char copy[MAX_PATH_TEXT + 8];
    struct stat before;
    assert_int_equal(stat(task_path(2), &before), 0);
    snprintf(copy, sizeof copy, "%s.copy", task_path(2));
    check_ok(file_copy(copy, task_path(2)));
    keep_times(copy, &before);
    assert_int_equal(rename(copy, task_path(2)), 0);
    check_known(2);
    assert_false(is_current(&current_run, &plan->plan));
}

static void test_another_tasks_file_is_not_taken_for_it(void **state)
{
    (void)state;
    char other[MAX_PATH_TEXT];
    snprintf(other, sizeof other, "%s", task_path(2));
    assert_int_equal(unlink(task_path(3)), 0);
    assert_int_equal(link(other, task_path(3)), 0);
    unsigned char states[TASKS];
    run_index_read(states, &current_run, &plan->plan);
    assert_int_equal(states[2], RUN_INDEX_UNKNOWN);
    assert_false(is_current(&current_run, &plan->plan));
}

static void test_what_is_removed_or_new_makes_results_old(void **state)
{
    (void)state;
    write_task(TASKS);
    check_known(0);
    assert_false(is_current(&current_run, &plan->plan));
    check_ok(run_snapshot(&current_run, &plan->plan));
    assert_true(is_current(&current_run, &plan->plan));
    assert_int_equal(unlink(task_path(TASKS)), 0);
    check_known(0);
    assert_false(is_current(&current_run, &plan->plan));
}

static void test_an_index_that_was_changed_says_nothing(void **state)
{
    (void)state;
    const char *path = scratch_file(&place, "run/results.index");
    char *bytes;
    size_t count;
    check_ok(file_read_bytes(&bytes, &count, path));
    char *done = strstr(bytes, " done");
    assert_non_null(done);
    done[1] = 'D';
    FILE *out = fopen(path, "w");
    assert_true(out != NULL && fwrite(bytes, 1, count, out) == count && fclose(out) == 0);
    free(bytes);
    unsigned char states[TASKS];
    for (int turn = 0; turn < 2; turn++) {
        run_index_read(states, &current_run, &plan->plan);
        for (int id = 1; id <= TASKS; id++) assert_int_equal(states[id - 1], RUN_INDEX_UNKNOWN);
        assert_false(is_current(&current_run, &plan->plan));
        unlink(path);
    }
}

static void test_results_of_another_plan_or_program_are_old(void **state)
{
    (void)state;
    run other = current_run;
    other.config_text = (char[]){"name = \"other\";"};
    assert_false(is_current(&other, &plan->plan));
    other = current_run;
    snprintf(other.data_checksum, sizeof other.data_checksum, "sha256:other");
    assert_false(is_current(&other, &plan->plan));
    task *t = &plan->plan.tasks[2]; /* the same task under another name */
    const task before = *t;
    t->strategy = "renamed";
    assert_false(is_current(&current_run, &plan->plan));
    *t = before;
    t->network_name = "renamed";
    assert_false(is_current(&current_run, &plan->plan));
    *t = before;
    assert_true(is_current(&current_run, &plan->plan));
    check_ok(file_copy(scratch_file(&place, "run/copy"), scratch_file(&place, "run/results.h5")));
    assert_int_equal(rename(scratch_file(&place, "run/copy"), scratch_file(&place, "run/results.h5")), 0);
    assert_false(is_current(&current_run, &plan->plan));
}

static ino_t inode_of_results(void)
{
    struct stat s;
    assert_int_equal(stat(scratch_file(&place, "run/results.h5"), &s), 0);
    return s.st_ino;
}

static void test_current_results_are_not_written_again(void **state)
{
    (void)state;
    const ino_t first = inode_of_results();
    assert_int_equal(link(scratch_file(&place, "run/results.h5"), scratch_file(&place, "run/held")), 0);
    check_ok(run_snapshot(&current_run, &plan->plan)); /* the link changed its times; and its inode stays in use */
    const ino_t second = inode_of_results();
    assert_true(first != second);
    check_ok(run_snapshot_last(&current_run, &plan->plan, NULL));
    assert_true(inode_of_results() == second);
    write_task(TASKS);
    check_ok(run_snapshot_last(&current_run, &plan->plan, NULL));
    assert_true(inode_of_results() != second);
    assert_true(is_current(&current_run, &plan->plan));
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        EACH(test_unchanged_files_are_known),
        EACH(test_young_files_are_not_known),
        EACH(test_a_changed_byte_is_seen),
        EACH(test_a_copy_in_its_place_is_seen),
        EACH(test_another_tasks_file_is_not_taken_for_it),
        EACH(test_what_is_removed_or_new_makes_results_old),
        EACH(test_an_index_that_was_changed_says_nothing),
        EACH(test_results_of_another_plan_or_program_are_old),
        EACH(test_current_results_are_not_written_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
