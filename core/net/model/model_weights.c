#include "core/net/model/model_weights.h"

#include <string.h>

#include "core/net/model/batchnorm.h"
#include "core/net/model/model_memory.h"
#include "core/net/model/producer.h"
#include "core/quant/weight_noise.h"

static const weight_quantizer *quantizer_of(const model *m, int bits)
{
    if (bits == 0) return NULL;
    return weight_quantizer_of(&m->options.quantizer, m->options.rules.weight_tie_by_division, bits);
}

/* Are its steps values of their own at the moment? */
static bool is_learned(const model *m, const weight_quantizer *q)
{
    return q->learns_steps && m->steps_learned && model_mode_is_discrete(m->mode);
}

static bool has_gradient(const model *m, const weight_quantizer *q)
{
    return q != NULL && q->gradient != NULL && (is_learned(m, q) || !q->learns_steps);
}

static int column_of(const model_weight_group *group, int channel)
{
    return group->columns == 1 ? 0 : channel;
}

static real probability_of(const model_weight_group *group, int p, int channel)
{
    return group->probability[p * group->columns + column_of(group, channel)];
}

/* In a discrete network only precisions that some channel has are of interest. */
static bool is_used(const model *m, const model_weight_group *group, int p)
{
    if (!model_mode_is_discrete(m->mode)) return true;
    for (int c = 0; c < group->columns; c++)
        if (group->probability[p * group->columns + c] > 0) return true;
    return false;
}

static void prepare_steps(model *m, const real *values, int index)
{
    const layer_spec *l = &m->graph->layers[index];
    const model_node *node = &m->nodes[index];
    const model_weight_group *group = &m->groups[l->group];
    for (int p = 0; p < group->precisions; p++) {
        const int bits = group->bits[p];
        const weight_quantizer *q = quantizer_of(m, bits);
        real *steps = node->steps + p * l->out_channels;
        if (q == NULL || q->steps == NULL) continue;
        if (is_learned(m, q)) {
            const real *log_step = model_view(m, values, node->log_step);
            for (int c = 0; c < l->out_channels; c++) steps[c] = real_exp(log_step[c]);
        } else if (is_used(m, group, p)) {
            weight_quantizer_steps(q, steps, model_view(m, values, node->weight), node->rows, l->out_channels, bits);
        } else {
            for (int c = 0; c < l->out_channels; c++) steps[c] = 1;
        }
    }
}

weight_choice model_weight_choice(const model *m, int index)
{
    const model_weight_group *group = &m->groups[m->graph->layers[index].group];
    weight_choice choice = {.precisions = group->precisions,
                            .columns = group->columns,
                            .probability = group->probability,
                            .steps = m->nodes[index].steps};
    for (int p = 0; p < group->precisions; p++) {
        choice.bits[p] = group->bits[p];
        choice.quantizer[p] = quantizer_of(m, group->bits[p]);
    }
    return choice;
}

/* Of a quantiser whose grid follows from the largest magnitude. */
static real step_of_largest(const weight_quantizer *q, const real *w, size_t rows, int channels, int channel, int bits)
{
    real largest = 0;
    for (size_t k = 0; k < rows; k++) {
        const real size = real_abs(w[k * (size_t)channels + (size_t)channel]);
        largest = size > largest ? size : largest;
    }
    weight_grid grid = {.count = 1, .bits = bits};
    q->grid(&grid, &largest, NULL);
    return grid.step[0];
}

void model_chosen_steps(real *steps, const model *m, const real *values, int index)
{
    const int channels = m->graph->layers[index].out_channels;
    const model_node *node = &m->nodes[index];
    const model_weight_group *group = &m->groups[m->graph->layers[index].group];
    for (int c = 0; c < channels; c++) {
        steps[c] = 0;
        for (int p = 0; p < group->precisions; p++) {
            const int bits = group->bits[p];
            const weight_quantizer *q = quantizer_of(m, bits);
            if (q == NULL || !(probability_of(group, p, c) > 0)) continue;
            steps[c] = q->steps != NULL
                           ? node->steps[p * channels + c]
                           : step_of_largest(q, model_view(m, values, node->weight), node->rows, channels, c, bits);
        }
    }
}

/* The probability that a channel is not pruned: the part of its batch-norm's output that goes on. */
static real gate_of(const model_weight_group *group, int channel)
{
    real open = 0;
    for (int p = 0; p < group->precisions; p++)
        if (group->bits[p] != 0) open += probability_of(group, p, channel);
    return group->bits[0] != 0 ? 1 : open;
}

static void prepare_norm(model *m, const real *values, int index)
{
    const layer_spec *l = &m->graph->layers[index];
    const model_node *node = &m->nodes[index];
    const model_weight_group *group = &m->groups[l->group];
    const real *gamma = model_view(m, values, node->gamma), *beta = model_view(m, values, node->beta);
    for (int c = 0; c < l->out_channels; c++) {
        const real gate = gate_of(group, c);
        node->effective_gamma[c] = gate * gamma[c];
        node->effective_beta[c] = gate * beta[c];
    }
}

/* What folding multiplies a step with, into effective_gamma, and the folded bias, into effective_beta. */
static void prepare_fold(model *m, const real *values, int index)
{
    const model_node *node = &m->nodes[index];
    const real *gamma = model_view(m, values, node->gamma), *beta = model_view(m, values, node->beta);
    const real *mean = model_view(m, values, node->mean), *variance = model_view(m, values, node->variance);
    for (int c = 0; c < m->graph->layers[index].out_channels; c++) {
        const real gain = gamma[c] / real_sqrt(variance[c] + BATCHNORM_EPSILON);
        node->effective_gamma[c] = gain;
        node->effective_beta[c] = beta[c] - mean[c] * gain;
    }
}

/* Which channels of a discrete network have a gradient that is not straight-through. */
static void prepare_gradients(model *m, int index)
{
    const layer_spec *l = &m->graph->layers[index];
    const model_node *node = &m->nodes[index];
    const model_weight_group *group = &m->groups[l->group];
    bool due[WEIGHT_PRECISIONS];
    for (int p = 0; p < group->precisions; p++) due[p] = has_gradient(m, quantizer_of(m, group->bits[p]));
    for (int c = 0; c < l->out_channels; c++) {
        node->gradient_bits[c] = 0;
        for (int p = 0; p < group->precisions; p++)
            if (due[p] && probability_of(group, p, c) > 0) node->gradient_bits[c] = (int8_t)group->bits[p];
    }
}

static void prepare_bias(model *m, const real *bias, int index)
{
    model_node *node = &m->nodes[index];
    const int channels = m->graph->layers[index].out_channels;
    if (node->input_quantizer >= 0)
        bias_quantize(node->effective_bias, bias, node->step, m->quantizers[node->input_quantizer].step, channels);
    else
        memcpy(node->effective_bias, bias, (size_t)channels * sizeof *bias);
}

/* All channels that the layer reads are pruned. */
static bool reads_nothing(const model *m, int index)
{
    const model_weight_group *from =
        &m->groups[m->graph->layers[graph_producer(m->graph, m->graph->layers[index].inputs[0])].group];
    if (from->precisions == 0 || from->bits[0] != 0) return false;
    for (int c = 0; c < from->columns; c++)
        if (from->probability[c] < 1) return false;
    return true;
}

/* The output is beta, as in training: a batch of equal sums has no variance, by which the fold would divide, and no
 * weight is left to say on which grid the folded bias is. */
static void fold_what_reads_nothing(model *m, const real *values, int index)
{
    const model_node *node = &m->nodes[index];
    const int channels = m->graph->layers[index].out_channels;
    const real *beta = model_view(m, values, node->beta);
    memset(node->effective_weight, 0, node->rows * (size_t)channels * sizeof(real));
    for (int c = 0; c < channels; c++) {
        if (!(gate_of(&m->groups[m->graph->layers[index].group], c) > 0)) continue; /* pruned itself */
        node->step[c] = (real)(1.0 / 1024);
        node->effective_beta[c] = beta[c];
    }
}

void model_weights_prepare(model *m, const real *values, int index)
{
    model_node *node = &m->nodes[index];
    const bool kept = node->gamma >= 0, folds = kept && m->mode == MODEL_EVAL_HARD;
    prepare_steps(m, values, index);
    if (model_mode_is_discrete(m->mode)) prepare_gradients(m, index);
    weight_choice choice = model_weight_choice(m, index);
    if (folds) {
        prepare_fold(m, values, index);
        choice.gain = node->effective_gamma;
    } else if (kept) {
        prepare_norm(m, values, index);
    }
    weight_mix(node->effective_weight, node->step, model_view(m, values, node->weight), node->rows,
               m->graph->layers[index].out_channels, &choice);
    if (folds && reads_nothing(m, index)) fold_what_reads_nothing(m, values, index);
    if (folds)
        prepare_bias(m, node->effective_beta, index);
    else if (!kept)
        prepare_bias(m, model_view(m, values, node->bias), index);
}

/* The largest level of a channel, given its step. */
static real largest_level(const model_weight_group *group, int channel, real step)
{
    for (int p = 0; p < group->precisions; p++)
        if (group->bits[p] > 1 && probability_of(group, p, channel) > 0)
            return step * (real)((1 << (group->bits[p] - 1)) - 1);
    return step;
}

void model_add_weight_noise(model *m, const real *values, int first, int end, double probability, uint32_t step)
{
    for (int i = 0, number = 0; i < m->graph->layer_count; i++) {
        const layer_spec *l = &m->graph->layers[i];
        const model_node *node = &m->nodes[i];
        if (node->weight < 0) continue;
        const bool noisy = first <= number && number < end;
        number++;
        if (!noisy) continue;
        real *clip = m->scratch;
        for (int c = 0; c < l->out_channels; c++) clip[c] = largest_level(&m->groups[l->group], c, node->step[c]);
        weight_noise(node->effective_weight, model_view(m, values, node->weight), clip, node->step, node->rows,
                     l->out_channels, probability,
                     (weight_noise_draw){.seed = m->options.seed, .step = step, .layer = (uint32_t)i});
    }
}

/* y = gate (gamma x + beta): the gate belongs to every precision that is not 0 bit. */
static void backward_norm(model *m, const real *values, real *gradients, int index)
{
    const layer_spec *l = &m->graph->layers[index];
    const model_node *node = &m->nodes[index];
    model_weight_group *group = &m->groups[l->group];
    const real *gamma = model_view(m, values, node->gamma), *beta = model_view(m, values, node->beta);
    real *dgamma = model_at(m, gradients, node->gamma), *dbeta = model_at(m, gradients, node->beta);
    if (group->bits[0] != 0) return;
    for (int c = 0; c < l->out_channels; c++) {
        const real gate = gate_of(group, c), dgate = gamma[c] * dgamma[c] + beta[c] * dbeta[c];
        for (int p = 0; p < group->precisions && m->mode == MODEL_SOFT; p++)
            if (group->bits[p] != 0) group->dprobability[p * group->columns + column_of(group, c)] += dgate;
        dgamma[c] *= gate;
        dbeta[c] *= gate;
    }
}

/* steps[channels]: those of the weights as they were quantised. */
static void backward_quantizers(model *m, const real *values, real *gradients, int index, const real *steps)
{
    const model_node *node = &m->nodes[index];
    const int channels = m->graph->layers[index].out_channels;
    const weight_quantizer *by_bits[WEIGHT_PRECISIONS];
    real *dlog_step = node->log_step >= 0 ? model_at(m, gradients, node->log_step) : NULL;
    for (int bits = 0; bits < WEIGHT_PRECISIONS; bits++) by_bits[bits] = quantizer_of(m, bits);
    for (int c = 0; c < channels && dlog_step != NULL; c++) dlog_step[c] = 0;
    weight_quantizer_gradient(by_bits, model_at(m, gradients, node->weight), dlog_step,
                              model_view(m, values, node->weight), steps, node->gradient_bits, node->rows, channels);
}

/* Through the folding, with statistics that stay: gradients of W' and bias' become those of the weights as they were
 * quantised, of gamma and of beta. `gain` is k of model_weights.h. */
static void backward_fold(const model *m, const real *values, real *gradients, int index)
{
    const model_node *node = &m->nodes[index];
    const int channels = m->graph->layers[index].out_channels;
    const real *mean = model_view(m, values, node->mean), *variance = model_view(m, values, node->variance);
    const real *gain = node->effective_gamma, *dbeta = model_at(m, gradients, node->beta);
    real *dweight = model_at(m, gradients, node->weight), *dgamma = model_at(m, gradients, node->gamma);
    for (int c = 0; c < channels; c++) dgamma[c] = -mean[c] * dbeta[c];
    for (size_t r = 0; r < node->rows; r++)
        for (int c = 0; c < channels; c++) {
            const size_t at = r * (size_t)channels + (size_t)c;
            dgamma[c] += dweight[at] * node->effective_weight[at] / gain[c];
            dweight[at] *= gain[c];
        }
    for (int c = 0; c < channels; c++) dgamma[c] /= real_sqrt(variance[c] + BATCHNORM_EPSILON);
}

void model_weights_backward(model *m, const real *values, real *gradients, int index)
{
    const model_node *node = &m->nodes[index];
    const int channels = m->graph->layers[index].out_channels;
    const bool folded = node->gamma >= 0 && m->mode == MODEL_EVAL_HARD;
    if (folded) backward_fold(m, values, gradients, index);
    if (node->gamma >= 0) backward_norm(m, values, gradients, index);
    if (!model_mode_is_discrete(m->mode)) return;
    const real *steps = node->step;
    if (folded) { /* batch-norm's memory is free where statistics stay */
        for (int c = 0; c < channels; c++) node->shard_mean[c] = node->step[c] / node->effective_gamma[c];
        steps = node->shard_mean;
    }
    backward_quantizers(m, values, gradients, index, steps);
}

void model_start_steps(model *m, real *values)
{
    m->steps_learned = false;
    model_prepare(m, values, MODEL_HARD, 1, 0);
    for (int i = 0; i < m->graph->layer_count; i++) {
        const model_node *node = &m->nodes[i];
        if (node->weight < 0 || node->log_step < 0) continue;
        real *log_step = model_at(m, values, node->log_step);
        for (int c = 0; c < m->graph->layers[i].out_channels; c++)
            log_step[c] = node->step[c] > 0 ? real_log(node->step[c]) : 0;
    }
    m->steps_learned = true;
}
