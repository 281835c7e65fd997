/* links: results */
/* Checkpoints: what was saved comes back exactly; a damaged copy never does; a kill at any point leaves one good copy.
 */
#define _POSIX_C_SOURCE 200809L
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/check_status.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/libm.h"
#include "results/file/checkpoint.h"

enum { WEIGHTS = 5000 };

static char folder[64], path[96], previous[112];
static checkpoint_machine isa = {.kernels = "isa"};

/* The state of a task, as small as it can be. */
typedef struct {
    float weights[WEIGHTS];
    int64_t step;
} task_state;

static void fill(task_state *s, int64_t step)
{
    for (int i = 0; i < WEIGHTS; i++) s->weights[i] = (float)(i * step);
    s->step = step;
}

/* The third span is empty: a strategy may have nothing of a kind. */
static int spans_of(span *out, task_state *s)
{
    out[0] = (span){"weights", s->weights, sizeof s->weights};
    out[1] = (span){"step", &s->step, sizeof s->step};
    out[2] = (span){"moments.empty", NULL, 0};
    return 3;
}

static status save(int64_t step)
{
    static task_state s;
    span spans[3];
    fill(&s, step);
    return checkpoint_write(path, "task 7 of config abc", &isa, spans, spans_of(spans, &s), NULL);
}

/* Reads; `step` is 0 and nothing was touched unless a checkpoint was found. */
static status load(int64_t *step, char warning[256])
{
    static task_state s, expected;
    span spans[3];
    fill(&s, 0);
    bool found;
    status result = checkpoint_read(&found, warning, path, "task 7 of config abc", &isa, spans, spans_of(spans, &s));
    *step = s.step;
    fill(&expected, s.step);
    assert_memory_equal(s.weights, expected.weights, sizeof s.weights); /* all or nothing, even after an error */
    if (!failed(result)) assert_int_equal(found, s.step != 0);
    return result;
}

static int set_up(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/bitfront_checkpoint_XXXXXX");
    if (mkdtemp(folder) == NULL) return -1;
    snprintf(path, sizeof path, "%s/000007.h5", folder);
    snprintf(previous, sizeof previous, "%s.prev", path);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    checkpoint_remove(path);
    checkpoint_remove(path); /* nothing left: no complaint */
    return rmdir(folder);
}

static long size_of(const char *file)
{
    FILE *f = fopen(file, "rb");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    long size = ftell(f);
    fclose(f);
    return size;
}

static void flip_byte(const char *file, long at)
{
    FILE *f = fopen(file, "r+b");
    assert_non_null(f);
    fseek(f, at, SEEK_SET);
    int byte = fgetc(f);
    fseek(f, at, SEEK_SET);
    fputc(byte ^ 0x40, f);
    fclose(f);
}

static void test_the_latest_state_comes_back(void **state)
{
    (void)state;
    int64_t step;
    char warning[256];
    check_ok(load(&step, warning));
    assert_int_equal(step, 0);
    for (int64_t i = 1; i <= 3; i++) {
        check_ok(save(i));
        check_ok(load(&step, warning));
        assert_int_equal(step, i);
        assert_string_equal(warning, "");
    }
    assert_true(file_exists(previous));
}

static void test_the_previous_copy_serves_when_the_file_is_gone_or_damaged(void **state)
{
    (void)state;
    int64_t step;
    char warning[256];
    check_ok(save(1));
    check_ok(save(2));
    assert_int_equal(truncate(path, 9000), 0);
    check_ok(load(&step, warning));
    assert_int_equal(step, 1);
    assert_non_null(strstr(warning, path));
    assert_non_null(strstr(warning, "end mark is missing"));

    assert_int_equal(unlink(path), 0); /* as after a kill between the two renames */
    check_ok(load(&step, warning));
    assert_int_equal(step, 1);
    assert_non_null(strstr(warning, "is missing"));
}

static void test_two_damaged_copies_are_an_error_that_names_both(void **state)
{
    (void)state;
    int64_t step;
    char warning[256];
    check_ok(save(1));
    check_ok(save(2));
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(truncate(previous, 5000), 0);
    status s = load(&step, warning);
    check_says(s, previous);
    check_says(s, "is empty");
    check_says(s, "end mark");
    assert_int_equal(step, 0);
    assert_int_equal(unlink(previous), 0);
    check_says(load(&step, warning), "no previous copy");
}

/* Also a byte that HDF5 does not look at, and the seal itself. */
static void test_no_changed_byte_goes_unnoticed(void **state)
{
    (void)state;
    int64_t step;
    char warning[256];
    check_ok(save(5));
    long size = size_of(path);
    for (long at = 0; at < size; at += at < 3000 || at > size - 1000 ? 1 : 97) {
        flip_byte(path, at);
        check_says(load(&step, warning), at < size - 24 || at >= size - 8 ? "checksum does not match" : "end mark");
        assert_int_equal(step, 0);
        flip_byte(path, at);
    }
    check_ok(load(&step, warning));
    assert_int_equal(step, 5);
}

static void test_another_key_or_shape_is_refused(void **state)
{
    (void)state;
    static task_state s;
    span spans[3];
    char warning[256];
    bool found;
    check_ok(save(1));
    check_ok(save(2));
    int count = spans_of(spans, &s);
    check_says(checkpoint_read(&found, warning, path, "task 8 of config abc", &isa, spans, count),
               "belongs to 'task 7");
    check_says(checkpoint_read(&found, warning, path, "task 7 of config abc", &isa, spans, 2),
               "3 parts of state where 2");
    spans[1].bytes = 4;
    check_says(checkpoint_read(&found, warning, path, "task 7 of config abc", &isa, spans, count),
               "holds 8 values where 4");
    count = spans_of(spans, &s);
    spans[1].name = "steps";
    check_says(checkpoint_read(&found, warning, path, "task 7 of config abc", &isa, spans, count), "'steps'");
}

/* Other machines are told of, and stay on record over any number of checkpoints; the same one is not. */
static void test_a_change_of_machine_is_told_and_kept(void **state)
{
    (void)state;
    static task_state s;
    span spans[3];
    bool found;
    char warning[256];
    const int count = spans_of(spans, &s);
    const char *const key = "task 7 of config abc";
    check_ok(save(1));
    checkpoint_machine second = {.kernels = "isa"};
    check_ok(checkpoint_read(&found, warning, path, key, &second, spans, count));
    assert_string_equal(warning, "");
    assert_string_equal(second.earlier, "");

    second.kernels = "other";
    check_ok(checkpoint_read(&found, warning, path, key, &second, spans, count));
    assert_non_null(strstr(warning, "computed with isa, "));
    assert_non_null(strstr(warning, "is continued with other, "));
    assert_int_equal(strncmp(second.earlier, "isa, ", 5), 0);
    assert_non_null(strstr(second.earlier, libm_name()));
    check_ok(checkpoint_write(path, key, &second, spans, count, NULL));

    checkpoint_machine again = {.kernels = "other"}, third = {.kernels = "third"};
    check_ok(checkpoint_read(&found, warning, path, key, &again, spans, count));
    assert_string_equal(warning, "");
    assert_string_equal(again.earlier, second.earlier);
    check_ok(checkpoint_read(&found, warning, path, key, &third, spans, count));
    assert_int_equal(strncmp(third.earlier, "isa, ", 5), 0);
    assert_non_null(strstr(third.earlier, "; other, "));

    unlink(path); /* what cannot be read says nothing */
    unlink(previous);
    checkpoint_machine none = {.kernels = "third", .earlier = "as before"};
    check_ok(checkpoint_read(&found, warning, path, key, &none, spans, count));
    assert_false(found);
    assert_string_equal(none.earlier, "as before");
}

/* A limit on the size of files stops the write in the middle, as a full disk does. */
static void test_a_failed_write_keeps_the_old_checkpoint(void **state)
{
    (void)state;
    int64_t step;
    char warning[256];
    check_ok(save(1));
    struct rlimit old, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 8192;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    status s = save(2);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    check_says(s, "File too large");
    check_ok(load(&step, warning));
    assert_int_equal(step, 1);
    assert_string_equal(warning, "");
    check_ok(save(3));
    check_ok(load(&step, warning));
    assert_int_equal(step, 3);
}

/* A writer that is killed at an arbitrary moment, many times, always leaves a state that can be read. */
static void test_a_killed_writer_leaves_a_readable_state(void **state)
{
    (void)state;
    int64_t step, last = 1;
    char warning[256];
    check_ok(save(1));
    for (int round = 0; round < 40; round++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            for (int64_t i = last + 1;; i++)
                if (failed(save(i))) _exit(1);
        }
        clock_sleep(0.002 + 0.001 * round);
        assert_int_equal(kill(child, SIGKILL), 0);
        int how;
        assert_int_equal(waitpid(child, &how, 0), child);
        assert_true(WIFSIGNALED(how));
        check_ok(load(&step, warning));
        assert_true(step >= last);
        last = step;
    }
    assert_true(last > 5); /* the writers did get somewhere, even on a slow machine */
}

static void test_writing_two_megabytes_is_quick(void **state)
{
    (void)state;
    enum { BYTES = 2 << 20, ROUNDS = 10 };
    static unsigned char block[BYTES];
    for (size_t i = 0; i < BYTES; i++) block[i] = (unsigned char)(i * 2654435761u >> 13);
    span one = {"block", block, BYTES};
    double best = 1e9;
    for (int i = 0; i < ROUNDS; i++) {
        double start = clock_seconds();
        check_ok(checkpoint_write(path, "k", &isa, &one, 1, NULL));
        double took = clock_seconds() - start;
        best = took < best ? took : best;
    }
    print_message("a checkpoint of 2 MiB took %.1f ms with its syncs\n", best * 1e3);
    assert_true(best < 0.5); /* far above what it takes, so that a busy machine does not fail */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_latest_state_comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_previous_copy_serves_when_the_file_is_gone_or_damaged, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_two_damaged_copies_are_an_error_that_names_both, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_changed_byte_goes_unnoticed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_another_key_or_shape_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_change_of_machine_is_told_and_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_failed_write_keeps_the_old_checkpoint, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_killed_writer_leaves_a_readable_state, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_writing_two_megabytes_is_quick, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
