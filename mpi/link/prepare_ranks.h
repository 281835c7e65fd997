/* prepare_ranks: the ranks of a world as those that make a data set together. */
#ifndef MPI_LINK_PREPARE_RANKS_H
#define MPI_LINK_PREPARE_RANKS_H

#include "core/data/import_ranks.h"
#include "mpi/link/world.h"

/* Borrows the world. */
import_ranks prepare_ranks(const link_world *world);

#endif
