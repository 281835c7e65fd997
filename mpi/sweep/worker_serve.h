/* worker_serve: a worker whose coordinator is another rank: it waits for orders and follows them. */
#ifndef MPI_SWEEP_WORKER_SERVE_H
#define MPI_SWEEP_WORKER_SERVE_H

#include "mpi/sweep/worker.h"

/* Takes orders from rank 0 until it says that the sweep is over: *end is what it said. Fails when rank 0 is silent for
 * `deadline` seconds. */
MUST_CHECK status worker_serve(worker *w, double deadline, wire_order *end);

#endif
