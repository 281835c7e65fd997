/* links: results core_io */
/* The hypervolume that `bitfront status` watches, and who has last added to it, against sums of rectangles; values and
 * commands as people read them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/unit.h"
#include "core/io/h5.h"
#include "core/io/seal.h"
#include "results/report/report_gain.h"
#include "tests/support/check_status.h"
#include "tests/support/scratch.h"

enum { ROWS = 6 };

/* A warm-up, four points whose costs are powers of e, and a failed one. */
static const char *write_results(void)
{
    static const double cost[ROWS] = {1,  2.718281828459045, 7.38905609893065, 20.085536923187668, 54.598150033144236,
                                      NAN};
    static const double accuracy[ROWS] = {0.99, 0.5, 0.7, 0.6, 0.9, NAN};
    static const int64_t id[ROWS] = {1, 2, 3, 4, 5, 6};
    static const char *const roles[ROWS] = {"state", "point", "point", "point", "point", "point"};
    static const char *const states[ROWS] = {"done", "done", "done", "done", "done", "failed"};
    static const char *const keys[ROWS] = {"aa", "bb", "cc", "dd", "ee", "ff"};
    static const char *const reasons[ROWS] = {"", "", "", "", "", "loss is \x1b not finite"};
    const h5_about about = {"1", "of a test"};
    const char *path = scratch_file(&scratch_place, "results.h5");
    const size_t rows = ROWS;
    h5_id file, points;
    check_ok(h5_create(&file, path));
    check_ok(h5_group(&points, file, "points"));
    check_ok(h5_write(points, "id", H5_I64, 1, &rows, id, about));
    check_ok(h5_write(points, "size_bits", H5_F64, 1, &rows, cost, about));
    check_ok(h5_write(points, "validation_accuracy", H5_F64, 1, &rows, accuracy, about));
    check_ok(h5_write_strings(points, "role", rows, roles, about));
    check_ok(h5_write_strings(points, "state", rows, states, about));
    check_ok(h5_write_strings(points, "key", rows, keys, about));
    check_ok(h5_write_strings(points, "reason", rows, reasons, about));
    h5_group_close(points);
    check_ok(h5_close(file));
    check_ok(seal_append(path));
    return path;
}

static void test_volume_and_last_gain(void **state)
{
    (void)state;
    const char *path = write_results();
    report_gain g;
    /* Scaled: (0, 0), (1/3, 1/2), (2/3, 1/4), (1, 1): of the front (1/3, 1/2) alone has area. */
    check_ok(report_gain_read(&g, path, NULL, 0));
    assert_int_equal(g.points, 4);
    assert_int_equal(g.on_front, 3);
    assert_true(fabs(g.volume - 1.0 / 3) < 1e-12);
    assert_int_equal(g.last, 0);
    /* 4 came last, but is below 3: 3 has last added to the front, all of its area. */
    check_ok(report_gain_read(&g, path, (const int[]){2, 5, 3, 4}, 4));
    assert_int_equal(g.last, 3);
    assert_true(fabs(g.gain - 1.0 / 3) < 1e-12);
    /* Without 3, 4 would have been on the front: its area of 1/3 * 1/4 was there before 3 came. */
    check_ok(report_gain_read(&g, path, (const int[]){2, 5, 4, 3}, 4));
    assert_int_equal(g.last, 3);
    assert_true(fabs(g.gain - (1.0 / 3 - 1.0 / 12)) < 1e-12);
    check_ok(report_gain_read(&g, path, (const int[]){1, 4}, 2));
    assert_int_equal(g.last, 0);
}

static void take(void *ctx, int id, const char *key, const char *reason)
{
    snprintf(ctx, 100, "%d %s %s", id, key, reason);
}

static void test_failures_are_told(void **state)
{
    (void)state;
    char told[100] = "";
    size_t untold;
    const char *path = write_results();
    check_ok(report_failures(path, 3, take, told, &untold));
    assert_non_null(strstr(told, "6 ff loss is"));
    assert_null(strchr(told, '\x1b'));
    assert_int_equal(untold, 0);
    check_ok(report_failures(path, 0, take, told, &untold));
    assert_int_equal(untold, 1);
}

static void test_values_as_people_read_them(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *unit, *text;
    } cases[] = {{81230, "bits", "10.2 kB"},       {4, "bits", "0.5 B"},       {8e6, "bits", "1 MB"},
                 {999600, "bytes", "1 MB"},        {999.6, "bytes", "1 kB"},   {1234567, "cycles", "1.23 Mcycles"},
                 {2.5e9, "cycles", "2.5 Gcycles"}, {0.00213, "J", "0.00213 J"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[48];
        unit_text(text, cases[i].value, cases[i].unit);
        assert_string_equal(text, cases[i].text);
    }
    char text[32];
    clock_duration(text, 4.21);
    assert_string_equal(text, "4.2 s");
    clock_duration(text, 190);
    assert_string_equal(text, "3 min 10 s");
    clock_duration(text, 7500);
    assert_string_equal(text, "2 h 05 min");
}

int main(void)
{
    const struct CMUnitTest tests[] = {scratch_test(test_volume_and_last_gain), scratch_test(test_failures_are_told),
                                       cmocka_unit_test(test_values_as_people_read_them)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
