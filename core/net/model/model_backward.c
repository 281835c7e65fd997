/* model_backward: gradients of one shard, and what is done once with their sum. */
#include <string.h>

#include "core/net/model/batchnorm.h"
#include "core/net/model/dropout.h"
#include "core/net/model/model.h"
#include "core/net/model/model_memory.h"
#include "core/net/model/model_weights.h"
#include "core/quant/act_quant.h"
#include "core/quant/choice.h"
#include "core/quant/choice_bits.h"

/* Gradients of the clips and probabilities of a node's quantiser, from what its kernel found. */
static void add_quantizer_gradients(model *m, real *gradients, int index, const real dclip[PACT_MAX],
                                    const real dprobability[PACT_MAX], real dlow)
{
    const model_node *node = &m->nodes[index];
    const model_quantizer *q = &m->quantizers[node->quantizer];
    real *clips = model_at(m, gradients, q->clips), *probabilities = model_at(m, gradients, q->logits);
    const int first = q->chosen >= 0 ? q->chosen : 0;
    for (int j = 0; j < q->behind_layer.count; j++) {
        if (node->is_signed) { /* its clip is the mean of the candidates' */
            const real slope = act_quant_signed_slope(dclip[0], dlow, m->options.quantizer.levels);
            clips[first + j] += q->behind_layer.probability[j] * slope;
            probabilities[first + j] += q->behind_layer.clip[j] * slope;
        } else {
            clips[first + j] += dclip[j];
            probabilities[first + j] += dprobability[j];
        }
    }
    if (q->low >= 0) *model_at(m, gradients, q->low) += dlow;
}

/* Through the quantiser of a node: dout (of the output) -> dout (of raw), in place, or to both inputs of an add. */
static void backward_quantizer(model *m, real *gradients, int index, size_t count)
{
    const layer_spec *l = &m->graph->layers[index];
    model_node *node = &m->nodes[index];
    real dclip[PACT_MAX], dprobability[PACT_MAX], dlow = 0;
    pact grid = l->kind == LAYER_ADD ? m->quantizers[node->quantizer].behind_add : *model_grid(m, index);
    grid.mask_zero_output = m->options.rules.relu_masks_first_step && l->relu;
    if (l->kind == LAYER_ADD) {
        model_node *a = &m->nodes[l->inputs[0]], *b = &m->nodes[l->inputs[1]];
        bool add_a = a->wrote_gradient;
        a->wrote_gradient = true; /* first: a and b may be the same */
        m->kernels->pact_add_backward(a->dout, add_a, b->dout, b->wrote_gradient, dclip, dprobability, node->dout,
                                      a->out, b->out, &grid, count);
        b->wrote_gradient = true;
    } else {
        m->kernels->pact_backward(node->dout, dclip, dprobability, &dlow, node->dout, node->raw, &grid, count);
    }
    add_quantizer_gradients(m, gradients, index, dclip, dprobability, dlow);
}

/* Adds weight times the statistics that batch-norm `index` computed over `rows` rows. */
static void add_statistics(const model *m, real *mean, real *variance, int index, size_t rows, double weight)
{
    const model_node *node = &m->nodes[index];
    const real unbiased = rows > 1 ? (real)((double)rows / (double)(rows - 1)) : 1;
    for (int c = 0; c < m->graph->layers[index].out_channels; c++) {
        mean[c] += (real)weight * node->shard_mean[c];
        variance[c] += (real)weight * unbiased * node->shard_variance[c];
    }
}

void model_add_statistics(const model *m, real *running, int images, double weight)
{
    for (int i = 0; i < m->graph->layer_count; i++) {
        const layer_spec *l = &m->graph->layers[i];
        if (!model_normalises(m, i)) continue;
        real *mean = running + (m->layout.tensors[m->nodes[i].mean].offset - m->layout.choices);
        real *variance = running + (m->layout.tensors[m->nodes[i].variance].offset - m->layout.choices);
        add_statistics(m, mean, variance, i, (size_t)(images * l->out_height * l->out_width), weight);
    }
}

/* The same with batch-norm before the quantiser, if there is one. */
static void backward_norm(model *m, const real *values, real *gradients, int index, size_t rows, double weight)
{
    const layer_spec *l = &m->graph->layers[index];
    model_node *node = &m->nodes[index];
    real *dgamma = model_at(m, gradients, node->gamma), *dbeta = model_at(m, gradients, node->beta);
    const real *gamma = model_gamma(m, values, index), *beta = model_beta(m, values, index);
    if (node->quantizer >= 0) {
        real dclip[PACT_MAX], dprobability[PACT_MAX], dlow = 0;
        m->kernels->batchnorm_pact_backward(node->dout, dgamma, dbeta, dclip, dprobability, &dlow, node->dout,
                                            node->raw, node->shard_mean, node->shard_variance, gamma, beta,
                                            BATCHNORM_EPSILON, model_grid(m, index), rows, l->out_channels);
        add_quantizer_gradients(m, gradients, index, dclip, dprobability, dlow);
    } else {
        m->kernels->batchnorm_backward(node->dout, dgamma, dbeta, node->dout, node->raw, node->out, node->shard_mean,
                                       node->shard_variance, gamma, BATCHNORM_EPSILON, l->relu, rows, l->out_channels);
    }
    add_statistics(m, model_at(m, gradients, node->mean), model_at(m, gradients, node->variance), index, rows, weight);
}

/* dout (of the output) -> dout (of raw), in place; gradients of batch-norm and quantiser. */
static void backward_finish(model *m, const real *values, real *gradients, int index, int images, double weight)
{
    const layer_spec *l = &m->graph->layers[index];
    model_node *node = &m->nodes[index];
    size_t rows = (size_t)images * (size_t)l->out_height * (size_t)l->out_width;
    size_t count = rows * (size_t)l->out_channels;
    if (model_normalises(m, index))
        backward_norm(m, values, gradients, index, rows, weight);
    else if (node->quantizer >= 0)
        backward_quantizer(m, gradients, index, count);
    else if (l->relu)
        m->kernels->relu_backward(node->dout, node->dout, node->out, true, false, count);
}

/* The gradient of the image is needed only for what is trained of the input quantiser. */
static bool needs_gradient(const model *m, int index)
{
    if (m->graph->layers[index].kind != LAYER_IMAGE) return true;
    if (m->nodes[index].quantizer < 0) return false;
    const model_quantizer *q = &m->quantizers[m->nodes[index].quantizer];
    return m->options.quantizer.clips == CLIPS_CONSTANT || q->precisions > 1;
}

static void backward_weights(model *m, const real *values, real *gradients, int index)
{
    const layer_spec *l = &m->graph->layers[index];
    model_node *node = &m->nodes[index];
    model_node *from = &m->nodes[l->inputs[0]];
    const real *weight = m->mode == MODEL_TRAIN_FLOAT ? model_view(m, values, node->weight) : node->effective_weight;
    const bool folded = node->gamma >= 0 && m->mode == MODEL_EVAL_HARD; /* the bias is batch-norm's shift */
    real *dweight = model_at(m, gradients, node->weight);
    real *dbias = model_at(m, gradients, folded ? node->beta : node->bias);
    const bool input_gradient = needs_gradient(m, l->inputs[0]);
    if (l->kind == LAYER_DEPTHWISE) {
        m->kernels->depthwise_backward_weight(dweight, dbias, node->dout, from->out, &node->shape, m->scratch);
        if (input_gradient)
            m->kernels->depthwise_backward_data(from->dout, node->dout, weight, &node->shape, from->wrote_gradient,
                                                m->scratch);
    } else {
        m->kernels->conv_backward_weight(dweight, dbias, node->dout, from->out, &node->shape, m->scratch);
        if (input_gradient)
            m->kernels->conv_backward_data(from->dout, node->dout, weight, &node->shape, from->wrote_gradient,
                                           m->scratch);
    }
    from->wrote_gradient = input_gradient;
}

/* The gradient of a layer without weights, to its input k. */
static void backward_pass_on(model *m, int index, int k, int images, model_pass pass)
{
    const layer_spec *l = &m->graph->layers[index];
    model_node *node = &m->nodes[index], *from = &m->nodes[l->inputs[k]];
    size_t count = (size_t)l->out_height * (size_t)l->out_width * (size_t)l->out_channels;
    if (l->kind == LAYER_AVERAGE_POOL || l->kind == LAYER_GLOBAL_POOL)
        m->kernels->average_pool_backward(from->dout, node->dout, &node->shape, from->wrote_gradient);
    else if (l->kind == LAYER_MAX_POOL)
        m->kernels->max_pool_backward(from->dout, node->dout, from->out, &node->shape, from->wrote_gradient);
    else if (l->kind == LAYER_DROPOUT && pass.training)
        dropout_apply(m->kernels, from->dout, node->dout, images, count, l->rate, m->options.seed, pass.step,
                      pass.first, index, from->wrote_gradient);
    else /* add, flatten, dropout that drops nothing: as it is */
        m->kernels->relu_backward(from->dout, node->dout, NULL, false, from->wrote_gradient, (size_t)images * count);
    from->wrote_gradient = true;
}

static void backward_layer(model *m, const real *values, real *gradients, int index, int images, double weight,
                           model_pass pass)
{
    const layer_spec *l = &m->graph->layers[index];
    model_node *node = &m->nodes[index];
    if (!node->wrote_gradient) return; /* nothing below depends on it */
    backward_finish(m, values, gradients, index, images, weight);
    if (l->kind == LAYER_IMAGE) return;
    if (layer_has_weights(l)) {
        backward_weights(m, values, gradients, index);
        return;
    }
    if (l->kind == LAYER_ADD && node->quantizer >= 0) return; /* the quantiser has done it */
    for (int k = 0; k < l->input_count; k++) backward_pass_on(m, index, k, images, pass);
}

void model_backward(model *m, const real *values, real *gradients, int images, int batch_images, model_pass pass,
                    const model_listener *listener)
{
    const graph *g = m->graph;
    memset(gradients, 0, m->layout.total * sizeof *gradients);
    for (int i = 0; i < g->layer_count; i++) m->nodes[i].wrote_gradient = false;
    m->nodes[g->layer_count - 1].wrote_gradient = true; /* the caller's dlogits */

    double weight = (double)images / batch_images;
    for (int i = g->layer_count - 1; i >= 0; i--) {
        if (listener != NULL && listener->reached != NULL && m->nodes[i].wrote_gradient)
            listener->reached(listener->ctx, i);
        if (images > 0) backward_layer(m, values, gradients, i, images, weight, pass);
        if (listener != NULL && listener->completed != NULL && m->nodes[i].weight >= 0)
            listener->completed(listener->ctx, m->layout.tensors[m->nodes[i].weight].offset);
    }
}

/* The rule bias_gradient_scaled: the bias grid passes gradients on, to its two steps and so to the probabilities behind
 * them.
 */
static void backward_bias_scaled(model *m, const real *values, real *gradients, int index)
{
    const layer_spec *l = &m->graph->layers[index];
    model_node *node = &m->nodes[index];
    if (node->input_quantizer < 0) return;
    model_quantizer *q = &m->quantizers[node->input_quantizer];
    model_weight_group *group = &m->groups[l->group];
    const int channels = l->out_channels;
    real *dstep = node->shard_mean, dinput_step = 0; /* batch-norm's memory is free in the quantised network */
    bias_quantize_backward_scaled(model_at(m, gradients, node->bias), dstep, &dinput_step,
                                  model_view(m, values, node->bias), node->step, q->step, channels);
    if (m->mode != MODEL_SOFT) return;
    real *steps = m->scratch; /* (precisions, channels) */
    weight_steps(steps, model_view(m, values, node->weight), node->rows, channels, group->precisions, group->bits);
    for (int p = 0; p < group->precisions; p++)
        for (int c = 0; c < channels; c++)
            group->dprobability[p * group->columns + (group->columns == 1 ? 0 : c)] +=
                dstep[c] * steps[p * channels + c];
    real *dprobability = model_at(m, gradients, q->logits);
    for (int j = 0; j < q->precisions; j++) dprobability[j] += dinput_step * q->behind_layer.step[j];
}

/* dL/dprobability of the candidates, from the gradients of the effective weights. */
static void weight_choice_gradients(model *m, const real *values, const real *gradients)
{
    for (int i = 0; i < m->graph->layer_count; i++) {
        const layer_spec *l = &m->graph->layers[i];
        const model_node *node = &m->nodes[i];
        if (node->weight < 0 || m->groups[l->group].precisions < 2) continue;
        model_weight_group *group = &m->groups[l->group];
        const weight_choice choice = model_weight_choice(m, i);
        weight_mix_backward(group->dprobability, model_view(m, gradients, node->weight),
                            model_view(m, values, node->weight), node->rows, l->out_channels, &choice);
    }
}

void model_choice_gradients(model *m, const real *values, real *gradients)
{
    for (int i = 0; i < m->graph->group_count; i++) {
        model_weight_group *group = &m->groups[i];
        memset(group->dprobability, 0, (size_t)group->precisions * (size_t)group->columns * sizeof(real));
    }
    if (m->options.rules.bias_gradient_scaled)
        for (int i = 0; i < m->graph->layer_count; i++)
            if (m->nodes[i].weight >= 0) backward_bias_scaled(m, values, gradients, i);
    if (m->mode == MODEL_SOFT) weight_choice_gradients(m, values, gradients);
    for (int i = 0; i < m->graph->layer_count; i++)
        if (m->nodes[i].weight >= 0) model_weights_backward(m, values, gradients, i);
}

void model_finish_gradients(model *m, real *gradients)
{
    if (model_mode_is_discrete(m->mode)) {
        memset(gradients + m->layout.clips, 0, (m->layout.choices - m->layout.clips) * sizeof *gradients);
        return;
    }
    for (int i = 0; i < m->graph->group_count; i++) {
        model_weight_group *group = &m->groups[i];
        if (group->precisions == 0) continue;
        if (m->options.sampling == SAMPLING_BITS) {
            choice_bits_backward(model_at(m, gradients, group->logits), group->dprobability, group->soft,
                                 group->precisions, group->columns);
            continue;
        }
        choice_softmax_backward(model_at(m, gradients, group->logits), group->dprobability, group->soft,
                                group->precisions, group->columns, m->temperature);
    }
    for (int q = 0; q <= m->graph->group_count; q++) {
        model_quantizer *quantizer = &m->quantizers[q];
        if (!quantizer->used) continue;
        real *slope = model_at(m, gradients, quantizer->logits);
        if (model_counts_bits(m, quantizer)) {
            choice_bits_backward(slope, slope, quantizer->soft, quantizer->precisions, 1);
            continue;
        }
        choice_softmax_backward(slope, slope, quantizer->soft, quantizer->precisions, 1, m->temperature);
    }
}

void model_update_running(const model *m, real *values, const real *gradients)
{
    bool published = m->options.rules.published_batchnorm_momentum;
    real momentum = (real)(published ? m->graph->reference_bn_momentum : m->graph->bn_momentum);
    for (size_t i = m->layout.choices; i < m->layout.total; i++)
        values[i] = (1 - momentum) * values[i] + momentum * gradients[i];
}
