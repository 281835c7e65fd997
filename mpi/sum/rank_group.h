/* group: the ranks that train one task together, and the view of them that the engine gets (core/train/ranks.h). */
#ifndef MPI_SUM_RANK_GROUP_H
#define MPI_SUM_RANK_GROUP_H

#include <stdbool.h>

#include "core/base/status.h"
#include "core/train/ranks.h"
#include "mpi/link/exchange.h"
#include "mpi/sum/sum_memory.h"
#include "mpi/sum/tree_sum.h"

/* What a group asks of its surroundings. */
typedef struct {
    bool (*should_stop)(void *ctx); /* after every step */
    bool (*given_up)(void *ctx);    /* while computing and while waiting: the assignment is over, leave it */
    void *ctx;                      /* borrowed */
} group_hooks;

typedef struct {
    exchange link; /* owned */
    tree_sum adder;
    group_hooks hooks;
} rank_group;

/* Local: members[count] are world ranks, the same list on all of them; member i gets group rank i. `assignment` tells
 * this group from all others. The sums go through `memory` (borrowed; NULL: none) where that reaches all members. The
 * group stays where it is: it points into itself. */
MUST_CHECK status rank_group_open(rank_group *out, const link_world *world, const int *members, int count,
                                  int assignment, const sum_memory *memory, group_hooks hooks);
/* Local. */
void rank_group_close(rank_group *g);

/* The engine's view. Borrows g. */
ranks_view rank_group_view(rank_group *g);

#endif
