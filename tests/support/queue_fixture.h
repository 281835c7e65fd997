/* queue_fixture: queues of plans that are made up, and what they hand out. To be included after cmocka; the test links
 * core_sweep and core_task. */
#ifndef TESTS_SUPPORT_QUEUE_FIXTURE_H
#define TESTS_SUPPORT_QUEUE_FIXTURE_H

#include "core/sweep/queue.h"
#include "tests/support/check_status.h"
#include "tests/support/plan_fixture.h"

enum { SHARDS = 8, MOST_RANKS = 64 };

static plan_fixture *fixture; /* of the queue that was made last */

static inline int tear_down(void **state)
{
    (void)state;
    plan_fixture_free(fixture);
    fixture = NULL;
    return 0;
}

/* The queue of everything in `fixture`; `weights` NULL: all alike. */
static inline queue queue_of_fixture(const float *weights)
{
    queue q;
    const task_plan *p = &fixture->plan;
    check_ok(queue_init(&q, p->tasks, p->parents, weights, p->count, SHARDS, MOST_RANKS));
    return q;
}

/* `warmups` warm-ups, then `points` points that wait for them in turn. */
static inline queue make_weighted_queue(int warmups, int points, const float *weights)
{
    plan_fixture_free(fixture);
    fixture = plan_fixture_new(warmups, points);
    return queue_of_fixture(weights);
}

static inline queue make_queue(int warmups, int points)
{
    return make_weighted_queue(warmups, points, NULL);
}

/* One warm-up, which is done, and points that can start. */
static inline queue make_queue_of_points(int points)
{
    queue q = make_queue(1, points);
    queue_finished(&q, 1, true);
    return q;
}

static inline void expect_next_at(queue *q, double now, int free_ranks, int id, int ranks)
{
    int got_id = 0, got_ranks = 0;
    assert_true(queue_next(q, now, free_ranks, &got_id, &got_ranks));
    assert_int_equal(got_id, id);
    assert_int_equal(got_ranks, ranks);
}

static inline void expect_next(queue *q, int free_ranks, int id, int ranks)
{
    expect_next_at(q, 0, free_ranks, id, ranks);
}

/* A task of weight 1 runs `segments` segments of `weight` each, `seconds` long, and goes on after each. */
static inline double run_segments(queue *q, int id, double now, double done, double weight, double seconds,
                                  int segments)
{
    phase_kind phase = q->tasks[id - 1].point ? PHASE_SEARCH : PHASE_WARMUP;
    queue_begun(q, id, now, done, phase);
    for (int i = 1; i <= segments; i++)
        assert_int_equal(queue_boundary(q, id, now += seconds, done + i * weight, phase, 0), QUEUE_GO_ON);
    return now;
}

static inline void expect_nothing(queue *q, int free_ranks)
{
    int id, ranks;
    assert_false(queue_next(q, 0, free_ranks, &id, &ranks));
}

#endif
