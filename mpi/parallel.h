/* parallel: what the program needs of MPI: parallel.c with it, parallel_none.c (with the commands sweep and bench)
 * without.
 */
#ifndef MPI_PARALLEL_H
#define MPI_PARALLEL_H

#include "mpi/cli/command.h"

/* "Open MPI v4.1.4" */
const char *parallel_version(void);

/* Runs a command whose work is shared (command.share) on the ranks that a launcher has started; without MPI, on rank 0
 * alone. */
MUST_CHECK status parallel_share(const command *c, int argc, char **argv, int *exit_code);

/* The last call of main: ends MPI, if it was started. May not return. */
void parallel_end(int exit_code);

#endif
