/* links: core_quant */
/* Real numbers of bits: the mixture is the interpolation of its two neighbours, and its gradient that of finite
 * differences. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "core/quant/choice_bits.h"

enum { COLUMNS = 11, MOST = 4 };
static const int usual[] = {0, 2, 4, 8};

/* Between, at and beside candidates, from end to end. */
static const real numbers[COLUMNS] = {0, 0.5F, 1.75F, 2, 2.25F, 3.5F, 4, 5, 6.5F, 7.75F, 8};

static double mean_bits(const real *probability, const int *bits, int precisions, int column)
{
    double mean = 0;
    for (int p = 0; p < precisions; p++) mean += (double)probability[p * COLUMNS + column] * bits[p];
    return mean;
}

static void test_a_mixture_has_as_many_bits_as_its_number_says(void **state)
{
    (void)state;
    real probability[MOST * COLUMNS], slope[MOST * COLUMNS];
    choice_bits_mix(probability, slope, numbers, usual, 4, COLUMNS);
    for (int c = 0; c < COLUMNS; c++) {
        double sum = 0;
        int used = 0;
        for (int p = 0; p < 4; p++) {
            const double share = (double)probability[p * COLUMNS + c];
            assert_true(share >= 0 && share <= 1);
            sum += share;
            used += share > 0;
            /* only neighbours of the number have a part in it */
            if (share > 0 && p > 0) assert_true((double)numbers[c] > usual[p - 1]);
            if (share > 0 && p < 3) assert_true((double)numbers[c] < usual[p + 1]);
        }
        assert_float_equal(sum, 1, 1e-6);
        assert_in_range(used, 1, 2);
        assert_float_equal(mean_bits(probability, usual, 4, c), (double)numbers[c], 1e-6);
    }
}

/* Of a loss that is linear in the probabilities, by steps that stay within an interval. */
static void test_the_gradient_is_that_of_finite_differences(void **state)
{
    (void)state;
    real probability[MOST * COLUMNS], slope[MOST * COLUMNS], unused[MOST * COLUMNS], choice[MOST * COLUMNS] = {0};
    real weight[MOST * COLUMNS], gradient[MOST * COLUMNS];
    for (int i = 0; i < MOST * COLUMNS; i++) weight[i] = (real)(sin(1.3 * i) + 0.1 * (i % 7));
    for (int i = 0; i < MOST * COLUMNS; i++) gradient[i] = 99; /* overwritten */
    memcpy(choice, numbers, sizeof numbers);
    choice_bits_mix(probability, slope, choice, usual, 4, COLUMNS);
    choice_bits_backward(gradient, weight, slope, 4, COLUMNS);
    for (int c = 0; c < COLUMNS; c++) {
        const double step = c == COLUMNS - 1 ? -0.125 : 0.125; /* at a candidate the upper interval counts */
        double before = 0, after = 0;
        real moved[MOST * COLUMNS];
        memcpy(moved, choice, sizeof moved);
        moved[c] += (real)step;
        for (int p = 0; p < 4; p++) before += (double)probability[p * COLUMNS + c] * (double)weight[p * COLUMNS + c];
        choice_bits_mix(probability, unused, moved, usual, 4, COLUMNS);
        for (int p = 0; p < 4; p++) after += (double)probability[p * COLUMNS + c] * (double)weight[p * COLUMNS + c];
        assert_float_equal((double)gradient[c], (after - before) / step, 2e-5);
        choice_bits_mix(probability, unused, choice, usual, 4, COLUMNS);
    }
    for (int i = COLUMNS; i < MOST * COLUMNS; i++) assert_true(gradient[i] == 0);
}

static void test_the_nearest_candidate_is_the_lower_one_half_way(void **state)
{
    (void)state;
    const int at[COLUMNS] = {0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3};
    real probability[MOST * COLUMNS];
    choice_bits_nearest(probability, numbers, usual, 4, COLUMNS);
    for (int c = 0; c < COLUMNS; c++)
        for (int p = 0; p < 4; p++) assert_true(probability[p * COLUMNS + c] == (p == at[c] ? 1 : 0));
    const real half_way[COLUMNS] = {1, 3, 6, 1.01F, 3.01F, 6.01F, 0, 0, 0, 0, 0};
    const int chosen[] = {0, 1, 2, 1, 2, 3};
    choice_bits_nearest(probability, half_way, usual, 4, COLUMNS);
    for (int c = 0; c < 6; c++) assert_true(probability[chosen[c] * COLUMNS + c] == 1);
}

static void test_any_candidates_will_do(void **state)
{
    (void)state;
    static const int others[] = {3, 8}, one[] = {4};
    real probability[MOST * COLUMNS], slope[MOST * COLUMNS], choice[COLUMNS], gradient[COLUMNS];
    memcpy(choice, numbers, sizeof numbers);
    choice_bits_clamp(choice, others, 2, COLUMNS);
    for (int c = 0; c < COLUMNS; c++) assert_true(choice[c] == (numbers[c] < 3 ? 3 : numbers[c]));
    choice_bits_mix(probability, slope, choice, others, 2, COLUMNS);
    for (int c = 0; c < COLUMNS; c++) assert_float_equal(mean_bits(probability, others, 2, c), (double)choice[c], 1e-6);
    choice_bits_clamp(choice, one, 1, COLUMNS);
    choice_bits_mix(probability, slope, choice, one, 1, COLUMNS);
    choice_bits_backward(gradient, probability, slope, 1, COLUMNS);
    for (int c = 0; c < COLUMNS; c++) assert_true(choice[c] == 4 && probability[c] == 1 && gradient[c] == 0);
    choice_bits_nearest(probability, choice, one, 1, COLUMNS);
    for (int c = 0; c < COLUMNS; c++) assert_true(probability[c] == 1);
}

static void test_numbers_stay_between_the_ends(void **state)
{
    (void)state;
    real choice[COLUMNS] = {-1, 9, 4, -0.001F, 8.5F};
    const real wanted[] = {0, 8, 4, 0, 8};
    choice_bits_clamp(choice, usual, 4, COLUMNS);
    for (int c = 0; c < 5; c++) assert_true(choice[c] == wanted[c]);
}

static void test_the_channel_with_the_most_bits_is_kept_alive(void **state)
{
    (void)state;
    real probability[MOST * COLUMNS];
    const real all_low[COLUMNS] = {0.1F, 0.2F, 0.9F, 0.9F, 0, 0, 0, 0, 0, 0, 0.3F};
    choice_bits_nearest(probability, all_low, usual, 4, COLUMNS);
    choice_bits_keep_alive(probability, all_low, 4, COLUMNS);
    for (int c = 0; c < COLUMNS; c++) {
        assert_true(probability[c] == (c == 2 ? 0 : 1));
        assert_true(probability[COLUMNS + c] == (c == 2 ? 1 : 0));
    }
    real before[MOST * COLUMNS];
    choice_bits_nearest(probability, numbers, usual, 4, COLUMNS);
    memcpy(before, probability, sizeof before);
    choice_bits_keep_alive(probability, numbers, 4, COLUMNS); /* not all are pruned */
    assert_memory_equal(before, probability, sizeof before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_mixture_has_as_many_bits_as_its_number_says),
        cmocka_unit_test(test_the_gradient_is_that_of_finite_differences),
        cmocka_unit_test(test_the_nearest_candidate_is_the_lower_one_half_way),
        cmocka_unit_test(test_any_candidates_will_do),
        cmocka_unit_test(test_numbers_stay_between_the_ends),
        cmocka_unit_test(test_the_channel_with_the_most_bits_is_kept_alive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
