/* links: core_sweep */
/* Times as people and Slurm write them, and the end of a Slurm job. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "core/base/file.h"
#include "core/sweep/walltime.h"
#include "tests/support/check_status.h"
#include "tests/support/scratch.h"

static void test_every_form_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double seconds;
    } forms[] = {
        {"1", 1},          {"90", 90},          {"5000", 5000},         {"1:30", 90},          {"90:00", 5400},
        {"1:00:00", 3600}, {"12:34:56", 45296}, {"2-00:00:00", 172800}, {"1-02:03:04", 93784}, {"0-00:00:10", 10}};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        double seconds = -1;
        assert_true(walltime_read(&seconds, forms[i].text));
        assert_true(seconds == forms[i].seconds);
    }
}

static void test_anything_else_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",      "x",  "1h", "1.5", "-5", "0",         "1:",   ":30", "1:60", "1:2:3:4",
                                        "1-2:3", "1-", " 5", "5 ",  "+5", "1-2-03:04", "1:-3", "N/A", "1-5",  "00:00"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        double seconds = -1;
        if (walltime_read(&seconds, wrong[i])) fail_msg("\"%s\" was read as %g s", wrong[i], seconds);
    }
}

static void test_without_slurm_there_is_no_limit(void **state)
{
    (void)state;
    unsetenv("SLURM_JOB_ID");
    double seconds = 0;
    check_ok(walltime_of_job(&seconds));
    assert_true(isinf(seconds));
}

static void test_end_time_of_the_job(void **state)
{
    (void)state;
    char text[32];
    snprintf(text, sizeof text, "%ld", (long)time(NULL) + 3600);
    setenv("SLURM_JOB_ID", "17", 1);
    setenv("SLURM_JOB_END_TIME", text, 1);
    double seconds = 0;
    check_ok(walltime_of_job(&seconds));
    assert_true(seconds > 3590 && seconds <= 3600);
    setenv("SLURM_JOB_END_TIME", "1", 1); /* long ago */
    check_ok(walltime_of_job(&seconds));
    assert_true(seconds == 0);
    setenv("SLURM_JOB_END_TIME", "soon", 1);
    assert_true(walltime_of_job(&seconds).code == STATUS_CONFIG);
    unsetenv("SLURM_JOB_END_TIME");
    unsetenv("SLURM_JOB_ID");
}

/* A squeue of our own says what Slurm's would. */
static void test_squeue_is_asked(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        double seconds; /* -1: it does not help */
    } answers[] = {{"1-00:00:05", 86405}, {"59:30", 3570}, {"UNLIMITED", INFINITY}, {"INVALID", -1}, {"", -1}};
    scratch place = scratch_make();
    char path[4096];
    snprintf(path, sizeof path, "%s:%s", scratch_file(&place, "."), getenv("PATH"));
    char *before = strdup(getenv("PATH"));
    setenv("PATH", path, 1);
    setenv("SLURM_JOB_ID", "17", 1);
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        char script[256];
        snprintf(script, sizeof script, "#!/bin/sh\n[ \"$*\" = '-h -j 17 -o %%L' ] || exit 1\necho '%s'\n",
                 answers[i].answer);
        check_ok(file_write_text(scratch_file(&place, "squeue"), script));
        assert_int_equal(chmod(scratch_file(&place, "squeue"), 0755), 0);
        double seconds = -1;
        status s = walltime_of_job(&seconds);
        if (answers[i].seconds < 0) {
            assert_true(s.code == STATUS_CONFIG && strstr(s.message, "--max-walltime") != NULL);
        } else {
            check_ok(s);
            assert_true(seconds == answers[i].seconds);
        }
    }
    setenv("SLURM_JOB_ID", "17; touch x", 1);
    double seconds;
    assert_true(walltime_of_job(&seconds).code == STATUS_CONFIG);
    unsetenv("SLURM_JOB_ID");
    setenv("PATH", before, 1);
    free(before);
    scratch_remove(&place);
}

static void test_the_end_keeps_its_share(void **state)
{
    (void)state;
    assert_true(walltime_usable(10) == 9);
    assert_true(fabs(walltime_usable(1000) - 980) < 1e-9);
    assert_true(walltime_usable(86400) == 86370);
    assert_true(isinf(walltime_usable(INFINITY)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_form_is_read),
        cmocka_unit_test(test_anything_else_is_refused),
        cmocka_unit_test(test_without_slurm_there_is_no_limit),
        cmocka_unit_test(test_end_time_of_the_job),
        cmocka_unit_test(test_squeue_is_asked),
        cmocka_unit_test(test_the_end_keeps_its_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
