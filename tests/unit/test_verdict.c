/* links: results */
/* Verdicts on made-up points of either sign, and the statistics behind them against closed forms. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "results/report/verdict.h"
#include "results/report/verdict_statistics.h"

static void test_the_tail_of_f(void **state)
{
    (void)state;
    for (int n = 3; n < 60; n += 7)
        for (double f = 0.1; f < 9; f *= 1.7) {
            assert_float_equal(verdict_f_tail(f, 2, n), pow(1 + 2 * f / n, -n / 2.0), 1e-12);
            assert_float_equal(verdict_f_tail(f, n, 5) + verdict_f_tail(1 / f, 5, n), 1, 1e-12);
        }
    assert_float_equal(verdict_f_tail(4.964603, 1, 10), 0.05, 1e-7);
    assert_float_equal(verdict_f_tail(0, 3, 4), 1, 0);
    assert_float_equal(verdict_f_tail(1, 30, 30), 0.5, 1e-12);
}

static void test_analysis_of_variance(void **state)
{
    (void)state;
    const double values[] = {6, 8, 4, 5, 3, 4, 8, 12, 9, 11, 6, 8, 13, 9, 11, 8, 7, 12};
    const int groups[] = {0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2};
    verdict_variance v;
    assert_true(verdict_analyse(&v, values, groups, NULL, 18, 3, 0));
    assert_float_equal(v.f, 42 / (68 / 15.0), 1e-12); /* sums of squares 84 between, 68 within */
    assert_float_equal(v.within, sqrt(68 / 15.0), 1e-12);
    assert_float_equal(v.p, pow(1 + 2 * v.f / 15, -7.5), 1e-12);
    assert_float_equal(v.correlation, (42 - 68 / 15.0) / (42 + 5 * 68 / 15.0), 1e-12);
    assert_false(verdict_analyse(&v, values, groups, NULL, 5, 1, 0));
    assert_false(verdict_analyse(&v, values, (const int[]){0, 1, 2}, NULL, 3, 3, 0)); /* no replicates */
}

/* Two groups in three blocks: the differences within blocks are 1, 2 and 3, whatever the blocks are. */
static void test_blocks_are_taken_out(void **state)
{
    (void)state;
    const double values[] = {10, 11, 50, 52, 90, 93};
    const int groups[] = {0, 1, 0, 1, 0, 1}, blocks[] = {0, 0, 1, 1, 2, 2};
    verdict_variance v;
    assert_true(verdict_analyse(&v, values, groups, blocks, 6, 2, 3));
    assert_int_equal(v.freedom, 2);
    assert_float_equal(v.f, 12, 1e-9); /* of pairs t = 2 / (1 / sqrt(3)), F = t^2 */
    assert_float_equal(v.within, sqrt(0.5), 1e-9);
    assert_true(verdict_analyse(&v, values, groups, NULL, 6, 2, 0));
    assert_true(v.f < 0.01 && v.freedom == 4);
}

static void test_the_smallest_cost(void **state)
{
    (void)state;
    const double costs[] = {10, 6, 4, 2}, accuracies[] = {90, 90, 88, 80};
    assert_float_equal(verdict_smallest_cost(costs, accuracies, 4, 89), 5, 1e-12);
    assert_float_equal(verdict_smallest_cost(costs, accuracies, 4, 84), 3, 1e-12);
    assert_float_equal(verdict_smallest_cost(costs, accuracies, 4, 70), 2, 1e-12);
    assert_true(isnan(verdict_smallest_cost(costs, accuracies, 4, 91)));
}

static verdict judge(const char *name, const verdict_row *rows, int count, const char *says)
{
    const verdict_claim *claim = verdict_find(name);
    const verdict_setting setting = {"here", claim->cost, count, count};
    const verdict_finding finding = verdict_judge(claim, rows, count);
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    verdict_print(out, &setting, claim, &finding);
    assert_int_equal(fclose(out), 0);
    if (strstr(text, says) == NULL) fail_msg("\"%s\" does not say \"%s\"", text, says);
    assert_non_null(strstr(text, "hypothesis"));
    free(text);
    return finding.outcome;
}

static void test_variance(void **state)
{
    (void)state;
    verdict_row rows[12];
    for (int i = 0; i < 12; i++) {
        const int group = i / 4;
        rows[i] =
            (verdict_row){.strategy = "grid", .seed = (uint64_t)(i % 4), .test = 80 + (i % 4) * 5 + (i * 7 % 5) * 0.2};
        if (group == 0)
            rows[i].bits = 4;
        else
            rows[i].step = group;
    }
    assert_int_equal(judge("variance", rows, 12, "allocations: 3\n            points: 12\n"), VERDICT_SUPPORTED);
    for (int i = 4; i < 8; i++) rows[i].test += 5; /* far above the homogeneous one */
    assert_int_equal(judge("variance", rows, 12, "not supported"), VERDICT_NOT_SUPPORTED);
    for (int i = 0; i < 12; i++) rows[i].test -= i >= 4 ? 10 : 0; /* far below: no reason to search */
    assert_int_equal(judge("variance", rows, 12, "gap: -"), VERDICT_SUPPORTED);
    assert_int_equal(judge("variance", rows, 11, "undecided"), VERDICT_UNDECIDED); /* a seed is missing */
    assert_int_equal(judge("variance", rows, 4, "it needs points of strategy grid"), VERDICT_UNDECIDED);
    assert_int_equal(judge("variance", rows, 0, "undecided"), VERDICT_UNDECIDED);
}

static void add_curve(verdict_row *rows, int *count, const char *granularity, uint64_t seed, double factor)
{
    const double costs[] = {10, 8, 6, 4}, accuracies[] = {90, 90, 88, 80};
    for (int i = 0; i < 4; i++) {
        rows[*count] =
            (verdict_row){.strategy = "impq", .seed = seed, .cost = factor * costs[i], .test = accuracies[i]};
        strcpy(rows[(*count)++].granularity, granularity);
    }
}

static void test_granularity(void **state)
{
    (void)state;
    verdict_row rows[16];
    int count = 0;
    add_curve(rows, &count, "kernel", 1, 1);
    add_curve(rows, &count, "layer", 1, 1.5);
    assert_int_equal(judge("granularity", rows, count, "layer / kernel within 1.0 points, median: 1.5\n"),
                     VERDICT_UNDECIDED);
    add_curve(rows, &count, "kernel", 2, 1);
    add_curve(rows, &count, "layer", 2, 1.1);
    assert_int_equal(judge("granularity", rows, count, "layer / kernel within 1.0 points, smallest: 1.1\n"),
                     VERDICT_SUPPORTED);
    for (int i = 12; i < 16; i++) rows[i].test -= 20; /* never within the tolerance: counts for kernels */
    assert_int_equal(judge("granularity", rows, count, "layer / kernel within 1.0 points, largest: inf\n"),
                     VERDICT_SUPPORTED);
    for (int i = 12; i < 16; i++) rows[i].test += 20;
    for (int i = 12; i < 16; i++) rows[i].cost *= 0.5;
    assert_int_equal(judge("granularity", rows, count, "not supported"), VERDICT_NOT_SUPPORTED);
}

static void test_training(void **state)
{
    (void)state;
    verdict_row rows[] = {
        {.strategy = "pit_mixprec", .seed = 1, .cost = 10, .test = 80, .epochs = 30},
        {.strategy = "pit_mixprec", .seed = 2, .cost = 10, .test = 81, .epochs = 30},
        {.strategy = "joint", .seed = 1, .cost = 9, .validation = 70, .test = 80.5, .epochs = 15},
        {.strategy = "joint", .seed = 1, .cost = 8, .validation = 60, .test = 99, .epochs = 15},  /* not chosen */
        {.strategy = "joint", .seed = 1, .cost = 11, .validation = 90, .test = 99, .epochs = 15}, /* too large */
        {.strategy = "joint", .seed = 2, .cost = 10, .validation = 70, .test = 81.5, .epochs = 15}};
    assert_int_equal(
        judge("training", rows, 6, "joint - sequential: 0.5 points\n            standard error: 0 points\n"),
        VERDICT_SUPPORTED);
    rows[2].test = 70;
    rows[5].test = 71;
    assert_int_equal(judge("training", rows, 6, "not supported"), VERDICT_NOT_SUPPORTED);
    rows[2].test = rows[5].test = 90;
    rows[2].epochs = rows[5].epochs = 40;
    assert_int_equal(judge("training", rows, 6, "not supported"), VERDICT_NOT_SUPPORTED);
    assert_int_equal(judge("training", rows, 4, "undecided"), VERDICT_UNDECIDED);
    assert_null(verdict_find("nothing"));
}

static void test_compute(void **state)
{
    (void)state;
    verdict_row rows[12];
    int count = 0;
    for (uint64_t seed = 1; seed <= 2; seed++)
        for (int i = 0; i < 3; i++) {
            rows[count] =
                (verdict_row){.strategy = "impq", .seed = seed, .cost = 10 - 2 * i, .test = 90 - i, .float_test = 90.5};
            rows[count + 6] = rows[count];
            rows[count + 6].cost = 2.5 * rows[count].cost;
            strcpy(rows[count++ + 6].strategy, "fixed");
        }
    assert_int_equal(judge("compute", rows, 9, "fixed / impq, largest: inf\n"), VERDICT_SUPPORTED);
    assert_int_equal(judge("compute", rows, 12, "fixed / impq, smallest: 2.5\n"), VERDICT_SUPPORTED);
    for (int i = 9; i < 12; i++) rows[i].cost /= 2;
    assert_int_equal(judge("compute", rows, 12, "fixed / impq, smallest: 1.25\n"), VERDICT_NOT_SUPPORTED);
    for (int i = 3; i < 6; i++) rows[i].test -= 30; /* impq never gets there with one seed */
    assert_int_equal(judge("compute", rows, 12, "fixed / impq, smallest: 0\n"), VERDICT_NOT_SUPPORTED);
    for (int i = 0; i < 12; i++) rows[i].float_test = NAN;
    assert_int_equal(judge("compute", rows, 12, "undecided"), VERDICT_UNDECIDED);
}

static void test_spearman(void **state)
{
    (void)state;
    const double a[] = {1, 2, 3, 4, 5}, cubed[] = {1, 8, 27, 64, 125}, down[] = {5, 4, 3, 2, 1};
    assert_float_equal(verdict_spearman(a, cubed, 5), 1, 1e-12);
    assert_float_equal(verdict_spearman(a, down, 5), -1, 1e-12);
    assert_float_equal(verdict_spearman(a, (const double[]){2, 1, 4, 3, 5}, 5), 1 - 6 * 4 / (5 * 24.0), 1e-12);
    /* with ties: ranks 0.5 0.5 2 3.5 3.5, deviations -1.5 -1.5 0 1.5 1.5 */
    assert_float_equal(verdict_spearman(a, (const double[]){1, 1, 2, 3, 3}, 5), 9 / sqrt(10 * 9.0), 1e-12);
    assert_true(isnan(verdict_spearman(a, (const double[]){7, 7, 7, 7, 7}, 5)));
    assert_true(isnan(verdict_spearman(a, cubed, 2)));
}

static void test_sensitivity(void **state)
{
    (void)state;
    verdict_row rows[20];
    for (int i = 0; i < 20; i++) {
        const int k = i % 10;
        rows[i] = (verdict_row){.strategy = "sensitivity",
                                .seed = (uint64_t)(i / 10),
                                .mismatch = k / 3,
                                .shift = k * k,
                                .harm = {k, 9 - k, k % 2}};
    }
    assert_int_equal(judge("sensitivity", rows, 20, "rho of error with gaps, smallest: 1\n"), VERDICT_SUPPORTED);
    assert_int_equal(judge("sensitivity", rows, 20, "rho of bound with gaps, largest: -1\n"), VERDICT_SUPPORTED);
    for (int i = 10; i < 20; i++) rows[i].harm[0] = 19 - i; /* wrong on one of two networks */
    assert_int_equal(judge("sensitivity", rows, 20, "not supported"), VERDICT_NOT_SUPPORTED);
    for (int i = 0; i < 20; i++) {
        rows[i].harm[0] = i % 10;
        rows[i].mismatch = (i * 7 + 3) % 10; /* the gaps follow, the decisions do not */
    }
    assert_int_equal(judge("sensitivity", rows, 20, "not supported"), VERDICT_NOT_SUPPORTED);
    for (int i = 0; i < 20; i++) rows[i].mismatch = 0; /* no decision changes: nothing to predict */
    assert_int_equal(judge("sensitivity", rows, 20, "undecided"), VERDICT_UNDECIDED);
    assert_int_equal(judge("sensitivity", rows, 0, "it needs tasks of strategy sensitivity"), VERDICT_UNDECIDED);
}

static void test_json_has_the_same_numbers(void **state)
{
    (void)state;
    const verdict_claim *claim = verdict_find("compute");
    const verdict_setting setting = {"a \"name\"", "size_bits", 7, 9};
    verdict_finding f = {
        .outcome = VERDICT_SUPPORTED, .count = 2, .numbers = {{"a", "%", 1.0 / 3}, {"b", "", INFINITY}}};
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    assert_false(failed(verdict_write_json(out, &setting, claim, &f)));
    assert_int_equal(fclose(out), 0);
    json_t *root = json_loads(text, 0, NULL);
    free(text);
    const char *sweep, *verdict_word, *hypothesis;
    int points, tasks;
    json_t *numbers;
    assert_int_equal(json_unpack(root, "{s:{s:s, s:i, s:i}, s:s, s:s, s:o}", "setting", "sweep", &sweep, "points",
                                 &points, "tasks", &tasks, "verdict", &verdict_word, "hypothesis", &hypothesis,
                                 "numbers", &numbers),
                     0);
    assert_string_equal(sweep, setting.name);
    assert_true(points == 7 && tasks == 9);
    assert_string_equal(verdict_word, "supported");
    assert_string_equal(hypothesis, claim->hypothesis);
    assert_true(json_real_value(json_object_get(json_array_get(numbers, 0), "value")) == 1.0 / 3);
    assert_true(json_is_null(json_object_get(json_array_get(numbers, 1), "value")));
    json_decref(root);
}

/* Channels are no points, whatever else the sweep holds. */
static void test_the_header_counts_what_the_claim_is_about(void **state)
{
    (void)state;
    const verdict_row rows[5] = {{.strategy = "sensitivity"},
                                 {.strategy = "impq"},
                                 {.strategy = "sensitivity"},
                                 {.strategy = "fixed"},
                                 {.strategy = "sensitivity"}};
    const struct {
        const char *claim, *header, *key;
    } cases[] = {{"sensitivity", "run, 3 channels of 4 tasks", "\"channels\": 3"},
                 {"compute", "run, 2 points of 4 tasks", "\"points\": 2"}};
    for (int i = 0; i < 2; i++) {
        const verdict_claim *claim = verdict_find(cases[i].claim);
        const verdict_setting setting = {"run", "size_bits", verdict_rows(claim, rows, 5), 4};
        const verdict_finding none = {.count = 0};
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);
        assert_non_null(out);
        verdict_print(out, &setting, claim, &none);
        assert_false(failed(verdict_write_json(out, &setting, claim, &none)));
        assert_int_equal(fclose(out), 0);
        assert_non_null(strstr(text, cases[i].header));
        assert_non_null(strstr(text, cases[i].key));
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_tail_of_f),
        cmocka_unit_test(test_analysis_of_variance),
        cmocka_unit_test(test_blocks_are_taken_out),
        cmocka_unit_test(test_the_smallest_cost),
        cmocka_unit_test(test_variance),
        cmocka_unit_test(test_granularity),
        cmocka_unit_test(test_training),
        cmocka_unit_test(test_compute),
        cmocka_unit_test(test_spearman),
        cmocka_unit_test(test_sensitivity),
        cmocka_unit_test(test_json_has_the_same_numbers),
        cmocka_unit_test(test_the_header_counts_what_the_claim_is_about),
    };
    return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
