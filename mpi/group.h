/* group: the ranks that train one task together, as a communicator of their own, and the view of it that the engine
 * gets (core/train/group.h). Formed by the members only; nobody else takes part. */
#ifndef MPI_GROUP_H
#define MPI_GROUP_H

#include <mpi.h>
#include <stdbool.h>

#include "core/base/status.h"
#include "core/train/group.h"
#include "mpi/tree_sum.h"

typedef struct {
    int rank, size;
    MPI_Comm comm;  /* owned; MPI_COMM_NULL when alone */
    tree_sum adder; /* owned; unused when alone */
    bool (*should_stop)(void *ctx);
    void *stop_ctx; /* borrowed */
} rank_group;

/* Collective on the members: members[count] are world ranks, the same list on all of them; member i gets group rank i.
 * `lot` tells apart groups that are formed at the same time by overlapping sets of ranks. */
MUST_CHECK status rank_group_form(rank_group *out, MPI_Comm world, const int *members, int count, int lot);
/* Collective on the members. */
void rank_group_free(rank_group *g);

/* The engine's view; `should_stop(stop_ctx)` is asked after every step. Borrows g. */
group rank_group_view(rank_group *g, bool (*should_stop)(void *ctx), void *stop_ctx);

/* Collective on the members. agree and agree_bytes (from group rank 0) that also work alone. */
MUST_CHECK status rank_group_agree(rank_group *g, status local);
MUST_CHECK status rank_group_share(rank_group *g, void *data, size_t bytes);

#endif
