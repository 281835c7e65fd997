/* record_network: what a record says about the network beside its numbers: the graph, what the dimensions of its
 * tensors are, and the steps of its weights' grids. With it a result can be run without this program
 * (results/SCHEMA.md). */
#ifndef CORE_TRAIN_RECORD_NETWORK_H
#define CORE_TRAIN_RECORD_NETWORK_H

#include "core/net/model/model.h"
#include "core/task/record.h"

/* Sets out->layers, which is NULL before; precisions of activations: of a discrete mode. record_free(out) also after a
 * failure, as for the next. */
MUST_CHECK status record_network_write(record *out, const model *m);

/* Fills in the axes and precisions of a tensor: that of m->layout with this index. */
void record_network_describe(record_tensor *to, const model *m, int index);

/* Sets the steps of out->allocations; after model_prepare in a discrete mode with these values. */
MUST_CHECK status record_network_steps(record *out, const model *m, const real *values);

#endif
