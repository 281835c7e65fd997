/* links: core_sweep core_task */
/* Sweeps in the simulator: how well the policy of the queue uses the ranks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/sweep/simulate.h"
#include "tests/support/check_status.h"
#include "tests/support/plan_fixture.h"

enum { WARMUP_EPOCHS = 20, SEARCH_EPOCHS = 20, FINETUNE_EPOCHS = 10 };

typedef struct {
    plan_fixture *plan;
    simulated_work *work;
    simulation in;
    simulated_sweep out;
} sweep;

/* `warmups` warm-ups and `points` points that wait for them in turn; a point takes 1 to `unequal` times the time of the
 * shortest. An epoch of a warm-up takes 20 s on one rank. */
static void start(sweep *s, int warmups, int points, double unequal, int workers)
{
    int count = warmups + points;
    *s = (sweep){.plan = plan_fixture_new(warmups, points), .work = calloc((size_t)count, sizeof *s->work)};
    assert_non_null(s->work);
    for (int i = 0; i < count; i++) {
        bool warmup = i < warmups;
        double longer = 1 + (unequal - 1) * ((i * 5) % 12) / 11.0;
        if (warmup) {
            s->work[i].units[PHASE_WARMUP] = WARMUP_EPOCHS;
            s->work[i].seconds[PHASE_WARMUP] = 20;
        } else {
            s->work[i].units[PHASE_SEARCH] = SEARCH_EPOCHS;
            s->work[i].seconds[PHASE_SEARCH] = 30 * longer;
            s->work[i].units[PHASE_FINETUNE] = FINETUNE_EPOCHS;
            s->work[i].seconds[PHASE_FINETUNE] = 15 * longer;
        }
    }
    s->in = (simulation){.tasks = s->plan->plan.tasks,
                         .parents = s->plan->plan.parents,
                         .work = s->work,
                         .count = count,
                         .shards = 8,
                         .workers = workers,
                         .regroup_seconds = 1,
                         .walltime_seconds = INFINITY};
    simulate_amdahl(s->in.part, 0.1);
}

static void run_it(sweep *s)
{
    check_ok(simulate_run(&s->out, &s->in));
}

static void end(sweep *s)
{
    simulate_free(&s->out);
    plan_fixture_free(s->plan);
    free(s->work);
}

static int by_rank_and_time(const void *a, const void *b)
{
    const simulated_span *x = a, *y = b;
    if (x->rank != y->rank) return x->rank - y->rank;
    return (x->from > y->from) - (x->from < y->from);
}

/* No rank is in two groups at a time, every rank exists, the spans are the busy time. */
static void check_spans(sweep *s)
{
    double sum = 0;
    qsort(s->out.spans, (size_t)s->out.span_count, sizeof *s->out.spans, by_rank_and_time);
    for (int i = 0; i < s->out.span_count; i++) {
        const simulated_span *at = &s->out.spans[i];
        assert_true(at->rank >= 0 && at->rank < s->in.workers && at->from < at->to && at->to <= (float)s->out.makespan);
        if (i > 0 && at[-1].rank == at->rank) assert_true(at[-1].to <= at->from);
        sum += at->to - at->from;
    }
    assert_true(fabs(sum - s->out.busy) < 1e-4 * sum);
}

static void test_twelve_unequal_tasks_and_a_warmup_keep_the_ranks_busy(void **state)
{
    (void)state;
    for (int workers = 4; workers <= 5; workers++) { /* of 5 ranks under mpirun 4 compute */
        for (double unequal = 1.5; unequal <= 4; unequal += 0.5) {
            sweep s;
            start(&s, 1, 12, unequal, workers);
            run_it(&s);
            print_message("%d workers, points differ %.1f-fold: utilisation %.1f %%, %d regroupings\n", workers,
                          unequal, 100 * s.out.utilisation, s.out.regroups);
            assert_int_equal(s.out.done, 13);
            assert_true(s.out.utilisation >= 0.95);
            check_spans(&s);
            end(&s);
        }
    }
}

static void test_growing_groups_end_a_sweep_earlier(void **state)
{
    (void)state;
    for (int workers = 2; workers <= 24; workers += 1) {
        sweep fixed, elastic;
        start(&fixed, 1, 12, 3, workers);
        fixed.in.shards = 1;
        run_it(&fixed);
        assert_int_equal(fixed.out.regroups, 0);
        start(&elastic, 1, 12, 3, workers);
        run_it(&elastic);
        assert_int_equal(elastic.out.done, 13);
        assert_true(elastic.out.makespan < (workers < 4 ? 0.98 : 0.87) * fixed.out.makespan);
        /* Not even perfect scheduling is faster than all work at the best speed of all ranks. */
        assert_true(elastic.out.makespan > elastic.out.useful / workers);
        check_spans(&elastic);
        end(&fixed);
        end(&elastic);
    }
}

static void test_groups_that_do_not_get_faster_are_given_up(void **state)
{
    (void)state;
    sweep s, single;
    start(&s, 1, 12, 3, 5);
    simulate_amdahl(s.in.part, 1);
    run_it(&s);
    start(&single, 1, 12, 3, 5);
    single.in.shards = 1;
    run_it(&single);
    assert_int_equal(s.out.done, 13);
    assert_true(s.out.regroups <= 2); /* tried once for searching and once for fine-tuning */
    assert_true(s.out.makespan < single.out.makespan + 5);
    end(&s);
    end(&single);
}

static void test_regrouping_that_costs_more_than_it_gains_is_left_out(void **state)
{
    (void)state;
    sweep s;
    start(&s, 1, 12, 3, 5);
    s.in.regroup_seconds = 2000;
    run_it(&s);
    assert_int_equal(s.out.done, 13);
    assert_int_equal(s.out.regroups, 0);
    end(&s);
}

static void test_everything_is_at_a_checkpoint_before_the_walltime(void **state)
{
    (void)state;
    for (double walltime = 200; walltime < 1500; walltime += 166) {
        sweep s;
        start(&s, 2, 12, 1, 5);
        s.in.walltime_seconds = walltime;
        run_it(&s);
        assert_true(s.out.makespan <= walltime);
        assert_true(s.out.makespan > walltime - 1.1 * 31); /* and no other segment would have fit */
        assert_int_equal(s.out.done + s.out.left, 14);
        assert_true(s.out.left > 0);
        check_spans(&s);
        end(&s);
    }
}

static void test_points_of_one_seed_run_while_another_seed_warms_up(void **state)
{
    (void)state;
    for (int workers = 2; workers <= 9; workers++) {
        sweep s;
        start(&s, 3, 36, 3, workers);
        run_it(&s);
        assert_int_equal(s.out.done, 39);
        assert_true(s.out.utilisation >= 0.95);
        assert_true(s.out.useful / workers / s.out.makespan >= 0.9);
        end(&s);
    }
}

static void test_large_sweeps_take_seconds(void **state)
{
    (void)state;
    static const int workers[] = {10, 100, 1000, 10000};
    for (int i = 0; i < 4; i++) {
        sweep s;
        start(&s, 10, 990, 4, workers[i]);
        double before = clock_seconds();
        run_it(&s);
        double took = clock_seconds() - before;
        print_message("%d workers, 1000 tasks: %.2f s; makespan %.0f s, utilisation %.1f %%, %d regroupings\n",
                      workers[i], took, s.out.makespan, 100 * s.out.utilisation, s.out.regroups);
        assert_int_equal(s.out.done, 1000);
        assert_true(took < 10);
        if (workers[i] <= 100) assert_true(s.out.utilisation >= 0.98);
        end(&s);
    }
}

static void test_the_same_sweep_twice_is_the_same(void **state)
{
    (void)state;
    sweep a, b;
    start(&a, 2, 40, 3, 7);
    start(&b, 2, 40, 3, 7);
    run_it(&a);
    run_it(&b);
    assert_int_equal(a.out.span_count, b.out.span_count);
    assert_memory_equal(a.out.spans, b.out.spans, (size_t)a.out.span_count * sizeof *a.out.spans);
    end(&a);
    end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_twelve_unequal_tasks_and_a_warmup_keep_the_ranks_busy),
        cmocka_unit_test(test_growing_groups_end_a_sweep_earlier),
        cmocka_unit_test(test_groups_that_do_not_get_faster_are_given_up),
        cmocka_unit_test(test_regrouping_that_costs_more_than_it_gains_is_left_out),
        cmocka_unit_test(test_everything_is_at_a_checkpoint_before_the_walltime),
        cmocka_unit_test(test_points_of_one_seed_run_while_another_seed_warms_up),
        cmocka_unit_test(test_large_sweeps_take_seconds),
        cmocka_unit_test(test_the_same_sweep_twice_is_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
