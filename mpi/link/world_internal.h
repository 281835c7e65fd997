/* What a world is, for the files of mpi/link and mpi/sum that call MPI. */
#ifndef MPI_LINK_WORLD_INTERNAL_H
#define MPI_LINK_WORLD_INTERNAL_H

#include <mpi.h>

#include "mpi/link/world.h"

struct link_world {
    MPI_Comm comm; /* owned; MPI_COMM_NULL: alone */
    int rank, size;
};

/* Takes over the communicator, also in a failure. */
MUST_CHECK status world_from(link_world **out, MPI_Comm comm);

#endif
