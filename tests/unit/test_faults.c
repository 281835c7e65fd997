/* links: core_base */
/* Several faults as one message, and suggestions for files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/base/faults.h"
#include "core/base/share.h"
#include "tests/support/scratch.h"

static void test_ok_is_no_fault(void **state)
{
    (void)state;
    faults f = {.untold = 0};
    faults_add(&f, status_ok());
    assert_false(faults_any(&f));
    assert_false(failed(faults_end(&f)));
}

static void test_all_are_told_once_in_order(void **state)
{
    (void)state;
    faults f = {.untold = 0};
    faults_add(&f, status_fail(STATUS_CONFIG, "a.cfg:1: first"));
    faults_add(&f, status_ok());
    faults_add(&f, status_fail(STATUS_CONFIG, "a.cfg:2: second\na.cfg:3: third"));
    faults_add(&f, status_fail(STATUS_CONFIG, "a.cfg:1: first"));
    faults_add(&f, status_fail(STATUS_CONFIG, "a.cfg:1: fir"));
    assert_string_equal(faults_end(&f).message, "a.cfg:1: first\na.cfg:2: second\na.cfg:3: third\na.cfg:1: fir");
    assert_int_equal(faults_end(&f).code, STATUS_CONFIG);
}

static void test_what_finds_no_room_is_counted(void **state)
{
    (void)state;
    faults f = {.untold = 0};
    for (int i = 0; i < 100; i++) faults_add(&f, status_fail(STATUS_CONFIG, "file.cfg:%d: a fault of some length", i));
    const status s = faults_end(&f);
    int lines = 1;
    for (const char *at = s.message; *at != '\0'; at++) lines += *at == '\n';
    const char *last = strrchr(s.message, '\n');
    int more = 0;
    assert_non_null(last);
    assert_int_equal(sscanf(last, "\nand %d more faults", &more), 1);
    assert_int_equal(lines - 1 + more, 100);
}

static void test_a_broken_machine_stands_alone(void **state)
{
    (void)state;
    faults f = {.untold = 0};
    faults_add(&f, status_fail(STATUS_CONFIG, "wrong key"));
    faults_add(&f, status_fail(STATUS_MEMORY, "no memory"));
    faults_add(&f, status_fail(STATUS_CONFIG, "another key"));
    assert_string_equal(faults_end(&f).message, "no memory");
    assert_int_equal(faults_end(&f).code, STATUS_MEMORY);
}

static void test_nearest_file(void **state)
{
    (void)state;
    char expected[SCRATCH_PATH + 64];
    const char *there = scratch_file(&scratch_place, "digits.h5");
    FILE *file = fopen(there, "w");
    assert_non_null(file);
    fclose(file);
    snprintf(expected, sizeof expected, "; did you mean %s?", there);
    assert_string_equal(share_nearest(scratch_file(&scratch_place, "digit.h5"), NULL).text, expected);
    assert_string_equal(share_nearest(scratch_file(&scratch_place, "something_else.h5"), NULL).text, "");
    assert_string_equal(share_nearest(scratch_file(&scratch_place, "no_folder/digits.h5"), NULL).text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ok_is_no_fault), cmocka_unit_test(test_all_are_told_once_in_order),
        cmocka_unit_test(test_what_finds_no_room_is_counted), cmocka_unit_test(test_a_broken_machine_stands_alone),
        scratch_test(test_nearest_file)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
