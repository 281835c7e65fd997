#include "core/net/model/model_allocation.h"

#include <assert.h>

/* The precision of the one probability that is 1. */
static int8_t chosen(const int *bits, const real *probability, int precisions, int columns, int column)
{
    for (int p = 0; p < precisions; p++)
        if (probability[p * columns + column] > 0) return (int8_t)bits[p];
    return 0;
}

void model_allocation_read(allocation *out, const model *m)
{
    const graph *g = m->graph;
    assert(model_mode_is_discrete(m->mode) && out->graph == g);
    for (int i = 0; i < g->group_count; i++) {
        const model_weight_group *group = &m->groups[i];
        int8_t *bits = allocation_of_group(out, i);
        for (int c = 0; c < g->groups[i].channels && group->precisions > 0; c++)
            bits[c] =
                chosen(group->bits, group->probability, group->precisions, group->columns, group->columns == 1 ? 0 : c);
    }
    for (int q = 0; q <= g->group_count; q++) {
        const model_quantizer *quantizer = &m->quantizers[q];
        if (quantizer->used)
            out->activation_bits[q] = chosen(quantizer->bits, quantizer->probability, quantizer->precisions, 1, 0);
    }
}

void model_allocation_write_group(const model *m, real *values, int group, const int8_t *bits)
{
    const model_weight_group *choice = &m->groups[group];
    real *logits = values + m->layout.tensors[choice->logits].offset;
    for (int c = 0; c < choice->columns && m->options.sampling == SAMPLING_BITS; c++) logits[c] = bits[c];
    for (int c = 0; c < choice->columns && m->options.sampling != SAMPLING_BITS; c++)
        for (int p = 0; p < choice->precisions; p++)
            logits[p * choice->columns + c] = choice->bits[p] == bits[c] ? 1 : 0;
}

void model_allocation_write_activations(const model *m, real *values, const int8_t *bits)
{
    for (int q = 0; q <= m->graph->group_count; q++) {
        const model_quantizer *quantizer = &m->quantizers[q];
        if (!quantizer->used) continue;
        real *logits = values + m->layout.tensors[quantizer->logits].offset;
        for (int j = 0; j < quantizer->precisions; j++) logits[j] = quantizer->bits[j] == bits[q] ? 1 : 0;
        if (model_counts_bits(m, quantizer)) logits[0] = bits[q];
    }
}
