/* tree_sum: the sum of the engine's core/train/group.h over the ranks of a group, by recursive doubling: at level l,
 * ranks that differ in bit l exchange their values and both add them. a+b and b+a are the same bits, so all ranks hold
 * the same result; and because rank r brings the finished sum of its subtree of shards, the result equals that of any
 * other group size (architecture.md 2, P1). One extra element counts failures; only if it is not zero the message is
 * exchanged. */
#ifndef MPI_TREE_SUM_H
#define MPI_TREE_SUM_H

#include <stddef.h>

#include "core/base/real.h"
#include "core/base/status.h"
#include "mpi/exchange.h"

/* Collective on the lot; values[count] is room for the failures. All ranks return the same status for `local`. */
MUST_CHECK status tree_sum_values(exchange *x, real *values, size_t count, status local);

#endif
