/* model_backward: gradients of one shard, and what is done once with their sum. */
#include <string.h>

#include "core/net/model/dropout.h"
#include "core/net/model/model.h"
#include "core/net/model/model_memory.h"
#include "core/net/model/model_stretch.h"
#include "core/net/model/model_weights.h"
#include "core/quant/act_quant.h"
#include "core/quant/choice.h"
#include "core/quant/choice_bits.h"

/* A shard on its way back. */
typedef struct {
    model *m;
    const real *values;
    real *gradients;
    double weight; /* of the shard in the statistics of the batch */
    model_pass pass;
} backward_pass;

static real *images_of(const backward_pass *b, real *tensor, int index, image_range r)
{
    return model_images(b->m, tensor, index, r);
}

/* Gradients of the clips and probabilities of a node's quantiser, from its sums over the shard. */
static void add_quantizer_gradients(const backward_pass *b, int index)
{
    model *m = b->m;
    const model_node *node = &m->nodes[index];
    const model_quantizer *q = &m->quantizers[node->quantizer];
    const bool sum = m->graph->layers[index].kind == LAYER_ADD;
    real dclip[PACT_MAX], dprobability[PACT_MAX], dlow = 0;
    pact_gradients(dclip, dprobability, sum ? NULL : &dlow, &node->sums, sum ? &q->behind_add : model_grid(m, index));
    real *clips = model_at(m, b->gradients, q->clips), *probabilities = model_at(m, b->gradients, q->logits);
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
    if (q->low >= 0) *model_at(m, b->gradients, q->low) += dlow;
}

/* Through the quantiser of a node: dout (of the output) -> dout (of raw), in place, or to both inputs of an add. */
static void backward_quantizer(const backward_pass *b, int index, image_range r)
{
    model *m = b->m;
    const layer_spec *l = &m->graph->layers[index];
    model_node *node = &m->nodes[index];
    const size_t count = (size_t)(r.end - r.first) * model_image_values(l);
    real *dout = images_of(b, node->dout, index, r);
    pact grid = l->kind == LAYER_ADD ? m->quantizers[node->quantizer].behind_add : *model_grid(m, index);
    grid.mask_zero_output = m->options.rules.relu_masks_first_step && l->relu;
    if (r.first == 0) node->sums = (pact_sums){.below = 0};
    if (l->kind == LAYER_ADD) {
        const int x = l->inputs[0], y = l->inputs[1];
        m->kernels->pact_add_backward(
            images_of(b, m->nodes[x].dout, x, r), node->adds[0], images_of(b, m->nodes[y].dout, y, r), node->adds[1],
            &node->sums, dout, images_of(b, m->nodes[x].out, x, r), images_of(b, m->nodes[y].out, y, r), &grid, count);
    } else {
        m->kernels->pact_backward(dout, &node->sums, dout, images_of(b, node->raw, index, r), &grid, count);
    }
    if (r.end == r.all) add_quantizer_gradients(b, index);
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

/* The sums of a batch-norm, and of the quantiser behind it, over the images so far. */
static void sum_norm(const backward_pass *b, int index, image_range r)
{
    const model *m = b->m;
    const layer_spec *l = &m->graph->layers[index];
    model_node *node = &m->nodes[index];
    const batchnorm norm = model_batchnorm(m, b->values, index);
    const row_range rows = model_rows_to_sum(m, index, r);
    real *dgamma = model_at(m, b->gradients, node->gamma), *dbeta = model_at(m, b->gradients, node->beta);
    if (node->quantizer >= 0) {
        m->kernels->batchnorm_pact_backward_sum(dgamma, dbeta, &node->sums, m->norm_blocks, node->dout, node->raw,
                                                &norm, model_grid(m, index), rows, l->out_channels);
        if (r.end == r.all) add_quantizer_gradients(b, index);
    } else {
        m->kernels->batchnorm_backward_sum(dgamma, dbeta, node->dout, node->raw, node->out, &norm, l->relu, rows,
                                           l->out_channels);
    }
    if (r.end == r.all)
        add_statistics(m, model_at(m, b->gradients, node->mean), model_at(m, b->gradients, node->variance), index,
                       rows.all, b->weight);
}

/* Through batch-norm, whose sums are there, and quantiser: dout (of the output) -> dout (of raw), in place. */
static void backward_norm(const backward_pass *b, int index, image_range r)
{
    const model *m = b->m;
    const layer_spec *l = &m->graph->layers[index];
    const model_node *node = &m->nodes[index];
    const batchnorm norm = model_batchnorm(m, b->values, index);
    const real *dgamma = model_at(m, b->gradients, node->gamma), *dbeta = model_at(m, b->gradients, node->beta);
    if (node->quantizer >= 0)
        m->kernels->batchnorm_pact_backward(node->dout, dgamma, dbeta, node->dout, node->raw, &norm,
                                            model_grid(m, index), model_rows(m, index, r), l->out_channels);
    else
        m->kernels->batchnorm_backward(node->dout, dgamma, dbeta, node->dout, node->raw, node->out, &norm, l->relu,
                                       model_rows(m, index, r), l->out_channels);
}

/* dout (of the output) -> dout (of raw), in place; gradients of the quantiser. */
static void backward_finish(const backward_pass *b, int index, image_range r)
{
    const model *m = b->m;
    const layer_spec *l = &m->graph->layers[index];
    const model_node *node = &m->nodes[index];
    real *dout = images_of(b, node->dout, index, r);
    if (model_normalises(m, index))
        backward_norm(b, index, r);
    else if (node->quantizer >= 0)
        backward_quantizer(b, index, r);
    else if (l->relu)
        m->kernels->relu_backward(dout, dout, images_of(b, node->out, index, r), true, false,
                                  (size_t)(r.end - r.first) * model_image_values(l));
}

/* The gradient of a layer with weights to its input. */
static void backward_data(const backward_pass *b, int index, image_range r)
{
    model *m = b->m;
    const layer_spec *l = &m->graph->layers[index];
    const int from = l->inputs[0];
    model_node *node = &m->nodes[index];
    const real *weight = m->mode == MODEL_TRAIN_FLOAT ? model_view(m, b->values, node->weight) : node->effective_weight;
    const real *dout = images_of(b, node->dout, index, r);
    real *din = images_of(b, m->nodes[from].dout, from, r);
    if (!m->nodes[from].has_gradient) return;
    if (l->kind == LAYER_DEPTHWISE)
        m->kernels->depthwise_backward_data(din, dout, weight, &node->shape, node->adds[0], m->scratch);
    else
        m->kernels->conv_backward_data(din, dout, weight, &node->shape, node->adds[0], m->scratch);
}

/* The gradient of a layer without weights, to its input k. */
static void backward_pass_on(const backward_pass *b, int index, int k, image_range r)
{
    model *m = b->m;
    const layer_spec *l = &m->graph->layers[index];
    const int input = l->inputs[k], images = r.end - r.first;
    model_node *node = &m->nodes[index], *from = &m->nodes[input];
    const size_t count = model_image_values(l);
    real *din = images_of(b, from->dout, input, r);
    const real *dout = images_of(b, node->dout, index, r);
    const bool add = node->adds[k];
    if (l->kind == LAYER_AVERAGE_POOL || l->kind == LAYER_GLOBAL_POOL)
        m->kernels->average_pool_backward(din, dout, &node->shape, add);
    else if (l->kind == LAYER_MAX_POOL)
        m->kernels->max_pool_backward(din, dout, images_of(b, from->out, input, r), &node->shape, add);
    else if (l->kind == LAYER_DROPOUT && b->pass.training)
        dropout_apply(m->kernels, din, dout, images, count, l->rate, m->options.seed, b->pass.step,
                      b->pass.first + (uint32_t)r.first, index, add);
    else /* add, flatten, dropout that drops nothing: as it is */
        m->kernels->relu_backward(din, dout, NULL, false, add, (size_t)images * count);
}

static void backward_layer(const backward_pass *b, int index, image_range r)
{
    const layer_spec *l = &b->m->graph->layers[index];
    model_node *node = &b->m->nodes[index];
    node->shape.batch = r.end - r.first;
    backward_finish(b, index, r);
    if (layer_has_weights(l)) {
        backward_data(b, index, r);
        return;
    }
    if (l->kind == LAYER_ADD && node->quantizer >= 0) return; /* the quantiser has done it */
    for (int k = 0; k < l->input_count; k++) backward_pass_on(b, index, k, r);
}

/* Over the whole shard at once. */
static void backward_weights(const backward_pass *b, int index, int images)
{
    model *m = b->m;
    const layer_spec *l = &m->graph->layers[index];
    model_node *node = &m->nodes[index];
    const real *in = m->nodes[l->inputs[0]].out;
    const bool folded = node->gamma >= 0 && m->mode == MODEL_EVAL_HARD; /* the bias is batch-norm's shift */
    real *dweight = model_at(m, b->gradients, node->weight);
    real *dbias = model_at(m, b->gradients, folded ? node->beta : node->bias);
    node->shape.batch = images;
    if (l->kind == LAYER_DEPTHWISE)
        m->kernels->depthwise_backward_weight(dweight, dbias, node->dout, in, &node->shape, m->scratch);
    else
        m->kernels->conv_backward_weight(dweight, dbias, node->dout, in, &node->shape, m->scratch);
}

/* Layers first, first - 1, ..., behind batch-norm `end`, whose sums they leave; -1: to the image. */
static void backward_stretch(const backward_pass *b, int first, int end, int images, const model_listener *listener)
{
    const model *m = b->m;
    const bool told = listener != NULL && listener->reached != NULL; /* of whole shards */
    const int piece = told ? images : model_stretch_piece(m, end < 0 ? 0 : end, first, images);
    for (image_range r = {.all = images}; model_next_piece(&r, piece);) {
        for (int i = first; i > end; i--) {
            if (!m->nodes[i].has_gradient) continue; /* nothing below depends on it */
            if (told && !model_normalises(m, i)) listener->reached(listener->ctx, i);
            backward_layer(b, i, r);
        }
        if (end >= 0) sum_norm(b, end, r);
    }
    if (told && end >= 0 && images > 0) listener->reached(listener->ctx, end);
    for (int i = first; i > end; i--) {
        if (m->nodes[i].weight < 0) continue;
        if (images > 0 && m->nodes[i].has_gradient) backward_weights(b, i, images);
        if (listener != NULL && listener->completed != NULL)
            listener->completed(listener->ctx, m->layout.tensors[m->nodes[i].weight].offset);
    }
}

/* The batch-norm that layer `index` stands on, itself or below, and that gradients reach; -1: none. */
static int norm_below(const model *m, int index)
{
    while (index >= 0 && !(model_normalises(m, index) && m->nodes[index].has_gradient)) index--;
    return index;
}

void model_backward(model *m, const real *values, real *gradients, int images, int batch_images, model_pass pass,
                    const model_listener *listener)
{
    backward_pass b = {m, values, gradients, (double)images / batch_images, pass};
    memset(gradients, 0, m->layout.total * sizeof *gradients);
    int first = m->graph->layer_count - 1, end = norm_below(m, first);
    for (; end >= 0; first = end, end = norm_below(m, end - 1)) backward_stretch(&b, first, end, images, listener);
    backward_stretch(&b, first, -1, images, listener);
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
