/* links: core_sweep */
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

enum { WARMUPS = 2, POINTS = 9, TASKS = WARMUPS + POINTS };

static void make_tasks(task tasks[TASKS])
{
    memset(tasks, 0, TASKS * sizeof *tasks);
    for (int i = 0; i < TASKS; i++) {
        tasks[i].id = i + 1;
        tasks[i].kind = i < WARMUPS ? TASK_WARMUP : TASK_POINT;
        tasks[i].depends_on = i < WARMUPS       ? 0
                              : i < WARMUPS + 6 ? 1
                                                : 2; /* six points of the first, three of the second */
    }
}

static void test_every_point_is_in_one_part(void **state)
{
    (void)state;
    task tasks[TASKS];
    make_tasks(tasks);
    for (int count = 1; count <= POINTS + 2; count++) {
        int times[TASKS] = {0};
        for (int index = 0; index < count; index++) {
            bool mine[TASKS];
            int marked = 0, share;
            job_part part = {.index = index, .count = count};
            check_ok(job_part_size(&share, &part, tasks, TASKS));
            assert_int_equal(job_part_mark(mine, &part, tasks, TASKS), share);
            for (int i = 0; i < TASKS; i++) {
                times[i] += mine[i];
                marked += mine[i];
                if (i >= WARMUPS && mine[i]) assert_true(mine[tasks[i].depends_on - 1]);
            }
            assert_int_equal(marked, share);
        }
        for (int i = WARMUPS; i < TASKS; i++) assert_int_equal(times[i], 1);
        for (int i = 0; i < WARMUPS; i++) assert_true(times[i] >= 1);
    }
}

static void test_a_warmup_belongs_to_those_who_need_it(void **state)
{
    (void)state;
    task tasks[TASKS];
    bool mine[TASKS];
    make_tasks(tasks);
    assert_int_equal(job_part_mark(mine, &(job_part){0, POINTS}, tasks, TASKS), 2); /* point 3 and warm-up 1 */
    assert_true(mine[0] && !mine[1] && mine[2]);
    assert_int_equal(job_part_mark(mine, &(job_part){8, POINTS}, tasks, TASKS), 2);
    assert_true(!mine[0] && mine[1] && mine[TASKS - 1]);
    assert_int_equal(job_part_mark(mine, &(job_part){0, 1}, tasks, TASKS), TASKS);
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
        cmocka_unit_test(test_slurm_arrays),
        cmocka_unit_test(test_parts_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
