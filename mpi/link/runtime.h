/* runtime: start and end of the process: MPI, signals, exit codes. The only place that knows how a program ends. */
#ifndef MPI_LINK_RUNTIME_H
#define MPI_LINK_RUNTIME_H

#include <mpi.h>
#include <stdbool.h>

#include "core/base/status.h"

/* Documented in `bitfront --help`. */
enum { EXIT_DONE = 0, EXIT_TASKS_FAILED = 1, EXIT_USAGE = 2, EXIT_JOB_FAILED = 3, EXIT_STOPPED = 75 };

typedef struct {
    bool uses_mpi;
    int rank, size; /* of the world; 0 of 1 without MPI */
    MPI_Comm world; /* a duplicate of MPI_COMM_WORLD, or MPI_COMM_NULL */
} runtime;

/* Starts MPI when the command needs it or when the process was started by a launcher (its siblings must then be told
 * apart). MPI errors become return codes. USR1, USR2, TERM and INT set a flag only; a second INT ends the process. */
MUST_CHECK status runtime_start(runtime *out, int *argc, char ***argv, bool needs_mpi);

/* Collective, unless ranks were lost. Prints a failure once, from rank 0, as "bitfront: message", ends MPI and returns
 * the exit code of the process: that of the failure, else `exit_code` of rank 0. If ranks may no longer agree
 * (STATUS_MPI), ends the job. After runtime_lost_ranks it ends this process and does not return. */
int runtime_finish(runtime *rt, status outcome, int exit_code);

/* The exit code of a failure. */
int runtime_exit_code(status outcome);

/* Installs the signal handlers and forgets earlier signals. Part of runtime_start. */
MUST_CHECK status runtime_catch_signals(void);

/* What signals have asked of this process: USR1 to stop at the next segment boundary, USR2, TERM and
 * INT at the next step. */
typedef enum { STOP_NOT, STOP_AT_BOUNDARY, STOP_NOW } stop_wish;
stop_wish runtime_stop_wish(void);

/* From now on no collective call is possible: ranks are dead or may not answer. The process will end without
 * MPI_Finalize, which could wait for them for ever. */
void runtime_lost_ranks(void);
bool runtime_has_lost_ranks(void);

/* The start is over: all ranks talk without waiting for each other for ever. Until then, where a dead rank does not end
 * the job, the process ends when the start takes longer than ten minutes: MPI_Init and what is collective in the start
 * would wait for a dead rank. */
void runtime_started(void);

/* True when the launcher lets the other ranks go on after one has died: mpirun --enable-recovery. */
bool runtime_recovers(void);

/* "Open MPI v4.1.4" */
void runtime_mpi_version(char out[96]);

#endif
