/* links: core_net_double core_cost_double hw_models */
/* From logits to costs and back, in double: what cost models read, for channels and for whole groups that choose, and
 * the gradient of every smooth cost by every logit against difference quotients. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/rng.h"
#include "core/cost/cost_choice.h"
#include "core/net/graph/graph_build.h"
#include "hw_models/registry.h"

enum { MAX_GROUPS = 32 };
static const double SHIFT = 1e-5, TEMPERATURE = 0.7;

static graph network;

static int load(void **state)
{
    (void)state;
    return failed(graph_load(&network, "tests/support/networks/every_layer.cfg")) || network.group_count > MAX_GROUPS;
}

static int unload(void **state)
{
    (void)state;
    graph_free(&network);
    return 0;
}

typedef struct {
    model m;
    real *values, *gradients;
} search;

static search open_search(bool per_layer, bool numbers)
{
    search s;
    const model_options options = {.quantized = true,
                                   .per_layer = per_layer,
                                   .weight_count = 4,
                                   .weight_bits = {0, 2, 4, 8},
                                   .activation_count = 3,
                                   .activation_bits = {2, 4, 8},
                                   .input_count = 2,
                                   .input_bits = {4, 8},
                                   .sampling = numbers ? SAMPLING_BITS : SAMPLING_SOFTMAX,
                                   .activation_numbers = numbers,
                                   .start_temperature = 1,
                                   .capacity = 1};
    status opened = model_open(&s.m, &network, kernels_choose(NULL), &options);
    if (failed(opened)) fail_msg("%s", opened.message);
    s.values = calloc(s.m.layout.total, sizeof *s.values);
    s.gradients = calloc(s.m.layout.total, sizeof *s.gradients);
    assert_true(s.values != NULL && s.gradients != NULL);
    for (size_t i = 0; i < s.m.layout.clips; i++) s.values[i] = 1; /* weights and clips: any */
    for (size_t i = s.m.layout.clips; i < s.m.layout.choices; i++)
        s.values[i] = (double)rng_uniform(rng_draw(5, RNG_SYNTHETIC, (uint32_t)i, 0, 0).word[0]);
    return s;
}

static void close_search(search *s)
{
    free(s->gradients);
    free(s->values);
    model_close(&s->m);
}

static double cost_now(search *s, const cost_model *cost, bool reference)
{
    group_choice groups[MAX_GROUPS + 1];
    model_prepare(&s->m, s->values, MODEL_SOFT, TEMPERATURE, 0);
    cost_choice_read(groups, &s->m);
    return cost_total(cost, &network, groups, reference, NULL);
}

/* Numbers of bits, between two candidates; what is not used stays as it is. */
static void draw_numbers(search *s)
{
    for (int g = 0; g < network.group_count; g++) {
        const model_weight_group *group = &s->m.groups[g];
        if (group->precisions == 0) continue;
        real *number = s->values + s->m.layout.tensors[group->logits].offset;
        for (int c = 0; c < group->columns; c++) number[c] = 0.3 + 7.4 * number[c];
    }
    for (int q = 0; q <= network.group_count; q++) {
        const model_quantizer *quantizer = &s->m.quantizers[q];
        if (!quantizer->used) continue;
        real *number = s->values + s->m.layout.tensors[quantizer->logits].offset;
        number[0] = quantizer->bits[0] + 0.3 + (7.4 - quantizer->bits[0]) * number[0];
    }
}

static void check_gradients(bool per_layer, bool numbers)
{
    search s = open_search(per_layer, numbers);
    if (numbers) draw_numbers(&s);
    cost_registry *registry = calloc(1, sizeof *registry);
    assert_non_null(registry);
    const cost_settings attached = {.input_slope = INPUT_SLOPE_ATTACHED}; /* the whole derivative */
    for (const cost_model *const *cost = cost_registry_make(registry, &attached); *cost != NULL; cost++)
        for (int reference = 0; reference < 2 && !(*cost)->stepped; reference++) {
            group_choice groups[MAX_GROUPS + 1], slopes[MAX_GROUPS + 1];
            const double factor = 1 / cost_now(&s, *cost, reference == 1);
            cost_choice_read(groups, &s.m);
            cost_total(*cost, &network, groups, reference == 1, slopes);
            memset(s.gradients, 0, s.m.layout.total * sizeof *s.gradients);
            for (int g = 0; g < network.group_count; g++)
                memset(s.m.groups[g].dprobability, 0,
                       (size_t)s.m.groups[g].precisions * (size_t)s.m.groups[g].columns * sizeof(real));
            cost_choice_add_slope(&s.m, s.gradients, slopes, factor);
            model_finish_gradients(&s.m, s.gradients);
            for (size_t i = s.m.layout.clips; i < s.m.layout.choices; i++) {
                const real start = s.values[i];
                s.values[i] = start + SHIFT;
                double above = cost_now(&s, *cost, reference == 1);
                s.values[i] = start - SHIFT;
                double quotient = factor * (above - cost_now(&s, *cost, reference == 1)) / (2 * SHIFT);
                s.values[i] = start;
                if (fabs(quotient - s.gradients[i]) > 1e-9)
                    fail_msg("%s, choice %zu: gradient %.12g, difference quotient %.12g", (*cost)->name,
                             i - s.m.layout.clips, s.gradients[i], quotient);
            }
        }
    free(registry);
    close_search(&s);
}

/* Of weights and activations. */
static void test_gradients_by_numbers_of_bits(void **state)
{
    (void)state;
    check_gradients(false, true);
}

static void test_gradients_by_the_logits_of_channels(void **state)
{
    (void)state;
    check_gradients(false, false);
}

static void test_gradients_by_the_logits_of_whole_groups(void **state)
{
    (void)state;
    check_gradients(true, false);
}

/* Probabilities add up to the channels of each group, soft and discrete. */
static void test_every_channel_is_counted_once(void **state)
{
    (void)state;
    for (int per_layer = 0; per_layer < 2; per_layer++)
        for (int hard = 0; hard < 2; hard++) {
            search s = open_search(per_layer == 1, false);
            group_choice groups[MAX_GROUPS + 1];
            model_prepare(&s.m, s.values, hard == 1 ? MODEL_HARD : MODEL_SOFT, TEMPERATURE, 0);
            cost_choice_read(groups, &s.m);
            for (int g = 0; g < network.group_count; g++) {
                double channels = 0, activation = 0;
                for (int w = 0; w < COST_WEIGHT_BITS; w++) {
                    channels += groups[g].channels[w];
                    assert_true(hard == 0 || groups[g].channels[w] == floor(groups[g].channels[w]));
                }
                for (int a = 0; a < COST_ACTIVATION_BITS; a++) activation += groups[g].activation[a];
                if (s.m.groups[g].precisions > 0) assert_true(fabs(channels - network.groups[g].channels) < 1e-9);
                if (s.m.quantizers[g].used) assert_true(fabs(activation - 1) < 1e-9);
            }
            close_search(&s);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients_by_the_logits_of_channels),
        cmocka_unit_test(test_gradients_by_numbers_of_bits),
        cmocka_unit_test(test_gradients_by_the_logits_of_whole_groups),
        cmocka_unit_test(test_every_channel_is_counted_once),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
