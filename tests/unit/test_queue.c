/* links: core_sweep core_task */
/* The policy of the coordinator: order, sizes of groups, dependencies, failures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "core/sweep/queue.h"
#include "tests/support/check_status.h"
#include "tests/support/plan_fixture.h"

enum { SHARDS = 8, MOST_RANKS = 64 };

static plan_fixture *fixture; /* of the queue that was made last */

static int tear_down(void **state)
{
    (void)state;
    plan_fixture_free(fixture);
    fixture = NULL;
    return 0;
}

/* The queue of everything in `fixture`; `weights` NULL: all alike. */
static queue queue_of_fixture(const float *weights)
{
    queue q;
    const task_plan *p = &fixture->plan;
    check_ok(queue_init(&q, p->tasks, p->parents, weights, p->count, SHARDS, MOST_RANKS));
    return q;
}

/* `warmups` warm-ups, then `points` points that wait for them in turn. */
static queue make_weighted_queue(int warmups, int points, const float *weights)
{
    plan_fixture_free(fixture);
    fixture = plan_fixture_new(warmups, points);
    return queue_of_fixture(weights);
}

static queue make_queue(int warmups, int points)
{
    return make_weighted_queue(warmups, points, NULL);
}

/* One warm-up, which is done, and points that can start. */
static queue make_queue_of_points(int points)
{
    queue q = make_queue(1, points);
    queue_finished(&q, 1, true);
    return q;
}

static void expect_next_at(queue *q, double now, int free_ranks, int id, int ranks)
{
    int got_id = 0, got_ranks = 0;
    assert_true(queue_next(q, now, free_ranks, &got_id, &got_ranks));
    assert_int_equal(got_id, id);
    assert_int_equal(got_ranks, ranks);
}

static void expect_next(queue *q, int free_ranks, int id, int ranks)
{
    expect_next_at(q, 0, free_ranks, id, ranks);
}

/* A task of weight 1 runs `segments` segments of `weight` each, `seconds` long, and goes on after each. */
static double run_segments(queue *q, int id, double now, double done, double weight, double seconds, int segments)
{
    phase_kind phase = q->tasks[id - 1].point ? PHASE_SEARCH : PHASE_WARMUP;
    queue_begun(q, id, now, done, phase);
    for (int i = 1; i <= segments; i++)
        assert_int_equal(queue_boundary(q, id, now += seconds, done + i * weight, phase, 0), QUEUE_GO_ON);
    return now;
}

static void expect_nothing(queue *q, int free_ranks)
{
    int id, ranks;
    assert_false(queue_next(q, 0, free_ranks, &id, &ranks));
}

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
        cmocka_unit_test_teardown(test_idle_ranks_join_the_task_that_ends_last, tear_down),
        cmocka_unit_test_teardown(test_a_group_does_not_grow_when_that_gains_less_than_it_costs, tear_down),
        cmocka_unit_test_teardown(test_a_size_measured_to_be_no_faster_is_never_grown_to, tear_down),
        cmocka_unit_test_teardown(test_speed_is_learned_from_the_same_task_only, tear_down),
        cmocka_unit_test_teardown(test_a_warmup_that_would_hold_up_the_sweep_gets_more_ranks, tear_down),
        cmocka_unit_test_teardown(test_a_large_group_gives_its_ranks_to_waiting_tasks, tear_down),
        cmocka_unit_test_teardown(test_a_large_group_that_is_as_efficient_as_a_small_one_stays, tear_down),
        cmocka_unit_test_teardown(test_nothing_begins_that_cannot_reach_its_next_checkpoint, tear_down),
        cmocka_unit_test_teardown(test_a_shorter_segment_may_still_fit_before_the_deadline, tear_down),
        cmocka_unit_test_teardown(test_a_task_whose_groups_break_is_set_aside_in_the_end, tear_down),
        cmocka_unit_test_teardown(test_a_task_waits_for_all_its_parents, tear_down),
        cmocka_unit_test_teardown(test_a_failure_goes_down_all_generations_once, tear_down),
        cmocka_unit_test_teardown(test_results_may_be_found_in_any_order, tear_down),
        cmocka_unit_test_teardown(test_a_leg_that_is_away_holds_up_its_branch_only, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
