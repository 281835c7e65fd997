/* agree: MPI return codes as statuses, waiting that leaves the core to others, and agreement on a status, so that no
 * rank waits for ever for one that failed. Between two meeting points a rank may fail on its own; it must not leave out
 * a collective call that the others will make. */
#ifndef MPI_LINK_AGREE_H
#define MPI_LINK_AGREE_H

#include <mpi.h>
#include <stddef.h>

#include "core/base/status.h"

/* OK for MPI_SUCCESS; else STATUS_MPI: "what: the library's words". */
MUST_CHECK status mpi_status(int code, const char *what);

/* Waiting in growing steps: a short spin that yields the core, then naps up to `longest_nap` seconds. Start from
 * {.longest_nap = ...} and pause until what is waited for has come. */
typedef struct {
    double longest_nap;  /* s */
    double started, nap; /* s; 0 at first */
} patience;
void patience_pause(patience *p);

/* Completes the requests without burning a core. */
MUST_CHECK status patience_wait(int count, MPI_Request *requests, const char *what);

/* Collective on comm. All ranks return the same status: OK if all gave OK, else the one of the lowest failing rank. The
 * message names that rank unless it is rank 0 or the failure belongs to a task or to a wish to stop, whose words must
 * not depend on the number of ranks. */
MUST_CHECK status agree(MPI_Comm comm, status local);

/* Collective on comm. Copies `bytes` bytes at `data` from rank `root` to all. `bytes` is equal on all ranks. */
MUST_CHECK status agree_bytes(MPI_Comm comm, int root, void *data, size_t bytes);

/* Collective on comm. Copies a text from rank 0 to all; *text is read on rank 0 and allocated on the others (the caller
 * frees). All ranks return the same status. */
MUST_CHECK status agree_text(MPI_Comm comm, char **text);

#endif
