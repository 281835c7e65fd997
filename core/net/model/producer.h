/* producer: which node last computed the values of a tensor. Pooling, dropout and flatten pass values on; their
 * precision and their quantiser are those of the node before them. */
#ifndef CORE_NET_MODEL_PRODUCER_H
#define CORE_NET_MODEL_PRODUCER_H

#include "core/net/graph/graph.h"

/* The image, conv, depthwise, linear or add node behind `node` (itself, if it is one). */
static inline int graph_producer(const graph *g, int node)
{
    while (g->layers[node].kind != LAYER_IMAGE && g->layers[node].kind != LAYER_ADD &&
           !layer_has_weights(&g->layers[node]))
        node = g->layers[node].inputs[0];
    return node;
}

#endif
