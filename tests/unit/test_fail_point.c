/* links: core_base */
/* Fail points: what BITFRONT_FAIL accepts, which passing acts, and that a file which cannot be written is the old one.
 */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/fail_point.h"
#include "core/base/file.h"
#include "tests/support/check_status.h"
#include "tests/support/scratch.h"

static void arm(const char *text)
{
    setenv("BITFRONT_FAIL", text, 1);
    check_ok(fail_points_arm(1));
}

static int disarm(void **state)
{
    (void)state;
    unsetenv("BITFRONT_FAIL");
    unsetenv("BITFRONT_FAIL_TRACE");
    return failed(fail_points_arm(0)) || fail_points_armed;
}

static void test_only_the_asked_passing_acts(void **state)
{
    (void)state;
    arm("task.write.before:2:enospc,status.rename.after:1+:eio");
    assert_int_equal(fail_file("run/tasks/000001.h5.tmp", FAIL_WRITE_BEFORE), 0);
    assert_int_equal(fail_file("run/checkpoints/000001.h5", FAIL_WRITE_BEFORE), 0);
    assert_int_equal(fail_file("run/tasks/000001.h5.tmp", FAIL_WRITE_AFTER), 0);
    assert_int_equal(fail_file("run/tasks/000002.h5.tmp", FAIL_WRITE_BEFORE), ENOSPC);
    assert_int_equal(fail_file("run/tasks/000002.h5.tmp", FAIL_WRITE_BEFORE), 0);
    for (int i = 0; i < 3; i++) assert_int_equal(fail_file("run/status.json", FAIL_RENAME_AFTER), EIO);
}

static void test_a_point_of_another_rank_does_not_act(void **state)
{
    (void)state;
    arm("log.write.before:1:eio@0,log.write.middle:1:eio@1");
    assert_int_equal(fail_file("run/log.jsonl", FAIL_WRITE_BEFORE), 0);
    assert_int_equal(fail_file("run/log.jsonl", FAIL_WRITE_MIDDLE), EIO);
}

static void test_what_cannot_be_understood_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"task",
                                        "task.write:1:kill",
                                        "task.write.before:0:kill",
                                        "task.write.before:1:explode",
                                        "task.send.before:1:kill",
                                        "order.send.before:1:enospc",
                                        "order.send.after:1:eio",
                                        "report.send.before:1:eio",
                                        "task.write.before:1:kill@x",
                                        "task.write.before:1:kill@1x",
                                        "a.write.before:1:kill"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        setenv("BITFRONT_FAIL", wrong[i], 1);
        status s = fail_points_arm(0);
        assert_int_equal(s.code, STATUS_CONFIG);
        assert_non_null(strstr(s.message, wrong[i]));
        assert_false(fail_points_armed);
    }
}

/* The files that are beside `path`, temporary ones of it; *first is to be freed. */
static size_t count_temporary(char **first, const char *path)
{
    char pattern[SCRATCH_PATH + 64];
    snprintf(pattern, sizeof pattern, "%s.tmp*", path);
    glob_t found;
    size_t count = glob(pattern, 0, NULL, &found) == 0 ? found.gl_pathc : 0;
    if (first != NULL) *first = count > 0 ? strdup(found.gl_pathv[0]) : NULL;
    globfree(&found);
    return count;
}

/* Whatever fails, the file holds the old or the new text, and nothing is left beside it. */
static void test_a_failed_write_leaves_a_whole_file(void **state)
{
    (void)state;
    static const char *const steps[] = {"write.before", "write.middle",  "write.after", "sync.before",
                                        "sync.after",   "rename.before", "rename.after"};
    scratch s = scratch_make();
    const char *path = scratch_file(&s, "log.jsonl");
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        disarm(NULL);
        check_ok(file_write_text(path, "old"));
        char point[64], *text;
        snprintf(point, sizeof point, "log.%s:1:enospc", steps[i]);
        arm(point);
        status failure = file_write_text(path, "new text");
        assert_int_equal(failure.code, STATUS_IO);
        assert_non_null(strstr(failure.message, strerror(ENOSPC)));
        check_ok(file_read_text(&text, path));
        assert_string_equal(text, strcmp(steps[i], "rename.after") == 0 ? "new text" : "old");
        free(text);
        assert_int_equal(count_temporary(NULL, path), 0);
    }
    scratch_remove(&s);
}

static void test_kill_ends_the_process_half_way(void **state)
{
    (void)state;
    scratch s = scratch_make();
    const char *path = scratch_file(&s, "results.h5");
    arm("snapshot.write.middle:1:kill");
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) _exit(failed(file_write_text(path, "12345678")));
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL);
    assert_false(file_exists(path));
    char *half, *temporary;
    assert_int_equal(count_temporary(&temporary, path), 1);
    check_ok(file_read_text(&half, temporary));
    assert_string_equal(half, "1234");
    free(half);
    free(temporary);
    scratch_remove(&s);
}

/* As jobs that share a run directory do with status.json. */
static void test_writers_of_one_file_do_not_disturb_each_other(void **state)
{
    (void)state;
    enum { WRITERS = 4, TIMES = 200 };
    static const char *const texts[2] = {"a short text", "a text that is longer than the other one"};
    scratch s = scratch_make();
    const char *path = scratch_file(&s, "status.json");
    pid_t writers[WRITERS];
    disarm(NULL);
    for (int w = 0; w < WRITERS; w++) {
        writers[w] = fork();
        assert_true(writers[w] >= 0);
        if (writers[w] > 0) continue;
        int wrong = 0;
        for (int i = 0; i < TIMES; i++) wrong += failed(file_write_text(path, texts[(w + i) % 2]));
        _exit(wrong > 0);
    }
    for (int w = 0; w < WRITERS; w++) {
        int how;
        assert_int_equal(waitpid(writers[w], &how, 0), writers[w]);
        assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
    }
    char *text;
    check_ok(file_read_text(&text, path));
    assert_true(strcmp(text, texts[0]) == 0 || strcmp(text, texts[1]) == 0);
    free(text);
    assert_int_equal(count_temporary(NULL, path), 0);
    scratch_remove(&s);
}

static void test_once_is_once(void **state)
{
    (void)state;
    scratch s = scratch_make();
    setenv("BITFRONT_FAIL_ONCE", scratch_file(&s, "once"), 1);
    arm("task.sync.after:1+:eio");
    assert_int_equal(fail_file("run/tasks/000001.h5", FAIL_SYNC_AFTER), EIO);
    assert_int_equal(fail_file("run/tasks/000001.h5", FAIL_SYNC_AFTER), 0);
    unsetenv("BITFRONT_FAIL_ONCE");
    scratch_remove(&s);
}

static void test_a_trace_names_what_was_passed(void **state)
{
    (void)state;
    scratch s = scratch_make();
    const char *path = scratch_file(&s, "trace");
    setenv("BITFRONT_FAIL_TRACE", path, 1);
    check_ok(fail_points_arm(3));
    fail_message(FAIL_ORDER, FAIL_SEND_AFTER);
    (void)fail_file("run/claims/7", FAIL_RENAME_BEFORE);
    char *text;
    check_ok(file_read_text(&text, path));
    assert_string_equal(text, "order.send.after 3\nclaim.rename.before 3\n");
    free(text);
    scratch_remove(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_only_the_asked_passing_acts, disarm),
        cmocka_unit_test_teardown(test_a_point_of_another_rank_does_not_act, disarm),
        cmocka_unit_test_teardown(test_what_cannot_be_understood_is_refused, disarm),
        cmocka_unit_test_teardown(test_a_failed_write_leaves_a_whole_file, disarm),
        cmocka_unit_test_teardown(test_kill_ends_the_process_half_way, disarm),
        cmocka_unit_test_teardown(test_writers_of_one_file_do_not_disturb_each_other, disarm),
        cmocka_unit_test_teardown(test_once_is_once, disarm),
        cmocka_unit_test_teardown(test_a_trace_names_what_was_passed, disarm),
    };
    return cmocka_run_group_tests_name("fail_point", tests, NULL, NULL);
}
