#include "core/cost/cost_choice.h"

#include <string.h>

void cost_choice_read(group_choice *groups, const model *m)
{
    const graph *g = m->graph;
    memset(groups, 0, (size_t)(g->group_count + 1) * sizeof *groups);
    for (int i = 0; i < g->group_count; i++) {
        const model_weight_group *group = &m->groups[i];
        double each = group->columns == 1 ? g->groups[i].channels : 1; /* channels a column stands for */
        for (int p = 0; p < group->precisions; p++)
            for (int c = 0; c < group->columns; c++)
                groups[i].channels[group->bits[p]] += each * group->probability[p * group->columns + c];
    }
    for (int q = 0; q <= g->group_count; q++) {
        const model_quantizer *quantizer = &m->quantizers[q];
        if (!quantizer->used) continue;
        for (int j = 0; j < quantizer->precisions; j++)
            groups[q].activation[quantizer->bits[j]] += quantizer->probability[j];
    }
}

void cost_choice_add_slope(model *m, real *gradients, const group_choice *slope, double factor)
{
    const graph *g = m->graph;
    for (int i = 0; i < g->group_count; i++) {
        model_weight_group *group = &m->groups[i];
        double each = group->columns == 1 ? g->groups[i].channels : 1;
        for (int p = 0; p < group->precisions; p++) {
            real add = (real)(factor * each * slope[i].channels[group->bits[p]]);
            for (int c = 0; c < group->columns; c++) group->dprobability[p * group->columns + c] += add;
        }
    }
    for (int q = 0; q <= g->group_count; q++) {
        const model_quantizer *quantizer = &m->quantizers[q];
        if (!quantizer->used) continue;
        real *dprobability = gradients + m->layout.tensors[quantizer->logits].offset;
        for (int j = 0; j < quantizer->precisions; j++)
            dprobability[j] += (real)(factor * slope[q].activation[quantizer->bits[j]]);
    }
}
