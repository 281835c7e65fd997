/* collect: numbers of all ranks brought to rank 0, for measurements. Not for results: the last bits of a sum depend on
 * the number of ranks. Collective on the world. */
#ifndef MPI_LINK_COLLECT_H
#define MPI_LINK_COLLECT_H

#include <stddef.h>

#include "core/base/status.h"
#include "mpi/link/world.h"

/* *value := the sum, or the largest, of the values of all ranks, on rank 0; undefined on the others. */
MUST_CHECK status collect_sum(const link_world *world, double *value);
MUST_CHECK status collect_largest(const link_world *world, double *value);

/* On rank 0 *all: the mine[count] of all ranks, by rank, *total of them; the caller frees. NULL and 0 on the others.
 * All ranks return the same status. */
MUST_CHECK status collect_floats(const link_world *world, const float *mine, int count, float **all, int *total);

/* Rank 0 and `from` call it, the others may: the `bytes` bytes at `data` of rank `from` come to `data` of rank 0. */
MUST_CHECK status collect_bytes(const link_world *world, int from, void *data, size_t bytes);

#endif
