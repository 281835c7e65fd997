/* compact: the discrete network without its removed channels, on which fine-tuning and evaluation compute, so that a
 * removed channel costs nothing.
 *
 * A channel whose precision is 0 bit puts out exactly 0, through quantiser, pooling and sum alike, and gets no
 * gradient. Without it every layer of its sharing group is narrower, and so is the input of every layer that reads the
 * group. A group that is pruned as a whole keeps its first channel, still at 0 bit, so that no tensor is empty.
 *
 * The full block of values (model.h) stays the truth; a compact block has the same tensors, smaller. gather and scatter
 * copy values, gradients or moments between both. Removal takes two kinds of weights out of a layer: those of the
 * removed channels and those of other channels that read a removed one. The second kind would still widen the range,
 * and with it the grid, of the channel it belongs to; compact_clear_removed sets both to 0 in the full block, and from
 * then on both networks compute the same and stay the same: gradients and weight decay of what was cleared are 0.
 *
 * With the rule pruned_channels_stay (arithmetic.h), and in a network that cannot prune, nothing is removed. */
#ifndef CORE_NET_MODEL_COMPACT_H
#define CORE_NET_MODEL_COMPACT_H

#include "core/base/status.h"
#include "core/net/graph/graph.h"
#include "core/net/model/model.h"

/* One tensor: (blocks, rows, columns) in both layouts. */
typedef struct {
    size_t blocks;
    int full_rows, rows, full_columns, columns;
    const int *kept_rows, *kept_columns; /* positions in the full tensor, in compact.kept; NULL: all */
} compact_map;

typedef struct {
    const model *full; /* borrowed */
    graph graph;       /* owned: the layers of the full graph with the channels that are left */
    model model;       /* over `graph`, in the full model's memory of activations */
    int *kept;         /* owned: the kept channels of all groups, group after group */
    int **group_kept;  /* (group_count), owned: start of each group in `kept` */
    compact_map *maps; /* (tensor count), owned */
} compact;

/* Reserves all memory; nothing is removed yet. `c` stays where it is until compact_close, and `full` outlives it. */
MUST_CHECK status compact_open(compact *c, const model *full);
void compact_close(compact *c);

/* Removes the channels that the full model, as it was last prepared, holds at 0 bit, or none if it was not prepared in
 * a discrete mode; then gather values and model_prepare. A function of the prepared choices only; allocates nothing
 * (model_arrange). */
MUST_CHECK status compact_choose(compact *c, model_use use);

/* small: block of c->model.layout; full: of c->full->layout. Gather overwrites all of small, scatter the kept values in
 * full. */
void compact_gather(const compact *c, real *small, const real *full);
void compact_scatter(const compact *c, real *full, const real *small);

/* Sets the weights and biases that go with the removed channels of a prepared full model to 0; choices stay. */
void compact_clear_removed(const model *full, real *values);

#endif
