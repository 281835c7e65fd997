/* model_forward: one shard of images through the network. */
#include <string.h>

#include "core/net/model/batchnorm.h"
#include "core/net/model/dropout.h"
#include "core/net/model/model.h"
#include "core/net/model/model_memory.h"

static size_t node_values(const layer_spec *l)
{
    return (size_t)l->out_height * (size_t)l->out_width * (size_t)l->out_channels;
}

/* raw -> out: quantiser, batch-norm or ReLU, whichever the mode and the layer ask for. */
static void finish_node(model *m, const real *values, int index, int images)
{
    const layer_spec *l = &m->graph->layers[index];
    model_node *node = &m->nodes[index];
    size_t rows = (size_t)images * (size_t)l->out_height * (size_t)l->out_width;
    if (node->quantizer >= 0 && l->kind == LAYER_ADD) {
        m->kernels->pact_add_forward(node->out, m->nodes[l->inputs[0]].out, m->nodes[l->inputs[1]].out,
                                     &m->quantizers[node->quantizer].behind_add, rows * (size_t)l->out_channels);
    } else if (node->quantizer >= 0 && model_normalises(m, index)) {
        m->kernels->batchnorm_pact_forward(node->out, node->shard_mean, node->shard_variance, node->raw,
                                           model_gamma(m, values, index), model_beta(m, values, index),
                                           BATCHNORM_EPSILON, model_grid(m, index), rows, l->out_channels);
    } else if (node->quantizer >= 0) {
        m->kernels->pact_forward(node->out, node->raw, model_grid(m, index), rows * (size_t)l->out_channels);
    } else if (model_normalises(m, index)) {
        m->kernels->batchnorm_forward(node->out, node->shard_mean, node->shard_variance, node->raw,
                                      model_gamma(m, values, index), model_beta(m, values, index), BATCHNORM_EPSILON,
                                      l->relu, rows, l->out_channels);
    } else if (node->raw != node->out) {
        m->kernels->add_forward(node->out, node->raw, NULL, l->relu, rows * (size_t)l->out_channels);
    }
}

static void forward_weights(model *m, const real *values, int index)
{
    const layer_spec *l = &m->graph->layers[index];
    model_node *node = &m->nodes[index];
    const real *in = m->nodes[l->inputs[0]].out;
    bool direct = m->mode == MODEL_TRAIN_FLOAT;
    const real *weight = direct ? model_view(m, values, node->weight) : node->effective_weight;
    const real *bias = direct ? model_view(m, values, node->bias) : node->effective_bias;
    if (model_normalises(m, index) && !direct) bias = NULL; /* batch-norm's shift is all the bias there is */
    if (l->kind == LAYER_DEPTHWISE)
        m->kernels->depthwise_forward(node->raw, in, weight, bias, &node->shape, m->scratch);
    else
        m->kernels->conv_forward(node->raw, in, weight, bias, &node->shape, m->scratch);
}

void model_forward(model *m, const real *values, int images, model_pass pass)
{
    const graph *g = m->graph;
    for (int i = 0; i < g->layer_count; i++) {
        const layer_spec *l = &g->layers[i];
        model_node *node = &m->nodes[i];
        node->shape.batch = images;
        size_t count = node_values(l);
        const real *in = l->input_count > 0 ? m->nodes[l->inputs[0]].out : NULL;
        switch (l->kind) {
        case LAYER_IMAGE:
            break; /* the caller filled raw */
        case LAYER_CONV:
        case LAYER_DEPTHWISE:
        case LAYER_LINEAR:
            forward_weights(m, values, i);
            break;
        case LAYER_ADD:
            /* a quantiser takes the sum itself, and the ReLU is the quantiser's */
            if (node->quantizer < 0)
                m->kernels->add_forward(node->out, in, m->nodes[l->inputs[1]].out, l->relu, (size_t)images * count);
            break;
        case LAYER_AVERAGE_POOL:
        case LAYER_GLOBAL_POOL:
            m->kernels->average_pool_forward(node->out, in, &node->shape);
            break;
        case LAYER_MAX_POOL:
            m->kernels->max_pool_forward(node->out, in, &node->shape);
            break;
        case LAYER_DROPOUT:
            if (pass.training)
                dropout_apply(m->kernels, node->out, in, images, count, l->rate, m->options.seed, pass.step, pass.first,
                              i, false);
            else
                memcpy(node->out, in, (size_t)images * count * sizeof(real));
            break;
        case LAYER_FLATTEN:
            memcpy(node->out, in, (size_t)images * count * sizeof(real));
            break;
        }
        finish_node(m, values, i, images);
    }
}
