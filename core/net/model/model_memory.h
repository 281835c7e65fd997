/* model_memory: plans the tensors and the memory of a model. Internal to core/net: model.c calls it. */
#ifndef CORE_NET_MODEL_MODEL_MEMORY_H
#define CORE_NET_MODEL_MODEL_MEMORY_H

#include "core/net/model/model.h"

/* Most tensors a model over this graph can have: the room model_layout_plan needs. */
size_t model_most_tensors(const graph *g);

/* Fills m->layout, whose tensors have room, and the tensor numbers in nodes, groups and quantisers. */
void model_layout_plan(model *m);

/* Hands out the pointers of nodes and groups from the start of m->memory and m->activations (counting pass or real
 * pass). */
void model_memory_carve(model *m, model_use use);

/* The tensor's numbers inside a block, or NULL for tensor -1. */
static inline real *model_at(const model *m, real *block, int tensor)
{
    return tensor < 0 ? NULL : block + m->layout.tensors[tensor].offset;
}

static inline const real *model_view(const model *m, const real *block, int tensor)
{
    return tensor < 0 ? NULL : block + m->layout.tensors[tensor].offset;
}

/* Values of one image in the output of a layer. */
static inline size_t model_image_values(const layer_spec *l)
{
    return (size_t)l->out_height * (size_t)l->out_width * (size_t)l->out_channels;
}

/* Does this pass compute batch-norm with the statistics of its own images? */
static inline bool model_normalises(const model *m, int index)
{
    return m->nodes[index].gamma >= 0 && m->mode != MODEL_EVAL_FLOAT && m->mode != MODEL_EVAL_HARD;
}

/* What quantises the output of a node that is not an add. */
static inline const pact *model_grid(const model *m, int index)
{
    const model_node *node = &m->nodes[index];
    const model_quantizer *q = &m->quantizers[node->quantizer];
    return node->is_signed ? &q->before_add : &q->behind_layer;
}

/* Scale and shift of a batch-norm that model_normalises. */
static inline const real *model_gamma(const model *m, const real *values, int index)
{
    return m->options.quantized ? m->nodes[index].effective_gamma : model_view(m, values, m->nodes[index].gamma);
}

static inline const real *model_beta(const model *m, const real *values, int index)
{
    return m->options.quantized ? m->nodes[index].effective_beta : model_view(m, values, m->nodes[index].beta);
}

/* True if MODEL_SOFT computes with one-hot probabilities. */
static inline bool model_samples_hard(const model *m)
{
    return m->options.sampling == SAMPLING_ARGMAX || m->options.sampling == SAMPLING_HARD_GUMBEL;
}

/* Weight of a layer as a matrix (rows, out_channels). */
static inline size_t model_weight_rows(const layer_spec *l)
{
    return layer_weight_count(l) / (size_t)l->out_channels;
}

#endif
