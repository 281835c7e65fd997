/* inputs_broadcast: what rank 0 has read (mpi/cli/inputs.h), given to all ranks, and the data set, which every node
 * reads by itself. Everything here is collective on the world, and all ranks return the same status. */
#ifndef MPI_SWEEP_INPUTS_BROADCAST_H
#define MPI_SWEEP_INPUTS_BROADCAST_H

#include "core/base/status.h"
#include "mpi/cli/inputs.h"
#include "mpi/link/shared_data.h"
#include "mpi/link/world.h"

/* Settings, networks and messages travel as the bytes of structures, and results must have the same bits wherever they
 * are computed: CONFIG unless all nodes run the same build with equal
 * mathematical functions. To be called first. */
MUST_CHECK status inputs_broadcast_same_build(const link_world *world);

/* Gives what rank 0 has read to the others, whose *in is overwritten. CONFIG when a node's processor lacks the kernels
 * that rank 0 has chosen. */
MUST_CHECK status inputs_broadcast(sweep_inputs *in, const link_world *world);

/* Loads the data set, once a node, and checks that it fits the network. The memory is held by *owner where ranks share
 * it, else by *in; both are to be freed, also after a failure. */
MUST_CHECK status inputs_broadcast_data(shared_data *owner, sweep_inputs *in, const link_world *world);

#endif
