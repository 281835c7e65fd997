/* runtime: start and end of MPI in this process, and what is known of its ranks as a whole. */
#ifndef MPI_LINK_RUNTIME_H
#define MPI_LINK_RUNTIME_H

#include <stdbool.h>

#include "core/base/status.h"
#include "mpi/link/world.h"

/* Starts MPI when a launcher has started this process; one that is alone needs none. *out is a world of all ranks,
 * owned by runtime. MPI errors become return codes from here on. `exit_code`: what the process ends with when MPI ends
 * it during its start, or when the start takes too long (runtime_started). To be called once. */
MUST_CHECK status runtime_start(const link_world **out, bool launched, int exit_code);

/* The start is over: all ranks talk without waiting for each other for ever. Until then, where a dead rank does not end
 * the job, the process ends when the start takes longer than BITFRONT_START_LIMIT seconds (ten minutes): MPI_Init and
 * what is collective in the start would wait for a dead rank. */
void runtime_started(void);

/* From now on no collective call is possible: ranks are dead or may not answer. The process will end without
 * MPI_Finalize, which could wait for them for ever. */
void runtime_lost_ranks(void);
bool runtime_has_lost_ranks(void);

/* Collective, unless ranks were lost: all ranks return the same status and the exit code of rank 0. Nothing collective
 * may follow. STATUS_MPI: this rank does not know what the others return. */
MUST_CHECK status runtime_agree_end(status outcome, int *exit_code);

/* The very end, after everything has been said and written. Ends MPI, and with it the job when this rank has not come
 * to an agreed end: the others would wait for it. Does not return when MPI cannot be ended properly. Without
 * runtime_start it does nothing. */
void runtime_finish(int exit_code);

/* True when the launcher lets the other ranks go on after one has died: mpirun --enable-recovery. */
bool runtime_recovers(void);

/* "Open MPI v4.1.4" */
void runtime_mpi_version(char out[96]);

#endif
