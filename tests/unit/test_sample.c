/* links: core_strategy hw_models */
/* Score functions against the published vector and against enumeration; objectives; what counts stand for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/rng.h"
#include "core/config/settings_load.h"
#include "core/cost/cost_budget.h"
#include "core/net/graph/graph_build.h"
#include "core/strategy/objective.h"
#include "core/strategy/sample_options.h"
#include "core/strategy/sample_space.h"
#include "core/strategy/sample_update.h"
#include "core/strategy/score.h"
#include "core/strategy/strategies.h"
#include "hw_models/registry.h"
#include "tests/support/check_status.h"
#include "tests/support/graph_fixture.h"

/* ---- gradients ---- */

static void test_the_published_vector(void **state)
{
    (void)state;
    const score_factor f = {.options = 2, .trials = 3};
    const double p[] = {0.5, 0.5}, losses[] = {1.0, 0.6};
    const int counts[] = {3, 0, 1, 2};
    double g[2];
    score_gradient(g, losses, counts, 2, 2, p, &f, false);
    assert_float_equal(g[0], 0.6, 1e-12);
    assert_float_equal(g[1], -0.6, 1e-12);
    score_gradient(g, losses, counts, 2, 2, p, &f, true);
    assert_float_equal(g[0], 0.4, 1e-12);
    assert_float_equal(g[1], -0.4, 1e-12);
}

static double draw_uniform(void *ctx, int trial)
{
    const rng_block b = rng_draw(7, RNG_SYNTHETIC, *(const uint32_t *)ctx, (uint32_t)trial, 0);
    return (double)rng_uniform(b.word[0]);
}

/* An arbitrary loss of every possible outcome. */
static double loss_of(const int *counts, int options, double offset)
{
    return offset + sin(1 + 3 * counts[0] + (options > 1 ? 5 * counts[1] : 0) + (options > 2 ? 7 * counts[2] : 0));
}

static double probability_of(const int *counts, const double *p, const score_factor *f)
{
    double out = tgamma(f->trials + 1.0);
    int left = f->trials;
    for (int i = 0; i < f->options; i++) {
        out *= pow(p[i], counts[i]) / tgamma(counts[i] + 1.0);
        left -= counts[i];
    }
    return f->options == 1 ? out * pow(1 - p[0], left) / tgamma(left + 1.0) : out;
}

/* Expected loss by enumeration of 4 trials. */
static double expected_loss(const real *logits, const score_factor *f, double offset)
{
    double p[3], sum = 0;
    score_probabilities(p, logits, f);
    for (int a = 0; a <= 4; a++)
        for (int b = 0; b <= (f->options > 1 ? 4 - a : 0); b++) {
            const int counts[3] = {a, f->options == 2 ? 4 - a : b, 4 - a - b};
            if (f->options == 2 && b > 0) break;
            sum += probability_of(counts, p, f) * loss_of(counts, f->options, offset);
        }
    return sum;
}

/* The mean of many gradients lies within 4 standard errors of the true one; the baseline takes an offset away. */
static void test_gradients_are_unbiased(void **state)
{
    (void)state;
    enum { ROUNDS = 20000 };
    const real logits[3] = {0.3F, -0.4F, 0.1F};
    for (int options = 1; options <= 3; options++) {
        const score_factor f = {.options = options, .trials = 4};
        double p[3], spread[2] = {0};
        score_probabilities(p, logits, &f);
        for (int loo = 0; loo < 2; loo++) {
            double sum[3] = {0}, squares[3] = {0};
            const int samples = loo ? 2 : 1;
            for (uint32_t r = 0; r < ROUNDS; r++) {
                int counts[6];
                double losses[2], g[3];
                for (int m = 0; m < samples; m++) {
                    uint32_t which = 2 * r + (uint32_t)m;
                    score_draw(counts + m * options, p, &f, draw_uniform, &which);
                    losses[m] = loss_of(counts + m * options, options, 5);
                }
                score_gradient(g, losses, counts, options, samples, p, &f, loo == 1);
                for (int i = 0; i < options; i++) {
                    sum[i] += g[i] / ROUNDS;
                    squares[i] += g[i] * g[i] / ROUNDS;
                }
            }
            for (int i = 0; i < options; i++) {
                real up[3], down[3];
                memcpy(up, logits, sizeof up);
                memcpy(down, logits, sizeof down);
                up[i] += 1e-2F;
                down[i] -= 1e-2F;
                const double truth =
                    (expected_loss(up, &f, 5) - expected_loss(down, &f, 5)) / ((double)up[i] - (double)down[i]);
                const double variance = squares[i] - sum[i] * sum[i];
                assert_true(fabs(sum[i] - truth) < 4 * sqrt(variance / ROUNDS) + 1e-4);
                spread[loo] += variance;
            }
        }
        assert_true(spread[1] < 0.5 * spread[0]);
    }
}

static void test_modes_and_steps(void **state)
{
    (void)state;
    int counts[3];
    score_mode(counts, (const double[]){0.5, 0.26, 0.24}, &(score_factor){.options = 3, .trials = 10});
    assert_true(counts[0] == 5 && counts[1] == 2 && counts[2] == 3);
    score_mode(counts, (const double[]){0.3, 0.4, 0.3}, &(score_factor){.options = 3, .trials = 1});
    assert_true(counts[0] == 0 && counts[1] == 1 && counts[2] == 0);
    score_mode(counts, (const double[]){0.45}, &(score_factor){.options = 1, .trials = 15});
    assert_int_equal(counts[0], 7);
    real logits[2] = {1, 1};
    double g[2] = {3, 4};
    score_step(logits, g, 2, 0.1, 10);
    assert_float_equal(logits[0], 0.7, 1e-6);
    score_step(logits, g, 2, 0.1, 1);
    assert_float_equal(logits[0], 0.64, 1e-6);
    assert_float_equal(logits[1], 0.52, 1e-6);
}

/* ---- objectives ---- */

static void test_objectives_have_the_published_values(void **state)
{
    (void)state;
    const double ratios[] = {.8, .9, 1, 1.1, 1.2, 1.3, 1.5};
    const double tanhs[] = {.0008, .0042, .0200, .0855, .2527, .4175, .4960};
    for (int i = 0; i < 7; i++) assert_float_equal(objective_of_ratio(OBJECTIVE_TANH, 0, ratios[i], 1), tanhs[i], 6e-5);
    const double xs[] = {-.5, -.1, 0, .1, .5}, curves[] = {.05, .09, .1, .2, .6};
    for (int i = 0; i < 5; i++) assert_float_equal(objective_of_curve(2 + 2 * xs[i], 2, 0.1), curves[i], 1e-12);
    assert_float_equal(objective_of_ratio(OBJECTIVE_RATIO2, 1, 1.5, 2), 1 + 2 * 2.25, 1e-12);
    assert_float_equal(objective_of_ratio(OBJECTIVE_RATIO, 1, 1.5, 2), 4, 1e-12);
}

static void test_the_curve_of_homogeneous_networks(void **state)
{
    (void)state;
    const double costs[] = {2633728, 4080640, 5842944}, losses[] = {.5767, .4765, .4027};
    /* published with losses of more network */
    assert_float_equal(objective_interpolate(costs, losses, 3, 3e6), 0.551316, 3e-5);
    assert_float_equal(objective_interpolate(costs, losses, 3, 5842944), .4027, 1e-12);
    assert_true(objective_interpolate(costs, losses, 3, 2e6) > .5767);
    double rising[] = {.5, .3, .4, .35, .1};
    objective_make_falling(rising, 5);
    const double fitted[] = {.5, .35, .35, .35, .1};
    for (int i = 0; i < 5; i++) assert_float_equal(rising[i], fitted[i], 1e-12);
}

/* ---- spaces ---- */

static int channels_at(const allocation *a, const char *layer, int bits)
{
    const int group = network.layers[graph_find(&network, layer)].group;
    int count = 0;
    for (int c = a->first[group]; c < a->first[group + 1]; c++) count += a->weight_bits[c] == bits;
    return count;
}

static void test_counts_become_allocations(void **state)
{
    (void)state;
    allocation a;
    check_ok(allocation_new(&a, &network));
    static int rank[400], counts[200];
    for (int i = 0; i < network.group_count; i++) /* the last channel is the least */
        for (int c = 0; c < network.groups[i].channels; c++) rank[a.first[i] + c] = network.groups[i].channels - 1 - c;
    sample_space s;
    const sample_choice precisions = {
        .family = FILTER_MULTINOMIAL, .option_count = 3, .bits = {0, 4, 8}, .kept = {1, 1, 1}};
    sample_space_make(&s, &network, &precisions);
    assert_int_equal(s.group_count, 6); /* all but image and output */
    assert_int_equal(s.logits, 18);
    for (int f = 0; f < 6; f++) {
        counts[3 * f] = 3;
        counts[3 * f + 1] = 2;
        counts[3 * f + 2] = s.factors[f].trials - 5;
    }
    sample_space_allocation(&a, &s, counts, rank);
    assert_int_equal(channels_at(&a, "b1.c1", 0), 3);
    assert_int_equal(channels_at(&a, "b1.c1", 4), 2);
    assert_int_equal(channels_at(&a, "b3.c1", 8), 27);
    assert_int_equal(channels_at(&a, "fc", 8), 10);
    const int first = a.first[network.layers[graph_find(&network, "b1.c1")].group];
    assert_true(a.weight_bits[first + 7] == 0 && a.weight_bits[first + 4] == 4 && a.weight_bits[first] == 8);
    counts[0] = 8;
    counts[1] = counts[2] = 0;
    sample_space_allocation(&a, &s, counts, rank);
    assert_int_equal(channels_at(&a, "input", 0), 7); /* it keeps one */
    assert_int_equal(channels_at(&a, "input", 4), 1);

    sample_choice widths = {.family = NET_MULTINOMIAL, .option_count = 3, .bits = {8, 8, 8}, .kept = {0.25, 0.5, 1}};
    sample_space_make(&s, &network, &widths);
    assert_true(s.factor_count == 1 && s.logits == 3 && s.trials == 6);
    memcpy(counts, (const int[]){1, 0, 5}, sizeof(int[3]));
    sample_space_allocation(&a, &s, counts, rank);
    assert_int_equal(channels_at(&a, "input", 8), 2);
    assert_int_equal(channels_at(&a, "b1.c1", 8), 8);
    widths.family = LAYER_CATEGORICAL;
    sample_space_make(&s, &network, &widths);
    memset(counts, 0, sizeof counts);
    for (int f = 0; f < 6; f++) counts[3 * f + 1] = 1;
    sample_space_allocation(&a, &s, counts, rank);
    assert_int_equal(channels_at(&a, "b3.c1", 8), 16);
    sample_space_homogeneous(&a, &s, 0, rank);
    assert_int_equal(channels_at(&a, "b3.c1", 8), 8);
    assert_int_equal(channels_at(&a, "fc", 8), 10);
    widths.family = BLOCK_BINOMIAL;
    sample_space_make(&s, &network, &widths);
    assert_true(s.factor_count == 3 && s.logits == 3 && s.trials == 7 + 15 + 31);
    memcpy(counts, (const int[]){2, 15, 0}, sizeof(int[3]));
    sample_space_allocation(&a, &s, counts, rank);
    assert_int_equal(channels_at(&a, "b1.c1", 8), 3);
    assert_int_equal(channels_at(&a, "b2.c2", 8), 16);
    assert_int_equal(channels_at(&a, "b3.c1", 8), 1);
    widths.family = LAYER_BINOMIAL;
    sample_space_make(&s, &network, &widths);
    assert_true(s.factor_count == 6 && s.logits == 6);
    allocation_free(&a);
}

/* Multiply-accumulates of the homogeneous widths of ResNet-20 without its classifier (Zur et al. 2019). */
static void test_homogeneous_widths_have_the_published_costs(void **state)
{
    (void)state;
    static const double published[] = {2633728,  4080640,  5842944,  7920640,  10313728, 13022208, 16046080,
                                       19385344, 23040000, 27010048, 31295488, 35896320, 40812544};
    graph g;
    check_ok(graph_load(&g, "configs/networks/resnet20.cfg"));
    sample_choice choice = {.family = LAYER_CATEGORICAL, .option_count = 13};
    for (int i = 0; i < 13; i++) {
        choice.bits[i] = 8;
        choice.kept[i] = (4 + i) / 16.0;
    }
    sample_space s;
    sample_space_make(&s, &g, &choice);
    allocation a;
    check_ok(allocation_new(&a, &g));
    memset(a.activation_bits, 8, (size_t)g.group_count + 1);
    static int rank[4000];
    for (int i = 0; i < g.group_count; i++)
        for (int c = 0; c < g.groups[i].channels; c++) rank[a.first[i] + c] = c;
    for (int i = 0; i < 13; i++) {
        sample_space_homogeneous(&a, &s, i, rank);
        const double classifier = 10 * 64 * choice.kept[i];
        assert_true(cost_budget_value(cost_model_find("macs"), &a) - classifier == published[i]);
    }
    allocation_free(&a);
    graph_free(&g);
}

static void test_draws_follow_the_probabilities(void **state)
{
    (void)state;
    sample_space s;
    const sample_choice choice = {.family = FILTER_MULTINOMIAL, .option_count = 2, .bits = {4, 8}, .kept = {1, 1}};
    sample_space_make(&s, &network, &choice);
    real logits[12];
    int counts[12], again[12];
    for (int i = 0; i < 12; i++) logits[i] = i % 2 == 0 ? (real)log(3) : 0; /* 3/4, 1/4 */
    double sum = 0, all = 0;
    int alike = 0;
    for (uint32_t d = 0; d < 300; d++) {
        sample_space_draw(counts, &s, logits, 1, d, 0);
        alike += counts[0] == counts[2]; /* both of 8 channels */
        for (int f = 0; f < 6; f++) {
            assert_int_equal(counts[2 * f] + counts[2 * f + 1], s.factors[f].trials);
            sum += counts[2 * f];
            all += s.factors[f].trials;
        }
    }
    assert_float_equal(sum / all, 0.75, 0.01);
    assert_true(alike < 150);
    sample_space_draw(counts, &s, logits, 1, 5, 0);
    sample_space_draw(again, &s, logits, 1, 5, 0);
    assert_memory_equal(counts, again, sizeof counts);
    sample_space_draw(again, &s, logits, 2, 5, 0);
    assert_memory_not_equal(counts, again, sizeof counts);
}

/* ---- updates ---- */

/* The published vector through a whole update: 3 trials of two options, worth 1.0 and 0.6. */
static void test_an_update_is_a_step_along_the_published_gradient(void **state)
{
    (void)state;
    sample_space s = {.factor_count = 1, .factors = {{.options = 2, .trials = 3}}, .first = {0}, .logits = 2};
    sample_options o = {.samples = 2, .rate = 0.1, .rate_decay = 0.5, .clip = 10, .baseline = 1};
    const int counts[] = {3, 0, 1, 2};
    const double worth[] = {1.0, 0.6};
    real logits[2] = {0, 0};
    sample_update(logits, &s, &o, counts, worth, 0);
    assert_float_equal(logits[0], -0.06, 1e-7);
    assert_float_equal(logits[1], 0.06, 1e-7);
    o.baseline = 0; /* leave one out, and after two updates a quarter of the rate */
    memset(logits, 0, sizeof logits);
    sample_update(logits, &s, &o, counts, worth, 2);
    assert_float_equal(logits[0], -0.01, 1e-7);
    o.clip = 0.1;
    memset(logits, 0, sizeof logits);
    sample_update(logits, &s, &o, counts, worth, 0);
    assert_float_equal(logits[1], 0.01 / sqrt(2), 1e-7);
}

static void test_worth_follows_the_objective(void **state)
{
    (void)state;
    sample_options o = {.objective = OBJECTIVE_RATIO2};
    const sample_yardstick y = {.count = 2, .costs = {10, 20}, .losses = {2, 1}};
    assert_float_equal(sample_worth(&o, &y, 0.5, 30, 20, 2), 0.5 + 2 * 2.25, 1e-12);
    o.objective = OBJECTIVE_CURVE;
    o.leak = 0.1;
    assert_float_equal(sample_worth(&o, &y, 3, 15, 20, 2), 0.1 + 1, 1e-12); /* the line is at 1.5 */
    assert_float_equal(sample_worth(&o, &y, 0.75, 15, 20, 2), 0.1 - 0.05, 1e-12);
}

/* ---- entries ---- */

static void check_refused(const char *entry, const char *message)
{
    char text[800];
    static settings read;
    static identity_network identity = {.checksum = "sha256:network"};
    static int file = 0;
    snprintf(text, sizeof text, "network = \"n.cfg\"; data = \"d.h5\"; seeds = [1];\nsweep = ( { %s } );\n", entry);
    memset(&read, 0, sizeof read);
    status s = settings_parse(&read, text, "x.cfg", strategies_entry_kinds());
    if (!failed(s)) {
        task_plan p;
        const sweep_networks networks = {
            .count = 1, .graphs = &network, .identities = &identity, .files = &file, .widths = &read.width};
        s = strategies_plan(&p, &read, &networks, cost_models(), "sha256:data");
        task_plan_free(&p);
    }
    assert_int_equal(s.code, STATUS_CONFIG);
    check_says(s, message);
}

/* The graph of a search whose draws are trained: homogeneous networks, rounds of probes, points. */
static void test_rounds_of_probes(void **state)
{
    (void)state;
    static settings read;
    static identity_network identity = {.checksum = "sha256:network"};
    static int file = 0;
    check_ok(settings_parse(&read,
                            "network = \"n.cfg\"; data = \"d.h5\"; seeds = [1];\n"
                            "sweep = ( { strategy = \"widths\"; cost_model = \"size\"; strengths = [1.0]; "
                            "evaluate = \"trained\"; objective = \"curve\"; ratios = [0.5, 1.0]; samples = 3; "
                            "rounds = 2; probe_epochs = 4; draws = 1; } );\n",
                            "x.cfg", strategies_entry_kinds()));
    const sweep_networks networks = {
        .count = 1, .graphs = &network, .identities = &identity, .files = &file, .widths = &read.width};
    task_plan p;
    check_ok(strategies_plan(&p, &read, &networks, cost_models(), "sha256:data"));
    assert_int_equal(p.count, 1 + 2 + 2 * 3 + 2);
    for (int id = 2; id <= p.count; id++) {
        const task *t = &p.tasks[id - 1];
        const int round = id <= 3 ? -1 : (id - 4) / 3; /* 2: the points */
        assert_int_equal(t->parent_count, round < 0 ? 1 : round == 0 ? 3 : 6);
        assert_int_equal(task_plan_parent(&p, t, 0), 1);
        for (int k = 0; k < 2 && round >= 0; k++) assert_int_equal(task_plan_parent(&p, t, 1 + k), 2 + k);
        for (int m = 0; m < 3 && round > 0; m++)
            assert_int_equal(task_plan_parent(&p, t, 3 + m), 4 + 3 * (round - 1) + m);
        assert_true(t->point == (round == 2) && t->epochs == (round == 2 ? 0 : 4));
    }
    task_plan_free(&p);
}

static void test_bad_entries_are_refused(void **state)
{
    (void)state;
    check_refused("strategy = \"sample\"; cost_model = \"size\";", "needs strengths");
    check_refused("strategy = \"sample\"; cost_model = \"size\"; strengths = [1.0]; precisions = [4];",
                  "nothing to search");
    check_refused("strategy = \"sample\"; cost_model = \"size\"; strengths = [1.0]; precisions = [0, 4]; family = "
                  "\"net_multinomial\";",
                  "precision 0");
    check_refused("strategy = \"sample\"; cost_model = \"mpic\"; strengths = [1.0]; precisions = [3, 4];",
                  "does not say what weights of 3 bit cost");
    check_refused("strategy = \"joint\"; cost_model = \"mpic\"; strengths = [1.0]; precisions = [0, 3, 8];",
                  "sweep line 2: mpic does not say what weights of 3 bit cost with activations of 8 bit");
    check_refused("strategy = \"pit_mixprec\"; cost_model = \"mpic\"; strengths = [1.0]; pit_strengths = [1.0]; "
                  "precisions = [0, 3];",
                  "does not say what weights of 3 bit cost");
    check_refused("strategy = \"impq\"; cost_model = \"bops_accumulator\"; steps = 2; precisions = [1, 2];",
                  "bops_accumulator does not say what weights of 1 bit cost");
    check_refused("strategy = \"widths\"; cost_model = \"mpic\"; strengths = [1.0]; weight_bits = 5;",
                  "does not say what weights of 5 bit cost");
    check_refused("strategy = \"grid\"; cost_model = \"nothing\"; targets = [\"90 % of w4\"]; draws = 1;",
                  "there is no cost model \"nothing\"");
    check_refused("strategy = \"widths\"; cost_model = \"size\"; strengths = [1.0]; family = \"filter_multinomial\";",
                  "take strategy \"sample\"");
    check_refused("strategy = \"widths\"; cost_model = \"size\"; strengths = [1.0]; ratios = [0.5, 0.25];",
                  "do not rise");
    check_refused("strategy = \"joint\"; cost_model = \"size\"; strengths = [1.0]; family = \"net_multinomial\";",
                  "is a key of strategy");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_published_vector),
        cmocka_unit_test(test_gradients_are_unbiased),
        cmocka_unit_test(test_modes_and_steps),
        cmocka_unit_test(test_objectives_have_the_published_values),
        cmocka_unit_test(test_the_curve_of_homogeneous_networks),
        cmocka_unit_test(test_counts_become_allocations),
        cmocka_unit_test(test_homogeneous_widths_have_the_published_costs),
        cmocka_unit_test(test_draws_follow_the_probabilities),
        cmocka_unit_test(test_an_update_is_a_step_along_the_published_gradient),
        cmocka_unit_test(test_worth_follows_the_objective),
        cmocka_unit_test(test_rounds_of_probes),
        cmocka_unit_test(test_bad_entries_are_refused),
    };
    return cmocka_run_group_tests_name("sample", tests, load_digits, free_network);
}
