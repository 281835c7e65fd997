/* links: bitfront_mpi */
/* The policy of the coordinator: order, sizes of groups, dependencies, failures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "mpi/queue.h"

enum { SHARDS = 8 };

/* `warmups` warm-ups, then `points` points that wait for them in turn. */
static void make_tasks(task *tasks, int warmups, int points)
{
    memset(tasks, 0, (size_t)(warmups + points) * sizeof *tasks);
    for (int i = 0; i < warmups + points; i++) {
        tasks[i].id = i + 1;
        tasks[i].kind = i < warmups ? TASK_WARMUP : TASK_POINT;
        tasks[i].depends_on = i < warmups ? 0 : (i - warmups) % warmups + 1;
    }
}

static queue make_queue(const task *tasks, int count)
{
    queue q;
    assert_false(failed(queue_init(&q, tasks, count, SHARDS)));
    return q;
}

static void expect_next(queue *q, int free_ranks, int id, int ranks)
{
    int got_id = 0, got_ranks = 0;
    assert_true(queue_next(q, free_ranks, &got_id, &got_ranks));
    assert_int_equal(got_id, id);
    assert_int_equal(got_ranks, ranks);
}

static void expect_nothing(queue *q, int free_ranks)
{
    int id, ranks;
    assert_false(queue_next(q, free_ranks, &id, &ranks));
}

static void test_warmup_takes_the_largest_power_of_two(void **state)
{
    (void)state;
    static const int free_ranks[] = {1, 2, 3, 4, 7, 8, 9, 64}, expected[] = {1, 2, 2, 4, 4, 8, 8, 8};
    for (int i = 0; i < 8; i++) {
        task tasks[3];
        make_tasks(tasks, 1, 2);
        queue q = make_queue(tasks, 3);
        expect_next(&q, free_ranks[i], 1, expected[i]);
        expect_nothing(&q, free_ranks[i]); /* points wait for it */
        queue_free(&q);
    }
}

static void test_points_get_one_rank_each_while_there_are_enough(void **state)
{
    (void)state;
    task tasks[6];
    make_tasks(tasks, 1, 5);
    queue q = make_queue(tasks, 6);
    queue_finished(&q, 1, true);
    for (int free_ranks = 3; free_ranks > 0; free_ranks--) expect_next(&q, free_ranks, 5 - free_ranks, 1);
    assert_int_equal(q.running, 3);
    assert_int_equal(q.waiting, 2);
    queue_free(&q);
}

static void test_few_points_share_the_ranks_in_powers_of_two(void **state)
{
    (void)state;
    task tasks[4];
    make_tasks(tasks, 1, 3);
    queue q = make_queue(tasks, 4);
    queue_finished(&q, 1, true);
    expect_next(&q, 5, 2, 1); /* 5 ranks for 3 points: 1 + 2 + 2 */
    expect_next(&q, 4, 3, 2);
    expect_next(&q, 2, 4, 2);
    expect_nothing(&q, 3);
    queue_free(&q);

    q = make_queue(tasks, 4);
    for (int id = 1; id <= 3; id++) queue_finished(&q, id, true);
    expect_next(&q, 64, 4, SHARDS); /* never more than shards */
    queue_free(&q);
}

static void test_ready_warmup_goes_before_ready_points(void **state)
{
    (void)state;
    task tasks[6];
    make_tasks(tasks, 2, 4);
    queue q = make_queue(tasks, 6);
    expect_next(&q, 3, 1, 2);
    queue_finished(&q, 1, true);
    expect_next(&q, 2, 2, 2);
    expect_next(&q, 1, 3, 1); /* point of the first warm-up, while the second runs */
    queue_free(&q);
}

static void test_failed_warmup_takes_its_points_along(void **state)
{
    (void)state;
    task tasks[6];
    make_tasks(tasks, 2, 4); /* points 3, 5 need 1; points 4, 6 need 2 */
    queue q = make_queue(tasks, 6);
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

static void test_returned_task_is_handed_out_again(void **state)
{
    (void)state;
    task tasks[3];
    make_tasks(tasks, 1, 2);
    queue q = make_queue(tasks, 3);
    queue_finished(&q, 1, true);
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
    task tasks[5];
    make_tasks(tasks, 1, 4);
    queue q = make_queue(tasks, 5);
    queue_finished(&q, 1, true);
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
    task tasks[COUNT];
    make_tasks(tasks, WARMUPS, POINTS);
    queue q = make_queue(tasks, COUNT);
    int handed_out[COUNT + 1] = {0}, running[COUNT], sizes[COUNT], count = 0, free_ranks = RANKS;
    for (unsigned step = 1; q.done < COUNT; step++) {
        int id, ranks;
        while (free_ranks > 0 && queue_next(&q, free_ranks, &id, &ranks)) {
            assert_true(ranks >= 1 && ranks <= free_ranks && ranks <= SHARDS && (ranks & (ranks - 1)) == 0);
            assert_true(tasks[id - 1].depends_on == 0 || queue_task(&q, tasks[id - 1].depends_on) == QUEUE_DONE);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_warmup_takes_the_largest_power_of_two),
        cmocka_unit_test(test_points_get_one_rank_each_while_there_are_enough),
        cmocka_unit_test(test_few_points_share_the_ranks_in_powers_of_two),
        cmocka_unit_test(test_ready_warmup_goes_before_ready_points),
        cmocka_unit_test(test_failed_warmup_takes_its_points_along),
        cmocka_unit_test(test_returned_task_is_handed_out_again),
        cmocka_unit_test(test_tasks_finished_earlier_are_skipped),
        cmocka_unit_test(test_every_task_runs_exactly_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
