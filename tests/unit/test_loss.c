/* links: core_train */
/* The loss of a training step: against its definition, against difference quotients, and where it must be the kernel.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/rng.h"
#include "core/train/loss.h"

enum { ROWS = 6, CLASSES = 5, COUNT = ROWS * CLASSES };

static real logits[COUNT], teacher[COUNT];
static const int32_t labels[ROWS] = {0, 4, 2, 2, 1, 3};
static const real class_weight[CLASSES] = {1, (real)0.5, 2, 1, 3};

static int fill(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < COUNT; i++) {
        rng_block block = rng_draw(3, RNG_SYNTHETIC, i, 0, 0);
        logits[i] = (real)(8 * (rng_uniform(block.word[0]) - 0.5f));
        teacher[i] = (real)(8 * (rng_uniform(block.word[1]) - 0.5f));
    }
    return 0;
}

static double probability(const real *row, int c, double temperature)
{
    double sum = 0;
    for (int k = 0; k < CLASSES; k++) sum += exp((double)row[k] / temperature);
    return exp((double)row[c] / temperature) / sum;
}

/* The definition, term by term. */
static double defined_loss(const loss_rule *rule, const real *weights)
{
    double loss = 0;
    for (int i = 0; i < ROWS; i++) {
        const real *row = logits + i * CLASSES, *wanted = teacher + i * CLASSES;
        double entropy = 0, divergence = 0, distill = rule->teacher != NULL ? rule->distill : 0;
        for (int c = 0; c < CLASSES; c++) {
            double y = rule->smoothing / CLASSES + (c == labels[i] ? 1 - rule->smoothing : 0);
            entropy -= y * log(probability(row, c, 1));
            double q = probability(wanted, c, 3);
            divergence += q * log(q / probability(row, c, 3));
        }
        loss +=
            (weights != NULL ? (double)weights[labels[i]] : 1) * ((1 - distill) * entropy + distill * 9 * divergence);
    }
    return loss;
}

static const loss_rule rules[] = {
    {.smoothing = 0.1},
    {.teacher = teacher, .distill = 1, .temperature = 3},
    {.teacher = teacher, .distill = 0.3, .temperature = 3},
    {.smoothing = 0.2, .teacher = teacher, .distill = 0.6, .temperature = 3},
};
enum { RULES = sizeof rules / sizeof *rules };

static double compute(real *slopes, const loss_rule *rule, const real *weights, real scale)
{
    int correct;
    return loss_gradient(kernels_choose(NULL), slopes, &correct, logits, labels, weights, scale, ROWS, CLASSES, rule);
}

static void test_the_loss_is_its_definition(void **state)
{
    (void)state;
    real slopes[COUNT];
    for (int r = 0; r < RULES; r++)
        for (int weighted = 0; weighted < 2; weighted++) {
            const real *weights = weighted ? class_weight : NULL;
            double value = compute(slopes, &rules[r], weights, 1), wanted = defined_loss(&rules[r], weights);
            if (fabs(value - wanted) > 1e-9 * fabs(wanted)) fail_msg("rule %d: %.12g, defined %.12g", r, value, wanted);
        }
}

static void test_the_slopes_are_difference_quotients(void **state)
{
    (void)state;
    const real scale = (real)0.25, shift = (real)(1.0 / 256);
    for (int r = 0; r < RULES; r++)
        for (int i = 0; i < COUNT; i++) {
            real slopes[COUNT], unused[COUNT], kept = logits[i];
            compute(slopes, &rules[r], class_weight, scale);
            logits[i] = kept + shift;
            double above = compute(unused, &rules[r], class_weight, scale);
            double higher = (double)logits[i];
            logits[i] = kept - shift;
            double below = compute(unused, &rules[r], class_weight, scale);
            double quotient = (double)scale * (above - below) / (higher - (double)logits[i]);
            logits[i] = kept;
            if (fabs(quotient - (double)slopes[i]) > 2e-5)
                fail_msg("rule %d, logit %d: slope %.7g, quotient %.7g", r, i, (double)slopes[i], quotient);
        }
}

/* The same bits, so that training without the new rules stays what it was. */
static void test_without_rules_it_is_the_kernel(void **state)
{
    (void)state;
    real slopes[COUNT], wanted[COUNT];
    int correct, wanted_correct;
    const loss_rule none = {0};
    const kernel_table *k = kernels_choose(NULL);
    double loss = loss_gradient(k, slopes, &correct, logits, labels, class_weight, (real)0.1, ROWS, CLASSES, &none);
    assert_true(loss == k->softmax_cross_entropy(wanted, &wanted_correct, logits, labels, class_weight, (real)0.1, ROWS,
                                                 CLASSES));
    assert_memory_equal(slopes, wanted, sizeof wanted);
    assert_int_equal(correct, wanted_correct);
}

static void test_correct_rows_are_counted_alike(void **state)
{
    (void)state;
    real slopes[COUNT];
    int correct, wanted;
    const kernel_table *k = kernels_choose(NULL);
    logits[4] = logits[0] = 9; /* a tie: the first counts, and is the label */
    k->softmax_cross_entropy(slopes, &wanted, logits, labels, NULL, 1, ROWS, CLASSES);
    loss_gradient(k, slopes, &correct, logits, labels, NULL, 1, ROWS, CLASSES, &rules[3]);
    assert_int_equal(correct, wanted);
    assert_true(correct > 0);
    (void)fill(NULL);
}

/* A student that is its teacher has nothing to learn from it. */
static void test_a_copy_of_the_teacher_rests(void **state)
{
    (void)state;
    real slopes[COUNT];
    int correct;
    const loss_rule rule = {.teacher = logits, .distill = 1, .temperature = 4};
    double loss = loss_gradient(kernels_choose(NULL), slopes, &correct, logits, labels, NULL, 1, ROWS, CLASSES, &rule);
    assert_true(fabs(loss) < 1e-12);
    for (int i = 0; i < COUNT; i++) assert_true(slopes[i] == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_loss_is_its_definition),
        cmocka_unit_test(test_the_slopes_are_difference_quotients),
        cmocka_unit_test(test_without_rules_it_is_the_kernel),
        cmocka_unit_test(test_correct_rows_are_counted_alike),
        cmocka_unit_test(test_a_copy_of_the_teacher_rests),
    };
    return cmocka_run_group_tests(tests, fill, NULL);
}
