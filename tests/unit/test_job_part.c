/* links: core_sweep core_task */
/* Parts of a sweep: together they are everything, each point is in one of them, and Slurm's variables mean what they
 * mean. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/check_status.h"
#include <stdlib.h>
#include <string.h>

#include "core/sweep/job_part.h"
#include "tests/support/plan_fixture.h"

enum { WARMUPS = 2, POINTS = 9, TASKS = WARMUPS + POINTS };

/* Six points of the first warm-up, three of the second. */
static plan_fixture *make_plan(void)
{
    plan_fixture *f = plan_fixture_new(WARMUPS, 0);
    for (int i = 0; i < POINTS; i++)
        plan_fixture_add(f, &(task){.point = true, .strength = i + 1}, (const int[]){i < 6 ? 1 : 2, 0});
    return f;
}

static int mark(bool *mine, const plan_fixture *f, int index, int count)
{
    const task_plan *p = &f->plan;
    job_part part = {.index = index, .count = count};
    int share;
    check_ok(job_part_size(&share, &part, p->tasks, p->parents, p->count));
    assert_int_equal(job_part_mark(mine, &part, p->tasks, p->parents, p->count), share);
    return share;
}

/* Of every number of parts: each point is in one, everything it starts from is in the same, and nothing else. */
static void check_parts(const plan_fixture *f)
{
    const task_plan *p = &f->plan;
    enum { MOST = 64 };
    assert_true(p->count <= MOST);
    for (int count = 1; count <= p->count + 2; count++) {
        int times[MOST] = {0};
        for (int index = 0; index < count; index++) {
            bool mine[MOST], wanted[MOST] = {false};
            int marked = 0, share = mark(mine, f, index, count);
            for (int i = p->count - 1; i >= 0; i--) {
                const task *t = &p->tasks[i];
                times[i] += mine[i];
                marked += mine[i];
                if (!t->point && count > 1) assert_int_equal(mine[i], wanted[i]);
                for (int k = 0; k < t->parent_count && mine[i]; k++) wanted[task_plan_parent(p, t, k) - 1] = true;
            }
            assert_int_equal(marked, share);
        }
        for (int i = 0; i < p->count; i++) {
            bool again = !p->tasks[i].point; /* in several parts: what points start from */
            for (int k = 0; k < p->parent_total; k++) again = again || p->parents[k] == i + 1;
            assert_true(again ? times[i] >= 1 : times[i] == 1);
        }
    }
}

static void test_every_point_is_in_one_part(void **state)
{
    (void)state;
    plan_fixture *f = make_plan();
    check_parts(f);
    plan_fixture_free(f);
}

static void test_a_warmup_belongs_to_those_who_need_it(void **state)
{
    (void)state;
    bool mine[TASKS];
    plan_fixture *f = make_plan();
    assert_int_equal(mark(mine, f, 0, POINTS), 2); /* point 3 and warm-up 1 */
    assert_true(mine[0] && !mine[1] && mine[2]);
    assert_int_equal(mark(mine, f, 8, POINTS), 2);
    assert_true(!mine[0] && mine[1] && mine[TASKS - 1]);
    assert_int_equal(mark(mine, f, 0, 1), TASKS);
    plan_fixture_free(f);
}

/* A trajectory: legs 2, 3, 4, of which 3 is a point, too; branches 5, 6, 7 after them, 8 after the last two. */
static void test_chains_come_along_with_all_their_legs(void **state)
{
    (void)state;
    enum { CHAIN = 8 };
    plan_fixture *f = plan_fixture_new(1, 0);
    for (int leg = 1; leg <= 3; leg++)
        plan_fixture_add(f, &(task){.kind = "leg", .point = leg == 2, .step = leg}, (const int[]){leg, 0});
    for (int leg = 1; leg <= 3; leg++)
        plan_fixture_add(f, &(task){.point = true, .step = leg}, (const int[]){leg + 1, 0});
    plan_fixture_add(f, &(task){.point = true, .kind = "both"}, (const int[]){6, 7, 0});
    assert_int_equal(f->plan.count, CHAIN);
    check_parts(f);

    /* The points are 3, 5, 6, 7, 8. */
    static const bool expected[5][CHAIN] = {
        {1, 1, 1, 0, 0, 0, 0, 0}, {1, 1, 0, 0, 1, 0, 0, 0}, {1, 1, 1, 0, 0, 1, 0, 0},
        {1, 1, 1, 1, 0, 0, 1, 0}, {1, 1, 1, 1, 0, 1, 1, 1},
    };
    for (int index = 0; index < 5; index++) {
        bool mine[CHAIN];
        mark(mine, f, index, 5);
        for (int i = 0; i < CHAIN; i++) assert_int_equal(mine[i], expected[index][i]);
    }
    plan_fixture_free(f);
}

static void test_a_sweep_without_points_is_done_by_the_first(void **state)
{
    (void)state;
    plan_fixture *f = plan_fixture_new(3, 0);
    bool mine[3];
    assert_int_equal(mark(mine, f, 0, 2), 3);
    assert_int_equal(mark(mine, f, 1, 2), 0);
    plan_fixture_free(f);
}

static void set_array(const char *id, const char *lowest, const char *highest, const char *count)
{
    setenv("SLURM_ARRAY_TASK_ID", id, 1);
    setenv("SLURM_ARRAY_TASK_MIN", lowest, 1);
    setenv("SLURM_ARRAY_TASK_MAX", highest, 1);
    setenv("SLURM_ARRAY_TASK_COUNT", count, 1);
}

static void check_part(int index, int count)
{
    job_part part;
    check_ok(job_part_from_slurm(&part));
    assert_int_equal(part.index, index);
    assert_int_equal(part.count, count);
}

static void test_slurm_arrays(void **state)
{
    (void)state;
    unsetenv("SLURM_ARRAY_TASK_ID");
    check_part(0, 1);
    set_array("0", "0", "3", "4");
    check_part(0, 4);
    set_array("4", "1", "4", "4");
    check_part(3, 4);
    set_array("5", "1", "7", "4"); /* 1-7:2 */
    check_part(2, 4);
    set_array("3", "3", "3", "1"); /* one that is submitted again alone does everything that is left */
    check_part(0, 1);
    job_part part;
    set_array("5", "1", "7", "3"); /* 1,5,7 */
    check_says(job_part_from_slurm(&part), "no regular step");
    set_array("2", "1", "7", "4");
    check_says(job_part_from_slurm(&part), "no regular step");
    set_array("1", "1", "4", "four");
    check_says(job_part_from_slurm(&part), "SLURM_ARRAY_TASK_COUNT is four");
    unsetenv("SLURM_ARRAY_TASK_MIN");
    check_says(job_part_from_slurm(&part), "SLURM_ARRAY_TASK_MIN is missing");
}

static void test_parts_by_hand(void **state)
{
    (void)state;
    job_part part;
    check_ok(job_part_parse(&part, "2/4"));
    assert_int_equal(part.index, 1);
    assert_int_equal(part.count, 4);
    check_ok(job_part_parse(&part, "1/1"));
    static const char *const wrong[] = {"", "2", "/", "0/4", "5/4", "-1/4", "1/0", "1/4 ", "a/b", "1/99999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        check_says(job_part_parse(&part, wrong[i]), "--part wants I/N");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_point_is_in_one_part),
        cmocka_unit_test(test_a_warmup_belongs_to_those_who_need_it),
        cmocka_unit_test(test_chains_come_along_with_all_their_legs),
        cmocka_unit_test(test_a_sweep_without_points_is_done_by_the_first),
        cmocka_unit_test(test_slurm_arrays),
        cmocka_unit_test(test_parts_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
