/* model_forward: one shard of images through the network. */
#include <string.h>

#include "core/net/model/dropout.h"
#include "core/net/model/model.h"
#include "core/net/model/model_memory.h"
#include "core/net/model/model_stretch.h"

/* The images of the output that layer `index` takes as input k. */
static const real *input_of(const model *m, int index, int k, image_range r)
{
    const int from = m->graph->layers[index].inputs[k];
    return model_images(m, m->nodes[from].out, from, r);
}

/* raw -> out: quantiser, batch-norm or ReLU, whichever the mode and the layer ask for. */
static void finish_node(model *m, const real *values, int index, image_range r)
{
    const layer_spec *l = &m->graph->layers[index];
    model_node *node = &m->nodes[index];
    const size_t count = (size_t)(r.end - r.first) * model_image_values(l);
    real *out = model_images(m, node->out, index, r), *raw = model_images(m, node->raw, index, r);
    if (model_normalises(m, index)) {
        const batchnorm norm = model_batchnorm(m, values, index);
        if (node->quantizer >= 0)
            m->kernels->batchnorm_pact_forward(node->out, node->raw, &norm, model_grid(m, index),
                                               model_rows(m, index, r), l->out_channels);
        else
            m->kernels->batchnorm_forward(node->out, node->raw, &norm, l->relu, model_rows(m, index, r),
                                          l->out_channels);
    } else if (node->quantizer >= 0 && l->kind == LAYER_ADD) {
        m->kernels->pact_add_forward(out, input_of(m, index, 0, r), input_of(m, index, 1, r),
                                     &m->quantizers[node->quantizer].behind_add, count);
    } else if (node->quantizer >= 0) {
        m->kernels->pact_forward(out, raw, model_grid(m, index), count);
    } else if (node->raw != node->out) {
        m->kernels->add_forward(out, raw, NULL, l->relu, count);
    }
}

static void forward_weights(model *m, const real *values, int index, image_range r)
{
    const layer_spec *l = &m->graph->layers[index];
    model_node *node = &m->nodes[index];
    const real *in = input_of(m, index, 0, r);
    real *raw = model_images(m, node->raw, index, r);
    bool direct = m->mode == MODEL_TRAIN_FLOAT;
    const real *weight = direct ? model_view(m, values, node->weight) : node->effective_weight;
    const real *bias = direct ? model_view(m, values, node->bias) : node->effective_bias;
    if (model_normalises(m, index) && !direct) bias = NULL; /* batch-norm's shift is all the bias there is */
    if (l->kind == LAYER_DEPTHWISE)
        m->kernels->depthwise_forward(raw, in, weight, bias, &node->shape, m->scratch);
    else
        m->kernels->conv_forward(raw, in, weight, bias, &node->shape, m->scratch);
}

/* A layer up to `raw`, or up to `out` where both are the same. */
static void forward_layer(model *m, const real *values, int index, image_range r, model_pass pass)
{
    const layer_spec *l = &m->graph->layers[index];
    model_node *node = &m->nodes[index];
    const int images = node->shape.batch = r.end - r.first;
    const size_t values_each = model_image_values(l), count = (size_t)images * values_each;
    real *out = model_images(m, node->out, index, r);
    switch (l->kind) {
    case LAYER_IMAGE:
        break; /* the caller filled raw */
    case LAYER_CONV:
    case LAYER_DEPTHWISE:
    case LAYER_LINEAR:
        forward_weights(m, values, index, r);
        break;
    case LAYER_ADD:
        /* a quantiser takes the sum itself, and the ReLU is the quantiser's */
        if (node->quantizer < 0)
            m->kernels->add_forward(out, input_of(m, index, 0, r), input_of(m, index, 1, r), l->relu, count);
        break;
    case LAYER_AVERAGE_POOL:
    case LAYER_GLOBAL_POOL:
        m->kernels->average_pool_forward(out, input_of(m, index, 0, r), &node->shape);
        break;
    case LAYER_MAX_POOL:
        m->kernels->max_pool_forward(out, input_of(m, index, 0, r), &node->shape);
        break;
    case LAYER_DROPOUT:
        if (pass.training)
            dropout_apply(m->kernels, out, input_of(m, index, 0, r), images, values_each, l->rate, m->options.seed,
                          pass.step, pass.first + (uint32_t)r.first, index, false);
        else
            memcpy(out, input_of(m, index, 0, r), count * sizeof(real));
        break;
    case LAYER_FLATTEN:
        memcpy(out, input_of(m, index, 0, r), count * sizeof(real));
        break;
    }
}

/* What is behind batch-norm `open`, whose statistics are there (-1: the image), up to batch-norm `end`, whose
 * statistics it leaves; layer_count: to the output. */
static void forward_stretch(model *m, const real *values, int open, int end, int images, model_pass pass)
{
    const int layers = m->graph->layer_count;
    const model_node *norm = end < layers ? &m->nodes[end] : NULL;
    const int piece = model_stretch_piece(m, open < 0 ? 0 : open, end < layers ? end : layers - 1, images);
    for (image_range r = {.all = images}; model_next_piece(&r, piece);) {
        if (open >= 0) finish_node(m, values, open, r);
        for (int i = open + 1; i < end; i++) {
            forward_layer(m, values, i, r, pass);
            finish_node(m, values, i, r);
        }
        if (norm == NULL) continue;
        forward_layer(m, values, end, r, pass);
        m->kernels->batchnorm_sum(norm->shard_mean, norm->raw, model_rows_to_sum(m, end, r),
                                  m->graph->layers[end].out_channels);
    }
    if (norm == NULL) return;
    const row_range rows = model_rows(m, end, (image_range){.all = images});
    m->kernels->batchnorm_statistics(norm->shard_mean, norm->shard_variance, norm->raw, rows.all,
                                     m->graph->layers[end].out_channels);
}

void model_forward(model *m, const real *values, int images, model_pass pass)
{
    const int layers = m->graph->layer_count;
    for (int open = -1, end; open < layers; open = end) {
        for (end = open + 1; end < layers && !model_normalises(m, end); end++) continue;
        forward_stretch(m, values, open, end, images, pass);
    }
}
