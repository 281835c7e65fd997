/* sum_memory: areas of shared memory through which the ranks of one node sum gradients, one area for each rank.
 *
 * A rank writes in its own area only, and reads those of the members of its assignment. What it shows there carries the
 * number of its assignment, so that a rank which was stopped and is late, or reads what another assignment has left,
 * waits for something that does not come, instead of taking it. */
#ifndef MPI_SUM_SUM_MEMORY_H
#define MPI_SUM_SUM_MEMORY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/base/real.h"
#include "core/base/status.h"
#include "mpi/link/node_window.h"

/* Values are summed in chunks of a slot. 8 MB a rank, of which a sum touches what it needs: small ones stay in cache,
 * and of large ones there is room for what several layers bring before the others have come for it. */
enum { SUM_SLOT_REALS = 1 << 14, SUM_SLOTS = 128 };

/* How far a rank is with the chunks of a assignment: assignment << 32 | chunks. */
typedef struct {
    _Alignas(64) _Atomic uint64_t given; /* its values stand in the chunk's slot */
    _Atomic uint64_t added;              /* the sum of all over its part of the chunk stands there instead */
    _Atomic uint64_t taken;              /* it has fetched the sums of all members */
    _Alignas(64) real slots[SUM_SLOTS][SUM_SLOT_REALS];
} sum_area;

typedef struct {
    node_window *window; /* owned; NULL: none */
    sum_area **areas;    /* (world size), NULL: a rank of another node; owned; NULL as a whole: no shared memory */
} sum_memory;

sum_memory sum_memory_none(void);

/* Collective on world. Where a node has no room for it, or where the environment has BITFRONT_SUMS=messages, *out is
 * none, and sums go by messages. */
MUST_CHECK status sum_memory_open(sum_memory *out, const link_world *world);
/* Collective on world. */
void sum_memory_close(sum_memory *m);

/* True when all members (world ranks) are of this node: out[count] are their areas. m: NULL is none. */
bool sum_memory_find(sum_area **out, const sum_memory *m, const int *members, int count);

#endif
