/* links: core_cost hw_models */
/* Every cost model of one layer: its gradient against difference quotients, the NE16 tile arithmetic against numbers
 * worked out by hand, the user's table, and the settings of the registry. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/cost/cost_total.h"
#include "core/net/graph/graph_build.h"
#include "hw_models/registry.h"

/* ---- random layers ---- */

static uint32_t generator = 12345;

static double uniform(double low, double high)
{
    generator = generator * 1664525u + 1013904223u;
    return low + (high - low) * (generator >> 8) / 16777216.0;
}

static cost_layer random_layer(cost_kind kind)
{
    bool linear = kind == COST_LINEAR;
    int in = (int)uniform(4, 200), out = kind == COST_DEPTHWISE ? in : (int)uniform(4, 200);
    return (cost_layer){.kind = kind,
                        .kernel_h = linear ? 1 : (int)uniform(1, 11),
                        .kernel_w = linear ? 1 : (int)uniform(1, 8),
                        .in_channels = in,
                        .out_channels = out,
                        .out_height = linear ? 1 : (int)uniform(1, 40),
                        .out_width = linear ? 1 : (int)uniform(1, 40),
                        .bias = uniform(0, 1) > 0.5};
}

/* Of every precision that the model defines. */
static cost_choice random_choice(const cost_model *m, const cost_layer *l)
{
    cost_choice c = {.channels = {0}};
    double sum = 0;
    for (int w = 0; w < COST_WEIGHT_BITS; w++)
        if (w == 0 || m->defined == NULL || m->defined(m, w, 8)) sum += c.channels[w] = uniform(0.1, 1);
    for (int w = 0; w < COST_WEIGHT_BITS; w++) c.channels[w] *= l->out_channels / sum;
    c.kept = l->out_channels - c.channels[0];
    c.in_kept = l->kind == COST_DEPTHWISE ? c.kept : uniform(1, l->in_channels);
    sum = 0;
    for (int a = 1; a < COST_ACTIVATION_BITS; a++)
        if (m->defined == NULL || m->defined(m, 8, a)) sum += c.activation[a] = uniform(0.1, 1);
    for (int a = 0; a < COST_ACTIVATION_BITS; a++) c.activation[a] /= sum;
    return c;
}

/* ---- gradients ---- */

enum { INPUTS = COST_WEIGHT_BITS + 2 + COST_ACTIVATION_BITS };

static double *input(cost_choice *c, int i)
{
    if (i < COST_WEIGHT_BITS) return &c->channels[i];
    if (i == COST_WEIGHT_BITS) return &c->kept;
    if (i == COST_WEIGHT_BITS + 1) return &c->in_kept;
    return &c->activation[i - COST_WEIGHT_BITS - 2];
}

static double slope_by(const cost_slope *s, int i)
{
    if (i < COST_WEIGHT_BITS) return s->channels[i];
    if (i == COST_WEIGHT_BITS) return s->kept;
    if (i == COST_WEIGHT_BITS + 1) return s->in_kept;
    return s->activation[i - COST_WEIGHT_BITS - 2];
}

/* (f(x + right) - f(x - left)) / (left + right) for input i. */
static double quotient(const cost_model *m, const cost_layer *l, cost_choice c, int i, double left, double right,
                       bool reference)
{
    double start = *input(&c, i);
    *input(&c, i) = start + right;
    double above = m->layer(m, l, &c, reference, NULL);
    *input(&c, i) = start - left;
    return (above - m->layer(m, l, &c, reference, NULL)) / (left + right);
}

static void assert_close(const char *model, int i, double value, double wanted, double scale)
{
    if (fabs(value - wanted) > 1e-6 * scale)
        fail_msg("%s, input %d: slope %.10g, difference quotient %.10g", model, i, value, wanted);
}

static void check_smooth(const cost_model *m, bool reference)
{
    for (int trial = 0; trial < 60; trial++) {
        cost_layer l = random_layer((cost_kind)(trial % 3));
        cost_choice c = random_choice(m, &l);
        cost_slope slope;
        memset(&slope, 0xff, sizeof slope); /* must be overwritten */
        double value = m->layer(m, &l, &c, reference, &slope);
        assert_true(value == m->layer(m, &l, &c, reference, NULL));
        for (int i = 0; i < INPUTS; i++) {
            if (*input(&c, i) == 0) continue; /* a precision that is not defined */
            double step = 1e-4 * (1 + *input(&c, i));
            double wanted = quotient(m, &l, c, i, step, step, reference);
            assert_close(m->name, i, slope_by(&slope, i), wanted, fabs(wanted) + value);
        }
    }
}

static void test_smooth_gradients_are_difference_quotients(void **state)
{
    (void)state;
    int checked = 0;
    for (const cost_model *const *m = cost_models(); *m != NULL; m++) {
        if ((*m)->stepped || (*m)->layer == NULL) continue;
        check_smooth(*m, false);
        check_smooth(*m, true); /* as a function of its inputs the published formula is smooth, too */
        checked++;
    }
    assert_int_equal(checked, 8);
}

/* Straight-through slopes of exact arithmetic: the mean slope over one whole tile. */
static void check_tile(const cost_model *m, const cost_layer *l, const cost_choice *c, int i, double tile)
{
    cost_slope slope;
    double value = m->layer(m, l, c, false, &slope);
    assert_close(m->name, i, slope_by(&slope, i), quotient(m, l, *c, i, 0, tile, false), value);
}

static void test_stepped_slopes_are_those_of_a_whole_tile(void **state)
{
    (void)state;
    const cost_model *ne16 = cost_model_find("ne16"), *gap8 = cost_model_find("gap8");
    for (int trial = 0; trial < 60; trial++) {
        cost_layer l = random_layer((cost_kind)(trial % 3));
        bool depthwise = l.kind == COST_DEPTHWISE;
        if (depthwise) l.kernel_h = l.kernel_w = 3; /* else passes of 16 and of 32 channels are mixed */
        cost_choice c = random_choice(ne16, &l);
        for (int w = 1; w < COST_WEIGHT_BITS; w++) check_tile(ne16, &l, &c, w, depthwise ? 16 : 32);
        check_tile(ne16, &l, &c, COST_WEIGHT_BITS + 1, 16);
        check_tile(gap8, &l, &c, COST_WEIGHT_BITS, 4);
        check_tile(gap8, &l, &c, COST_WEIGHT_BITS + 1, 4);
        cost_slope slope;
        (void)ne16->layer(ne16, &l, &c, false, &slope);
        assert_true(slope.channels[0] == 0 && slope.kept == 0);
        for (int a = 0; a < COST_ACTIVATION_BITS; a++) assert_true(slope.activation[a] == 0);
    }
}

/* The published slopes of NE16 and of a depthwise layer's size. */
static void test_published_slopes_differ_where_documented(void **state)
{
    (void)state;
    const cost_model *ne16 = cost_model_find("ne16"), *size = cost_model_find("size");
    cost_layer conv = {.kind = COST_CONV,
                       .kernel_h = 3,
                       .kernel_w = 3,
                       .in_channels = 32,
                       .out_channels = 64,
                       .out_height = 6,
                       .out_width = 6};
    cost_choice c = {.channels = {[8] = 64}, .kept = 64, .in_kept = 32, .activation = {[8] = 1}};
    cost_slope exact, reference;
    assert_true(ne16->layer(ne16, &conv, &c, false, &exact) == ne16->layer(ne16, &conv, &c, true, &reference));
    assert_true(reference.channels[8] == 32 * exact.channels[8]);
    assert_true(reference.in_kept == 16 * exact.in_kept);
    assert_true(reference.channels[8] == 4 * (2 * (45 + 32 * 8) + 9 + 32 + 13)); /* 2 x 2 positions, 2 input blocks */

    cost_layer depthwise = conv;
    depthwise.kind = COST_DEPTHWISE;
    depthwise.in_channels = 64;
    c.in_kept = 64;
    (void)size->layer(size, &depthwise, &c, false, &exact);
    (void)size->layer(size, &depthwise, &c, true, &reference);
    assert_true(exact.kept == 0 && exact.channels[8] == 72);
    assert_true(fabs(-reference.kept - 9 * 512 / 64.0) < 1e-3); /* + K S / kept for every pruned channel */
}

/* ---- NE16 by hand ---- */

static double ne16_job(cost_kind kind, int kernel, int w, double out, double in)
{
    const cost_model *m = cost_model_find("ne16");
    cost_layer l = {.kind = kind,
                    .kernel_h = kernel,
                    .kernel_w = kernel,
                    .in_channels = 16,
                    .out_channels = 32,
                    .out_height = 3,
                    .out_width = 3};
    cost_choice c = {.kept = out, .in_kept = in, .activation = {[8] = 1}};
    c.channels[w] = out;
    return m->layer(m, &l, &c, false, NULL);
}

static void test_ne16_unit_values(void **state)
{
    (void)state;
    const double conv[] = {[2] = 163, [4] = 227, [8] = 355}, depthwise[] = {[2] = 131, [4] = 163, [8] = 227};
    for (int w = 2; w < COST_WEIGHT_BITS; w *= 2) {
        assert_true(ne16_job(COST_CONV, 3, w, 32, 16) == conv[w]);
        assert_true(ne16_job(COST_CONV, 1, w, 32, 16) == 119);
        assert_true(ne16_job(COST_DEPTHWISE, 3, w, 16, 16) == depthwise[w]);
        assert_true(ne16_job(COST_CONV, 3, w, 0, 16) == 0);
    }
    assert_true(ne16_job(COST_CONV, 3, 4, 20.5, 13.6) == 170);
    assert_true(ne16_job(COST_CONV, 3, 8, 33, 16) == 355 + 45 + 8 + 10 + 13); /* one channel fills a tile */
    assert_true(ne16_job(COST_CONV, 7, 2, 32, 16) == 4 * 163 + 13 * 119);     /* 7x7: four 3x3, thirteen 1x1 */
    /* what is left of a 5x5 depthwise kernel: sixteen passes like 3x3 convolutions */
    assert_true(ne16_job(COST_DEPTHWISE, 5, 2, 16, 16) == 131 + 16 * (45 + 32 + 25 + 13));
}

/* ---- the user's table ---- */

static const double TABLE[3][3] = {{6, 4, 2}, {5, 3, 1.5}, {2.5, 2, 1}};

static cost_settings own_processor(void)
{
    cost_settings s = {.lut = {.name = "mychip", .conv_rows = 3}};
    memcpy(s.lut.conv, TABLE, sizeof TABLE);
    return s;
}

/* Row a, column w of the table. */
static double lut_unit(const cost_model *m, cost_kind kind, int a, int w)
{
    cost_layer l = {.kind = kind,
                    .kernel_h = 1,
                    .kernel_w = 1,
                    .in_channels = 1,
                    .out_channels = 1,
                    .out_height = 1,
                    .out_width = 1};
    cost_choice c = {.kept = 1, .in_kept = 1};
    c.channels[2 << w] = 1;
    c.activation[2 << a] = 1;
    return m->layer(m, &l, &c, false, NULL);
}

static void test_own_table_gives_its_cycles(void **state)
{
    (void)state;
    static cost_registry registry;
    cost_settings s = own_processor();
    s.lut.depthwise_rows = 3;
    for (int i = 0; i < 9; i++) s.lut.depthwise[i / 3][i % 3] = TABLE[i / 3][i % 3] / 10;
    const cost_model *const *models = cost_registry_make(&registry, &s);
    const cost_model *lut = cost_list_find(models, "lut");
    assert_non_null(lut);
    assert_string_equal(lut->unit, "cycles");
    assert_non_null(strstr(lut->description, "mychip"));
    for (int a = 0; a < 3; a++)
        for (int w = 0; w < 3; w++) {
            assert_true(lut_unit(lut, COST_CONV, a, w) == 1 / TABLE[a][w]);
            assert_true(lut_unit(lut, COST_LINEAR, a, w) == 1 / TABLE[a][w]);
            assert_true(fabs(lut_unit(lut, COST_DEPTHWISE, a, w) - 10 / TABLE[a][w]) < 1e-14);
        }
    check_smooth(lut, false);
    check_smooth(lut, true);
    assert_null(cost_model_find("lut")); /* known to the run that has it only */

    s.lut.linear_rows = 3;
    for (int i = 0; i < 9; i++) s.lut.linear[i / 3][i % 3] = TABLE[i / 3][i % 3] * 4;
    s.lut.clock_hz = 1e6;
    lut = cost_list_find(cost_registry_make(&registry, &s), "lut");
    assert_string_equal(lut->unit, "s");
    assert_true(fabs(lut_unit(lut, COST_CONV, 2, 0) - 0.4e-6) < 1e-18);
    assert_true(fabs(lut_unit(lut, COST_LINEAR, 2, 0) - 0.1e-6) < 1e-18);
}

/* The table of MPIC as a user's own is MPIC. */
static void test_own_table_of_mpic_is_mpic(void **state)
{
    (void)state;
    static const double mpic_table[3][3] = {{6.5, 4.0, 2.2}, {3.9, 3.5, 2.1}, {2.5, 2.3, 2.1}};
    static cost_registry registry;
    cost_settings s = own_processor();
    memcpy(s.lut.conv, mpic_table, sizeof mpic_table);
    const cost_model *lut = cost_list_find(cost_registry_make(&registry, &s), "lut"), *mpic = cost_model_find("mpic");
    for (int trial = 0; trial < 30; trial++) {
        cost_layer l = random_layer((cost_kind)(trial % 3));
        cost_choice c = random_choice(mpic, &l);
        cost_slope a, b;
        assert_true(lut->layer(lut, &l, &c, trial % 2 == 0, &a) == mpic->layer(mpic, &l, &c, trial % 2 == 0, &b));
        assert_memory_equal(&a, &b, sizeof a);
    }
}

/* A table says nothing about other precisions, and what it does not say is not a number. */
static void test_undefined_precisions_have_no_cost(void **state)
{
    (void)state;
    const cost_model *mpic = cost_model_find("mpic"), *size = cost_model_find("size");
    cost_layer l = random_layer(COST_CONV);
    cost_choice c = random_choice(mpic, &l);
    cost_slope slope;
    assert_true(mpic->defined(mpic, 4, 2) && !mpic->defined(mpic, 3, 8) && !mpic->defined(mpic, 4, 16));
    assert_null(size->defined);
    c.channels[3] = 1;
    assert_true(isnan(mpic->layer(mpic, &l, &c, false, &slope)));
    assert_true(slope.channels[3] == 0 && slope.channels[4] > 0);
    c.channels[3] = 0;
    assert_true(isfinite(mpic->layer(mpic, &l, &c, false, NULL)));
    c.activation[5] = 0.5;
    assert_true(isnan(mpic->layer(mpic, &l, &c, false, NULL)));
}

/* ---- the registry ---- */

static void test_registry_follows_the_settings(void **state)
{
    (void)state;
    static cost_registry registry;
    cost_settings s = {.input_slope = INPUT_SLOPE_OF_MODEL};
    const cost_model *const *models = cost_registry_make(&registry, &s);
    int i = 0;
    for (; cost_models()[i] != NULL; i++) {
        assert_string_equal(models[i]->name, cost_models()[i]->name);
        assert_int_equal(models[i]->in_kept_detached, cost_models()[i]->in_kept_detached);
    }
    assert_null(models[i]);
    assert_true(cost_list_find(models, "size")->in_kept_detached && !cost_list_find(models, "ne16")->in_kept_detached);
    for (int detached = 0; detached < 2; detached++) {
        s.input_slope = detached == 1 ? INPUT_SLOPE_DETACHED : INPUT_SLOPE_ATTACHED;
        models = cost_registry_make(&registry, &s);
        for (i = 0; models[i] != NULL; i++) assert_int_equal(models[i]->in_kept_detached, detached);
    }
}

/* Through a whole network: attached slopes see the next layer, detached ones do not. */
static void test_input_slope_reaches_the_producer(void **state)
{
    (void)state;
    graph g;
    status loaded = graph_load(&g, "configs/networks/resnet8.cfg");
    if (failed(loaded)) fail_msg("%s", loaded.message);
    group_choice groups[32], slopes[2][32];
    cost_uniform(groups, &g, 8, 8);
    int first = g.layers[graph_find(&g, "b2.c1")].group; /* its consumer: b2.c2, 32 x 9 weights of 8 bit each channel */
    for (int attached = 0; attached < 2; attached++) {
        static cost_registry registry;
        cost_settings s = {.input_slope = attached == 1 ? INPUT_SLOPE_ATTACHED : INPUT_SLOPE_DETACHED};
        const cost_model *size = cost_list_find(cost_registry_make(&registry, &s), "size");
        (void)cost_total(size, &g, groups, false, slopes[attached]);
    }
    assert_true(slopes[0][first].channels[0] == 0);
    assert_true(slopes[1][first].channels[0] == -32.0 * 9 * 8);
    graph_free(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_smooth_gradients_are_difference_quotients),
        cmocka_unit_test(test_stepped_slopes_are_those_of_a_whole_tile),
        cmocka_unit_test(test_published_slopes_differ_where_documented),
        cmocka_unit_test(test_ne16_unit_values),
        cmocka_unit_test(test_own_table_gives_its_cycles),
        cmocka_unit_test(test_own_table_of_mpic_is_mpic),
        cmocka_unit_test(test_undefined_precisions_have_no_cost),
        cmocka_unit_test(test_registry_follows_the_settings),
        cmocka_unit_test(test_input_slope_reaches_the_producer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
