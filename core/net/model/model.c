#include "core/net/model/model.h"

#include <stdlib.h>
#include <string.h>

#include "core/net/model/model_memory.h"
#include "core/net/model/producer.h"

static conv_shape node_shape(const layer_spec *l, int batch)
{
    if (l->kind == LAYER_LINEAR) return linear_shape(batch, l->in_channels, l->out_channels);
    return (conv_shape){.batch = batch,
                        .in_height = l->in_height,
                        .in_width = l->in_width,
                        .in_channels = l->in_channels,
                        .out_height = l->out_height,
                        .out_width = l->out_width,
                        .out_channels = l->out_channels,
                        .kernel_h = l->kernel_h,
                        .kernel_w = l->kernel_w,
                        .stride_h = l->stride_h,
                        .stride_w = l->stride_w,
                        .pad_h = l->pad_h,
                        .pad_w = l->pad_w};
}

/* Candidates of each group: 0 bit is left out where the group reaches the network's output or input. */
static void choose_candidates(model *m)
{
    const graph *g = m->graph;
    const model_options *o = &m->options;
    for (int i = 0; i < g->group_count; i++) {
        model_weight_group *group = &m->groups[i];
        bool prunable = !g->groups[i].holds_output && !g->groups[i].holds_image && !o->per_layer;
        bool has_weights = false;
        group->precisions = 0;
        for (int l = 0; l < g->layer_count; l++)
            has_weights = has_weights || (g->layers[l].group == i && layer_has_weights(&g->layers[l]));
        if (!o->quantized || !has_weights) continue;
        for (int p = 0; p < o->weight_count; p++)
            if (o->weight_bits[p] != 0 || prunable) group->bits[group->precisions++] = o->weight_bits[p];
        group->columns = o->per_layer ? 1 : g->groups[i].channels;
    }
}

/* A residual branch: nothing but adds reads the layer, and it has no ReLU. */
static bool is_branch(const graph *g, int index)
{
    int readers = 0;
    for (int i = index + 1; i < g->layer_count; i++)
        for (int k = 0; k < g->layers[i].input_count; k++) {
            if (g->layers[i].inputs[k] != index) continue;
            if (g->layers[i].kind != LAYER_ADD) return false;
            readers++;
        }
    return readers > 0 && layer_has_weights(&g->layers[index]) && !g->layers[index].relu;
}

/* Which quantiser each tensor has: the group's behind conv, depthwise, linear and add; the input's behind the image. */
static void choose_quantizers(model *m)
{
    const graph *g = m->graph;
    const model_options *o = &m->options;
    for (int i = 0; i < g->layer_count; i++) {
        const layer_spec *l = &g->layers[i];
        model_node *node = &m->nodes[i];
        node->quantizer = node->input_quantizer = -1;
        node->is_signed = false;
        if (!o->quantized || graph_producer(g, i) != i) continue;
        if (l->kind == LAYER_IMAGE)
            node->quantizer = g->group_count;
        else if (!g->groups[l->group].holds_output)
            node->quantizer = l->group;
        if (node->quantizer >= 0) m->quantizers[node->quantizer].used = true;
        node->is_signed = o->quantizer.before_add == BEFORE_ADD_SIGNED && node->quantizer >= 0 && is_branch(g, i);
        if (layer_has_weights(l)) node->input_quantizer = m->nodes[graph_producer(g, l->inputs[0])].quantizer;
    }
    for (int q = 0; q <= g->group_count; q++) {
        bool input = q == g->group_count;
        m->quantizers[q].precisions = input ? o->input_count : o->activation_count;
        memcpy(m->quantizers[q].bits, input ? o->input_bits : o->activation_bits, sizeof m->quantizers[q].bits);
    }
}

/* The gradient of the image is needed only for what is trained of the input quantiser. */
static bool needs_gradient(const model *m, int index)
{
    if (m->graph->layers[index].kind != LAYER_IMAGE) return true;
    if (m->nodes[index].quantizer < 0) return false;
    return m->options.quantizer.clips == CLIPS_CONSTANT || m->quantizers[m->nodes[index].quantizer].precisions > 1;
}

/* Which layers gradients reach, and where they meet. */
static void plan_gradients(model *m)
{
    const graph *g = m->graph;
    for (int i = 0; i < g->layer_count; i++) m->nodes[i].has_gradient = i == g->layer_count - 1;
    for (int i = g->layer_count - 1; i >= 0; i--) {
        const layer_spec *l = &g->layers[i];
        for (int k = 0; m->nodes[i].has_gradient && k < l->input_count; k++) {
            model_node *from = &m->nodes[l->inputs[k]];
            m->nodes[i].adds[k] = from->has_gradient;
            from->has_gradient = !layer_has_weights(l) || needs_gradient(m, l->inputs[k]);
        }
    }
}

/* All that follows from graph and options, up to memory. */
static void plan(model *m)
{
    choose_candidates(m);
    choose_quantizers(m);
    plan_gradients(m);
    for (int i = 0; i < m->graph->layer_count; i++)
        m->nodes[i].shape = node_shape(&m->graph->layers[i], m->options.capacity);
    model_layout_plan(m);
}

/* lender: NULL, or whose activations memory serves this model, too. */
static status open_model(model *out, const graph *g, const kernel_table *kernels, const model_options *options,
                         const model *lender)
{
    model m = {.graph = g, .kernels = kernels, .options = *options};
    m.nodes = calloc((size_t)g->layer_count, sizeof *m.nodes);
    m.groups = calloc((size_t)g->group_count, sizeof *m.groups);
    m.quantizers = calloc((size_t)g->group_count + 1, sizeof *m.quantizers);
    m.layout.tensors = calloc(model_most_tensors(g), sizeof *m.layout.tensors);
    status s = status_ok();
    if (m.nodes == NULL || m.groups == NULL || m.quantizers == NULL || m.layout.tensors == NULL)
        s = status_fail(STATUS_MEMORY, "no memory for the layers of %s", g->name);
    if (!failed(s)) {
        plan(&m);
        model_memory_carve(&m, options->use);
        s = arena_reserve(&m.memory);
    }
    if (!failed(s) && lender != NULL && m.activations.used > lender->activations.capacity)
        s = status_fail(STATUS_MEMORY, "needs %zu bytes for activations where %zu were reserved", m.activations.used,
                        lender->activations.capacity);
    if (!failed(s) && lender != NULL) {
        m.activations = lender->activations;
        m.activations_lent = true;
    } else if (!failed(s)) {
        s = arena_reserve(&m.activations);
    }
    if (failed(s)) {
        model_close(&m);
        return status_in(s, "network %s", g->name);
    }
    model_memory_carve(&m, options->use);
    *out = m;
    return status_ok();
}

status model_open(model *out, const graph *g, const kernel_table *kernels, const model_options *options)
{
    return open_model(out, g, kernels, options, NULL);
}

status model_open_beside(model *out, const graph *g, const model *lender)
{
    return open_model(out, g, lender->kernels, &lender->options, lender);
}

/* Counted before it is carved: what does not fit is an error in every build. */
status model_arrange(model *m, model_use use)
{
    const arena memory = m->memory, activations = m->activations;
    plan(m);
    m->memory.base = m->activations.base = NULL;
    model_memory_carve(m, use);
    const size_t needed = m->memory.used, needed_activations = m->activations.used;
    m->memory = memory;
    m->activations = activations;
    if (needed > memory.capacity || needed_activations > activations.capacity)
        return status_fail(STATUS_MEMORY, "network %s needs %zu and %zu bytes in this form, %zu and %zu were reserved",
                           m->graph->name, needed, needed_activations, memory.capacity, activations.capacity);
    model_memory_carve(m, use);
    return status_ok();
}

void model_close(model *m)
{
    if (!m->activations_lent) arena_free(&m->activations);
    arena_free(&m->memory);
    free(m->layout.tensors);
    free(m->quantizers);
    free(m->groups);
    free(m->nodes);
    *m = (model){0};
}

int model_find(const model_layout *layout, const char *name)
{
    for (int i = 0; i < layout->tensor_count; i++)
        if (strcmp(layout->tensors[i].name, name) == 0) return i;
    return -1;
}

real *model_input(const model *m)
{
    return m->nodes[0].raw;
}

const real *model_logits(const model *m)
{
    return m->nodes[m->graph->layer_count - 1].out;
}

real *model_output_gradient(const model *m)
{
    return m->nodes[m->graph->layer_count - 1].dout;
}
