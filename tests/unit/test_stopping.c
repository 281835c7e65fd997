/* links: core_sweep results */
/* Stopping: the rule against a second one that is written another way, rungs that do not depend on who comes first, and
 * the file that keeps them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/file.h"
#include "core/sweep/queue.h"
#include "core/sweep/rungs.h"
#include "results/file/stopping_file.h"
#include "tests/support/check_status.h"
#include "tests/support/scratch.h"

enum { MOST = 40 };
static uint32_t generator = 5;

static double uniform(void)
{
    generator = generator * 1664525u + 1013904223u;
    return (generator >> 8) / 16777216.0;
}

/* Few values, so that many are equal. */
static stopping_point draw(void)
{
    return (stopping_point){0.1 + 0.05 * floor(8 * uniform()), 100 * exp2(floor(6 * uniform()))};
}

/* ---- the rule ---- */

/* How often a run is dominated in a row: layer by longest chain instead of peeling. */
static int chain(const stopping_point *runs, int count, int i)
{
    int longest = 0;
    for (int j = 0; j < count; j++) {
        const bool same = runs[j].error == runs[i].error && runs[j].cost == runs[i].cost;
        if (!stopping_dominates(runs[j], runs[i]) && !(same && j < i)) continue;
        const int length = chain(runs, count, j);
        longest = length > longest ? length : longest;
    }
    return longest + 1;
}

/* Distance of a run to the nearest of those marked, over the ranges of all runs. */
static double distance(const stopping_point *runs, int count, int i, const bool *marked)
{
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY}, nearest = INFINITY;
    for (int j = 0; j < count; j++) {
        const double at[2] = {runs[j].error, log(runs[j].cost)};
        for (int k = 0; k < 2; k++) {
            low[k] = fmin(low[k], at[k]);
            high[k] = fmax(high[k], at[k]);
        }
    }
    for (int j = 0; j < count; j++) {
        if (!marked[j]) continue;
        const double e = high[0] > low[0] ? (runs[i].error - runs[j].error) / (high[0] - low[0]) : 0;
        const double c = high[1] > low[1] ? log(runs[i].cost / runs[j].cost) / (high[1] - low[1]) : 0;
        nearest = fmin(nearest, e * e + c * c);
    }
    return nearest;
}

static void test_the_rule_is_the_one_that_is_described(void **state)
{
    (void)state;
    for (int trial = 0; trial < 400; trial++) {
        stopping_point runs[MOST];
        bool control[MOST] = {false}, wanted[MOST] = {false};
        stopping_verdict verdicts[MOST];
        const int count = 1 + (int)(14 * uniform()), eta = 2 + (int)(3 * uniform());
        for (int i = 0; i < count; i++) runs[i] = draw();
        int room = count < eta ? count : count / eta;
        for (int layer = 1; room > 0; layer++) {
            bool chosen[MOST] = {false};
            for (int k = 0; room > 0; k++, room--) {
                int best = -1;
                for (int i = 0; i < count; i++) {
                    if (chain(runs, count, i) != layer || chosen[i]) continue;
                    if (best < 0 || (k == 0 && runs[i].error < runs[best].error) ||
                        (k == 1 && runs[i].cost < runs[best].cost) ||
                        (k > 1 && distance(runs, count, i, chosen) > distance(runs, count, best, chosen) * (1 + 1e-12)))
                        best = i;
                }
                if (best < 0) break;
                chosen[best] = wanted[best] = true;
            }
        }
        check_ok(stopping_judge(verdicts, runs, control, count, eta, 0, NULL, 0));
        for (int i = 0; i < count; i++) {
            if (wanted[i]) assert_int_equal(verdicts[i], STOPPING_GOES_ON);
            if (wanted[i]) continue;
            bool beaten = false;
            for (int j = 0; j < count; j++) beaten = beaten || stopping_dominates(runs[j], runs[i]);
            assert_int_equal(verdicts[i], beaten ? STOPPING_STOPPED : STOPPING_HOPES);
        }
    }
}

static void test_a_run_that_may_gain_enough_goes_on(void **state)
{
    (void)state;
    const stopping_point runs[] = {{0.20, 100}, {0.25, 100}, {0.24, 200}, {0.50, 300}};
    const bool control[] = {false, false, false, true};
    stopping_verdict v[4];
    check_ok(stopping_judge(v, runs, control, 4, 4, 0, NULL, 0));
    assert_int_equal(v[0], STOPPING_GOES_ON);
    assert_int_equal(v[1], STOPPING_STOPPED);
    assert_int_equal(v[2], STOPPING_STOPPED);
    assert_int_equal(v[3], STOPPING_CONTROL_SAVED);
    check_ok(stopping_judge(v, runs, control, 4, 4, 0.055, NULL, 0)); /* 0.195 and 0.185 against 0.20 */
    assert_int_equal(v[1], STOPPING_HOPES);
    assert_int_equal(v[2], STOPPING_HOPES);
    const stopping_point end = {0.19, 150}; /* dominates the second hope alone */
    check_ok(stopping_judge(v, runs, control, 4, 4, 0.045, &end, 1));
    assert_int_equal(v[1], STOPPING_STOPPED);
    check_ok(stopping_judge(v, runs, control, 4, 4, 0.055, &(stopping_point){0.18, 150}, 1));
    assert_int_equal(v[1], STOPPING_HOPES);
    assert_int_equal(v[2], STOPPING_STOPPED);
}

/* ---- rungs ---- */

static task tasks[MOST];
static int parents[MOST], last[MOST];

/* A warm-up and `count` points, in two pools and one point that is charged for nothing. */
static task_plan plan_of(int count)
{
    memset(tasks, 0, sizeof tasks);
    tasks[0] = (task){.id = 1, .seed = 1, .cost_model = "none"};
    for (int i = 1; i <= count; i++) {
        tasks[i] = (task){.id = i + 1, .point = true, .seed = 1 + (uint64_t)(i % 3 == 0), .parent_count = 1};
        tasks[i].parents = i - 1;
        parents[i - 1] = 1;
        tasks[i].cost_model = i == 2 ? "none" : "size";
        last[i] = 20;
    }
    return (task_plan){.tasks = tasks, .count = count + 1, .parents = parents, .parent_total = count};
}

/* Errors at rungs of 2, 4, 8, 16 epochs and at the end, by task: any, but always the same. */
static stopping_point value_of(int id, int k)
{
    const double best = 0.1 + 0.02 * ((id * 7) % 11), rise = 0.3 / (k + 1);
    return (stopping_point){best + rise, 1000 * (1 + (id * 5) % 9)};
}

/* Trains the points in an order that the generator chooses; reached[id]: rungs until it ended or was stopped. */
static void play(int *stopped, stopping_verdict verdicts[][RUNGS_MOST], int count)
{
    rungs r;
    const task_plan plan = plan_of(count);
    check_ok(rungs_open(&r, &(stopping_settings){.eta = 2, .first = 2, .control = 4}, &plan, last));
    assert_int_equal(r.count, count - 1);
    assert_null(rungs_find(&r, 1));
    assert_null(rungs_find(&r, 3));
    int open = r.count;
    for (int turn = 0; open > 0; turn++) {
        assert_true(turn < 10000);
        rungs_run *run = &r.runs[(int)(r.count * uniform())];
        if (run->ended || rungs_waits(run) || run->stopped >= 0) continue;
        assert_int_equal(run->count, 4);
        if (run->reached < run->count)
            rungs_reached(run, run->reached, value_of(run->id, run->reached));
        else
            rungs_ended(run, value_of(run->id, 4));
        bool changed;
        check_ok(rungs_judge(&r, &changed));
        open = 0;
        for (int i = 0; i < r.count; i++) open += !r.runs[i].ended && r.runs[i].stopped < 0;
    }
    for (int i = 0; i < r.count; i++) {
        stopped[r.runs[i].id] = r.runs[i].stopped;
        memcpy(verdicts[r.runs[i].id], r.runs[i].verdict, sizeof r.runs[i].verdict);
        if (r.runs[i].control) assert_int_equal(r.runs[i].stopped, -1);
    }
    rungs_close(&r);
}

static void test_decisions_do_not_depend_on_who_comes_first(void **state)
{
    (void)state;
    int first[MOST] = {0}, again[MOST] = {0}, count = 0;
    static stopping_verdict before[MOST][RUNGS_MOST], now[MOST][RUNGS_MOST];
    play(first, before, 20);
    for (int id = 2; id <= 21; id++) count += id != 3 && first[id] >= 0;
    assert_true(count > 0 && count < 15);
    for (int trial = 0; trial < 50; trial++) {
        play(again, now, 20);
        assert_memory_equal(first, again, sizeof first);
        assert_memory_equal(before, now, sizeof before);
    }
}

static void test_held_and_stopped_tasks_are_not_handed_out(void **state)
{
    (void)state;
    queue q;
    int id, ranks;
    memset(tasks, 0, sizeof tasks);
    for (int i = 0; i < 3; i++) tasks[i].id = i + 1;
    check_ok(queue_init(&q, tasks, parents, NULL, 3, 1, 1));
    queue_hold(&q, 1);
    queue_stop(&q, 2);
    assert_true(q.held == 1 && q.stopped == 1 && q.waiting == 1);
    assert_true(queue_next(&q, 0, 1, &id, &ranks));
    assert_int_equal(id, 3);
    queue_finished(&q, 3, true);
    assert_false(queue_next(&q, 1, 1, &id, &ranks));
    queue_release(&q, 1);
    assert_true(queue_next(&q, 2, 1, &id, &ranks));
    assert_int_equal(id, 1);
    queue_returned(&q, 1); /* at a checkpoint, where it is stopped for good */
    queue_stop(&q, 1);
    assert_false(queue_next(&q, 3, 1, &id, &ranks));
    assert_true(q.held == 0 && q.stopped == 2 && q.done == 1 && q.waiting == 0 && q.running == 0);
    assert_true(q.work_left < 1e-6);
    queue_free(&q);
}

/* ---- the file ---- */

static void test_the_file_keeps_every_bit_and_tells_changes(void **state)
{
    (void)state;
    char path[SCRATCH_PATH];
    snprintf(path, sizeof path, "%s", scratch_file(&scratch_place, "stopping.csv"));
    stopping_row rows[] = {
        {0, 2, "00112233445566778899aabbccddeeff", "joint size 0.5, seed 1", 1, 5, 1.0 / 3, 1e5 + 1e-7,
         ROW_CONTROL_SAVED},
        {0, 2, "00112233445566778899aabbccddeeff", "joint size 0.5, seed 1", 0, 20, 0.1, 500, ROW_END},
        {0, 4, "10112233445566778899aabbccddeeff", "joint", 1, 5, 0.5, 900, ROW_STOPPED},
        {0, 5, "20112233445566778899aabbccddeeff", "joint", 1, 5, 0.2, 90, ROW_GOES_ON},
        {0, 5, "20112233445566778899aabbccddeeff", "joint", 0, 20, 0.05, 90, ROW_END}};
    stopping_row *found;
    int count;
    check_ok(stopping_file_read(&found, &count, path));
    assert_int_equal(count, 0);
    check_ok(stopping_file_write(path, rows, 5));
    check_ok(stopping_file_read(&found, &count, path));
    assert_int_equal(count, 5);
    for (int i = 0; i < 5; i++) {
        assert_string_equal(found[i].key, rows[i].key);
        assert_true(found[i].error == rows[i].error && found[i].cost == rows[i].cost);
        assert_true(found[i].id == rows[i].id && found[i].rung == rows[i].rung && found[i].epochs == rows[i].epochs);
        assert_int_equal(found[i].verdict, rows[i].verdict);
    }
    stopping_summary s = stopping_summarise(found, count);
    assert_true(s.points == 3 && s.stopped == 1 && s.judged == 1 && s.saved == 1 && s.wrong == 0);
    found[4].error = 0.3; /* now the control point is on the front */
    s = stopping_summarise(found, count);
    assert_int_equal(s.wrong, 1);
    free(found);

    char *text;
    check_ok(file_read_text(&text, path));
    const size_t length = strlen(text);
    for (size_t at = 0; at < length; at++) {
        const char kept = text[at];
        text[at] = kept == '5' ? '6' : '5';
        check_ok(file_write_text(path, text));
        assert_int_equal(stopping_file_read(&found, &count, path).code, STATUS_DATA);
        assert_null(found);
        text[at] = kept;
    }
    for (size_t end = 0; end < length; end += 7) {
        text[end] = '\0';
        check_ok(file_write_text(path, text));
        assert_int_equal(stopping_file_read(&found, &count, path).code, STATUS_DATA);
        check_ok(stopping_file_write(path, rows, 5));
        free(text);
        check_ok(file_read_text(&text, path));
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_rule_is_the_one_that_is_described),
        cmocka_unit_test(test_a_run_that_may_gain_enough_goes_on),
        cmocka_unit_test(test_decisions_do_not_depend_on_who_comes_first),
        cmocka_unit_test(test_held_and_stopped_tasks_are_not_handed_out),
        scratch_test(test_the_file_keeps_every_bit_and_tells_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
