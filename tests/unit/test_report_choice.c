/* links: results */
/* Choosing and averaging points, texts of files in scripts and pages, published points, comparison with one point. */
#define _XOPEN_SOURCE 700
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/check_status.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/unit.h"
#include "results/report/report_axis.h"
#include "results/report/report_best.h"
#include "results/report/report_data.h"
#include "results/report/report_filter.h"
#include "results/report/report_measures.h"
#include "results/report/report_published.h"
#include "results/report/report_seeds.h"
#include "results/report/report_sources.h"
#include "results/report/report_text.h"
#include "tests/support/scratch.h"

enum { POINTS = 6 };

/* Sizes in kB and ram in bytes; validation and test disagree about the best one below 30 kB. */
static const struct {
    double size, ram, validation, test;
} ROWS[POINTS] = {{10, 4000, 70, 71}, {20, 9000, 80, 78}, {25, 3000, 79, 85},
                  {29, 8000, 80, 82}, {40, 8000, 84, 83}, {50, 2000, 90, 88}};

static report_cost_column columns[2] = {{"ram_bytes", "bytes", "activations", NULL}, {"size_bits", "bits", "", NULL}};
static report_point points[POINTS];
static double costs[POINTS][2];

static report_data make_data(void)
{
    report_data d = {.points = points,
                     .count = POINTS,
                     .costs = columns,
                     .cost_count = 2,
                     .cost = 1,
                     .run_count = 1,
                     .scale = 1.0 / 8000,
                     .float_accuracy = NAN};
    strcpy(d.column, "size_bits");
    strcpy(d.cost_unit, "kB");
    strcpy(d.metric, "test");
    strcpy(d.choose, "validation");
    strcpy(d.runs[0].path, "RUN");
    for (int i = 0; i < POINTS; i++) {
        costs[i][0] = ROWS[i].ram;
        costs[i][1] = ROWS[i].size * 8000;
        points[i] = (report_point){.id = i + 2,
                                   .seeds = 1,
                                   .seed = 1,
                                   .strength = i,
                                   .cost = ROWS[i].size,
                                   .raw_cost = costs[i][1],
                                   .accuracy = ROWS[i].test,
                                   .chosen_by = ROWS[i].validation,
                                   .test = ROWS[i].test,
                                   .validation = ROWS[i].validation,
                                   .costs = costs[i],
                                   .dominated_by = -1};
        strcpy(points[i].strategy, "joint");
        strcpy(points[i].cost_model, "size");
        strcpy(points[i].network, "net");
        snprintf(points[i].key, sizeof points[i].key, "%032d", i);
    }
    return d;
}

static report_choice choose(const report_data *d, const char *most, const char *also_most, const char *least)
{
    report_limit limits[3];
    int n = 0;
    if (most != NULL) check_ok(report_limit_read(&limits[n++], most, true, d));
    if (also_most != NULL) check_ok(report_limit_read(&limits[n++], also_most, true, d));
    if (least != NULL) check_ok(report_limit_read(&limits[n++], least, false, d));
    return report_choose(d, limits, n);
}

static void test_the_best_is_chosen_on_validation_within_all_limits(void **state)
{
    (void)state;
    const report_data d = make_data();
    report_choice c = choose(&d, "size=30kB", NULL, NULL);
    assert_true(c.point == 1 && c.within == 4); /* 80 %: of the two the cheaper; not the one with 85 % on test */
    c = choose(&d, "size=30 kB", "ram=8kB", NULL);
    assert_true(c.point == 3 && c.within == 3);
    c = choose(&d, "size=240000", "ram=64000 bit", NULL);
    assert_true(c.point == 3); /* the same limits in other units */
    c = choose(&d, NULL, NULL, NULL);
    assert_true(c.point == 5 && c.within == POINTS);
    c = choose(&d, "size=10kB", NULL, "accuracy=70");
    assert_true(c.point == 0); /* limits include their value */
    c = choose(&d, "size=9kB", NULL, NULL);
    assert_true(c.point == -1 && c.nearest[0] == 0 && c.nearest[1] == 1 && fabs(c.miss[0] - 1.0 / 9) < 1e-12);
    c = choose(&d, "size=28kB", NULL, "accuracy=84");
    assert_true(c.point == -1 && c.nearest[0] == 1 && c.nearest[1] == 3); /* 80 of 84 %, the worse of both limits */
}

static void test_limits_that_mean_nothing_are_refused(void **state)
{
    (void)state;
    const report_data d = make_data();
    report_limit l;
    check_says(report_limit_read(&l, "size", true, &d), "is no limit");
    check_says(report_limit_read(&l, "size=", true, &d), "no number");
    check_says(report_limit_read(&l, "size=-3kB", true, &d), "no number");
    check_says(report_limit_read(&l, "size=nan", true, &d), "no number");
    check_says(report_limit_read(&l, "size=3 cycles", true, &d),
               "counted in bits, not in \"cycles\"; write bit, B, kB");
    check_says(report_limit_read(&l, "mpic=3", true, &d), "ram_bytes");
    check_says(report_limit_read(&l, "accuracy=840", false, &d), "at most 100");
    check_says(report_limit_read(&l, "accuracy=0.84 kB", false, &d), "percent");
}

static void test_units(void **state)
{
    (void)state;
    assert_true(unit_factor("kB", "bits") == 8000 && unit_factor("KiB", "bytes") == 1024);
    assert_true(unit_factor("bit", "bytes") == 0.125 && unit_factor("kcycles", "cycles") == 1e3);
    assert_true(unit_factor("cycles", "cycles") == 1 && unit_factor("uJ", "J") == 1e-6);
    assert_true(unit_factor("kB", "cycles") == 0 && unit_factor("J", "bits") == 0 && unit_factor("", "J") == 0);
}

/* The points are still there, behind the means: with their own costs, and the mean that each is part of. */
static void check_each(report_data *d)
{
    const report_point first = d->points[0];
    d->points[0] = d->points[1]; /* another order */
    d->points[1] = first;
    check_ok(report_seeds_follow(d));
    assert_int_equal(d->each_count, POINTS);
    for (int i = 0; i < POINTS; i++) {
        const report_point *p = &d->each[i];
        assert_int_equal(p->mean, i / 3);
        assert_true(p->strength == d->points[p->mean].strength);
        assert_int_equal(p->seed, 1 + i % 3);
        assert_true(p->costs[1] == 8000 * ROWS[p->id - 2].size && p->test == ROWS[p->id - 2].test);
    }
    free(d->points);
    free(d->cost_values);
}

static void test_targets_are_values_of_one_column(void **state)
{
    (void)state;
    assert_true(report_columns_targeted("size_bits", "bits", "size"));
    assert_false(report_columns_targeted("deploy_size_bits", "bits", "size"));
    assert_false(report_columns_targeted("mpic_energy_J", "J", "mpic")); /* targets are cycles */
    assert_true(report_columns_targeted("mpic_cycles", "cycles", "mpic"));
    assert_false(report_columns_targeted("bops_accumulator", "bit operations", "bops"));
    assert_false(report_columns_targeted("sizes", "s", "size"));
}

static void test_seeds_become_mean_and_spread(void **state)
{
    (void)state;
    report_data d = make_data();
    for (int i = 0; i < POINTS; i++) { /* two questions with three seeds, one after the other */
        points[i].strength = i % 2;
        points[i].seed = 1 + (uint64_t)(i / 2);
    }
    assert_true(report_seeds_are_several(points, POINTS));
    check_ok(report_seeds_average(&d));
    assert_int_equal(d.count, 2);
    for (int i = 0; i < 2; i++) {
        double mean = 0, squares = 0, size = 0;
        for (int k = i; k < POINTS; k += 2) {
            mean += ROWS[k].test / 3;
            size += ROWS[k].size / 3;
        }
        for (int k = i; k < POINTS; k += 2) squares += (ROWS[k].test - mean) * (ROWS[k].test - mean);
        const report_point *p = &d.points[i];
        assert_int_equal(p->seeds, 3);
        assert_int_equal(p->id, i + 2);
        assert_true(fabs(p->accuracy - mean) < 1e-12 && fabs(p->cost - size) < 1e-12);
        assert_true(fabs(p->accuracy_deviation - sqrt(squares / 2)) < 1e-12);
        assert_true(fabs(p->costs[1] - 8000 * size) < 1e-6);
    }
    check_each(&d);
    d = make_data(); /* the same seed twice is not a spread, but two questions that look alike */
    for (int i = 0; i < POINTS; i++) points[i].strength = 1;
    points[1].seed = 2;
    check_ok(report_seeds_average(&d));
    assert_int_equal(d.count, POINTS - 1);
    free(d.points);
    free(d.cost_values);
}

static void check_written(void (*write)(FILE *, const char *), const char *text, const char *wanted)
{
    char *got = NULL;
    size_t size;
    FILE *out = open_memstream(&got, &size);
    assert_non_null(out);
    write(out, text);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(got, wanted);
    free(got);
}

static void test_texts_cannot_leave_their_place(void **state)
{
    (void)state;
    check_written(report_text_gnuplot, "a'; system('id'); '\n!rm `id` \\", "a''; system(''id''); '' !rm `id` \\");
    check_written(report_text_csv, "plain", "plain");
    check_written(report_text_csv, "a,\"b\"\n", "\"a,\"\"b\"\" \"");
    check_written(report_text_csv, "=cmd|'/C x'!A0", "'=cmd|'/C x'!A0");
    check_written(report_text_csv, "@a,b\x1b[31m", "\"'@a,b [31m\"");
    check_written(report_text_csv, "-", "-");
    check_written(report_text_json, "</script>\"\\\n\xc3\xa9\xff\xed\xa0\x80",
                  "\\u003c/script\\u003e\\u0022\\u005c\\u000a\xc3\xa9????");
    check_written(report_text_html, "<b a=\"x\" & 'y'>\n", "&#60;b a=&#34;x&#34; &#38; &#39;y&#39;&#62; ");
}

static void test_numbers_are_as_short_as_they_can_be(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } rows[] = {{2.32079, "2.32079"},
                {0.1, "0.1"},
                {1e300, "1e+300"},
                {1.0 / 3, "0.3333333333333333"},
                {NAN, ""},
                {44304, "44304"},
                {-0.0, "-0"},
                {-17, "-17"},
                {0, "0"},
                {999999999999999, "999999999999999"},
                {1e15, "1e+15"},
                {5e-324, "5e-324"},
                {1e22, "1e+22"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *got = NULL;
        size_t size;
        FILE *out = open_memstream(&got, &size);
        report_text_number(out, rows[i].value);
        fclose(out);
        assert_string_equal(got, rows[i].text);
        free(got);
    }
}

/* By its definition: the first number of digits that reads back. Of decimals with few digits and of random bits. */
static void test_short_numbers_are_those_of_a_search(void **state)
{
    (void)state;
    uint64_t bits = 88172645463325252u;
    for (int i = 0; i < 20000; i++) {
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        double value;
        memcpy(&value, &bits, sizeof value);
        if (i % 4 == 1) value = (double)(bits % 100000) / 10000; /* as accuracies are */
        if (i % 4 == 2) value = nextafter(ldexp(1, (int)(bits % 2000) - 1000), i % 8 == 2 ? 0 : INFINITY);
        if (i % 4 == 3) value = ldexp((double)(bits >> 44), -1070); /* some below the normal numbers */
        if (i % 8 >= 4) value = ldexp((double)(bits >> 11), -(int)(bits % 68)) * (i % 8 == 5 ? -1 : 1);
        if (i % 16 == 8) value = nextafter(ldexp(1, (int)(bits % 64) - 14), i % 32 == 8 ? 0 : INFINITY);
        if (!isfinite(value) || (value == floor(value) && fabs(value) < 1e15)) continue;
        char wanted[REPORT_NUMBER], got[REPORT_NUMBER];
        for (int digits = 1; digits <= 17; digits++) {
            snprintf(wanted, sizeof wanted, "%.*g", digits, value);
            if (strtod(wanted, NULL) == value) break;
        }
        report_text_of_number(got, value);
        assert_string_equal(got, wanted);
    }
}

/* More seeds and longer names than any buffer for them has room for. */
static void test_filters_know_every_seed(void **state)
{
    (void)state;
    enum { ROWS_OF_FILE = 3000 };
    static int64_t seeds[ROWS_OF_FILE];
    static char *texts[ROWS_OF_FILE], *roles[ROWS_OF_FILE];
    static char role[] = "point", text[] = "joint";
    for (int i = 0; i < ROWS_OF_FILE; i++) {
        seeds[i] = 1000000000000 + i;
        texts[i] = text;
        roles[i] = role;
    }
    const report_columns c = {
        .count = ROWS_OF_FILE, .seed = seeds, .role = roles, .strategy = texts, .cost_model = texts, .network = texts};
    report_filter f;
    char last[40], *list = NULL;
    size_t size;
    snprintf(last, sizeof last, "%lld", (long long)seeds[ROWS_OF_FILE - 1]);
    check_ok(report_filter_make(&f, &(report_options){.seeds = last}, &c, 1));
    report_point p = {.seed = (uint64_t)seeds[ROWS_OF_FILE - 1]};
    strcpy(p.network, "joint");
    assert_true(report_filter_takes(&f, &p, false));
    p.seed--;
    assert_false(report_filter_takes(&f, &p, false));
    /* the cut end of a long list is no name of its own */
    status s = report_filter_make(&f, &(report_options){.seeds = "100000000000"}, &c, 1);
    check_says(s, "no point has the seed \"100000000000\"");
    check_says(s, "1000000000001,");
    check_says(s, ", ...");
    FILE *out = open_memstream(&list, &size);
    for (int i = 0; i < ROWS_OF_FILE; i++) fprintf(out, "%s%lld", i > 0 ? "," : "", (long long)seeds[i]);
    fclose(out);
    check_ok(report_filter_make(&f, &(report_options){.seeds = list}, &c, 1));
    char name[256], other[256];
    const report_data d = make_data();
    report_default_name(name, &(report_options){.seeds = list}, &d);
    list[strlen(list) - 1] = '0';
    report_default_name(other, &(report_options){.seeds = list}, &d);
    assert_true(strlen(name) < 200 && strcmp(name, other) != 0);
    free(list);
}

static status published(report_published *p, const char *text)
{
    char path[SCRATCH_PATH + 32];
    const report_data d = make_data();
    snprintf(path, sizeof path, "%s/published.csv", scratch_place.path);
    check_ok(file_write_text(path, text));
    return report_published_read(p, path, &d);
}

static void test_published_points(void **state)
{
    (void)state;
    report_published p;
    check_ok(published(
        &p,
        "# from papers\nname,size_bits,ram_bytes,test_accuracy\n\"Some, 'one'\",80000,,0.5\r\nB,,3,0.6\nB,8,3,0.7"));
    assert_int_equal(p.count, 2);
    assert_string_equal(p.points[0].name, "Some, 'one'");
    assert_true(p.points[0].cost == 10 && p.points[0].accuracy == 50 && p.points[1].accuracy == 70);
    report_published_free(&p);
    check_says(published(&p, "name,size_bits\nA,3\n"), "line 1: no column \"test_accuracy\"");
    check_says(published(&p, "name,size_bits,test_accuracy\nA,3\n"), "line 2: 2 fields");
    check_says(published(&p, "name,size_bits,test_accuracy\nA,3,75\n"), "fraction");
    check_says(published(&p, "name,size_bits,test_accuracy\nA,3x,0.75\n"), "\"3x\" is no number");
    check_says(published(&p, "name,size_bits,test_accuracy\n\"A,3,0.75\n"), "comma-separated");
    check_says(published(&p, "name,size_bits,test_accuracy\nA,,0.75\n"), "has no point");
    check_says(report_published_read(&p, "/nonexistent.csv", &(report_data){.count = 0}), "there is no file");
}

static void check_iso(const report_data *d, const char *which, const char *words)
{
    char *got = NULL;
    size_t size;
    FILE *out = open_memstream(&got, &size);
    check_ok(report_iso(out, d, which));
    assert_int_equal(fclose(out), 0);
    if (strstr(got, words) == NULL) fail_msg("\"%s\" is not in:\n%s", words, got);
    free(got);
}

/* Chosen on validation, the front has 78 % at 20 kB and 83 % at 40 kB. */
static void test_the_comparison_is_linear_in_the_logarithm(void **state)
{
    (void)state;
    report_data d = make_data();
    strcpy(points[3].strategy, "fixed");
    points[3].bits = 8;
    points[3].accuracy = 80.5; /* half way: sqrt(20 * 40) = 28.28 kB */
    points[3].cost = 40;
    check_iso(&d, "fixed:w8", "28.28 kB instead of 40 kB, 29.3 % smaller");
    check_iso(&d, "5", "at its cost, 40 kB: 83.00 % instead of 80.50 %, +2.50 points");
    points[3].accuracy = 99;
    check_iso(&d, "fixed:w8", "does not reach it: 88.00 % at the most");
    check_says(report_iso(stdout, &d, "fixed:w4"), "no point is \"fixed:w4\"");
}

static void test_axes_and_what_is_a_baseline(void **state)
{
    (void)state;
    const report_axis a = report_axis_linear(-9, 90), b = report_axis_between(96.5, 98.7);
    for (int i = 0; i < a.count; i++) assert_true(a.ticks[i] != 0 || signbit(a.ticks[i]) == 0);
    assert_true(b.low == 96.5 && b.high == 98.7 && b.count > 2 && b.ticks[0] >= 96.5);
    report_point p = {.bits = 8, .strategy = "pit"};
    assert_false(report_is_baseline(&p)); /* what pit trained at 8 bit in the end */
    strcpy(p.strategy, "fixed");
    assert_true(report_is_baseline(&p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_axes_and_what_is_a_baseline),
        cmocka_unit_test(test_the_best_is_chosen_on_validation_within_all_limits),
        cmocka_unit_test(test_limits_that_mean_nothing_are_refused),
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_targets_are_values_of_one_column),
        cmocka_unit_test(test_seeds_become_mean_and_spread),
        cmocka_unit_test(test_texts_cannot_leave_their_place),
        cmocka_unit_test(test_numbers_are_as_short_as_they_can_be),
        cmocka_unit_test(test_short_numbers_are_those_of_a_search),
        cmocka_unit_test(test_filters_know_every_seed),
        cmocka_unit_test_setup_teardown(test_published_points, scratch_set_up, scratch_tear_down),
        cmocka_unit_test(test_the_comparison_is_linear_in_the_logarithm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
