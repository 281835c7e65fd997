/* mpi_status: what MPI returns, as a status. For files that call MPI. */
#ifndef MPI_LINK_MPI_STATUS_H
#define MPI_LINK_MPI_STATUS_H

#include <mpi.h>

#include "core/base/status.h"

/* OK for MPI_SUCCESS; else STATUS_MPI: "what: the library's words". */
MUST_CHECK status mpi_status(int code, const char *what);

/* Completes the requests without burning a core. */
MUST_CHECK status mpi_status_wait(int count, MPI_Request *requests, const char *what);

#endif
