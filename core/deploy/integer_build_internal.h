/* integer_build_internal: between the files of integer_build. */
#ifndef CORE_DEPLOY_INTEGER_BUILD_INTERNAL_H
#define CORE_DEPLOY_INTEGER_BUILD_INTERNAL_H

#include "core/deploy/integer_network.h"
#include "core/net/graph/allocation.h"
#include "core/net/model/model.h"

typedef struct {
    integer_network *n;
    const model *m;
    allocation bits;
    int *order_memory, **order, *order_count; /* of each group: its channels in their new order */
    int tensor_of[GRAPH_MAX_LAYERS];          /* of each node */
    int node_of_tensor[GRAPH_MAX_LAYERS];     /* the node that a tensor was made for */
    int sums_of[GRAPH_MAX_LAYERS]; /* of each tensor: the layer with weights whose sums it passes on, or -1 */
} integer_builder;

status integer_no_memory(const integer_builder *b);

/* A layer for a node of the graph, and the tensor that it puts out. */
integer_layer *integer_add_layer(integer_builder *b, int index, integer_kind kind);
integer_tensor *integer_add_tensor(integer_builder *b, int index);

/* Of a quantiser with one precision: the real value of a code, and its codes. */
double integer_grid_step(const pact *q);
void integer_grid_range(const pact *q, int32_t *low, int32_t *high);

MUST_CHECK status integer_build_conv(integer_builder *b, int index);

#endif
