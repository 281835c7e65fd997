/* links: core_sweep core_task */
/* The policy of the coordinator: order, dependencies, other jobs, failures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tests/support/queue_fixture.h"

static void test_warmup_takes_the_largest_power_of_two(void **state)
{
    (void)state;
    static const int free_ranks[] = {1, 2, 3, 4, 7, 8, 9, 64}, expected[] = {1, 2, 2, 4, 4, 8, 8, 8};
    for (int i = 0; i < 8; i++) {
        queue q = make_queue(1, 2);
        expect_next(&q, free_ranks[i], 1, expected[i]);
        expect_nothing(&q, free_ranks[i]); /* points wait for it */
        queue_free(&q);
    }
}

static void test_points_get_one_rank_each_while_there_are_enough(void **state)
{
    (void)state;
    queue q = make_queue_of_points(5);
    for (int free_ranks = 3; free_ranks > 0; free_ranks--) expect_next(&q, free_ranks, 5 - free_ranks, 1);
    assert_int_equal(q.running, 3);
    assert_int_equal(q.waiting, 2);
    queue_free(&q);
}

static void test_few_points_share_the_ranks_in_powers_of_two(void **state)
{
    (void)state;
    queue q = make_queue_of_points(3);
    expect_next(&q, 5, 2, 2); /* 5 ranks for 3 points: 2 + 2 + 1 */
    expect_next(&q, 3, 3, 2);
    expect_next(&q, 1, 4, 1);
    expect_nothing(&q, 3);
    queue_free(&q);

    q = make_queue(1, 3);
    for (int id = 1; id <= 3; id++) queue_finished(&q, id, true);
    expect_next(&q, 64, 4, SHARDS); /* never more than shards */
    queue_free(&q);
}

static void test_ready_warmups_share_the_ranks_and_go_before_points(void **state)
{
    (void)state;
    queue q = make_queue(2, 4);
    expect_next(&q, 8, 1, 4);
    expect_next(&q, 4, 2, 4);
    queue_finished(&q, 1, true);
    expect_next(&q, 4, 3, 2); /* points of the first warm-up, while the second runs */
    expect_next(&q, 2, 5, 2);
    queue_free(&q);

    q = make_queue(2, 4);
    expect_next(&q, 1, 1, 1);
    queue_finished(&q, 1, true);
    expect_next(&q, 2, 2, 1); /* there are enough points for the other rank */
    expect_next(&q, 1, 3, 1);
    queue_free(&q);
}

static void test_failed_warmup_takes_its_points_along(void **state)
{
    (void)state;
    queue q = make_queue(2, 4); /* points 3, 5 need 1; points 4, 6 need 2 */
    int id;
    assert_false(queue_hopeless(&q, &id));
    expect_next(&q, 1, 1, 1);
    queue_finished(&q, 1, false);
    assert_true(queue_hopeless(&q, &id));
    assert_int_equal(id, 3);
    assert_true(queue_hopeless(&q, &id));
    assert_int_equal(id, 5);
    assert_false(queue_hopeless(&q, &id));
    assert_int_equal(queue_task(&q, 5), QUEUE_FAILED);
    expect_next(&q, 1, 2, 1);
    queue_finished(&q, 2, true);
    expect_next(&q, 1, 4, 1);
    expect_next(&q, 1, 6, 1);
    queue_finished(&q, 4, true);
    queue_finished(&q, 6, true);
    expect_nothing(&q, 1);
    assert_int_equal(q.done, 3);
    assert_int_equal(q.failed, 3);
    assert_int_equal(q.waiting + q.running, 0);
    queue_free(&q);
}

static void test_tasks_of_other_jobs_are_not_handed_out(void **state)
{
    (void)state;
    int id;
    queue q = make_queue(2, 4); /* points 3, 5 need 1; points 4, 6 need 2 */
    expect_next(&q, 1, 1, 1);
    queue_away(&q, 1); /* picked, but somebody else has it */
    queue_away(&q, 5);
    assert_int_equal(queue_task(&q, 1), QUEUE_AWAY);
    assert_int_equal(q.away, 2);
    assert_int_equal(q.running, 0);
    expect_next(&q, 1, 2, 1);
    queue_finished(&q, 2, true);
    queue_away(&q, 4);
    expect_next(&q, 1, 6, 1);
    expect_nothing(&q, 1);
    queue_finished(&q, 1, true); /* there */
    expect_next(&q, 1, 3, 1);
    expect_nothing(&q, 1);
    queue_back(&q, 5); /* given up there; its warm-up was done meanwhile */
    expect_next(&q, 1, 5, 1);
    queue_finished(&q, 4, false);
    assert_int_equal(q.away, 0);
    assert_int_equal(q.done + q.failed, 3);
    queue_free(&q);

    q = make_queue(2, 4);
    queue_away(&q, 5);
    queue_away(&q, 1);
    queue_finished(&q, 1, false); /* failed there: a point that comes back can never start */
    assert_true(queue_hopeless(&q, &id));
    assert_int_equal(id, 3);
    assert_false(queue_hopeless(&q, &id));
    queue_back(&q, 5);
    assert_true(queue_hopeless(&q, &id));
    assert_int_equal(id, 5);
    assert_false(queue_hopeless(&q, &id));

    /* One that is hopeless here is told of by another job first. */
    queue_finished(&q, 2, false);
    queue_finished(&q, 4, false);
    assert_true(queue_hopeless(&q, &id));
    assert_int_equal(id, 6);
    assert_false(queue_hopeless(&q, &id));
    assert_int_equal(q.failed, 6);
    queue_free(&q);
}

static void test_returned_task_is_handed_out_again(void **state)
{
    (void)state;
    queue q = make_queue_of_points(2);
    expect_next(&q, 2, 2, 1);
    expect_next(&q, 1, 3, 1);
    queue_returned(&q, 2);
    assert_int_equal(queue_task(&q, 2), QUEUE_WAITING);
    expect_next(&q, 1, 2, 1);
    queue_free(&q);
}

static void test_tasks_finished_earlier_are_skipped(void **state)
{
    (void)state;
    queue q = make_queue_of_points(4);
    queue_finished(&q, 3, true);
    queue_finished(&q, 2, false);
    expect_next(&q, 1, 4, 1);
    expect_next(&q, 1, 5, 1);
    expect_nothing(&q, 1);
    queue_free(&q);
}

/* Any mix of sizes and ends: every task is handed out exactly once, groups never exceed what is free. */
static void test_every_task_runs_exactly_once(void **state)
{
    (void)state;
    enum { WARMUPS = 3, POINTS = 40, COUNT = WARMUPS + POINTS, RANKS = 13 };
    queue q = make_queue(WARMUPS, POINTS);
    int handed_out[COUNT + 1] = {0}, running[COUNT], sizes[COUNT], count = 0, free_ranks = RANKS;
    for (unsigned step = 1; q.done < COUNT; step++) {
        int id, ranks;
        while (free_ranks > 0 && queue_next(&q, 0, free_ranks, &id, &ranks)) {
            assert_true(ranks >= 1 && ranks <= free_ranks && ranks <= SHARDS && (ranks & (ranks - 1)) == 0);
            const task *t = plan_fixture_task(fixture, id);
            assert_true(!t->point || queue_task(&q, task_plan_parent(&fixture->plan, t, 0)) == QUEUE_DONE);
            handed_out[id]++;
            running[count] = id;
            sizes[count++] = ranks;
            free_ranks -= ranks;
        }
        assert_true(count > 0);
        int end = (int)(step * 2654435761u % (unsigned)count);
        queue_finished(&q, running[end], true);
        free_ranks += sizes[end];
        running[end] = running[--count];
        sizes[end] = sizes[count];
    }
    for (int id = 1; id <= COUNT; id++) assert_int_equal(handed_out[id], 1);
    queue_free(&q);
}

static void test_longest_work_first_and_begun_work_before_fresh(void **state)
{
    (void)state;
    const float weights[] = {1, 2, 7, 5, 7};
    queue q = make_weighted_queue(1, 4, weights);
    queue_finished(&q, 1, true);
    expect_next(&q, 1, 3, 1);
    expect_next(&q, 1, 5, 1);
    queue_returned(&q, 5);
    queue_begun(&q, 3, 0, 0.9, PHASE_SEARCH);
    queue_returned(&q, 3); /* 0.7 of it left */
    expect_next(&q, 1, 5, 1);
    expect_next(&q, 1, 3, 1);
    expect_next(&q, 1, 4, 1);
    expect_next(&q, 1, 2, 1);
    expect_nothing(&q, 1);
    queue_free(&q);
}

static void test_a_task_whose_groups_break_is_set_aside_in_the_end(void **state)
{
    (void)state;
    queue q = make_queue(2, 4); /* points 3, 5 need 1; points 4, 6 need 2 */
    for (int attempt = 1; attempt <= 3; attempt++) {
        expect_next(&q, 1, 1, 1);
        assert_int_equal(queue_broken(&q, 1), attempt < 3);
    }
    assert_int_equal(queue_task(&q, 1), QUEUE_ASIDE);
    assert_int_equal(q.busy_ranks, 0);
    assert_true(q.work_left == 5);
    int id;
    assert_false(queue_hopeless(&q, &id)); /* not failed: its points wait for another run */
    expect_next(&q, 1, 2, 1);
    queue_finished(&q, 2, true);
    for (int point = 4; point <= 6; point += 2) {
        expect_next(&q, 1, point, 1);
        queue_finished(&q, point, true);
    }
    expect_nothing(&q, 1);
    assert_int_equal(q.aside, 1);
    assert_int_equal(q.waiting, 2);
    assert_int_equal(q.failed, 0);
    queue_finished(&q, 1, true); /* by another job */
    assert_int_equal(q.aside, 0);
    assert_true(q.work_left == 2);
    expect_next(&q, 1, 3, 1);
    queue_free(&q);

    /* Leaving because it was told to is no attempt. */
    q = make_queue(2, 1);
    for (int i = 0; i < 6; i++) {
        expect_next(&q, 1, 1, 1);
        queue_returned(&q, 1);
    }
    assert_int_equal(queue_task(&q, 1), QUEUE_WAITING);
    queue_free(&q);
}

/* 1 and 2 are warm-ups, 3 starts from both, 4 from 3, 5 from 1 and 4; 6 from nothing. */
static queue make_queue_of_legs(void)
{
    const int *const parents[] = {(const int[]){1, 2, 0}, (const int[]){3, 0}, (const int[]){1, 4, 0}, NULL};
    plan_fixture_free(fixture);
    fixture = plan_fixture_new(2, 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(plan_fixture_add(fixture, &(task){.point = i > 0, .step = i + 1}, parents[i]), 3 + i);
    return queue_of_fixture(NULL);
}

static void test_a_task_waits_for_all_its_parents(void **state)
{
    (void)state;
    queue q = make_queue_of_legs();
    assert_true(q.entries[0].behind == 2 && q.entries[1].behind == 1 && q.entries[2].behind == 1);
    expect_next(&q, 1, 1, 1);
    expect_next(&q, 1, 2, 1);
    queue_finished(&q, 1, true);
    expect_next(&q, 1, 6, 1); /* 3 still waits for 2 */
    expect_nothing(&q, 1);
    queue_finished(&q, 2, true);
    expect_next(&q, 1, 3, 1);
    expect_nothing(&q, 1); /* 5 has one of its parents only */
    queue_finished(&q, 3, true);
    expect_next(&q, 1, 4, 1);
    expect_nothing(&q, 1);
    queue_finished(&q, 4, true);
    expect_next(&q, 1, 5, 1);
    queue_finished(&q, 5, true);
    queue_finished(&q, 6, true);
    assert_int_equal(q.done, 6);
    assert_true(q.work_left == 0);
    queue_free(&q);
}

static void test_a_failure_goes_down_all_generations_once(void **state)
{
    (void)state;
    queue q = make_queue_of_legs();
    int id;
    queue_finished(&q, 2, true);
    queue_finished(&q, 1, false);
    for (int expected = 3; expected <= 5; expected++) { /* 5 is named once, although both its parents failed */
        assert_true(queue_hopeless(&q, &id));
        assert_int_equal(id, expected);
    }
    assert_false(queue_hopeless(&q, &id));
    expect_next(&q, 1, 6, 1);
    expect_nothing(&q, 1);
    assert_int_equal(q.failed, 4);
    assert_int_equal(q.waiting, 0);
    queue_free(&q);
}

static void test_results_may_be_found_in_any_order(void **state)
{
    (void)state;
    static const int orders[][5] = {{1, 2, 3, 4, 5}, {5, 4, 3, 2, 1}, {3, 1, 5, 2, 4}, {4, 5, 1, 3, 2}};
    for (int k = 0; k < 4; k++) {
        for (int open = 1; open <= 5; open++) {
            queue q = make_queue_of_legs();
            for (int i = 0; i < 5; i++)
                if (orders[k][i] != open) queue_finished(&q, orders[k][i], true);
            int first = open < 6 ? open : 6, id, ranks; /* a warm-up first, then the points in the order of ids */
            assert_true(queue_next(&q, 0, 1, &id, &ranks));
            assert_int_equal(id, first);
            queue_finished(&q, id, true);
            expect_next(&q, 1, 6, 1);
            expect_nothing(&q, 1);
            assert_int_equal(q.done, 5);
            queue_free(&q);
        }
    }
}

static void test_a_leg_that_is_away_holds_up_its_branch_only(void **state)
{
    (void)state;
    queue q = make_queue_of_legs();
    queue_finished(&q, 1, true);
    queue_finished(&q, 2, true);
    queue_away(&q, 3);
    queue_away(&q, 5); /* waits elsewhere, too */
    expect_next(&q, 1, 6, 1);
    expect_nothing(&q, 1);
    queue_back(&q, 5); /* it still waits for 4 */
    expect_nothing(&q, 1);
    queue_finished(&q, 3, true); /* there */
    expect_next(&q, 1, 4, 1);
    queue_finished(&q, 4, true);
    expect_next(&q, 1, 5, 1);
    queue_finished(&q, 5, true);
    queue_finished(&q, 6, true);
    assert_true(q.work_left == 0 && q.away == 0);
    queue_free(&q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_warmup_takes_the_largest_power_of_two, tear_down),
        cmocka_unit_test_teardown(test_points_get_one_rank_each_while_there_are_enough, tear_down),
        cmocka_unit_test_teardown(test_few_points_share_the_ranks_in_powers_of_two, tear_down),
        cmocka_unit_test_teardown(test_ready_warmups_share_the_ranks_and_go_before_points, tear_down),
        cmocka_unit_test_teardown(test_failed_warmup_takes_its_points_along, tear_down),
        cmocka_unit_test_teardown(test_tasks_of_other_jobs_are_not_handed_out, tear_down),
        cmocka_unit_test_teardown(test_returned_task_is_handed_out_again, tear_down),
        cmocka_unit_test_teardown(test_tasks_finished_earlier_are_skipped, tear_down),
        cmocka_unit_test_teardown(test_every_task_runs_exactly_once, tear_down),
        cmocka_unit_test_teardown(test_longest_work_first_and_begun_work_before_fresh, tear_down),
        cmocka_unit_test_teardown(test_a_task_whose_groups_break_is_set_aside_in_the_end, tear_down),
        cmocka_unit_test_teardown(test_a_task_waits_for_all_its_parents, tear_down),
        cmocka_unit_test_teardown(test_a_failure_goes_down_all_generations_once, tear_down),
        cmocka_unit_test_teardown(test_results_may_be_found_in_any_order, tear_down),
        cmocka_unit_test_teardown(test_a_leg_that_is_away_holds_up_its_branch_only, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
