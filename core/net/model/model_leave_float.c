/* model_leave_float: a discrete network of which the first layers alone are quantised, as in a gradual schedule. */
#include <string.h>

#include "core/net/model/model.h"
#include "core/net/model/model_memory.h"
#include "core/quant/act_quant.h"

/* The step of a pruned channel is 0. */
static void free_weights(model *m, const real *values, int index)
{
    model_node *node = &m->nodes[index];
    const size_t channels = (size_t)m->graph->layers[index].out_channels;
    const real *weight = model_view(m, values, node->weight), *bias = model_view(m, values, node->bias);
    for (size_t k = 0; k < node->rows * channels; k++)
        node->effective_weight[k] = node->step[k % channels] > 0 ? weight[k] : 0;
    for (size_t c = 0; c < channels && node->gamma < 0; c++) node->effective_bias[c] = node->step[c] > 0 ? bias[c] : 0;
    memset(node->gradient_bits, 0, channels * sizeof *node->gradient_bits);
}

static void free_quantizer(model_quantizer *q)
{
    act_quant_pass_through(&q->behind_layer);
    act_quant_pass_through(&q->behind_add);
    act_quant_pass_through(&q->before_add);
}

void model_leave_float(model *m, const real *values, int end)
{
    for (int i = 0, number = 0; i < m->graph->layer_count; i++) {
        const model_node *node = &m->nodes[i];
        if (node->weight < 0 || number++ < end) continue;
        free_weights(m, values, i);
        if (node->quantizer >= 0) free_quantizer(&m->quantizers[node->quantizer]);
    }
}
