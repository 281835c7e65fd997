/* links: core_cost hw_models */
/* Budgets: never above, nothing left that would fit, and as good as trying everything where everything can be tried. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/cost/cost_budget.h"
#include "core/net/graph/graph_build.h"
#include "hw_models/registry.h"
#include "tests/support/check_status.h"

enum { MOST_CHANNELS = 512 };
static const int CANDIDATES[] = {0, 2, 4, 8};

static graph network;
static allocation at;
static uint32_t generator = 11;

static double uniform(double low, double high)
{
    generator = generator * 1664525u + 1013904223u;
    return low + (high - low) * (generator >> 8) / 16777216.0;
}

static void use(const char *path)
{
    check_ok(graph_load(&network, path));
    check_ok(allocation_new(&at, &network));
    allocation_uniform(&at, 8, 8);
}

static void done_with(void)
{
    allocation_free(&at);
    graph_free(&network);
}

static int channels(void)
{
    return at.first[network.group_count];
}

static cost_budget budget_of(const char *model, double target)
{
    static int8_t eight[64];
    memset(eight, 8, sizeof eight);
    return (cost_budget){.model = cost_model_find(model),
                         .target = target,
                         .candidates = CANDIDATES,
                         .candidate_count = 4,
                         .activation_bits = eight};
}

static bool may_prune(int channel)
{
    int group = 0;
    while (at.first[group + 1] <= channel) group++;
    return !network.groups[group].holds_output;
}

static double cost_with(const cost_model *m, int channel, int bits)
{
    const int8_t before = at.weight_bits[channel];
    at.weight_bits[channel] = (int8_t)bits;
    double cost = cost_budget_value(m, &at);
    at.weight_bits[channel] = before;
    return cost;
}

static void test_rounding_meets_the_budget_from_below(void **state)
{
    (void)state;
    static const char *const models[] = {"size", "mpic", "ne16", "bitops"};
    use("configs/networks/resnet8.cfg");
    double bits[MOST_CHANNELS];
    for (int trial = 0; trial < 24; trial++) {
        const cost_model *m = cost_model_find(models[trial % 4]);
        allocation_uniform(&at, 8, 8);
        const double full = cost_budget_value(m, &at);
        cost_budget b = budget_of(m->name, full * uniform(0.08, 0.7));
        for (int c = 0; c < channels(); c++) bits[c] = uniform(0, 8);
        check_ok(cost_budget_round(&at, bits, &b));
        const double cost = cost_budget_value(m, &at);
        assert_true(cost <= b.target);
        int cut_only = 0;
        for (int c = 0; c < channels(); c++) {
            const int now = at.weight_bits[c];
            assert_true(now != 0 || may_prune(c));
            const int below = bits[c] < 2 ? 0 : bits[c] < 4 ? 2 : bits[c] < 8 ? 4 : 8;
            const int above = below == 0 ? 2 : 2 * below;
            assert_true(now <= above || (below == 0 && !may_prune(c)));
            cut_only += now == below;
            /* whoever stayed below although there was a remainder would not fit */
            if (now == below && below > 0 && bits[c] > below)
                assert_true(cost_with(m, c, above) > b.target || cost < full);
        }
        assert_true(cut_only > 0);
    }
    done_with();
}

/* Written again, without counts that are kept up to date: the order of the remainders decides. */
static void test_rounding_takes_the_largest_remainders(void **state)
{
    (void)state;
    use("configs/networks/resnet8.cfg");
    const cost_model *size = cost_model_find("size");
    double bits[MOST_CHANNELS];
    for (int trial = 0; trial < 8; trial++) {
        for (int c = 0; c < channels(); c++) bits[c] = uniform(2, 8);
        for (int c = 0; c < channels(); c++) at.weight_bits[c] = bits[c] < 4 ? 2 : 4;
        const double least = cost_budget_value(size, &at);
        cost_budget b = budget_of("size", least * uniform(1.05, 1.3));
        bool tried[MOST_CHANNELS] = {false};
        for (int turn = 0; turn < channels(); turn++) {
            int best = -1;
            double most = 0;
            for (int c = 0; c < channels(); c++) {
                double low = bits[c] < 4 ? 2 : 4, share = (bits[c] - low) / low;
                if (tried[c] || share <= most) continue;
                most = share;
                best = c;
            }
            if (best < 0) break;
            tried[best] = true;
            if (cost_with(size, best, 2 * at.weight_bits[best]) <= b.target) at.weight_bits[best] *= 2;
        }
        int8_t wanted[MOST_CHANNELS];
        memcpy(wanted, at.weight_bits, (size_t)channels());
        check_ok(cost_budget_round(&at, bits, &b));
        assert_memory_equal(at.weight_bits, wanted, (size_t)channels());
    }
    done_with();
}

static void test_what_costs_too_much_goes_down(void **state)
{
    (void)state;
    use("configs/networks/resnet8.cfg");
    double bits[MOST_CHANNELS];
    for (int c = 0; c < channels(); c++) bits[c] = 8;
    for (int keep = 0; keep < 2; keep++) {
        cost_budget b = budget_of("size", 8000);
        b.keep_alive = keep == 1;
        check_ok(cost_budget_round(&at, bits, &b));
        assert_true(cost_budget_value(b.model, &at) <= b.target);
        for (int g = 0; g < network.group_count && keep == 1; g++) {
            int kept = 0;
            for (int c = at.first[g]; c < at.first[g + 1]; c++) kept += at.weight_bits[c] != 0;
            assert_true(kept > 0);
        }
    }
    done_with();
}

static void test_a_budget_that_cannot_be_met_says_what_is_reached(void **state)
{
    (void)state;
    use("configs/networks/dscnn.cfg");
    double bits[MOST_CHANNELS] = {0}, *loss = calloc(4 * MOST_CHANNELS, sizeof *loss), least;
    cost_budget b = budget_of("size", 100);
    b.keep_alive = true;
    check_ok(cost_budget_least(&least, NULL, &network, &b));
    assert_true(least > 100 && least < 5000);
    status s = cost_budget_round(&at, bits, &b);
    assert_int_equal(s.code, STATUS_NUMERIC);
    check_says(s, "cannot be met");
    s = cost_budget_allocate(&at, loss, &b);
    assert_int_equal(s.code, STATUS_NUMERIC);
    check_says(s, "cannot be met");
    b.target = least;
    check_ok(cost_budget_allocate(&at, loss, &b));
    assert_true(cost_budget_value(b.model, &at) <= least);
    free(loss);
    done_with();
}

/* Falling losses that are convex in the bits, as of quantisation. */
static double *random_losses(void)
{
    double *loss = calloc(4 * (size_t)channels(), sizeof *loss);
    assert_non_null(loss);
    for (int c = 0; c < channels(); c++) {
        const double weight = exp(uniform(-3, 3));
        for (int p = 0; p < 4; p++) loss[p * channels() + c] = weight * pow(4, -CANDIDATES[p]);
    }
    return loss;
}

static double loss_of(const double *loss)
{
    double sum = 0;
    for (int c = 0; c < channels(); c++) {
        int p = 0;
        while (CANDIDATES[p] != at.weight_bits[c]) p++;
        sum += loss[p * channels() + c];
    }
    return sum;
}

static void test_allocation_meets_the_budget_and_uses_it(void **state)
{
    (void)state;
    static const char *const models[] = {"size", "mpic", "ne16", "bitops", "macs", "gap8"};
    use("configs/networks/resnet8.cfg");
    double before = 0;
    for (int trial = 0; trial < 18; trial++) {
        const cost_model *m = cost_model_find(models[trial % 6]);
        double *loss = random_losses();
        allocation_uniform(&at, 8, 8);
        const double full = cost_budget_value(m, &at);
        cost_budget b = budget_of(m->name, full * uniform(0.1, 0.9));
        check_ok(cost_budget_allocate(&at, loss, &b));
        assert_true(cost_budget_value(m, &at) <= b.target);
        for (int c = 0; c < channels(); c++) {
            const int now = at.weight_bits[c];
            assert_true(now != 0 || may_prune(c));
            if (now < 8) assert_true(cost_with(m, c, now == 0 ? 2 : 2 * now) > b.target);
        }
        before = loss_of(loss);
        b.target *= 1.05; /* more room is never worse */
        check_ok(cost_budget_allocate(&at, loss, &b));
        assert_true(loss_of(loss) <= before * 1.02);
        free(loss);
    }
    done_with();
}

/* Costs in tiles, where slopes say little: what groups find is never worse, and within the cost of one precision
 * everywhere at least as good as that. */
static void test_groups_are_chosen_by_what_tiles_cost(void **state)
{
    (void)state;
    static const char *const models[] = {"ne16", "gap8"};
    use("configs/networks/resnet8.cfg");
    double better = 0;
    int trials = 0;
    for (; trials < 12; trials++) {
        const cost_model *m = cost_model_find(models[trials % 2]);
        double *loss = random_losses();
        allocation_uniform(&at, trials % 4 < 2 ? 4 : 2, 8);
        cost_budget b = budget_of(m->name, cost_budget_value(m, &at));
        const double uniform_loss = loss_of(loss);
        check_ok(cost_budget_allocate(&at, loss, &b));
        const double slopes = loss_of(loss);
        b.by_groups = true;
        check_ok(cost_budget_allocate(&at, loss, &b));
        assert_true(cost_budget_value(m, &at) <= b.target);
        for (int c = 0; c < channels(); c++) assert_true(at.weight_bits[c] != 0 || may_prune(c));
        const double groups = loss_of(loss);
        assert_true(groups <= slopes);
        if (m->name[0] == 'n') assert_true(groups <= uniform_loss);
        better += log(slopes / groups);
        free(loss);
    }
    assert_true(better / trials > 0.1);
    done_with();
}

/* The best of all allocations of a chain of few channels within the budget. */
static double best_of_all(const cost_budget *b, const double *loss, double (*total)(const double *loss))
{
    double best = INFINITY;
    for (long code = 0; code < 1L << 2 * channels(); code++) {
        bool allowed = true;
        for (int c = 0; c < channels(); c++) {
            at.weight_bits[c] = (int8_t)CANDIDATES[(code >> 2 * c) & 3];
            allowed = allowed && (at.weight_bits[c] != 0 || may_prune(c));
        }
        if (allowed && cost_budget_value(b->model, &at) <= b->target) best = fmin(best, total(loss));
    }
    return best;
}

static void test_allocation_is_nearly_the_best_of_all(void **state)
{
    (void)state;
    use("tests/support/networks/tiny_chain.cfg");
    assert_true(channels() <= 9);
    const cost_model *size = cost_model_find("size");
    double excess = 0;
    int trials = 0;
    for (; trials < 30; trials++) {
        double *loss = random_losses();
        allocation_uniform(&at, 8, 8);
        cost_budget b = budget_of("size", cost_budget_value(size, &at) * uniform(0.2, 0.8));
        const double best = best_of_all(&b, loss, loss_of);
        check_ok(cost_budget_allocate(&at, loss, &b));
        const double found = loss_of(loss);
        assert_true(found >= best * (1 - 1e-12));
        excess += found / best - 1;
        free(loss);
    }
    /* eight channels: single steps leave more of the budget than in a network of hundreds */
    if (excess / trials > 0.5) fail_msg("mean excess of %.3f over the best allocation", excess / trials);
    done_with();
}

/* Pruned channels of a group lose the square of the sum of square roots. */
static double loss_together(const double *loss)
{
    double sum = 0;
    for (int g = 0; g < network.group_count; g++) {
        double roots = 0;
        for (int c = at.first[g]; c < at.first[g + 1]; c++) {
            int p = 0;
            while (CANDIDATES[p] != at.weight_bits[c]) p++;
            if (p == 0)
                roots += sqrt(loss[c]);
            else
                sum += loss[p * channels() + c];
        }
        sum += roots * roots;
    }
    return sum;
}

static void test_channels_pruned_together_lose_more(void **state)
{
    (void)state;
    use("tests/support/networks/tiny_chain.cfg");
    double excess = 0, apart = 0;
    int trials = 0;
    for (; trials < 30; trials++) {
        double *loss = random_losses();
        allocation_uniform(&at, 8, 8);
        cost_budget b = budget_of("size", cost_budget_value(cost_model_find("size"), &at) * uniform(0.1, 0.3));
        const double best = best_of_all(&b, loss, loss_together);
        check_ok(cost_budget_allocate(&at, loss, &b));
        apart += loss_together(loss) / best - 1;
        b.by_groups = b.together = true;
        check_ok(cost_budget_allocate(&at, loss, &b));
        const double found = loss_together(loss);
        assert_true(cost_budget_value(b.model, &at) <= b.target);
        assert_true(found >= best * (1 - 1e-12));
        excess += found / best - 1;
        free(loss);
    }
    if (excess / trials > 0.25 || excess > 0.5 * apart)
        fail_msg("mean excess of %.3f over the best allocation, %.3f when losses add up", excess / trials,
                 apart / trials);
    done_with();
}

/* ---- activations ---- */

static const int ACTIVATIONS[] = {2, 4, 8};

/* Falling, convex losses of the activations of each group. */
static double *random_activation_losses(void)
{
    double *loss = calloc(3 * (size_t)network.group_count, sizeof *loss);
    assert_non_null(loss);
    for (int q = 0; q < network.group_count; q++) {
        const double weight = exp(uniform(-1, 3));
        for (int p = 0; p < 3; p++) loss[p * network.group_count + q] = weight * pow(4, -ACTIVATIONS[p]);
    }
    return loss;
}

static bool is_read(int group)
{
    for (int i = 0; i < network.layer_count; i++)
        if (layer_has_weights(&network.layers[i]) && cost_input_entry(&network, i) == group) return true;
    return false;
}

static double cost_with_activation(const cost_model *m, int group, int bits)
{
    const int8_t before = at.activation_bits[group];
    at.activation_bits[group] = (int8_t)bits;
    const double cost = cost_budget_value(m, &at);
    at.activation_bits[group] = before;
    return cost;
}

static void test_activations_are_rounded_with_the_weights(void **state)
{
    (void)state;
    static const char *const models[] = {"mpic", "bitops", "size", "ne16", "ram"};
    use("configs/networks/resnet8.cfg");
    double bits[MOST_CHANNELS], numbers[64];
    int lowered = 0;
    for (int trial = 0; trial < 30; trial++) {
        const cost_model *m = cost_model_find(models[trial % 5]);
        allocation_uniform(&at, 8, 8);
        cost_budget b = budget_of(m->name, cost_budget_value(m, &at) * uniform(0.3, 0.7));
        const cost_budget_activations a = {.candidates = ACTIVATIONS, .candidate_count = 3, .numbers = numbers};
        b.activations = &a;
        b.keep_alive = true;
        for (int c = 0; c < channels(); c++) bits[c] = uniform(1, 8);
        for (int q = 0; q < network.group_count; q++) numbers[q] = uniform(2, 8);
        check_ok(cost_budget_round(&at, bits, &b));
        assert_true(cost_budget_value(m, &at) <= b.target);
        for (int q = 0; q < network.group_count; q++) {
            const int now = at.activation_bits[q], below = numbers[q] < 4 ? 2 : 4;
            assert_true(now == 2 || now == 4 || now == 8);
            assert_true(now <= 2 * below);
            lowered += now < 8;
            /* what stayed below although there was a remainder would not fit, or the budget was short at first */
            if (m->per_live_bit == 0 && strcmp(m->name, "mpic") != 0 && strcmp(m->name, "bitops") != 0)
                assert_true(now == 2 * below || now == below);
        }
        assert_int_equal(at.activation_bits[network.group_count], 8); /* the input stays */
    }
    assert_true(lowered > 0);
    done_with();
}

static void test_a_cost_that_ignores_activations_lowers_none(void **state)
{
    (void)state;
    static const char *const models[] = {"size", "ne16"};
    use("configs/networks/resnet8.cfg");
    for (int trial = 0; trial < 6; trial++) {
        const cost_model *m = cost_model_find(models[trial % 2]);
        double *loss = random_losses(), *activation_loss = random_activation_losses();
        allocation_uniform(&at, 8, 8);
        cost_budget b = budget_of(m->name, cost_budget_value(m, &at) * uniform(0.2, 0.7));
        check_ok(cost_budget_allocate(&at, loss, &b));
        int8_t without[MOST_CHANNELS];
        memcpy(without, at.weight_bits, (size_t)channels());
        const cost_budget_activations a = {.candidates = ACTIVATIONS, .candidate_count = 3, .loss = activation_loss};
        b.activations = &a;
        check_ok(cost_budget_allocate(&at, loss, &b));
        assert_memory_equal(at.weight_bits, without, (size_t)channels());
        for (int q = 0; q < network.group_count; q++) assert_int_equal(at.activation_bits[q], 8);
        free(activation_loss);
        free(loss);
    }
    done_with();
}

static double loss_with_activations(const double *loss, const double *activation_loss)
{
    double sum = loss_of(loss);
    for (int q = 0; q < network.group_count; q++) {
        int p = 0;
        while (ACTIVATIONS[p] != at.activation_bits[q]) p++;
        sum += activation_loss[p * network.group_count + q];
    }
    return sum;
}

/* Budgets that no precisions of weights reach with activations of 8 bit are met, and nothing is left that would fit. */
static void test_activations_are_chosen_with_the_weights(void **state)
{
    (void)state;
    static const char *const models[] = {"mpic", "bitops"};
    use("configs/networks/resnet8.cfg");
    for (int trial = 0; trial < 12; trial++) {
        const cost_model *m = cost_model_find(models[trial % 2]);
        double *loss = random_losses(), *activation_loss = random_activation_losses();
        allocation_uniform(&at, 8, 8);
        cost_budget b = budget_of(m->name, cost_budget_value(m, &at) * uniform(0.1, 0.8));
        const cost_budget_activations a = {.candidates = ACTIVATIONS, .candidate_count = 3, .loss = activation_loss};
        check_ok(cost_budget_allocate(&at, loss, &b));
        const double without = loss_with_activations(loss, activation_loss);
        b.activations = &a;
        check_ok(cost_budget_allocate(&at, loss, &b));
        assert_true(cost_budget_value(m, &at) <= b.target);
        assert_true(loss_with_activations(loss, activation_loss) <= without * 1.02);
        for (int q = 0; q < network.group_count; q++) {
            const int now = at.activation_bits[q];
            if (now < 8) assert_true(is_read(q) && cost_with_activation(m, q, 2 * now) > b.target);
        }
        free(activation_loss);
        free(loss);
    }
    done_with();
}

/* A chain of few channels, where every allocation of weights and activations can be tried. */
static void test_choosing_both_is_nearly_the_best_of_all(void **state)
{
    (void)state;
    use("tests/support/networks/tiny_chain.cfg");
    const cost_model *m = cost_model_find("bitops");
    double excess = 0;
    int trials = 0, combinations = 1;
    for (int q = 0; q < network.group_count; q++) combinations *= 3;
    for (; trials < 2; trials++) {
        double *loss = random_losses(), *activation_loss = random_activation_losses(), best = INFINITY;
        allocation_uniform(&at, 8, 8);
        cost_budget b = budget_of("bitops", cost_budget_value(m, &at) * uniform(0.2, 0.8));
        for (long code = 0; code < 1L << 2 * channels(); code++) {
            bool allowed = true;
            for (int c = 0; c < channels(); c++) {
                at.weight_bits[c] = (int8_t)CANDIDATES[(code >> 2 * c) & 3];
                allowed = allowed && (at.weight_bits[c] != 0 || may_prune(c));
            }
            allowed = allowed && loss_of(loss) < best; /* activations only add to it */
            for (int k = 0; k < combinations && allowed; k++) {
                for (int q = 0, rest = k; q < network.group_count; q++, rest /= 3)
                    at.activation_bits[q] = (int8_t)ACTIVATIONS[rest % 3];
                if (cost_budget_value(m, &at) > b.target) continue;
                best = fmin(best, loss_with_activations(loss, activation_loss));
            }
        }
        const cost_budget_activations a = {.candidates = ACTIVATIONS, .candidate_count = 3, .loss = activation_loss};
        b.activations = &a;
        check_ok(cost_budget_allocate(&at, loss, &b));
        const double found = loss_with_activations(loss, activation_loss);
        assert_true(found >= best * (1 - 1e-12));
        excess += found / best - 1;
        free(activation_loss);
        free(loss);
    }
    if (excess / trials > 0.5) fail_msg("mean excess of %.3f over the best allocation", excess / trials);
    done_with();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rounding_meets_the_budget_from_below),
        cmocka_unit_test(test_rounding_takes_the_largest_remainders),
        cmocka_unit_test(test_what_costs_too_much_goes_down),
        cmocka_unit_test(test_a_budget_that_cannot_be_met_says_what_is_reached),
        cmocka_unit_test(test_allocation_meets_the_budget_and_uses_it),
        cmocka_unit_test(test_groups_are_chosen_by_what_tiles_cost),
        cmocka_unit_test(test_allocation_is_nearly_the_best_of_all),
        cmocka_unit_test(test_channels_pruned_together_lose_more),
        cmocka_unit_test(test_activations_are_rounded_with_the_weights),
        cmocka_unit_test(test_a_cost_that_ignores_activations_lowers_none),
        cmocka_unit_test(test_activations_are_chosen_with_the_weights),
        cmocka_unit_test(test_choosing_both_is_nearly_the_best_of_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
