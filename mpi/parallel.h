/* parallel: what the program needs of MPI: parallel.c with it, parallel_none.c (with the commands sweep and bench)
 * without.
 */
#ifndef MPI_PARALLEL_H
#define MPI_PARALLEL_H

/* "Open MPI v4.1.4" */
const char *parallel_version(void);

/* The last call of main: ends MPI, if it was started. May not return. */
void parallel_end(int exit_code);

#endif
