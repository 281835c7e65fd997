#include "mpi/group.h"

#include "mpi/agree.h"
#include "mpi/wire.h"

enum { LOT_TAGS = 1024 }; /* lots that far apart never form groups at the same time */

status rank_group_form(rank_group *out, MPI_Comm world, const int *members, int count, int lot)
{
    rank_group g = {.rank = 0, .size = 1, .comm = MPI_COMM_NULL};
    if (count > 1) {
        MPI_Group everybody, chosen;
        TRY(mpi_status(MPI_Comm_group(world, &everybody), "listing the ranks"));
        status s = mpi_status(MPI_Group_incl(everybody, count, members, &chosen), "choosing the members of a group");
        MPI_Group_free(&everybody);
        TRY(s);
        s = mpi_status(MPI_Comm_create_group(world, chosen, WIRE_TAG_GROUP + lot % LOT_TAGS, &g.comm),
                       "forming a group");
        MPI_Group_free(&chosen);
        TRY(s);
        s = tree_sum_init(&g.adder, g.comm);
        if (failed(s = agree(g.comm, s))) {
            tree_sum_free(&g.adder);
            MPI_Comm_free(&g.comm);
            return s;
        }
        g.rank = g.adder.rank;
        g.size = g.adder.size;
    }
    *out = g;
    return status_ok();
}

void rank_group_free(rank_group *g)
{
    tree_sum_free(&g->adder);
    if (g->comm != MPI_COMM_NULL) MPI_Comm_free(&g->comm);
}

static status group_sum(void *ctx, real *values, size_t count, status local)
{
    rank_group *g = ctx;
    return tree_sum_values(&g->adder, values, count, local);
}

static bool group_should_stop(void *ctx)
{
    rank_group *g = ctx;
    return g->should_stop(g->stop_ctx);
}

group rank_group_view(rank_group *g, bool (*should_stop)(void *ctx), void *stop_ctx)
{
    g->should_stop = should_stop;
    g->stop_ctx = stop_ctx;
    return (group){
        .rank = g->rank,
        .size = g->size,
        .sum = g->size > 1 ? group_sum : NULL,
        .ctx = g,
        .should_stop = group_should_stop,
    };
}

status rank_group_agree(rank_group *g, status local)
{
    return g->size > 1 ? agree(g->comm, local) : local;
}

status rank_group_share(rank_group *g, void *data, size_t bytes)
{
    return g->size > 1 ? agree_bytes(g->comm, 0, data, bytes) : status_ok();
}
