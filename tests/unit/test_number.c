/* links: core_base */
/* Numbers out of texts of others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/number.h"

static void test_whole_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {{"0", 0},
                {"7", 7},
                {"-7", -7},
                {"+7", 7},
                {"007", 7},
                {"9223372036854775807", INT64_MAX},
                {"-9223372036854775808", INT64_MIN}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        int64_t value = 4711;
        assert_true(number_whole(&value, good[i].text, INT64_MIN, INT64_MAX));
        assert_int_equal(value, good[i].value);
    }
    static const char *const bad[] = {"",
                                      " ",
                                      " 7",
                                      "7 ",
                                      "7x",
                                      "x7",
                                      "--7",
                                      "+-7",
                                      "-",
                                      "0x10",
                                      "1e3",
                                      "7.0",
                                      "9223372036854775808",
                                      "99999999999999999999",
                                      "-9223372036854775809"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t value = 4711;
        assert_false(number_whole(&value, bad[i], INT64_MIN, INT64_MAX));
        assert_int_equal(value, 4711);
    }
    int64_t value = 4711;
    assert_true(number_whole(&value, "10", 1, 10));
    assert_false(number_whole(&value, "11", 1, 10));
    assert_false(number_whole(&value, "0", 1, 10));
    assert_int_equal(value, 10);
}

static void test_real_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double value;
    } good[] = {{"0", 0}, {"-0.5", -0.5}, {".25", 0.25}, {"1e3", 1000}, {"1E-3", 1e-3}, {"+2.", 2}, {"1e-400", 0}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        double value = 4711;
        assert_true(number_real(&value, good[i].text, -DBL_MAX, DBL_MAX));
        assert_true(value == good[i].value);
    }
    static const char *const bad[] = {"",      " ", " 1", "1 ", "1x",    "nan",    "inf", "-infinity",
                                      "0x1p3", ".", "-",  "e3", "1e400", "-1e400", "1,5"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        double value = 4711;
        assert_false(number_real(&value, bad[i], -DBL_MAX, DBL_MAX));
        assert_true(value == 4711);
    }
    double value = 4711;
    assert_true(number_real(&value, "0.2", 0.2, 1));
    assert_false(number_real(&value, "0.19", 0.2, 1));
    assert_false(number_real(&value, "1.01", 0.2, 1));
    assert_true(value == 0.2);
}

static void test_numbers_within_a_text(void **state)
{
    (void)state;
    const char *at = "12x-3.5end18446744073709551615,18446744073709551616";
    int64_t whole;
    double real;
    uint64_t count;
    assert_true(number_take_whole(&whole, &at, 0, 100) && whole == 12 && *at == 'x');
    assert_false(number_take_whole(&whole, &at, 0, 100));
    assert_int_equal(*at, 'x'); /* what is no number is left where it is */
    at++;
    assert_true(number_take_real(&real, &at, -10, 10) && real == -3.5);
    at += 3;
    assert_true(number_take_count(&count, &at) && count == UINT64_MAX && *at == ',');
    at++;
    assert_false(number_take_count(&count, &at));
    at = "-1";
    assert_false(number_take_count(&count, &at));
}

static void test_printed_numbers_come_back(void **state)
{
    (void)state;
    static const double values[] = {0, -0.0, 0.1, -1e-310, 1e300, DBL_MAX, INFINITY, -INFINITY, NAN};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char text[40];
        double value = 4711;
        snprintf(text, sizeof text, "%a", values[i]);
        assert_true(number_printed(&value, text));
        assert_true(isnan(values[i]) ? isnan(value) : memcmp(&value, &values[i], sizeof value) == 0);
    }
    static const char *const bad[] = {"", " 0x1p0", "0x1p0 ", "0x1p0x", "one"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        double value = 4711;
        assert_false(number_printed(&value, bad[i]));
        assert_true(value == 4711);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_numbers),
        cmocka_unit_test(test_real_numbers),
        cmocka_unit_test(test_numbers_within_a_text),
        cmocka_unit_test(test_printed_numbers_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
