/* launcher: what the environment says about a launcher (mpirun, srun) that has started this process as one of several
 * ranks. Without MPI. */
#ifndef MPI_CLI_LAUNCHER_H
#define MPI_CLI_LAUNCHER_H

#include <stdbool.h>

/* True when a launcher has started this process, perhaps as the only rank. */
bool launcher_found(void);

/* The rank of this process; 0 without a launcher, also when the environment was inherited from a job that has ended:
 * somebody has to do the work. */
int launcher_rank(void);

#endif
