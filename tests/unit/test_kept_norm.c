/* links: core_net_double */
/* Quantised networks that keep their batch-norm: what conversion leaves intact, the exact folding, gates, and the other
 * rules of quantizer_rules.h as the model follows them. In double. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/rng.h"
#include "core/net/model/producer.h"
#include "core/net/model/batchnorm.h"
#include "core/net/model/model.h"
#include "core/quant/weight_quant.h"
#include "tests/support/graph_fixture.h"

enum { IMAGES = 5, CLASSES = 3 };

static double uniform(uint32_t i, uint32_t salt)
{
    return (double)rng_uniform(rng_draw(17, RNG_SYNTHETIC, i, salt, 0).word[0]);
}

static const quantizer_rules all_new = {.weight_step_2 = WEIGHT_STEP_MSE,
                                        .weight_step_4 = WEIGHT_STEP_MSE,
                                        .weight_step_8 = WEIGHT_STEP_MSE,
                                        .batchnorm = BATCHNORM_KEPT,
                                        .before_add = BEFORE_ADD_SIGNED,
                                        .rounding = ROUNDING_NEAREST};

static model_options options_of(const quantizer_rules *rules, bool prunable)
{
    model_options o = {.quantized = true,
                       .quantizer = *rules,
                       .weight_count = prunable ? 4 : 1,
                       .weight_bits = {8},
                       .activation_count = 1,
                       .activation_bits = {8},
                       .input_count = 1,
                       .input_bits = {8},
                       .start_temperature = 1,
                       .capacity = IMAGES,
                       .seed = 9};
    if (prunable) memcpy(o.weight_bits, (const int[]){0, 2, 4, 8}, 4 * sizeof(int));
    return o;
}

/* A float network with batch-norm that has seen something, and its quantised form. */
typedef struct {
    model fine, m;
    real *start, *values, *gradients;
} pair;

static model open_model(const model_options *options)
{
    model m;
    status s = model_open(&m, &network, kernels_choose(NULL), options);
    if (failed(s)) fail_msg("%s", s.message);
    return m;
}

static real *tensor_of(const model *m, real *values, int tensor)
{
    return values + m->layout.tensors[tensor].offset;
}

static void open_pair(pair *p, const quantizer_rules *rules, bool prunable)
{
    const model_options options = options_of(rules, prunable);
    p->fine = open_model(&(model_options){.capacity = IMAGES, .seed = 9});
    p->m = open_model(&options);
    p->start = calloc(p->fine.layout.total, sizeof(real));
    p->values = calloc(p->m.layout.total, sizeof(real));
    p->gradients = calloc(p->m.layout.total, sizeof(real));
    model_initialize(&p->fine, p->start, 4);
    for (int i = 0; i < network.layer_count; i++) {
        const model_node *node = &p->fine.nodes[i];
        if (node->gamma < 0) continue;
        for (uint32_t c = 0; c < (uint32_t)network.layers[i].out_channels; c++) {
            tensor_of(&p->fine, p->start, node->gamma)[c] = (c % 3 == 0 ? -1 : 1) * (0.5 + uniform(c, 40));
            tensor_of(&p->fine, p->start, node->beta)[c] = uniform(c, 41) - 0.3;
            tensor_of(&p->fine, p->start, node->mean)[c] = 0.4 * uniform(c, 42) - 0.2;
            tensor_of(&p->fine, p->start, node->variance)[c] = 0.2 + uniform(c, 43);
        }
    }
    model_convert(&p->m, p->values, &p->fine, p->start);
}

static void close_pair(pair *p)
{
    free(p->gradients);
    free(p->values);
    free(p->start);
    model_close(&p->m);
    model_close(&p->fine);
}

static void forward(model *m, const real *values)
{
    const layer_spec *image = &network.layers[0];
    size_t count = (size_t)(IMAGES * image->out_height * image->out_width * image->out_channels);
    for (size_t i = 0; i < count; i++) model_input(m)[i] = rint(255 * uniform((uint32_t)i, 1)) / 255;
    model_forward(m, values, IMAGES, (model_pass){.training = false});
}

/* Behind a group that is pruned as a whole, batches have no variance; folded or not, beta is left. */
static void test_what_reads_nothing_has_an_output_of_beta(void **state)
{
    (void)state;
    int readers = 0;
    for (int dead = 0; dead < network.group_count; dead++) {
        if (network.groups[dead].holds_output || network.groups[dead].holds_image) continue;
        pair p;
        open_pair(&p, &all_new, true);
        for (int g = 0; g < network.group_count; g++) {
            const model_weight_group *group = &p.m.groups[g];
            for (int k = 0; k < group->precisions * group->columns; k++)
                tensor_of(&p.m, p.values, group->logits)[k] = group->bits[k / group->columns] == (g == dead ? 0 : 2);
        }
        for (int i = 0; i < network.layer_count; i++) {
            const model_node *node = &p.m.nodes[i];
            for (int c = 0; node->gamma >= 0 && c < network.layers[i].out_channels; c++)
                tensor_of(&p.m, p.values, node->variance)[c] = 0;
        }
        model_prepare(&p.m, p.values, MODEL_EVAL_HARD, 1, 0);
        for (int i = 0; i < network.layer_count; i++) {
            const model_node *node = &p.m.nodes[i];
            const layer_spec *l = &network.layers[i];
            if (node->gamma < 0 || l->group == dead ||
                network.layers[graph_producer(&network, l->inputs[0])].group != dead)
                continue;
            for (int c = 0; c < l->out_channels; c++) {
                const double beta = (double)tensor_of(&p.m, p.values, node->beta)[c];
                assert_true(fabs((double)node->effective_bias[c] - beta) < 2e-3);
                for (size_t k = 0; k < node->rows; k++)
                    assert_true(node->effective_weight[k * (size_t)l->out_channels + (size_t)c] == 0);
            }
            readers++;
        }
        close_pair(&p);
    }
    assert_true(readers >= 1);
}

/* Fold first and then quantise, or quantise and then fold: the same codes, and steps in the ratio of the folding. */
static void test_folding_changes_no_code(void **state)
{
    (void)state;
    for (int bits = 2; bits <= 8; bits *= 2) {
        pair p;
        open_pair(&p, &all_new, true);
        for (int g = 0; g < network.group_count; g++) {
            const model_weight_group *group = &p.m.groups[g];
            for (int k = 0; k < group->precisions * group->columns; k++)
                tensor_of(&p.m, p.values, group->logits)[k] = group->bits[k / group->columns] == bits ? 1 : 0;
        }
        model_prepare(&p.m, p.values, MODEL_EVAL_HARD, 1, 0);
        const weight_quantizer *mse = weight_quantizer_of(&all_new, false, bits);
        int folded_layers = 0;
        for (int i = 0; i < network.layer_count; i++) {
            const model_node *node = &p.m.nodes[i];
            if (node->gamma < 0) continue;
            const int channels = network.layers[i].out_channels;
            const size_t rows = node->rows;
            real *weight = calloc(rows * (size_t)channels, sizeof *weight), bias[16], steps[16];
            assert_true(channels <= 16);
            batchnorm_fold(weight, bias, &p.fine, p.start, i);
            weight_quantizer_steps(mse, steps, weight, rows, channels, bits);
            const double half = 1 << (bits - 1);
            for (int c = 0; c < channels; c++) {
                assert_true(fabs(node->step[c] / steps[c] - 1) < 1e-12);
                for (size_t k = 0; k < rows; k++) {
                    const size_t at = k * (size_t)channels + (size_t)c;
                    double code = fmin(fmax(rint(weight[at] / steps[c]), -half), half - 1);
                    assert_true(fabs(node->effective_weight[at] / node->step[c] - code) < 1e-9);
                }
                const double grid = p.m.quantizers[node->input_quantizer].step * node->step[c];
                assert_true(fabs(node->effective_bias[c] - bias[c]) <= 0.5000001 * grid);
                assert_true(fabs(node->effective_bias[c] / grid - rint(node->effective_bias[c] / grid)) < 1e-6);
            }
            free(weight);
            folded_layers++;
        }
        assert_true(folded_layers == 3);
        close_pair(&p);
    }
}

/* With running statistics equal to those of the batch, training and the folded network put out the same, up to what the
 * grid of the biases moves. */
static void test_folded_outputs_are_those_of_training(void **state)
{
    (void)state;
    pair p;
    open_pair(&p, &all_new, false);
    model_prepare(&p.m, p.values, MODEL_HARD, 1, 0);
    forward(&p.m, p.values);
    real *outputs[16] = {NULL};
    for (int i = 0; i < network.layer_count; i++) {
        const layer_spec *l = &network.layers[i];
        const model_node *node = &p.m.nodes[i];
        size_t count = (size_t)(IMAGES * l->out_height * l->out_width * l->out_channels);
        outputs[i] = calloc(count, sizeof(real));
        memcpy(outputs[i], node->out, count * sizeof(real));
        if (node->gamma < 0) continue;
        const size_t bytes = (size_t)l->out_channels * sizeof(real);
        memcpy(tensor_of(&p.m, p.values, node->mean), node->shard_mean, bytes);
        memcpy(tensor_of(&p.m, p.values, node->variance), node->shard_variance, bytes);
    }
    model_prepare(&p.m, p.values, MODEL_EVAL_HARD, 1, 0);
    forward(&p.m, p.values);
    for (int i = 0; i < network.layer_count; i++) {
        const layer_spec *l = &network.layers[i];
        size_t count = (size_t)(IMAGES * l->out_height * l->out_width * l->out_channels), moved = 0;
        const double step = p.m.nodes[i].quantizer >= 0 ? p.m.quantizers[p.m.nodes[i].quantizer].step : 6.0 / 255;
        for (size_t k = 0; k < count; k++) {
            double error = fabs(outputs[i][k] - p.m.nodes[i].out[k]);
            if (error > 4 * step)
                fail_msg("%s[%zu]: %g in training, %g folded", l->name, k, outputs[i][k], p.m.nodes[i].out[k]);
            moved += error > 1e-9;
        }
        if (strcmp(l->name, "stem") == 0) assert_true(moved < count / 50); /* only values at a border */
        free(outputs[i]);
    }
    close_pair(&p);
}

/* Root mean square of what quantisation at 8 bit changes in the logits, relative to the logits. */
static double conversion_error(const quantizer_rules *rules)
{
    pair p;
    open_pair(&p, rules, false);
    real wanted[IMAGES * CLASSES];
    for (int g = 0; g < network.group_count; g++) /* wide enough for what occurs */
        if (p.m.quantizers[g].used) *tensor_of(&p.m, p.values, p.m.quantizers[g].clips) = 25;
    model_prepare(&p.fine, p.start, MODEL_EVAL_FLOAT, 1, 0);
    forward(&p.fine, p.start);
    memcpy(wanted, model_logits(&p.fine), sizeof wanted);
    model_prepare(&p.m, p.values, MODEL_EVAL_HARD, 1, 0);
    forward(&p.m, p.values);
    double error = 0, size = 0;
    for (int i = 0; i < IMAGES * CLASSES; i++) {
        error += pow(model_logits(&p.m)[i] - wanted[i], 2);
        size += pow(wanted[i], 2);
    }
    close_pair(&p);
    return sqrt(error / size);
}

/* The float function survives; rectified branches do not. */
static void test_signed_branches_keep_the_function(void **state)
{
    (void)state;
    const double kept = conversion_error(&all_new);
    quantizer_rules rectified = all_new;
    rectified.before_add = BEFORE_ADD_RECTIFIED;
    const double lost = conversion_error(&rectified);
    if (!(kept < 0.03)) fail_msg("8 bit change the logits by %g", kept);
    if (!(lost > 0.05)) fail_msg("rectified branches change the logits by %g only", lost);
}

/* The converted network has positive scales, no bias beside them, and the same function. */
static void test_conversion_makes_scales_positive(void **state)
{
    (void)state;
    pair p;
    open_pair(&p, &all_new, false);
    for (int i = 0; i < network.layer_count; i++) {
        const model_node *node = &p.m.nodes[i], *fine = &p.fine.nodes[i];
        if (node->gamma < 0) continue;
        assert_int_equal(node->bias, -1);
        for (int c = 0; c < network.layers[i].out_channels; c++) {
            const real old = tensor_of(&p.fine, p.start, fine->gamma)[c];
            const real sign = old < 0 ? -1 : 1, bias = fine->bias >= 0 ? tensor_of(&p.fine, p.start, fine->bias)[c] : 0;
            assert_true(tensor_of(&p.m, p.values, node->gamma)[c] == sign * old);
            assert_true(tensor_of(&p.m, p.values, node->weight)[c] ==
                        sign * tensor_of(&p.fine, p.start, fine->weight)[c]);
            assert_true(tensor_of(&p.m, p.values, node->mean)[c] ==
                        sign * (tensor_of(&p.fine, p.start, fine->mean)[c] - bias));
        }
    }
    close_pair(&p);
}

/* With L = sum over channels of a gate gamma + b gate beta, linear in the effective scales, the gradients of choices
 * and scales are difference quotients. */
static double gated(pair *p)
{
    double loss = 0;
    model_prepare(&p->m, p->values, MODEL_SOFT, 0.7, 0);
    for (int i = 0; i < network.layer_count; i++) {
        const model_node *node = &p->m.nodes[i];
        for (int c = 0; node->gamma >= 0 && c < network.layers[i].out_channels; c++)
            loss += (c + 1.5) * node->effective_gamma[c] + (2 * i - c) * node->effective_beta[c];
    }
    return loss;
}

static void test_gates_pass_gradients_to_choices(void **state)
{
    (void)state;
    pair p;
    open_pair(&p, &all_new, true);
    for (size_t i = p.m.layout.clips; i < p.m.layout.choices; i++) p.values[i] += 0.5 * uniform((uint32_t)i, 5);
    gated(&p);
    for (int i = 0; i < network.layer_count; i++) {
        const model_node *node = &p.m.nodes[i];
        for (int c = 0; node->gamma >= 0 && c < network.layers[i].out_channels; c++) {
            tensor_of(&p.m, p.gradients, node->gamma)[c] = c + 1.5;
            tensor_of(&p.m, p.gradients, node->beta)[c] = 2 * i - c;
        }
    }
    model_choice_gradients(&p.m, p.values, p.gradients); /* gradients of weights are 0 */
    model_finish_gradients(&p.m, p.gradients);
    int moving = 0;
    for (int t = 0; t < p.m.layout.tensor_count; t++) {
        const model_tensor *tensor = &p.m.layout.tensors[t];
        if (tensor->role != ROLE_NORM && tensor->role != ROLE_CHOICE) continue;
        for (size_t k = 0; k < tensor->count; k++) {
            const size_t i = tensor->offset + k;
            const real kept = p.values[i];
            p.values[i] = kept + 1e-5;
            double above = gated(&p);
            p.values[i] = kept - 1e-5;
            double below = gated(&p), quotient = (above - below) / 2e-5;
            p.values[i] = kept;
            if (fabs(quotient - p.gradients[i]) > 1e-6)
                fail_msg("%s[%zu]: gradient %g, quotient %g", tensor->name, k, p.gradients[i], quotient);
            moving += tensor->role == ROLE_CHOICE && fabs(quotient) > 1e-3;
        }
    }
    assert_true(moving > 20);
    close_pair(&p);
}

/* The same of the folded network, L = sum of its weights and biases with factors of their own. */
static double folded(pair *p, bool gradients)
{
    double loss = 0;
    model_prepare(&p->m, p->values, MODEL_EVAL_HARD, 1, 0);
    for (int i = 0; i < network.layer_count; i++) {
        const model_node *node = &p->m.nodes[i];
        const int channels = network.layers[i].out_channels;
        if (node->gamma < 0) continue;
        for (size_t k = 0; k < node->rows * (size_t)channels; k++) {
            const double factor = uniform((uint32_t)k, 50 + (uint32_t)i) - 0.5;
            loss += factor * node->effective_weight[k];
            if (gradients) tensor_of(&p->m, p->gradients, node->weight)[k] = factor;
        }
        for (int c = 0; c < channels; c++) {
            loss += (2 * i - c) * node->effective_beta[c];
            if (gradients) tensor_of(&p->m, p->gradients, node->beta)[c] = 2 * i - c;
        }
    }
    return loss;
}

static void test_folding_passes_gradients_to_scales_and_weights(void **state)
{
    (void)state;
    pair p;
    open_pair(&p, &all_new, false);
    folded(&p, true);
    model_choice_gradients(&p.m, p.values, p.gradients);
    for (int t = 0; t < p.m.layout.tensor_count; t++) {
        const model_tensor *tensor = &p.m.layout.tensors[t];
        if (tensor->role != ROLE_NORM) continue;
        for (size_t k = 0; k < tensor->count; k++) {
            const size_t i = tensor->offset + k;
            const real kept = p.values[i];
            p.values[i] = kept + 1e-5;
            double above = folded(&p, false);
            p.values[i] = kept - 1e-5;
            double below = folded(&p, false), quotient = (above - below) / 2e-5;
            p.values[i] = kept;
            if (fabs(quotient - p.gradients[i]) > 1e-6 * (1 + fabs(quotient)))
                fail_msg("%s[%zu]: gradient %g, quotient %g", tensor->name, k, p.gradients[i], quotient);
        }
    }
    folded(&p, false);
    for (int i = 0; i < network.layer_count; i++) { /* straight through the quantiser: times the folding */
        const model_node *node = &p.m.nodes[i];
        const int channels = network.layers[i].out_channels;
        for (size_t k = 0; node->gamma >= 0 && k < node->rows * (size_t)channels; k++) {
            const double factor = uniform((uint32_t)k, 50 + (uint32_t)i) - 0.5;
            const double wanted = factor * node->effective_gamma[k % (size_t)channels];
            assert_true(fabs(tensor_of(&p.m, p.gradients, node->weight)[k] - wanted) < 1e-12);
        }
    }
    close_pair(&p);
}

/* A channel at 0 bit puts out 0, whatever its shift, in training and folded. */
static void test_pruned_channels_are_silent(void **state)
{
    (void)state;
    const model_mode modes[] = {MODEL_HARD, MODEL_EVAL_HARD};
    for (int k = 0; k < 2; k++) {
        pair p;
        open_pair(&p, &all_new, true);
        const int left = graph_find(&network, "left");
        const model_weight_group *group = &p.m.groups[network.layers[left].group];
        tensor_of(&p.m, p.values, group->logits)[2] = 9; /* channel 2 */
        tensor_of(&p.m, p.values, p.m.nodes[left].beta)[2] = 5;
        model_prepare(&p.m, p.values, modes[k], 1, 0);
        forward(&p.m, p.values);
        const layer_spec *l = &network.layers[left];
        for (int i = 0; i < IMAGES * l->out_height * l->out_width; i++)
            assert_true(p.m.nodes[left].out[i * l->out_channels + 2] == 0);
        close_pair(&p);
    }
}

/* Learned steps: until they start the best ones are taken; then they are values, and start there. */
static void test_learned_steps_start_at_the_best(void **state)
{
    (void)state;
    quantizer_rules rules = all_new;
    rules.weight_step_2 = rules.weight_step_4 = WEIGHT_STEP_LEARNED;
    pair p;
    open_pair(&p, &rules, true);
    for (size_t i = p.m.layout.clips; i < p.m.layout.choices; i++) p.values[i] += uniform((uint32_t)i, 6);
    const int left = graph_find(&network, "left");
    const model_node *node = &p.m.nodes[left];
    const model_weight_group *group = &p.m.groups[network.layers[left].group];
    real before[6], *log_step = tensor_of(&p.m, p.values, node->log_step);
    model_prepare(&p.m, p.values, MODEL_HARD, 1, 0);
    memcpy(before, node->step, sizeof before);
    model_start_steps(&p.m, p.values);
    model_prepare(&p.m, p.values, MODEL_HARD, 1, 0);
    for (int c = 0; c < 6; c++) assert_true(fabs(node->step[c] - before[c]) <= 1e-12 * before[c]);
    for (int c = 0; c < 6; c++) log_step[c] += log(2);
    model_prepare(&p.m, p.values, MODEL_EVAL_HARD, 1, 0);
    const real *gamma = tensor_of(&p.m, p.values, node->gamma), *variance = tensor_of(&p.m, p.values, node->variance);
    int learned = 0;
    for (int c = 0; c < 6; c++) {
        int bits = 0;
        for (int k = 0; k < group->precisions; k++)
            if (group->probability[k * group->columns + c] > 0) bits = group->bits[k];
        double gain = gamma[c] / sqrt(variance[c] + 1e-5), factor = bits == 2 || bits == 4 ? 2 : 1;
        assert_true(fabs(node->step[c] - factor * before[c] * gain) <= 1e-12 * gain);
        learned += factor > 1;
    }
    assert_true(learned > 0);
    close_pair(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_reads_nothing_has_an_output_of_beta),
        cmocka_unit_test(test_folding_changes_no_code),
        cmocka_unit_test(test_folded_outputs_are_those_of_training),
        cmocka_unit_test(test_signed_branches_keep_the_function),
        cmocka_unit_test(test_conversion_makes_scales_positive),
        cmocka_unit_test(test_gates_pass_gradients_to_choices),
        cmocka_unit_test(test_folding_passes_gradients_to_scales_and_weights),
        cmocka_unit_test(test_pruned_channels_are_silent),
        cmocka_unit_test(test_learned_steps_start_at_the_best),
    };
    return cmocka_run_group_tests(tests, load_every_layer, free_network);
}
