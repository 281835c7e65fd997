/* links: results */
/* The front against its definition, point by point, and the area against a count of cells. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "core/base/rng.h"
#include "results/file/front.h"

enum { MOST = 60 };

/* The definition in front.h, in words of loops. */
static bool is_member(const double *cost, const double *accuracy, int n, int i)
{
    if (isnan(cost[i]) || isnan(accuracy[i])) return false;
    for (int j = 0; j < n; j++) {
        if (j == i || isnan(cost[j]) || isnan(accuracy[j])) continue;
        bool as_good = cost[j] <= cost[i] && accuracy[j] >= accuracy[i];
        bool better = cost[j] < cost[i] || accuracy[j] > accuracy[i];
        if (as_good && (better || j < i)) return false;
    }
    return true;
}

/* Small integers make ties and duplicates frequent; every tenth point has a NaN. */
static void draw_points(double *cost, double *accuracy, int n, uint32_t round)
{
    for (int i = 0; i < n; i++) {
        rng_block block = rng_draw(7, RNG_SYNTHETIC, round, (uint32_t)i, 0);
        cost[i] = 1 + rng_below(block.word[0], 20);
        accuracy[i] = rng_below(block.word[1], 20);
        uint32_t spoil = rng_below(block.word[2], 20);
        if (spoil == 0) cost[i] = NAN;
        if (spoil == 1) accuracy[i] = NAN;
    }
}

static void test_members_are_those_of_the_definition(void **state)
{
    (void)state;
    double cost[MOST], accuracy[MOST];
    bool member[MOST];
    int order[MOST];
    for (uint32_t round = 0; round < 2000; round++) {
        int n = (int)(round % (MOST + 1));
        draw_points(cost, accuracy, n, round);
        int kept = front_extract(member, order, cost, accuracy, n), expected = 0;
        for (int i = 0; i < n; i++) {
            assert_int_equal(member[i], is_member(cost, accuracy, n, i));
            expected += member[i];
        }
        assert_int_equal(kept, expected);
        for (int i = 0; i < kept; i++) {
            assert_true(member[order[i]]);
            if (i > 0) assert_true(cost[order[i]] > cost[order[i - 1]] && accuracy[order[i]] > accuracy[order[i - 1]]);
        }
    }
}

static void test_ties_duplicates_and_empty_sets(void **state)
{
    (void)state;
    bool member[5];
    int order[5];
    assert_int_equal(front_extract(member, order, NULL, NULL, 0), 0);
    const double same_cost[] = {3, 3, 3, 3, 3}, rising[] = {1, 5, 5, 2, NAN};
    assert_int_equal(front_extract(member, order, same_cost, rising, 5), 1);
    assert_int_equal(order[0], 1); /* the first of the two best */
    assert_int_equal(front_extract(member, order, rising, same_cost, 5), 1);
    assert_int_equal(order[0], 0);
    const double nothing[] = {NAN, NAN};
    assert_int_equal(front_extract(member, order, nothing, same_cost, 2), 0);
}

/* Coordinates are integers, so the dominated area is the number of unit cells whose upper-left corner is dominated. */
static double count_cells(const double *cost, const double *accuracy, int n, int cost_end, int accuracy_start)
{
    double cells = 0;
    for (int c = 0; c < cost_end; c++)
        for (int a = accuracy_start; a < 40; a++) {
            bool dominated = false;
            for (int i = 0; i < n; i++) dominated = dominated || (cost[i] <= c && accuracy[i] >= a + 1);
            cells += dominated;
        }
    return cells;
}

static void test_area_is_the_number_of_dominated_cells(void **state)
{
    (void)state;
    double cost[MOST], accuracy[MOST];
    for (uint32_t round = 0; round < 300; round++) {
        int n = (int)(round % 15);
        draw_points(cost, accuracy, n, round + 5000);
        /* the reference lies inside the cloud, too: points beyond it must not count */
        int c = 8 + (int)(round % 17), a = (int)(round % 7);
        assert_true(front_hypervolume(cost, accuracy, n, c, a, false) == count_cells(cost, accuracy, n, c, a));
    }
}

static void test_area_in_logarithms(void **state)
{
    (void)state;
    const double cost[] = {10, 100, 1000}, accuracy[] = {0.5, 0.8, 0.7};
    double expected = log(100.0) * 0.5 + log(10.0) * 0.3;
    assert_true(fabs(front_hypervolume(cost, accuracy, 3, 1000, 0, true) - expected) < 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members_are_those_of_the_definition),
        cmocka_unit_test(test_ties_duplicates_and_empty_sets),
        cmocka_unit_test(test_area_is_the_number_of_dominated_cells),
        cmocka_unit_test(test_area_in_logarithms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
