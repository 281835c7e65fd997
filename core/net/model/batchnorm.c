#include "core/net/model/batchnorm.h"

#include "core/net/model/model_memory.h"

void batchnorm_fold(real *weight, real *bias, const model *m, const real *values, int index)
{
    const layer_spec *l = &m->graph->layers[index];
    const model_node *node = &m->nodes[index];
    const real *w = model_view(m, values, node->weight), *b = model_view(m, values, node->bias);
    const real *gamma = model_view(m, values, node->gamma), *beta = model_view(m, values, node->beta);
    const real *mean = model_view(m, values, node->mean), *variance = model_view(m, values, node->variance);
    for (int c = 0; c < l->out_channels; c++) {
        real own = b != NULL ? b[c] : 0;
        real scale = gamma != NULL ? gamma[c] / real_sqrt(variance[c] + BATCHNORM_EPSILON) : 1;
        bias[c] = gamma != NULL ? (own - mean[c]) * scale + beta[c] : own;
        for (size_t k = 0; k < node->rows; k++) {
            size_t at = k * (size_t)l->out_channels + (size_t)c;
            weight[at] = w[at] * scale;
        }
    }
}
