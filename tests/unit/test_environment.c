/* links: core_base */
/* The variables of the environment: what each of them may say, and what is told of anything else. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/environment.h"
#include "tests/support/check_status.h"

static char long_path[PATH_MAX + 1];

enum { VALUES = 5 };
static const struct {
    const char *name, *right[VALUES], *wrong[VALUES], *message;
} variables[ENVIRONMENT_VARIABLES] = {
    [ENVIRONMENT_ISA] = {"BITFRONT_ISA",
                         {"avx512", "avx2", "portable"},
                         {"AVX2", "sse9", "avx2 ", "avx"},
                         "wants avx512 or avx2 or portable"},
    [ENVIRONMENT_SUMS] = {"BITFRONT_SUMS",
                          {"memory", "messages"},
                          {"message", "1", " memory"},
                          "wants memory or messages"},
    [ENVIRONMENT_DATA_MEMORY] = {"BITFRONT_DATA_MEMORY",
                                 {"0", "512"},
                                 {"lots", "-1", "1.5", "1e3", "99999999999999999999"},
                                 "wants 0 to 8796093022207 megabytes"},
    [ENVIRONMENT_START_LIMIT] = {"BITFRONT_START_LIMIT",
                                 {"1", "86400"},
                                 {"0", "86401", "10x", " 5", "nan"},
                                 "wants 1 to 86400 seconds"},
    [ENVIRONMENT_COMMAND] = {"BITFRONT_COMMAND", {"make sweep", "\n"}, {NULL}, ""},
    [ENVIRONMENT_EXIT_FILE] = {"BITFRONT_EXIT_FILE", {"/tmp/a", "a"}, {long_path}, "wants the path of a file"},
    [ENVIRONMENT_FAIL] = {"BITFRONT_FAIL", {"task.write.before:1:kill"}, {NULL}, ""},
    [ENVIRONMENT_FAIL_ONCE] = {"BITFRONT_FAIL_ONCE", {"/tmp/a"}, {long_path}, "wants the path of a file"},
    [ENVIRONMENT_FAIL_TRACE] = {"BITFRONT_FAIL_TRACE", {"/tmp/a"}, {long_path}, "wants the path of a file"},
};

static void test_every_variable_is_checked(void **state)
{
    (void)state;
    memset(long_path, 'x', PATH_MAX);
    for (int v = 0; v < ENVIRONMENT_VARIABLES; v++) {
        const char *name = variables[v].name;
        assert_non_null(name); /* a new one needs a row here */
        assert_null(environment_text((environment_variable)v));
        setenv(name, "", 1);
        check_ok(environment_check());
        assert_null(environment_text((environment_variable)v));
        for (int i = 0; i < VALUES && variables[v].right[i] != NULL; i++) {
            setenv(name, variables[v].right[i], 1);
            check_ok(environment_check());
            assert_string_equal(environment_text((environment_variable)v), variables[v].right[i]);
        }
        for (int i = 0; i < VALUES && variables[v].wrong[i] != NULL; i++) {
            setenv(name, variables[v].wrong[i], 1);
            check_says(environment_check(), name);
            check_says(environment_check(), variables[v].message);
        }
        unsetenv(name);
    }
}

static void test_numbers(void **state)
{
    (void)state;
    int64_t value = 7;
    assert_false(environment_whole(&value, ENVIRONMENT_DATA_MEMORY));
    setenv("BITFRONT_DATA_MEMORY", "much", 1);
    assert_false(environment_whole(&value, ENVIRONMENT_DATA_MEMORY));
    assert_int_equal(value, 7);
    setenv("BITFRONT_DATA_MEMORY", "12", 1);
    assert_true(environment_whole(&value, ENVIRONMENT_DATA_MEMORY));
    assert_int_equal(value, 12);
    unsetenv("BITFRONT_DATA_MEMORY");
}

static void test_misspelt_names(void **state)
{
    (void)state;
    static const struct {
        const char *name, *meant; /* NULL: of somebody else */
    } names[] = {{"BITFRONT_DATA_MEMROY", "did you mean BITFRONT_DATA_MEMORY?"},
                 {"BITFRONT_SUM", "did you mean BITFRONT_SUMS?"},
                 {"BITFRONT_START_LIMITS", "did you mean BITFRONT_START_LIMIT?"},
                 {"BITFRONT_GOLDEN", NULL},
                 {"BITFRONT_HOME", NULL},
                 {"BITFRONT_WHATEVER_ELSE_SOMEBODY_MAY_NEED", NULL},
                 {"BITFRON_SUMS", NULL}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        setenv(names[i].name, "1", 1);
        if (names[i].meant == NULL)
            check_ok(environment_check());
        else
            check_says(environment_check(), names[i].meant);
        unsetenv(names[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_variable_is_checked),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_misspelt_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
