/* links: core_cost hw_models */
/* Refinement of a discrete network: against all promotions there are, and what it promises. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/cost/cost_refine.h"
#include "core/net/graph/graph_build.h"
#include "hw_models/registry.h"

enum { MAX_GROUPS = 32, MAX_CHANNELS = 64 };
static const int BITS[] = {0, 2, 4, 8};
static const bool ALL[COST_WEIGHT_BITS] = {[2] = true, [4] = true, [8] = true};

static graph network;
static uint32_t generator = 7;

static int load(void **state)
{
    (void)state;
    return failed(graph_load(&network, "configs/networks/resnet8.cfg")) || network.group_count > MAX_GROUPS;
}

static int unload(void **state)
{
    (void)state;
    graph_free(&network);
    return 0;
}

static int below(int n)
{
    generator = generator * 1664525u + 1013904223u;
    return (int)((generator >> 8) % (uint32_t)n);
}

static group_choice random_counts(int channels)
{
    group_choice c = {.activation = {[8] = 1}};
    int skew = 1 + below(4);
    for (int i = 0; i < channels; i++) c.channels[BITS[below(skew * 4) % 4]]++;
    return c;
}

static void random_network(group_choice *groups)
{
    for (int i = 0; i <= network.group_count; i++)
        groups[i] = random_counts(i < network.group_count ? network.groups[i].channels : 0);
}

static double refine(const cost_model *model, group_choice *groups, int group, const bool *allowed)
{
    double saved = -1;
    status s = cost_refine_group(&saved, model, &network, groups, group, allowed, false);
    if (failed(s)) fail_msg("%s", s.message);
    return saved;
}

/* The cheapest network over all counts that single promotions can lead to, walked one by one. */
static double cheapest(const cost_model *model, group_choice *groups, int group, const bool *allowed)
{
    static bool seen[MAX_CHANNELS + 1][MAX_CHANNELS + 1];
    static int stack[4 * (MAX_CHANNELS + 1) * (MAX_CHANNELS + 1)][2];
    const group_choice start = groups[group];
    const int kept = (int)(start.channels[2] + start.channels[4] + start.channels[8]);
    double best = INFINITY;
    int top = 0;
    memset(seen, 0, sizeof seen);
    stack[top][0] = (int)start.channels[2];
    stack[top++][1] = (int)start.channels[4];
    while (top > 0) {
        int n2 = stack[--top][0], n4 = stack[top][1];
        if (n2 < 0 || n4 < 0 || seen[n2][n4]) continue;
        seen[n2][n4] = true;
        groups[group].channels[2] = n2;
        groups[group].channels[4] = n4;
        groups[group].channels[8] = kept - n2 - n4;
        double cost = cost_total(model, &network, groups, false, NULL);
        best = cost < best ? cost : best;
        const int moves[3][3] = {{-1, 1, 4}, {-1, 0, 8}, {0, -1, 8}}; /* 2 to 4, 2 to 8, 4 to 8 bit */
        for (int m = 0; m < 3; m++) {
            if (!allowed[moves[m][2]]) continue;
            stack[top][0] = n2 + moves[m][0];
            stack[top++][1] = n4 + moves[m][1];
        }
    }
    groups[group] = start;
    return best;
}

static void test_finds_the_cheapest_of_all_promotions(void **state)
{
    (void)state;
    const cost_model *ne16 = cost_model_find("ne16");
    const bool without_4[COST_WEIGHT_BITS] = {[2] = true, [8] = true};
    int improved = 0;
    for (int trial = 0; trial < 40; trial++) {
        group_choice groups[MAX_GROUPS + 1];
        random_network(groups);
        int group = below(network.group_count);
        const bool *allowed = trial % 4 == 0 ? without_4 : ALL;
        if (allowed == without_4) {
            groups[group].channels[2] += groups[group].channels[4];
            groups[group].channels[4] = 0;
        }
        double before = cost_total(ne16, &network, groups, false, NULL);
        double wanted = cheapest(ne16, groups, group, allowed);
        double saved = refine(ne16, groups, group, allowed), after = cost_total(ne16, &network, groups, false, NULL);
        if (after != wanted) fail_msg("trial %d: %.10g cycles, cheapest %.10g", trial, after, wanted);
        assert_true(saved == before - after && saved >= 0);
        assert_true(allowed == ALL || groups[group].channels[4] == 0);
        improved += saved > 0;
    }
    assert_true(improved > 10);
}

static void test_never_demotes_never_revives(void **state)
{
    (void)state;
    for (const cost_model *const *m = cost_models(); *m != NULL; m++)
        for (int trial = 0; trial < 10; trial++) {
            group_choice groups[MAX_GROUPS + 1];
            random_network(groups);
            int group = below(network.group_count);
            const group_choice old = groups[group];
            refine(*m, groups, group, ALL);
            const double *now = groups[group].channels, *then = old.channels;
            assert_true(now[0] == then[0]);
            assert_true(now[2] <= then[2] && now[2] + now[4] <= then[2] + then[4]);
            assert_true(now[2] + now[4] + now[8] == then[2] + then[4] + then[8]);
            /* where precision costs in proportion, or nothing, there is nothing to gain and nothing moves */
            if (strcmp((*m)->name, "ne16") != 0) assert_memory_equal(now, then, sizeof old.channels);
            double again = refine(*m, groups, group, ALL);
            assert_true(again == 0);
        }
}

/* 31 channels of 8 bit and one of 2 bit: the one needs a tile of its own, or none. */
static void test_one_stray_channel_joins_the_full_tile(void **state)
{
    (void)state;
    group_choice groups[MAX_GROUPS + 1];
    cost_uniform(groups, &network, 8, 8);
    int group = network.layers[graph_find(&network, "b2.c1")].group;
    groups[group].channels[2] = 1;
    groups[group].channels[8] = 31;
    /* 16x16 output: 36 positions; tiles of one channel at 2 bit and of 31 at 8 bit become one of 32 */
    const double saved = 36 * ((45 + 2 + 10 + 13) + (45 + 31 * 8 + 40 + 13) - (45 + 32 * 8 + 41 + 13));
    assert_true(refine(cost_model_find("ne16"), groups, group, ALL) == saved);
    assert_true(groups[group].channels[2] == 0 && groups[group].channels[8] == 32);
}

static void test_channels_with_the_largest_preference_stay_and_move(void **state)
{
    (void)state;
    enum { CHANNELS = 6 };
    static double preference[COST_WEIGHT_BITS * CHANNELS];
    const double liked[4][CHANNELS] = {{9.0, 0.0, 0.0, 0.0, 0.0, 0.0},  /* 0 bit */
                                       {0.0, 5.0, 4.0, 3.0, 0.0, 0.0},  /* 2 bit */
                                       {0.0, 0.1, 0.2, 0.3, 2.0, 0.0},  /* 4 bit */
                                       {0.0, 0.0, 0.0, 0.0, 0.0, 7.0}}; /* 8 bit */
    for (int p = 0; p < 4; p++) memcpy(preference + BITS[p] * CHANNELS, liked[p], sizeof liked[p]);
    const int start[CHANNELS] = {0, 2, 2, 2, 4, 8};
    const struct {
        double at[4]; /* channels at 0, 2, 4, 8 bit */
        int wanted[CHANNELS];
    } cases[] = {{{1, 3, 1, 1}, {0, 2, 2, 2, 4, 8}}, /* nothing to do */
                 {{1, 2, 2, 1}, {0, 2, 2, 4, 4, 8}}, /* 3 prefers 2 bit least */
                 {{1, 1, 2, 2}, {0, 2, 8, 4, 4, 8}}, /* 2 and 3 move; 3 prefers 4 bit more */
                 {{1, 1, 1, 3}, {0, 2, 8, 8, 4, 8}},
                 {{1, 3, 0, 2}, {0, 2, 2, 2, 8, 8}}, /* only the one at 4 bit moves */
                 {{1, 0, 0, 5}, {0, 8, 8, 8, 8, 8}}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double counts[COST_WEIGHT_BITS] = {0};
        for (int p = 0; p < 4; p++) counts[BITS[p]] = cases[i].at[p];
        int chosen[CHANNELS];
        memcpy(chosen, start, sizeof chosen);
        cost_refine_assign(chosen, CHANNELS, counts, preference);
        for (int c = 0; c < CHANNELS; c++)
            if (chosen[c] != cases[i].wanted[c])
                fail_msg("case %zu: channel %d at %d, wanted %d", i, c, chosen[c], cases[i].wanted[c]);
    }
    double equal[COST_WEIGHT_BITS * CHANNELS] = {0};
    int chosen[CHANNELS] = {2, 2, 2, 2, 2, 2};
    cost_refine_assign(chosen, CHANNELS, (const double[COST_WEIGHT_BITS]){[2] = 3, [4] = 2, [8] = 1}, equal);
    const int wanted[CHANNELS] = {2, 2, 2, 4, 4, 8}; /* equal preferences: the lower channel stays */
    assert_memory_equal(chosen, wanted, sizeof wanted);
}

/* Precisions beside 2, 4 and 8: promotions only, never dearer, and as good as a walk over single steps. */
static void test_any_precisions_are_refined(void **state)
{
    (void)state;
    const cost_model *ne16 = cost_model_find("ne16");
    int improved = 0;
    for (int trial = 0; trial < 40; trial++) {
        group_choice groups[MAX_GROUPS + 1];
        bool allowed[COST_WEIGHT_BITS] = {false};
        random_network(groups);
        const int group = below(network.group_count);
        double *now = groups[group].channels, then[COST_WEIGHT_BITS], here = 0, before = 0;
        for (int w = 1; w < COST_WEIGHT_BITS; w++) now[w] = 0;
        for (int c = (int)now[0]; c < network.groups[group].channels; c++) now[1 + below(6)]++;
        for (int w = 1; w < COST_WEIGHT_BITS; w++) allowed[w] = now[w] > 0 || below(2) == 0;
        memcpy(then, now, sizeof then);
        const double dear = cost_total(ne16, &network, groups, false, NULL),
                     saved = refine(ne16, groups, group, allowed);
        assert_true(dear - cost_total(ne16, &network, groups, false, NULL) == saved && saved >= 0);
        for (int w = 0; w < COST_WEIGHT_BITS; w++) {
            assert_true(now[w] == 0 || w == 0 || allowed[w]);
            here += now[w];
            before += then[w];
            assert_true(here <= before);
        }
        assert_true(here == before && now[0] == then[0]);
        improved += saved > 0;
    }
    assert_true(improved > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_the_cheapest_of_all_promotions),
        cmocka_unit_test(test_never_demotes_never_revives),
        cmocka_unit_test(test_any_precisions_are_refined),
        cmocka_unit_test(test_one_stray_channel_joins_the_full_tile),
        cmocka_unit_test(test_channels_with_the_largest_preference_stay_and_move),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
