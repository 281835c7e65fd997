/* links: core_sweep core_task */
/* The policy of the coordinator: sizes of groups while tasks run, and what still fits before the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "tests/support/queue_fixture.h"

static void test_idle_ranks_join_the_task_that_ends_last(void **state)
{
    (void)state;
    queue q = make_queue_of_points(2);
    expect_next(&q, 1, 2, 1);
    expect_next(&q, 1, 3, 1);
    run_segments(&q, 2, 0, 0, 0.1, 100, 1);
    run_segments(&q, 3, 0, 0, 0.2, 100, 1);
    /* 1 rank idle: task 2 has 900 s left, task 3 only 400. */
    assert_int_equal(queue_boundary(&q, 3, 200, 0.4, PHASE_SEARCH, 1), QUEUE_GO_ON);
    assert_int_equal(queue_boundary(&q, 2, 200, 0.2, PHASE_SEARCH, 1), QUEUE_GROW);
    queue_returned(&q, 2);
    expect_next_at(&q, 200, 2, 2, 2);
    assert_int_equal(q.regroups, 1);
    /* Nobody is idle now. */
    queue_begun(&q, 2, 201, 0.2, PHASE_SEARCH);
    assert_int_equal(queue_boundary(&q, 2, 256, 0.3, PHASE_SEARCH, 0), QUEUE_GO_ON);
    /* Then many are: from 2 ranks to all the shards allow. */
    queue_finished(&q, 3, true);
    assert_int_equal(queue_boundary(&q, 2, 311, 0.4, PHASE_SEARCH, 62), QUEUE_GROW);
    queue_returned(&q, 2);
    expect_next_at(&q, 311, 64, 2, SHARDS);
    queue_free(&q);
}

static void test_a_group_does_not_grow_when_that_gains_less_than_it_costs(void **state)
{
    (void)state;
    for (int costly = 0; costly < 2; costly++) {
        queue q = make_queue(1, 0);
        expect_next(&q, 1, 1, 1);
        queue_begun(&q, 1, costly ? 500 : 5, 0, PHASE_WARMUP); /* 900 s are left after the first segment */
        assert_int_equal(queue_boundary(&q, 1, costly ? 600 : 105, 0.1, PHASE_WARMUP, 1),
                         costly ? QUEUE_GO_ON : QUEUE_GROW);
        queue_free(&q);
    }
    /* Shortly before its end. */
    queue q = make_queue(1, 0);
    expect_next(&q, 1, 1, 1);
    queue_begun(&q, 1, 5, 0.8, PHASE_WARMUP);
    assert_int_equal(queue_boundary(&q, 1, 10, 0.9, PHASE_WARMUP, 1), QUEUE_GO_ON);
    queue_free(&q);
}

static void test_a_size_measured_to_be_no_faster_is_never_grown_to(void **state)
{
    (void)state;
    queue q = make_queue(2, 2);
    expect_next(&q, 1, 1, 1);
    run_segments(&q, 1, 0, 0, 0.1, 100, 2);
    queue_returned(&q, 1);
    expect_next_at(&q, 200, 4, 1, 2); /* as long as nothing is known: 4 ranks for 2 warm-ups */
    queue_begun(&q, 1, 200, 0.2, PHASE_WARMUP);
    assert_int_equal(queue_boundary(&q, 1, 300, 0.3, PHASE_WARMUP, 8), QUEUE_GO_ON); /* no faster at all */
    queue_finished(&q, 1, true);
    expect_next_at(&q, 500, 4, 2, 1);
    queue_begun(&q, 2, 500, 0, PHASE_WARMUP);
    assert_int_equal(queue_boundary(&q, 2, 600, 0.1, PHASE_WARMUP, 8), QUEUE_GO_ON);
    queue_finished(&q, 2, true);
    expect_next(&q, 4, 3, 2); /* of searching nothing of the kind is known */
    queue_free(&q);
}

static void test_speed_is_learned_from_the_same_task_only(void **state)
{
    (void)state;
    speed_table t = speed_new();
    speed_sample slow = {0}, quick = {0};
    assert_true(speed_pace(&t, &slow, PHASE_SEARCH, 0) == 0);
    double assumed = speed_ratio(&t, PHASE_SEARCH, 0, 1);
    assert_true(assumed > 0.5 && assumed < 0.6);
    speed_learn(&t, &slow, PHASE_SEARCH, 0, 1, 100);
    speed_learn(&t, &quick, PHASE_SEARCH, 1, 1, 10); /* another task: says nothing about groups of two */
    assert_true(speed_ratio(&t, PHASE_SEARCH, 0, 1) == assumed);
    speed_learn(&t, &slow, PHASE_FINETUNE, 1, 1, 20); /* another phase neither */
    assert_true(speed_ratio(&t, PHASE_FINETUNE, 0, 1) == assumed);
    assert_true(speed_ratio(&t, PHASE_SEARCH, 0, 1) == assumed);
    speed_learn(&t, &quick, PHASE_SEARCH, 3, 1, 6.4); /* 8 ranks instead of 2: a step is 0.8 */
    assert_true(fabs(speed_ratio(&t, PHASE_SEARCH, 1, 3) - 0.64) < 1e-6);
    assert_true(fabs(speed_ratio(&t, PHASE_SEARCH, 3, 1) - 1 / 0.64) < 1e-6);
    /* Beyond what was measured it does not get better. */
    assert_true(fabs(speed_ratio(&t, PHASE_SEARCH, 3, 4) - 0.8) < 1e-6);
    assert_true(fabs(speed_pace(&t, &quick, PHASE_SEARCH, 1) - 10) < 1e-4);
    /* Warm-ups are all alike. */
    speed_sample first = {0}, second = {0};
    speed_learn(&t, &first, PHASE_WARMUP, 0, 1, 100);
    speed_learn(&t, &second, PHASE_WARMUP, 1, 1, 70);
    assert_true(fabs(speed_ratio(&t, PHASE_WARMUP, 0, 1) - 0.7) < 1e-6);
}

static void test_a_warmup_that_would_hold_up_the_sweep_gets_more_ranks(void **state)
{
    (void)state;
    for (int longer = 0; longer < 2; longer++) {
        const float weights[] = {1, longer ? 10 : 2, 1, 1, 1, 1, 1, 1, 1, 1};
        queue q = make_weighted_queue(2, 8, weights); /* 3, 5, 7, 9 need 1, the others need 2 */
        queue_finished(&q, 1, true);
        /* 5 tasks for 4 ranks: 18 units of work on 4 ranks take 4.5, so the warm-up may take 3.5; or 10
         * units, 2.5, 1.5. */
        expect_next(&q, 4, 2, longer ? 4 : 2);
        queue_free(&q);
    }
    const float weights[] = {1, 1, 4, 1, 4, 1, 4, 1, 4, 1};
    /* Much else to do: 21 units take 5.25, the warm-up and its points only 2 in a row. */
    queue q = make_weighted_queue(2, 8, weights);
    queue_finished(&q, 1, true);
    expect_next(&q, 4, 2, 1);
    queue_free(&q);
}

static void test_a_large_group_gives_its_ranks_to_waiting_tasks(void **state)
{
    (void)state;
    for (int waiting = 0; waiting < 2; waiting++) {
        queue q = make_queue(2, 20);
        expect_next(&q, 8, 1, 4);
        expect_next(&q, 4, 2, 4);
        queue_begun(&q, 1, 1, 0, PHASE_WARMUP);
        queue_begun(&q, 2, 1, 0, PHASE_WARMUP);
        assert_int_equal(queue_boundary(&q, 2, 101, 0.1, PHASE_WARMUP, 0), QUEUE_GO_ON);
        if (waiting) queue_finished(&q, 1, true); /* ten points can start */
        for (int free_ranks = 4; waiting && free_ranks > 0; free_ranks--) {
            int id, ranks;
            assert_true(queue_next(&q, 102, free_ranks, &id, &ranks));
            assert_int_equal(ranks, 1);
        }
        assert_int_equal(queue_boundary(&q, 2, 201, 0.2, PHASE_WARMUP, 0), waiting ? QUEUE_SHRINK : QUEUE_GO_ON);
        if (waiting) {
            queue_returned(&q, 2);
            int id, ranks;
            assert_true(queue_next(&q, 202, 4, &id, &ranks));
            assert_int_equal(id, 2);
            assert_true(ranks < 4);
        }
        queue_free(&q);
    }
}

static void test_a_large_group_that_is_as_efficient_as_a_small_one_stays(void **state)
{
    (void)state;
    for (int seconds = 50; seconds <= 90; seconds += 40) { /* on 2 ranks, for what took 100 s on one */
        const float weights[] = {1, 1, 1, 0.1f};
        queue q = make_weighted_queue(1, 3, weights);
        queue_finished(&q, 1, true);
        queue_finished(&q, 3, true);
        expect_next(&q, 1, 2, 1);
        run_segments(&q, 2, 0, 0, 0.1, 100, 1);
        expect_next(&q, 1, 4, 1);
        queue_returned(&q, 2);
        expect_next_at(&q, 100, 2, 2, 2);
        queue_begun(&q, 2, 100, 0.1, PHASE_SEARCH);
        queue_returned(&q, 4); /* waits */
        assert_int_equal(queue_boundary(&q, 2, 100 + seconds, 0.2, PHASE_SEARCH, 0),
                         seconds == 50 ? QUEUE_GO_ON : QUEUE_SHRINK);
        queue_free(&q);
    }
}

static void test_nothing_begins_that_cannot_reach_its_next_checkpoint(void **state)
{
    (void)state;
    queue q = make_queue(1, 4);
    queue_set_deadline(&q, 1000);
    int id, ranks;
    assert_false(queue_next(&q, 1000, 1, &id, &ranks)); /* too late for anything */
    expect_next(&q, 1, 1, 1);                           /* nothing is known yet: allowed */
    run_segments(&q, 1, 1, 0, 0.1, 100, 1);
    queue_finished(&q, 1, true);
    assert_true(queue_next(&q, 500, 1, &id, &ranks));
    assert_int_equal(id, 2);
    run_segments(&q, 2, 501, 0, 0.25, 100, 1);
    assert_false(queue_next(&q, 890, 1, &id, &ranks)); /* a segment takes 100 s, with a margin */
    assert_true(queue_next(&q, 800, 1, &id, &ranks));
    assert_int_equal(id, 3);
    /* Task 2 was moving on faster than others: it may still begin another segment. */
    assert_int_equal(queue_boundary(&q, 2, 700, 0.5, PHASE_SEARCH, 0), QUEUE_GO_ON);
    assert_int_equal(queue_boundary(&q, 2, 890, 0.75, PHASE_SEARCH, 0), QUEUE_DEADLINE);
    queue_returned(&q, 2);
    assert_false(queue_next(&q, 891, 4, &id, &ranks));
    queue_set_deadline(&q, INFINITY);
    assert_true(queue_next(&q, 891, 1, &id, &ranks));
    assert_int_equal(id, 2);
    queue_free(&q);
}

static void test_a_shorter_segment_may_still_fit_before_the_deadline(void **state)
{
    (void)state;
    queue q = make_queue_of_points(2);
    expect_next(&q, 1, 2, 1);
    expect_next(&q, 1, 3, 1);
    run_segments(&q, 2, 1, 0, 0.1, 100, 1);
    run_segments(&q, 3, 1, 0, 0.2, 10, 1);
    queue_returned(&q, 2);
    queue_returned(&q, 3);
    queue_set_deadline(&q, 250);
    int id, ranks;
    assert_true(queue_next(&q, 200, 1, &id, &ranks)); /* task 2 would be first */
    assert_int_equal(id, 3);
    queue_free(&q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_idle_ranks_join_the_task_that_ends_last, tear_down),
        cmocka_unit_test_teardown(test_a_group_does_not_grow_when_that_gains_less_than_it_costs, tear_down),
        cmocka_unit_test_teardown(test_a_size_measured_to_be_no_faster_is_never_grown_to, tear_down),
        cmocka_unit_test_teardown(test_speed_is_learned_from_the_same_task_only, tear_down),
        cmocka_unit_test_teardown(test_a_warmup_that_would_hold_up_the_sweep_gets_more_ranks, tear_down),
        cmocka_unit_test_teardown(test_a_large_group_gives_its_ranks_to_waiting_tasks, tear_down),
        cmocka_unit_test_teardown(test_a_large_group_that_is_as_efficient_as_a_small_one_stays, tear_down),
        cmocka_unit_test_teardown(test_nothing_begins_that_cannot_reach_its_next_checkpoint, tear_down),
        cmocka_unit_test_teardown(test_a_shorter_segment_may_still_fit_before_the_deadline, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
