/* links: results */
/* Measures of fronts against a count of cells, their definitions in words of loops, and values worked out by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>
#include <stdlib.h>

#include "core/base/rng.h"
#include "results/file/front.h"
#include "results/report/front_measures.h"

enum { MOST = 40, SIDE = 12 };

static double draw(uint32_t round, int i, int which, uint32_t below)
{
    return rng_below(rng_draw(5, RNG_SYNTHETIC, round, (uint32_t)i, (uint32_t)which).word[0], below);
}

/* Unit cells below the reference that some point dominates. */
static double count_cells(const double *a, const double *b, const double *c, int n, int reference)
{
    int cells = 0;
    for (int x = 0; x < reference; x++)
        for (int y = 0; y < reference; y++)
            for (int z = 0; z < SIDE; z++) {
                int dominated = 0;
                for (int i = 0; i < n; i++) dominated |= a[i] <= x && b[i] <= y && c[i] >= z + 1;
                cells += dominated;
            }
    return cells;
}

static void test_hypervolume_of_three_is_a_count_of_cells(void **state)
{
    (void)state;
    double a[MOST], b[MOST], c[MOST];
    for (uint32_t round = 0; round < 300; round++) {
        const int n = (int)(round % MOST);
        for (int i = 0; i < n; i++) {
            a[i] = draw(round, i, 0, SIDE);
            b[i] = draw(round, i, 1, SIDE);
            c[i] = draw(round, i, 2, SIDE + 1);
        }
        for (int reference = 6; reference <= SIDE; reference += 6)
            assert_true(front_hypervolume_3d(a, b, c, n, reference, reference, 0) ==
                        count_cells(a, b, c, n, reference));
    }
}

/* With one cost that is the same for all, the volume is the area times its width. */
static void test_hypervolume_closed_forms(void **state)
{
    (void)state;
    const double cost[] = {1, 2, 4}, same[] = {3, 3, 3}, accuracy[] = {10, 15, 30};
    const double area = front_hypervolume(cost, accuracy, 3, 5, 0, false);
    assert_true(area == 4 * 10 + 3 * 5 + 1 * 15);
    assert_true(front_hypervolume_3d(cost, same, accuracy, 3, 5, 10, 0) == 7 * area);
    assert_true(front_hypervolume_3d(same, cost, accuracy, 3, 10, 5, 0) == 7 * area);
    assert_true(front_hypervolume_3d(cost, same, accuracy, 3, 5, 3, 0) == 0); /* on the reference, not within */
}

static void test_many_points_are_quick(void **state)
{
    (void)state;
    enum { MANY = 100000 };
    double *v = malloc(3 * MANY * sizeof *v);
    bool *member = malloc(MANY);
    int *order = malloc(MANY * sizeof *order);
    assert_true(v != NULL && member != NULL && order != NULL);
    for (int i = 0; i < 3 * MANY; i++) v[i] = rng_draw(9, RNG_SYNTHETIC, 0, (uint32_t)i, 0).word[0] / 4294967296.0;
    const clock_t start = clock();
    assert_true(front_extract(member, order, v, v + MANY, MANY) > 3);
    assert_true(front_hypervolume(v, v + MANY, MANY, 1, 0, false) > 0.99);
    assert_true(front_hypervolume_3d(v, v + MANY, v + 2 * MANY, MANY, 1, 1, 0) > 0.98);
    const double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    if (seconds > 1) fail_msg("front and hypervolumes of %d points take %.2f s", MANY, seconds);
    free(v);
    free(member);
    free(order);
}

static void test_epsilon_and_coverage(void **state)
{
    (void)state;
    const double ca[] = {1, 3}, aa[] = {5, 8}, cb[] = {2, 3, 4}, ab[] = {5, 9, 9};
    const front_set a = {ca, aa, 2}, b = {cb, ab, 3}, none = {NULL, NULL, 0};
    assert_true(front_epsilon(a, a) == 0);
    assert_true(front_epsilon(a, b) == 1); /* 9 against 8; the cost of 3 is reached */
    assert_true(front_epsilon(b, a) == 1); /* 2 against 1 */
    const double better_cost[] = {0.5}, better_accuracy[] = {10};
    const front_set better = {better_cost, better_accuracy, 1};
    assert_true(front_epsilon(better, a) == -0.5);
    assert_true(front_coverage(a, b) == 1.0 / 3 && front_coverage(b, a) == 0.5 && front_coverage(better, b) == 1);
    assert_true(isnan(front_coverage(a, none)) && front_epsilon(none, a) == INFINITY);
    assert_true(front_epsilon(a, none) == -INFINITY);
}

static void test_the_knee_lies_above_the_chord(void **state)
{
    (void)state;
    const double cost[] = {0, 1, 2, 10}, accuracy[] = {0, 5, 9, 10}, straight[] = {0, 1, 2, 10};
    assert_int_equal(front_knee((front_set){cost, accuracy, 4}), 2);
    assert_int_equal(front_knee((front_set){cost, straight, 4}), -1);
    assert_int_equal(front_knee((front_set){cost, accuracy, 2}), -1);
}

/* By the definition: attained at (cost, accuracy) by a set when one of its points is at least as good. */
static double attained_at(const double *cost, const double *accuracy, const int *set, int n, int sets, int least,
                          double at)
{
    for (double level = SIDE; level >= 0; level--) {
        int count = 0;
        for (int s = 0; s < sets; s++) {
            int reaches = 0;
            for (int i = 0; i < n; i++) reaches |= set[i] == s && cost[i] <= at && accuracy[i] >= level;
            count += reaches;
        }
        if (count >= least) return level;
    }
    return -1;
}

static void test_attainment_is_its_definition(void **state)
{
    (void)state;
    double cost[MOST], accuracy[MOST], out_cost[MOST], out_accuracy[MOST];
    int set[MOST];
    for (uint32_t round = 0; round < 200; round++) {
        const int n = (int)(round % MOST), sets = 1 + (int)(round % 5);
        for (int i = 0; i < n; i++) {
            cost[i] = draw(round, i, 0, SIDE);
            accuracy[i] = draw(round, i, 1, SIDE);
            set[i] = (int)draw(round, i, 2, (uint32_t)sets);
        }
        for (int least = 1; least <= sets; least++) {
            const int corners = front_attainment(out_cost, out_accuracy, cost, accuracy, set, n, sets, least);
            for (int at = 0; at < SIDE; at++) {
                double reached = -1;
                for (int i = 0; i < corners; i++)
                    if (out_cost[i] <= at) reached = out_accuracy[i];
                assert_true(reached == attained_at(cost, accuracy, set, n, sets, least, at));
            }
            for (int i = 1; i < corners; i++)
                assert_true(out_cost[i] > out_cost[i - 1] && out_accuracy[i] > out_accuracy[i - 1]);
        }
    }
}

/* What front_of_sets drops changes no attainment. */
static void test_dominated_points_of_a_set_do_not_matter(void **state)
{
    (void)state;
    double cost[MOST], accuracy[MOST], out_cost[2][MOST], out_accuracy[2][MOST];
    int set[MOST], dropped = 0;
    for (uint32_t round = 0; round < 200; round++) {
        const int n = (int)(round % MOST), sets = 1 + (int)(round % 3), least = 1 + (int)(round % (uint32_t)sets);
        for (int i = 0; i < n; i++) {
            cost[i] = draw(round, i, 0, SIDE);
            accuracy[i] = draw(round, i, 1, SIDE);
            set[i] = (int)draw(round, i, 2, (uint32_t)sets);
        }
        const int all = front_attainment(out_cost[0], out_accuracy[0], cost, accuracy, set, n, sets, least);
        const int kept = front_of_sets(cost, accuracy, set, n, sets);
        const int few = front_attainment(out_cost[1], out_accuracy[1], cost, accuracy, set, kept, sets, least);
        assert_int_equal(few, all);
        for (int i = 0; i < all; i++)
            assert_true(out_cost[0][i] == out_cost[1][i] && out_accuracy[0][i] == out_accuracy[1][i]);
        dropped += n - kept;
    }
    assert_true(dropped > 0);
}

static void test_the_bootstrap_surrounds_the_mean(void **state)
{
    (void)state;
    double low, high;
    const double same[] = {2, 2, 2}, two[] = {0, 1};
    front_bootstrap(&low, &high, same, 3);
    assert_true(low == 2 && high == 2);
    front_bootstrap(&low, &high, two, 2);
    assert_true(low == 0 && high == 1); /* a quarter of the samples each */
    front_bootstrap(&low, &high, two, 1);
    assert_true(isnan(low) && isnan(high));
    double many[100], sum = 0;
    for (int i = 0; i < 100; i++) sum += many[i] = i % 10;
    front_bootstrap(&low, &high, many, 100);
    /* 1.96 standard errors: sigma 2.872, n 100 */
    assert_true(fabs(low - (sum / 100 - 0.563)) < 0.06 && fabs(high - (sum / 100 + 0.563)) < 0.06);
}

static void test_between_is_linear(void **state)
{
    (void)state;
    const double x[] = {1, 3, 4}, y[] = {10, 20, 40};
    assert_true(front_between(x, y, 3, 2) == 15 && front_between(x, y, 3, 4) == 40 && front_between(x, y, 3, 1) == 10);
    assert_true(isnan(front_between(x, y, 3, 0.5)) && isnan(front_between(x, y, 3, 5)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hypervolume_of_three_is_a_count_of_cells),
        cmocka_unit_test(test_hypervolume_closed_forms),
        cmocka_unit_test(test_many_points_are_quick),
        cmocka_unit_test(test_epsilon_and_coverage),
        cmocka_unit_test(test_the_knee_lies_above_the_chord),
        cmocka_unit_test(test_attainment_is_its_definition),
        cmocka_unit_test(test_dominated_points_of_a_set_do_not_matter),
        cmocka_unit_test(test_the_bootstrap_surrounds_the_mean),
        cmocka_unit_test(test_between_is_linear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
