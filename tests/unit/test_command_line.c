/* links: bitfront_cli */
/* The command that `bitfront status` tells, as a shell reads it; where earlier runs lie. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "mpi/cli/command_line.h"
#include "mpi/cli/run_places.h"
#include "tests/support/check_status.h"
#include "tests/support/scratch.h"

/* What a shell makes of it, a word a line. */
static void check_words(const char *command, const char *expected)
{
    char line[2 * COMMAND_LINE], got[COMMAND_LINE] = "";
    snprintf(line, sizeof line, "printf '%%s\\n' %s", command);
    FILE *shell = popen(line, "r");
    assert_non_null(shell);
    got[fread(got, 1, sizeof got - 1, shell)] = '\0';
    assert_int_equal(pclose(shell), 0);
    assert_string_equal(got, expected);
}

static void test_a_shell_reads_what_was_given(void **state)
{
    (void)state;
    char text[COMMAND_LINE];
    char *const argv[] = {"sweep", "my file.cfg", "--set", "name=\"it's\"", "$HOME", "", NULL};
    unsetenv("BITFRONT_COMMAND");
    command_line_text(text, 6, argv, 3);
    assert_int_equal(strncmp(text, "mpirun -n 3 /", 13), 0);
    const char *words = strstr(text, " sweep");
    assert_non_null(words);
    check_words(words, "sweep\nmy file.cfg\n--set\nname=\"it's\"\n$HOME\n\n");
    command_line_text(text, 1, argv, 1);
    assert_int_equal(text[0], '/');
    setenv("BITFRONT_COMMAND", "bitfront-run sweep x.cfg", 1);
    command_line_text(text, 6, argv, 3);
    assert_string_equal(text, "bitfront-run sweep x.cfg");
    unsetenv("BITFRONT_COMMAND");
}

static void test_too_long_a_command_is_not_told(void **state)
{
    (void)state;
    static char word[COMMAND_LINE];
    char text[COMMAND_LINE];
    memset(word, 'a', sizeof word - 1);
    command_line_text(text, 1, (char *const[]){word, NULL}, 1);
    assert_string_equal(text, "");
}

static const char *make_run(const char *name)
{
    char config[SCRATCH_PATH + 64];
    const char *path = scratch_file(&scratch_place, name);
    check_ok(file_make_directory(path));
    snprintf(config, sizeof config, "%s/config.cfg", path);
    check_ok(file_write_text(config, "x"));
    return path;
}

static void test_earlier_runs_are_found(void **state)
{
    (void)state;
    char found[RUN_PLACE];
    const char *config = scratch_file(&scratch_place, "a.cfg"), *other = scratch_file(&scratch_place, "b.cfg");
    setenv("XDG_STATE_HOME", scratch_file(&scratch_place, "state"), 1);
    check_ok(file_write_text(config, "x"));
    check_ok(file_write_text(other, "x"));
    assert_false(run_places_find(found, config));
    const char *first = make_run("first"), *second = make_run("second");
    run_places_add(config, first);
    run_places_add(config, first);
    assert_true(run_places_find(found, config));
    assert_string_equal(found, first);
    assert_false(run_places_find(found, other));
    run_places_add(config, second);
    assert_true(run_places_find(found, config));
    assert_string_equal(found, second);
    char gone[SCRATCH_PATH + 64];
    snprintf(gone, sizeof gone, "%s/config.cfg", second);
    assert_int_equal(remove(gone), 0);
    assert_true(run_places_find(found, config)); /* the second run was removed */
    assert_string_equal(found, first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_shell_reads_what_was_given),
                                       cmocka_unit_test(test_too_long_a_command_is_not_told),
                                       scratch_test(test_earlier_runs_are_found)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
