#include "mpi/link/world.h"

#include <stdlib.h>

#include "mpi/link/mpi_status.h"
#include "mpi/link/world_internal.h"

int world_rank(const link_world *world)
{
    return world->rank;
}

int world_size(const link_world *world)
{
    return world->size;
}

static status make(link_world **out, MPI_Comm comm)
{
    *out = malloc(sizeof **out);
    if (*out == NULL) return status_fail(STATUS_MEMORY, "no memory for the list of ranks");
    **out = (link_world){.comm = comm, .rank = 0, .size = 1};
    return status_ok();
}

status world_alone(link_world **out)
{
    return make(out, MPI_COMM_NULL);
}

status world_from(link_world **out, MPI_Comm comm)
{
    status s = make(out, comm);
    if (failed(s)) {
        MPI_Comm_free(&comm);
        return s;
    }
    s = mpi_status(MPI_Comm_rank(comm, &(*out)->rank), "asking for the rank");
    if (!failed(s)) s = mpi_status(MPI_Comm_size(comm, &(*out)->size), "asking for the number of ranks");
    if (failed(s)) {
        world_close(*out);
        *out = NULL;
    }
    return s;
}

status world_of_node(link_world **out, const link_world *world)
{
    MPI_Comm node;
    *out = NULL;
    TRY(mpi_status(MPI_Comm_split_type(world->comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node),
                   "finding the ranks of a node"));
    return world_from(out, node);
}

status world_translate(int *out, const link_world *node, const link_world *world)
{
    static const char *const what = "finding the ranks of a node";
    MPI_Group of_world, of_node;
    TRY(mpi_status(MPI_Comm_group(world->comm, &of_world), what));
    status s = mpi_status(MPI_Comm_group(node->comm, &of_node), what);
    if (!failed(s)) {
        for (int rank = 0; rank < node->size && !failed(s); rank++)
            s = mpi_status(MPI_Group_translate_ranks(of_node, 1, &rank, of_world, &out[rank]), what);
        MPI_Group_free(&of_node);
    }
    MPI_Group_free(&of_world);
    return s;
}

void world_close(link_world *world)
{
    if (world == NULL) return;
    if (world->comm != MPI_COMM_NULL) MPI_Comm_free(&world->comm);
    free(world);
}
