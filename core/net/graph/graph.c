#include "core/net/graph/graph.h"

#include <stdlib.h>
#include <string.h>

const char *layer_kind_name(layer_kind kind)
{
    static const char *const names[] = {[LAYER_IMAGE] = "image",
                                        [LAYER_CONV] = "conv",
                                        [LAYER_DEPTHWISE] = "depthwise",
                                        [LAYER_LINEAR] = "linear",
                                        [LAYER_ADD] = "add",
                                        [LAYER_AVERAGE_POOL] = "average_pool",
                                        [LAYER_MAX_POOL] = "max_pool",
                                        [LAYER_GLOBAL_POOL] = "global_pool",
                                        [LAYER_FLATTEN] = "flatten",
                                        [LAYER_DROPOUT] = "dropout"};
    return names[kind];
}

bool layer_has_weights(const layer_spec *l)
{
    return l->kind == LAYER_CONV || l->kind == LAYER_DEPTHWISE || l->kind == LAYER_LINEAR;
}

size_t layer_weight_count(const layer_spec *l)
{
    size_t window = (size_t)l->kernel_h * l->kernel_w; /* 1 for linear */
    if (!layer_has_weights(l)) return 0;
    return l->kind == LAYER_DEPTHWISE ? window * l->out_channels : window * l->in_channels * l->out_channels;
}

double layer_macs(const layer_spec *l)
{
    return (double)layer_weight_count(l) * l->out_height * l->out_width;
}

int graph_weight_layers(const graph *g)
{
    int count = 0;
    for (int i = 0; i < g->layer_count; i++) count += layer_has_weights(&g->layers[i]);
    return count;
}

int graph_find(const graph *g, const char *name)
{
    for (int i = 0; i < g->layer_count; i++)
        if (strcmp(g->layers[i].name, name) == 0) return i;
    return -1;
}

void graph_free(graph *g)
{
    free(g->layers);
    free(g->groups);
    memset(g, 0, sizeof *g);
}
