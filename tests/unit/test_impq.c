/* links: core_strategy hw_models */
/* Gains against closed forms of the last layers, signs against exact, harms against their definition, and trajectories
 * that only fall. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/data/batch.h"
#include "core/net/model/model_allocation.h"
#include "core/strategy/impq_harm.h"
#include "core/train/gains.h"
#include "core/train/trainer_batch.h"
#include "tests/support/noise_world.h"

static void use_entry(const char *keys)
{
    char text[700];
    snprintf(text, sizeof text, "strategy = \"impq\"; cost_model = \"size\"; %s", keys);
    noise_world_use_entry(&world, text);
}

/* ---- seeds ---- */

static void test_seeds_are_slopes_of_weighted_gaps(void **state)
{
    (void)state;
    const real logits[] = {1, 4, 2, 3.5F, 2}, sign[] = {1, 1, -1, 1, 1};
    real d[5];
    gains_seed(d, logits, sign, 5, 4, 1);
    const double expected[] = {1 / 3.0, -(1 / 3.0 - 0.5 + 1 + 0.5), -0.5, 1, 0.5};
    for (int k = 0; k < 5; k++) assert_float_equal(d[k], expected[k], 1e-6);
    gains_seed(d, logits, sign, 5, 2, 0.1); /* of equal logits the first class */
    const double two[] = {0, -(2 - 0.5), -0.5, 2, 0};
    for (int k = 0; k < 5; k++) assert_float_equal(d[k], two[k], 1e-6);
}

/* ---- closed forms ---- */

typedef struct {
    double weight[16 * 10], channel[16], logit[10];
} closed_form;

/* What the gains of fc (16 -> 10) and of the channels before the pool are, from forward passes alone. */
static closed_form closed_form_of(trainer *t, double smallest, int images)
{
    static closed_form out;
    memset(&out, 0, sizeof out);
    model *m = &t->network;
    const int fc = graph_find(&world.graph, "fc"), pool = graph_find(&world.graph, "pool");
    int32_t labels[1];
    model_prepare(m, t->values, MODEL_EVAL_HARD, 1, 0);
    for (int n = 0; n < images; n++) {
        double unused;
        trainer_choose_samples(t, n / 16, &unused);
        batch_load(model_input(m), labels, &world.data, t->samples + n % 16, 1, NULL, 0, 0);
        model_forward(m, t->values, 1, (model_pass){.training = false});
        const real *z = model_logits(m), *a = m->nodes[pool].out, *w = m->nodes[fc].effective_weight;
        int y = 0;
        for (int k = 1; k < 10; k++) y = z[k] > z[y] ? k : y;
        for (int k = 0; k < 10; k++) {
            if (k == y) continue;
            const double each = 1 / pow(fmax((double)z[y] - (double)z[k], smallest), 2) / images;
            out.logit[k] += (double)z[k] * (double)z[k] * each;
            out.logit[y] += (double)z[y] * (double)z[y] * each;
            for (int c = 0; c < 16; c++) {
                out.weight[c * 10 + k] += (double)a[c] * (double)a[c] * each;
                out.weight[c * 10 + y] += (double)a[c] * (double)a[c] * each;
                out.channel[c] += pow((double)a[c] * ((double)w[c * 10 + k] - (double)w[c * 10 + y]), 2) * each;
            }
        }
    }
    return out;
}

static double off(double found, double expected)
{
    return fabs(found - expected) / (fabs(expected) + 1e-9);
}

static const gains_rules exact = {.images = 64, .runners_up = 9, .exact = true, .percentile = 5};

static void test_exact_gains_are_those_of_closed_forms(void **state)
{
    (void)state;
    for (int kept = 0; kept < 2; kept++) {
        world.settings.quantizer.batchnorm = kept ? BATCHNORM_KEPT : BATCHNORM_FOLDED;
        use_entry("steps = 1;");
        trainer *t = noise_world_open(&world, "impq_weights");
        gains g;
        const ranks_view alone = ranks_alone();
        check_ok(gains_measure(&g, t, &alone, &exact));
        const closed_form expected = closed_form_of(t, g.smallest_gap, 64);
        const int fc = graph_find(&world.graph, "fc"), last = graph_find(&world.graph, "last");
        const real *weight = g.weights + t->network.layout.tensors[t->network.nodes[fc].weight].offset;
        for (int k = 0; k < 160; k++) assert_true(off((double)weight[k], expected.weight[k]) < 1e-3);
        allocation a;
        check_ok(allocation_new(&a, &world.graph));
        const real *channels = g.channels + a.first[world.graph.layers[last].group];
        for (int c = 0; c < 16; c++) assert_true(off((double)channels[c], expected.channel[c]) < 1e-3);
        const real *logits = g.channels + a.first[world.graph.layers[fc].group];
        for (int k = 0; k < 10; k++) assert_true(off((double)logits[k], expected.logit[k]) < 1e-3);
        allocation_free(&a);
        gains_free(&g);
        trainer_close(t);
    }
    world.settings.quantizer.batchnorm = BATCHNORM_FOLDED;
}

/* Of all weights, with batch-norm folded or kept: one backward pass for each image and its first runner-up. */
static void test_gains_are_by_the_weights_themselves(void **state)
{
    (void)state;
    for (int kept = 0; kept < 2; kept++) {
        world.settings.quantizer.batchnorm = kept ? BATCHNORM_KEPT : BATCHNORM_FOLDED;
        use_entry("steps = 1;");
        trainer *t = noise_world_open(&world, "impq_weights");
        model *m = &t->network;
        gains g;
        const ranks_view alone = ranks_alone();
        check_ok(gains_measure(&g, t, &alone,
                               &(gains_rules){.images = 16, .runners_up = 1, .exact = true, .percentile = 0}));
        double *sum = calloc(m->layout.total, sizeof *sum);
        real *gradient = calloc(m->layout.total, sizeof *gradient);
        const real signs[10] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
        int32_t labels[1];
        double unused;
        trainer_choose_samples(t, 0, &unused);
        for (int n = 0; n < 16; n++) {
            batch_load(model_input(m), labels, &world.data, t->samples + n, 1, NULL, 0, 0);
            model_forward(m, t->values, 1, (model_pass){.training = false});
            gains_seed(model_output_gradient(m), model_logits(m), signs, 10, 1, g.smallest_gap);
            model_backward(m, t->values, gradient, 1, 1, (model_pass){.training = false}, NULL);
            for (size_t k = 0; k < m->layout.decayed; k++) sum[k] += (double)gradient[k] * (double)gradient[k] / 16;
        }
        for (int i = 0; i < world.graph.layer_count; i++) {
            if (m->nodes[i].weight < 0) continue;
            const size_t at = m->layout.tensors[m->nodes[i].weight].offset;
            const size_t channels = (size_t)world.graph.layers[i].out_channels;
            for (size_t k = 0; k < m->nodes[i].rows * channels; k++) {
                const bool folded = kept && m->nodes[i].gamma >= 0;
                const double gain = folded ? (double)m->nodes[i].effective_gamma[k % channels] : 1;
                assert_true(fabs((double)g.weights[at + k] - sum[at + k] * gain * gain) <=
                            1e-3 * sum[at + k] * gain * gain + 1e-12);
            }
        }
        free(gradient);
        free(sum);
        gains_free(&g);
        trainer_close(t);
    }
    world.settings.quantizer.batchnorm = BATCHNORM_FOLDED;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sum over the weights of each channel, kernel by kernel: median below 10 %, largest below 30 %. */
static void test_signs_estimate_the_exact_gains(void **state)
{
    (void)state;
    use_entry("steps = 1;");
    world.settings.shards = 4; /* 4 batches of 4 shards: 16 pieces */
    trainer *t = noise_world_open(&world, "impq_weights");
    gains truth, estimate;
    const ranks_view alone = ranks_alone();
    const gains_rules signs = {.images = 64, .runners_up = 9, .repeats = 64, .percentile = 5};
    check_ok(gains_measure(&truth, t, &alone, &exact));
    check_ok(gains_measure(&estimate, t, &alone, &signs));
    assert_true(truth.smallest_gap == estimate.smallest_gap);
    static double differences[400];
    int count = 0;
    for (int i = 0; i < world.graph.layer_count; i++) {
        const layer_spec *l = &world.graph.layers[i];
        if (!layer_has_weights(l)) continue;
        const size_t at = t->network.layout.tensors[t->network.nodes[i].weight].offset;
        for (int c = 0; c < l->out_channels; c++) {
            double one = 0, other = 0;
            for (size_t k = 0; k < t->network.nodes[i].rows; k++) {
                one += (double)truth.weights[at + k * (size_t)l->out_channels + (size_t)c];
                other += (double)estimate.weights[at + k * (size_t)l->out_channels + (size_t)c];
            }
            if (one > 0) differences[count++] = off(other, one);
        }
    }
    qsort(differences, (size_t)count, sizeof *differences, by_size);
    print_message("%d kernels: median %.3f, largest %.3f\n", count, differences[count / 2], differences[count - 1]);
    assert_true(count > 30);
    assert_true(differences[count / 2] < 0.1);
    assert_true(differences[count - 1] < 0.3);
    for (int q = 0; q < world.graph.group_count; q++)
        if (truth.quantizers[q] > 0)
            assert_true(off((double)estimate.quantizers[q], (double)truth.quantizers[q]) < 0.15);
    gains_free(&truth);
    gains_free(&estimate);
    trainer_close(t);
}

/* ---- ranks ---- */

static real gaps[2][64], both_gaps[64];
static int rank_now, sums_seen;

/* The first sum is that of the gaps; the second one's parts are compared. */
static status keep_gaps(void *ctx, real *values, size_t count, status local)
{
    const bool *known = ctx;
    if (sums_seen++ > 0) return local;
    assert_int_equal(count, 64);
    memcpy(*known ? values : gaps[rank_now], *known ? both_gaps : values, sizeof both_gaps);
    return local;
}

static void test_two_ranks_share_the_sum(void **state)
{
    (void)state;
    use_entry("steps = 1;");
    trainer *t = noise_world_open(&world, "impq_weights");
    const gains_rules signs = {.images = 64, .runners_up = 9, .repeats = 2, .percentile = 5};
    const ranks_view alone = ranks_alone();
    gains whole, part[2];
    check_ok(gains_measure(&whole, t, &alone, &signs));
    for (int known = 0; known < 2; known++)
        for (rank_now = 0; rank_now < 2; rank_now++) {
            bool knows = known == 1;
            const ranks_view g = {.rank = rank_now, .size = 2, .sum = keep_gaps, .ctx = &knows};
            sums_seen = 0;
            check_ok(gains_measure(&part[rank_now], t, &g, &signs));
            if (!knows) gains_free(&part[rank_now]);
            for (int i = 0; i < 64; i++) both_gaps[i] = gaps[0][i] + gaps[1][i];
        }
    assert_true(whole.smallest_gap == part[0].smallest_gap && whole.smallest_gap == part[1].smallest_gap);
    for (size_t k = 0; k < t->network.layout.decayed; k++) /* an image counts 1/64: exact */
        assert_true(whole.weights[k] == part[0].weights[k] + part[1].weights[k]);
    for (int q = 0; q <= world.graph.group_count; q++)
        assert_true(whole.quantizers[q] == part[0].quantizers[q] + part[1].quantizers[q]);
    for (int r = 0; r < 2; r++) gains_free(&part[r]);
    gains_free(&whole);
    trainer_close(t);
}

/* ---- harms ---- */

static void test_harms_are_what_they_are_said_to_be(void **state)
{
    (void)state;
    use_entry("steps = 1;");
    trainer *t = noise_world_open(&world, "impq_weights");
    const model *m = &t->network;
    gains g;
    const ranks_view alone = ranks_alone();
    check_ok(gains_measure(&g, t, &alone, &exact));
    allocation a;
    check_ok(allocation_new(&a, &world.graph));
    const int channels = a.first[world.graph.group_count], fc = graph_find(&world.graph, "fc");
    const int group = world.graph.layers[fc].group, c = 3, channel = a.first[group] + c;
    double *loss = calloc((size_t)channels * 9, sizeof *loss);
    assert_non_null(loss);
    const real *w = t->values + m->layout.tensors[m->nodes[fc].weight].offset;
    const real *e = g.weights + m->layout.tensors[m->nodes[fc].weight].offset;
    double largest = 0, gain = 0, magnitude = 0, error[9] = {0};
    for (int k = 0; k < 16; k++) {
        largest = fmax(largest, fabs((double)w[k * 10 + c]));
        magnitude += fabs((double)w[k * 10 + c]);
        gain += (double)e[k * 10 + c];
    }
    for (int b = 2; b <= 8; b *= 2)
        for (int k = 0; k < 16; k++) {
            const double step = 2 * largest / ((1 << b) - 1), x = (double)w[k * 10 + c];
            const double code = fmin(rint(x / step * (1 - 1e-7)), (1 << b) / 2 - 1);
            error[b] += (double)e[k * 10 + c] * pow(x - code * step, 2);
        }
    check_ok(impq_harm_fill(loss, m, t->values, &g, &a, IMPQ_ERROR));
    assert_true(off(impq_harm_of_step(loss, &g, channels, channel, 4, 2, IMPQ_ERROR), (error[2] - error[4]) / 2) <
                1e-3);
    check_ok(impq_harm_fill(loss, m, t->values, &g, &a, IMPQ_BOUND));
    const double bound = gain / 24 * 4 * largest * largest * (1 / 9.0 - 1 / 225.0);
    assert_true(off(impq_harm_of_step(loss, &g, channels, channel, 4, 2, IMPQ_BOUND), bound) < 1e-4);
    check_ok(impq_harm_fill(loss, m, t->values, &g, &a, IMPQ_RELEASED));
    const double released = gain / 16 * magnitude / 16 / 16;
    assert_true(off(impq_harm_of_step(loss, &g, channels, channel, 4, 2, IMPQ_RELEASED), released) < 1e-4);
    assert_true(off(impq_harm_of_step(loss, &g, channels, channel, 2, 0, IMPQ_ERROR), (double)g.channels[channel] / 2) <
                1e-6);
    assert_true(impq_harm_of_step(loss, &g, channels, channel, 2, -1, IMPQ_ERROR) == 0);
    free(loss);
    allocation_free(&a);
    gains_free(&g);
    trainer_close(t);
}

/* `bound` takes the distance of levels that is in force, of weights ... */
static void test_the_bound_is_of_the_grid_in_force(void **state)
{
    (void)state;
    const quantizer_rules before = world.settings.quantizer;
    const weight_step_rule rules[] = {WEIGHT_STEP_MINMAX, WEIGHT_STEP_MIDRISE, WEIGHT_STEP_DEVIATION};
    for (int r = 0; r < 3; r++) {
        quantizer_rules *of = &world.settings.quantizer;
        of->weight_step_2 = of->weight_step_4 = of->weight_step_8 = rules[r];
        use_entry("steps = 1; precisions = [1, 4, 8];");
        trainer *t = noise_world_open(&world, "impq_weights");
        const model *m = &t->network;
        gains g;
        const ranks_view alone = ranks_alone();
        check_ok(gains_measure(&g, t, &alone, &exact));
        allocation a;
        check_ok(allocation_new(&a, &world.graph));
        const int channels = a.first[world.graph.group_count], fc = graph_find(&world.graph, "fc"), c = 3;
        const int channel = a.first[world.graph.layers[fc].group] + c;
        double *loss = calloc((size_t)channels * 9, sizeof *loss);
        assert_non_null(loss);
        check_ok(impq_harm_fill(loss, m, t->values, &g, &a, IMPQ_BOUND));
        const size_t at = m->layout.tensors[m->nodes[fc].weight].offset;
        double largest = 0, mean = 0, square = 0, size = 0, gain = 0;
        for (int k = 0; k < 16; k++) {
            const double w = (double)t->values[at + (size_t)(k * 10 + c)];
            largest = fmax(largest, fabs(w));
            mean += w / 16;
            size += fabs(w) / 16;
            gain += (double)g.weights[at + (size_t)(k * 10 + c)];
        }
        for (int k = 0; k < 16; k++) square += pow((double)t->values[at + (size_t)(k * 10 + c)] - mean, 2) / 16;
        const double spread = fabs(mean) + 3.45 * sqrt(square);
        const double four[] = {2 * largest / 15, 2 * largest / 16, spread / 7};
        const double one[] = {2 * largest, largest, 2 * size}; /* from the one level to the other */
        assert_true(off(loss[4 * channels + channel], gain / 24 * four[r] * four[r]) < 1e-4);
        assert_true(off(loss[1 * channels + channel], gain / 24 * one[r] * one[r]) < 1e-4);
        free(loss);
        allocation_free(&a);
        gains_free(&g);
        trainer_close(t);
    }
    world.settings.quantizer = before;
}

/* ... and of activations. */
static void test_the_bound_of_activations_is_of_the_levels_in_force(void **state)
{
    (void)state;
    search_settings *search = &world.settings.search;
    search->activation_count = 2;
    search->activation_bits[0] = 4;
    search->activation_bits[1] = 8;
    use_entry("steps = 1; lower = \"activations\";");
    for (int open = 0; open < 2; open++) {
        world.settings.quantizer.levels = open == 1 ? LEVELS_OPEN : LEVELS_CLOSED;
        trainer *t = noise_world_open(&world, "impq_activations");
        const model *m = &t->network;
        const int q = world.graph.layers[graph_find(&world.graph, "last")].group;
        const double clip = (double)t->values[m->layout.tensors[m->quantizers[q].clips].offset];
        real gain[GRAPH_MAX_LAYERS] = {0};
        gain[q] = 3;
        const gains g = {.quantizers = gain};
        const double four = clip / (16 - !open), eight = clip / (256 - !open);
        assert_true(off(impq_harm_of_activation(m, t->values, &g, q, 8, 4, IMPQ_BOUND),
                        3 / 24.0 * (four * four - eight * eight)) < 1e-6);
        assert_true(off(impq_harm_of_activation(m, t->values, &g, q, 8, 4, IMPQ_RELEASED), 3 * clip / 256) < 1e-6);
        trainer_close(t);
    }
    world.settings.quantizer.levels = LEVELS_CLOSED;
    search->activation_count = 1;
    search->activation_bits[0] = 8;
}

/* Every step of the noise makes its contribution four times as large (unit steps: 2^b - 1 nearly doubles). */
static void test_the_formulas(void **state)
{
    (void)state;
    assert_float_equal(impq_released(6, 3, 4, 2), 6.0 / 4 * 3 / 4 / 4, 1e-12);
    assert_float_equal(impq_bound(2, 0.5), 2 * 0.25 / 24, 1e-12);
}

/* ---- trajectories ---- */

static void read_allocation(allocation *a, trainer *t)
{
    model_prepare(&t->network, t->values, MODEL_HARD, 1, 0);
    model_allocation_read(a, &t->network);
}

static int changed_channels(const char *keys, const char *kind, int step, double target, int *lowest)
{
    use_entry(keys);
    world.task.step = step;
    world.task.target = target;
    trainer *t = noise_world_open(&world, kind);
    noise_world_train(t);
    allocation a;
    check_ok(allocation_new(&a, &world.graph));
    memset(a.activation_bits, 8, (size_t)world.graph.group_count + 1);
    read_allocation(&a, t);
    int changed = 0;
    *lowest = 8;
    for (int i = 0; i < world.graph.group_count; i++) {
        if (t->network.groups[i].precisions == 0) continue;
        int kept = 0;
        for (int c = a.first[i]; c < a.first[i + 1]; c++) {
            changed += a.weight_bits[c] < 8;
            kept += a.weight_bits[c] > 0;
            if (a.weight_bits[c] < *lowest) *lowest = a.weight_bits[c];
        }
        assert_true(kept > 0);
    }
    if (target > 0) assert_true(cost_total(t->cost, &world.graph, t->choices, false, NULL) <= target);
    allocation_free(&a);
    trainer_close(t);
    return changed;
}

/* 8 + 8 + 16 + 10 = 42 channels that can be lowered. */
static void test_a_leg_lowers_the_fraction_by_one_step(void **state)
{
    (void)state;
    int lowest;
    assert_int_equal(changed_channels("steps = 1; samples = 64; fractions = [0.5];", "impq_weights", 1, 0, &lowest),
                     21);
    assert_int_equal(lowest, 4);
    assert_int_equal(
        changed_channels("steps = 2; samples = 64; fractions = [0.5, 0.1];", "impq_weights", 2, 0, &lowest), 4);
    assert_int_equal(
        changed_channels("steps = 1; samples = 64; granularity = \"network\";", "impq_weights", 1, 0, &lowest), 42);
    assert_int_equal(lowest, 4);
    const int layer = changed_channels("steps = 1; samples = 64; granularity = \"layer\"; fractions = [0.25];",
                                       "impq_weights", 1, 0, &lowest);
    assert_true(layer == 8 || layer == 10 || layer == 16);
    world.settings.search.activation_count = 2;
    world.settings.search.activation_bits[0] = 4;
    world.settings.search.activation_bits[1] = 8;
    assert_int_equal(
        changed_channels("steps = 1; samples = 64; lower = \"activations\";", "impq_activations", 1, 0, &lowest), 0);
    world.settings.search.activation_count = 1;
    world.settings.search.activation_bits[0] = 8;
}

static void test_the_last_channel_of_a_group_stays(void **state)
{
    (void)state;
    int lowest;
    world.settings.search.keep_alive = false; /* which would hide it */
    assert_int_equal(changed_channels("steps = 1; samples = 64; fractions = [1.0]; precisions = [0, 8];",
                                      "impq_weights", 1, 0, &lowest),
                     7 + 7 + 15);
    world.settings.search.keep_alive = true;
}

static void test_a_leg_meets_its_target(void **state)
{
    (void)state;
    int lowest;
    double full = 0;
    for (int i = 0; i < world.graph.layer_count; i++)
        if (layer_has_weights(&world.graph.layers[i])) full += 8.0 * (double)layer_weight_count(&world.graph.layers[i]);
    assert_true(changed_channels("targets = [\"1 kB\"]; samples = 64;", "impq_weights", 1, 0.2 * full, &lowest) > 20);
    assert_true(lowest <= 2);
}

static double cost_named(const record *r, const char *name)
{
    for (int i = 0; i < r->cost_count; i++)
        if (strcmp(r->costs[i].name, name) == 0) return r->costs[i].value;
    fail_msg("there is no cost %s", name);
    return NAN;
}

/* As published: unit steps of the mid-rise quantiser, kernel by kernel. One step lowers to 7 bit, which processors hold
 * in 8. */
static void test_unit_steps_of_the_midrise_quantiser(void **state)
{
    (void)state;
    const quantizer_rules before = world.settings.quantizer;
    world.settings.quantizer.weight_step_2 = world.settings.quantizer.weight_step_4 =
        world.settings.quantizer.weight_step_8 = WEIGHT_STEP_MIDRISE;
    static const char *const metrics[] = {"released", "bound", "error"};
    for (int i = 0; i < 3; i++) {
        char keys[200];
        snprintf(keys, sizeof keys,
                 "steps = 1; samples = 64; fractions = [0.5]; precisions = [1, 2, 3, 4, 5, 6, 7, 8]; metric = \"%s\";",
                 metrics[i]);
        int lowest;
        assert_int_equal(changed_channels(keys, "impq_weights", 1, 0, &lowest), 21);
        assert_int_equal(lowest, 7);
    }
    trainer *t = noise_world_open(&world, "impq_weights");
    noise_world_train(t);
    record r;
    check_ok(trainer_record(&r, t));
    double weights = 0;
    for (int i = 0; i < world.graph.layer_count; i++)
        if (layer_has_weights(&world.graph.layers[i])) weights += (double)layer_weight_count(&world.graph.layers[i]);
    assert_true(cost_named(&r, "deploy_size_bits") == 8 * weights && cost_named(&r, "size_bits") < 8 * weights);
    assert_true(isnan(cost_named(&r, "mpic_cycles")) && isfinite(cost_named(&r, "deploy_mpic_cycles")));
    assert_true(isfinite(r.test_accuracy));
    record_free(&r);
    trainer_close(t);
    world.settings.quantizer = before;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seeds_are_slopes_of_weighted_gaps),
        cmocka_unit_test(test_exact_gains_are_those_of_closed_forms),
        cmocka_unit_test(test_gains_are_by_the_weights_themselves),
        cmocka_unit_test(test_signs_estimate_the_exact_gains),
        cmocka_unit_test(test_two_ranks_share_the_sum),
        cmocka_unit_test(test_harms_are_what_they_are_said_to_be),
        cmocka_unit_test(test_the_bound_is_of_the_grid_in_force),
        cmocka_unit_test(test_the_bound_of_activations_is_of_the_levels_in_force),
        cmocka_unit_test(test_the_formulas),
        cmocka_unit_test(test_a_leg_lowers_the_fraction_by_one_step),
        cmocka_unit_test(test_the_last_channel_of_a_group_stays),
        cmocka_unit_test(test_a_leg_meets_its_target),
        cmocka_unit_test(test_unit_steps_of_the_midrise_quantiser),
    };
    return cmocka_run_group_tests_name("impq", tests, make_world, free_world);
}
