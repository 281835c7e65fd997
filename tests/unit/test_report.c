/* links: results */
/* The report of an invented sweep: the right points are on the front, and every form of it says so. */
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
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.h"
#include "results/report/report.h"
#include "results/run/run.h"
#include "tests/support/plan_fixture.h"
#include "tests/support/scratch.h"

static const char CONFIG[] = "name = \"demo\";\nnetwork = \"networks/resnet8.cfg\";\n"
                             "data = \"../data/cifar10_50k's.h5\";\n"
                             "sweep = ( { strategy = \"joint\"; cost_model = \"size\"; strengths = [1.0]; } );\n";

static char directory[SCRATCH_PATH + 16];

/* size in kB, accuracies in percent; on the front of the test accuracy? of the validation accuracy? */
static const struct {
    const char *strategy;
    double strength;
    int bits;
    double size, test, validation;
    bool on_front, on_validation_front;
} POINTS[] = {
    {"fixed", 0, 8, 77.4, 76.9, 77.6, false, false},     {"fixed", 0, 4, 38.9, 75.6, 75.9, false, false},
    {"fixed", 0, 2, 19.6, 61.2, 62.0, false, false},     {"joint", 0.5, 0, 58.3, 77.1, 77.8, true, true},
    {"joint", 1, 0, 44.2, 76.4, 76.1, true, false},      {"joint", 2, 0, 33.5, 75.9, 76.3, true, true},
    {"joint", 4, 0, 24.1, 74.2, 74.9, true, true},       {"joint", 8, 0, 16.2, 71.5, 71.0, true, true},
    {"joint", 16, 0, 9.7, 66.3, 66.8, true, true},       {"joint", 32, 0, 5.4, 57.7, 57.1, true, true},
    {"mixprec", 2, 0, 47.0, 76.2, 76.0, false, false},   {"mixprec", 8, 0, 27.3, 73.8, 74.0, false, false},
    {"layerwise", 4, 0, 29.9, 72.9, 73.3, false, false},
};
enum { POINT_COUNT = sizeof POINTS / sizeof POINTS[0] };

static void check_has(const char *text, const char *words)
{
    if (strstr(text, words) == NULL) fail_msg("\"%s\" is not in:\n%s", words, text);
}

static double deployed = 1; /* cost at the precisions of processors, as part of the cost */
static plan_fixture *plan;  /* id 1 is the warm-up, then POINTS, the last fails */

static int make_plan(void **state)
{
    (void)state;
    plan = plan_fixture_new(1, 0);
    for (int i = 0; i <= POINT_COUNT; i++) {
        task t = {.point = true, .seed = 1, .strength = 64};
        if (i < POINT_COUNT) {
            t.strength = POINTS[i].strength;
            t.bits = POINTS[i].bits;
            t.strategy = POINTS[i].strategy;
            if (t.bits > 0) t.cost_model = "none";
        }
        plan_fixture_add(plan, &t, (const int[]){1, 0});
    }
    return 0;
}

static int free_plan(void **state)
{
    (void)state;
    plan_fixture_free(plan);
    return 0;
}

static void write_task(const run *r, int id)
{
    record rec = plan_fixture_record(plan, id);
    rec.epochs = 20;
    if (id == 1) {
        rec.test_accuracy = 0.772;
        rec.validation_accuracy = 0.779;
    } else if (id - 2 < POINT_COUNT) {
        rec.test_accuracy = POINTS[id - 2].test / 100;
        rec.validation_accuracy = POINTS[id - 2].validation / 100;
        rec.cost_count = 3;
        rec.costs[0] = (record_cost){"size_bits", "bits", "bits of the kept weights", POINTS[id - 2].size * 8000};
        rec.costs[1] =
            (record_cost){"mpic_cycles", "cycles", "cycles of one inference on MPIC", 2e6 + POINTS[id - 2].size * 5e4};
        rec.costs[2] = (record_cost){"deploy_size_bits", "bits", "raised", POINTS[id - 2].size * 8000 * deployed};
    } else {
        rec.state = RECORD_FAILED;
    }
    char warning[256];
    check_ok(run_write_task(warning, r, &rec, NULL));
    record_free(&rec);
}

/* The warm-up, the first `points` of POINTS and the failed one are finished. */
static void make_run(int points)
{
    run r;
    bool changed;
    check_ok(run_open(&r, directory, CONFIG, "name = \"resnet8\";\n", "sha256:1", &changed));
    write_task(&r, 1);
    for (int i = 0; i < points; i++) write_task(&r, i + 2);
    write_task(&r, POINT_COUNT + 2);
    check_ok(run_snapshot(&r, &plan->plan));
    run_close(&r);
}

static int set_up(void **state)
{
    int result = scratch_set_up(state);
    snprintf(directory, sizeof directory, "%s/demo", scratch_place.path);
    setenv("LC_ALL", "C.UTF-8", 1);
    return result;
}

static const char *inside(const char *name)
{
    static char path[SCRATCH_PATH + 256];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

/* The printed report; the caller frees. */
static status report(char **text, const char *path, const report_options *options)
{
    size_t size;
    FILE *out = open_memstream(text, &size);
    assert_non_null(out);
    status s = report_front(out, &path, 1, NULL, options);
    fclose(out);
    return s;
}

static void test_the_table_marks_the_front(void **state)
{
    (void)state;
    make_run(POINT_COUNT);
    for (int metric = 0; metric < 2; metric++) {
        char *text;
        check_ok(report(&text, directory,
                        &(report_options){.metric = metric ? "validation_accuracy" : NULL,
                                          .choose = metric ? NULL : "test_accuracy"}));
        check_has(text, metric ? "float network: 77.90 % validation" : "float network: 77.20 % test");
        check_has(text, "1 failed");
        for (int i = 0; i < POINT_COUNT; i++) {
            char row[96];
            snprintf(row, sizeof row, "\n%5d  %-9s", i + 2, POINTS[i].strategy);
            char *at = strstr(text, row);
            if (at == NULL) fail_msg("no row of point %d in:\n%s", i + 2, text);
            bool expected = metric ? POINTS[i].on_validation_front : POINTS[i].on_front;
            size_t length = strcspn(at + 1, "\n");
            assert_int_equal(at[length] == '*', expected);
            snprintf(row, sizeof row, "%12.4g  %6.2f  %8.2f", POINTS[i].size, POINTS[i].test, POINTS[i].validation);
            check_has(at, row);
        }
        check_has(text, metric ? "chosen by validation" : "chosen by test");
        if (metric == 0) check_has(text, "below 5"); /* w8 costs more than point 5 and is worse */
        free(text);
    }
}

static void test_the_csv_holds_every_point(void **state)
{
    (void)state;
    make_run(POINT_COUNT);
    char *text, *csv;
    check_ok(report(&text, directory, NULL));
    free(text);
    check_ok(file_read_text(&csv, inside("front.csv")));
    char *line = strtok(csv, "\n");
    assert_string_equal(line,
                        "id,strategy,cost_model,strength,bits,seed,size_bits,test_accuracy,validation_accuracy,"
                        "on_front,target,step,network,key,run,seeds,cost_deviation,accuracy_deviation,integer_accuracy,"
                        "mean_cost,mean_test_accuracy,mean_validation_accuracy,"
                        "mpic_cycles");
    int rows = 0;
    double last = 0;
    while ((line = strtok(NULL, "\n")) != NULL) {
        int id, bits, on_front;
        double strength, cost, test, validation;
        char strategy[32], cost_model[32];
        long long seed;
        assert_int_equal(sscanf(line, "%d,%31[^,],%31[^,],%lf,%d,%lld,%lf,%lf,%lf,%d", &id, strategy, cost_model,
                                &strength, &bits, &seed, &cost, &test, &validation, &on_front),
                         10);
        assert_string_equal(strategy, POINTS[id - 2].strategy);
        assert_true(fabs(cost - POINTS[id - 2].size * 8000) < 1e-3 && fabs(test * 100 - POINTS[id - 2].test) < 1e-6);
        assert_int_equal(on_front, POINTS[id - 2].on_validation_front);
        assert_true(cost >= last);
        last = cost;
        rows++;
    }
    assert_int_equal(rows, POINT_COUNT);
    free(csv);
}

/* Costs at the precisions of processors: a column where they differ, and whenever they are asked for. */
static void test_deployed_costs_are_shown_where_they_differ(void **state)
{
    (void)state;
    char *text, *csv;
    for (int differ = 0; differ < 2; differ++) {
        deployed = differ ? 1.5 : 1;
        make_run(POINT_COUNT);
        deployed = 1;
        check_ok(report(&text, directory, NULL));
        free(text);
        check_ok(file_read_text(&csv, inside("front.csv")));
        assert_true((strstr(csv, ",deploy_size_bits,mpic_cycles\n") != NULL) == differ);
        assert_true((strstr(csv, "deploy_") != NULL) == differ);
        free(csv);
        check_ok(report(&text, directory, &(report_options){.cost = "deploy_size"}));
        free(text);
        check_ok(file_read_text(&csv, inside("front-deploy_size_bits.csv")));
        check_has(csv, "seed,deploy_size_bits,test_accuracy");
        free(csv);
        assert_int_equal(scratch_tear_down(state), 0);
        assert_int_equal(scratch_set_up(state), 0);
        snprintf(directory, sizeof directory, "%s/demo", scratch_place.path);
    }
}

/* Characters of a line, not bytes. */
static int columns_of(const char *line, size_t bytes)
{
    int columns = 0;
    for (size_t i = 0; i < bytes; i++) columns += ((unsigned char)line[i] & 0xc0) != 0x80;
    return columns;
}

static void test_the_plot_fits_the_terminal_and_its_characters(void **state)
{
    (void)state;
    make_run(POINT_COUNT);
    for (int width = 60; width <= 120; width += 20) {
        char *text;
        check_ok(report(&text, directory, &(report_options){.width = width}));
        char *plot = strstr(text, "\ntest accuracy [%]\n"), *end = strstr(text, "model size [kB], logarithmic");
        assert_true(plot != NULL && end != NULL);
        static const char *const wanted[] = {"w8", "w4", "w2", "float 77.2 %", "●", "○", "◇", "╯"};
        for (int i = 0; i < 8; i++) check_has(plot, wanted[i]);
        for (char *line = plot + 1; line < end; line += strcspn(line, "\n") + 1)
            assert_true(columns_of(line, strcspn(line, "\n")) <= width);
        free(text);
    }
    setenv("LC_ALL", "C", 1);
    char *text;
    check_ok(report(&text, directory, NULL));
    for (const char *at = text; *at != 0; at++) assert_true((unsigned char)*at < 128);
    check_has(text, "w8");
    check_has(text, "float 77.2 %");
    free(text);
}

static void test_the_picture_is_drawn(void **state)
{
    (void)state;
    make_run(POINT_COUNT);
    char *text;
    unsigned char head[24];
    check_ok(report(&text, inside("results.h5"), NULL)); /* the file instead of its directory */
    check_has(text, "front.png");
    free(text);
    FILE *png = fopen(inside("front.png"), "rb");
    assert_non_null(png);
    assert_int_equal(fread(head, 1, sizeof head, png), sizeof head);
    fseek(png, 0, SEEK_END);
    assert_true(ftell(png) > 20000);
    fclose(png);
    assert_memory_equal(head, "\x89PNG\r\n\x1a\n", 8);
    assert_int_equal(head[18] << 8 | head[19], 1200); /* width and height of the first chunk */
    assert_int_equal(head[22] << 8 | head[23], 840);
    char *script;
    check_ok(file_read_text(&script, inside("front.gp")));
    static const char *const wanted[] = {" on cifar10_50k''s: test accuracy",
                                         "'w8'",
                                         "'w4'",
                                         "'w2'",
                                         "dashtype 2",
                                         "joint",
                                         "mixprec",
                                         "layerwise",
                                         "logscale x",
                                         "model size [kB]"};
    for (int i = 0; i < 10; i++) check_has(script, wanted[i]);
    free(script);
}

static void test_gnuplot_may_be_missing_or_fail(void **state)
{
    (void)state;
    make_run(POINT_COUNT);
    char *old = strdup(getenv("PATH")), *text;
    assert_non_null(old);
    check_ok(report(&text, directory, NULL));
    free(text);
    assert_true(file_exists(inside("front.png")));
    setenv("PATH", directory, 1);
    check_ok(report(&text, directory, NULL));
    check_has(text, "gnuplot is not installed");
    free(text);
    assert_false(file_exists(inside("front.png"))); /* not the old one */
    assert_true(file_exists(inside("front.gp")) && file_exists(inside("front.csv")));
    check_ok(file_write_text(inside("gnuplot"), "#!/bin/sh\necho 'line 3: no such terminal' >&2\nexit 1\n"));
    assert_int_equal(chmod(inside("gnuplot"), 0755), 0);
    check_says(report(&text, directory, NULL), "no such terminal");
    free(text);
    setenv("PATH", old, 1);
    free(old);
}

static void test_any_cost_can_be_drawn(void **state)
{
    (void)state;
    make_run(POINT_COUNT);
    char *text;
    check_ok(report(&text, directory, &(report_options){.cost = "mpic"}));
    check_has(text, "cycles of one inference on MPIC [Mcycles]");
    check_has(text, "2.27"); /* 5.4 kB: 2e6 + 2.7e5 cycles */
    free(text);
    check_says(report(&text, directory, &(report_options){.cost = "joules"}),
               "the results hold: mpic_cycles, size_bits");
    free(text);
    check_says(report(&text, directory, &(report_options){.cost = "seed"}), "there is no cost 'seed'");
    free(text);
    check_says(report(&text, directory, &(report_options){.metric = "luck"}), "there is no metric 'luck'");
    free(text);
}

static void test_few_points_are_no_problem(void **state)
{
    (void)state;
    char *text;
    check_says(report(&text, directory, NULL), "there is no run");
    free(text);
    make_run(0);
    check_ok(report(&text, directory, NULL));
    check_has(text, "No finished point yet");
    free(text);
    for (int points = 1; points <= 2; points++) {
        make_run(points);
        check_ok(report(&text, directory, NULL));
        check_has(text, "w8");
        free(text);
        assert_true(file_exists(inside("front.png")));
    }
    assert_int_equal(unlink(inside("results.h5")), 0);
    check_says(report(&text, directory, NULL), "no results.h5");
    free(text);
}

/* A changed configuration makes another plan, of which the old results are not. */
static void test_results_of_another_plan_are_not_shown(void **state)
{
    (void)state;
    static const char *const names[] = {"config.cfg", "network.cfg", "data.checksum"};
    make_run(3);
    for (int i = 0; i < 3; i++) {
        char *kept, *text, words[64];
        check_ok(file_read_text(&kept, inside(names[i])));
        check_ok(file_write_text(inside(names[i]), "something = \"else\";\n"));
        status s = report(&text, directory, NULL);
        free(text);
        assert_int_equal(s.code, STATUS_DATA);
        snprintf(words, sizeof words, "was made for another %s", names[i]);
        check_says(s, words);
        check_says(s, "results.h5");
        assert_false(file_exists(inside("front.csv")));
        check_ok(file_write_text(inside(names[i]), kept));
        free(kept);
    }
    char *text;
    check_ok(report(&text, directory, NULL));
    free(text);

    /* Who names the file wants to see the file. */
    check_ok(file_write_text(inside("data.checksum"), "sha256:2"));
    check_ok(report(&text, inside("results.h5"), NULL));
    free(text);

    /* The sweep of the new plan renews it. */
    run r;
    bool changed;
    check_ok(run_open(&r, directory, CONFIG, "name = \"resnet8\";\n", "sha256:3", &changed));
    assert_true(changed);
    check_says(report(&text, directory, NULL), "another data.checksum");
    free(text);
    check_ok(run_snapshot(&r, &plan->plan));
    run_close(&r);
    check_ok(report(&text, directory, NULL));
    free(text);
    assert_int_equal(unlink(inside("network.cfg")), 0);
    check_says(report(&text, directory, NULL), "network.cfg");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_table_marks_the_front, set_up, scratch_tear_down),
        cmocka_unit_test_setup_teardown(test_the_csv_holds_every_point, set_up, scratch_tear_down),
        cmocka_unit_test_setup_teardown(test_deployed_costs_are_shown_where_they_differ, set_up, scratch_tear_down),
        cmocka_unit_test_setup_teardown(test_the_plot_fits_the_terminal_and_its_characters, set_up, scratch_tear_down),
        cmocka_unit_test_setup_teardown(test_the_picture_is_drawn, set_up, scratch_tear_down),
        cmocka_unit_test_setup_teardown(test_gnuplot_may_be_missing_or_fail, set_up, scratch_tear_down),
        cmocka_unit_test_setup_teardown(test_any_cost_can_be_drawn, set_up, scratch_tear_down),
        cmocka_unit_test_setup_teardown(test_few_points_are_no_problem, set_up, scratch_tear_down),
        cmocka_unit_test_setup_teardown(test_results_of_another_plan_are_not_shown, set_up, scratch_tear_down),
    };
    return cmocka_run_group_tests(tests, make_plan, free_plan);
}
