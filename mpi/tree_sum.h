/* tree_sum: the sum of the engine's core/train/group.h over the ranks of a group, by recursive doubling: at level l,
 * ranks that differ in bit l exchange their values and both add them. a+b and b+a are the same bits, so all ranks hold
 * the same result; and because rank r brings the finished sum of its subtree of shards, the result equals that of any
 * other group size (architecture.md 2, P1). One extra element counts failures; only if it is not zero the message is
 * exchanged. */
#ifndef MPI_TREE_SUM_H
#define MPI_TREE_SUM_H

#include <mpi.h>
#include <stddef.h>

#include "core/base/real.h"
#include "core/base/status.h"

typedef struct {
    MPI_Comm comm;  /* borrowed */
    int rank, size; /* size is a power of two */
    real *partner;  /* (TREE_SUM_CHUNK) what the partner sent; owned */
} tree_sum;

/* Local. Asks comm for rank and size. */
MUST_CHECK status tree_sum_init(tree_sum *out, MPI_Comm comm);
void tree_sum_free(tree_sum *t);

/* Collective on the communicator; has the signature of group.sum, `ctx` is a tree_sum. */
status tree_sum_values(void *ctx, real *values, size_t count, status local);

#endif
