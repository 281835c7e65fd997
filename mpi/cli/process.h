/* process: how the process starts and ends, whatever the command. What a person is told at the end is told here, once:
 * as "bitfront: message" on standard error, by rank 0 if there are several. */
#ifndef MPI_CLI_PROCESS_H
#define MPI_CLI_PROCESS_H

#include "core/base/status.h"

/* First of all. Nobody dies of a reader who has stopped reading; standard input and outputs that were closed are opened
 * on nothing, so that no file of ours takes their place. */
MUST_CHECK status process_start(void);

/* This process is one of several ranks that have agreed to end with one outcome. Before that, a rank other than 0 does
 * not repeat what rank 0 finds wrong with the command line. */
void process_joined(int rank);

/* Writes out standard output and checks that nothing was lost there, tells a failure, and returns the exit code: that
 * of the failure, else `exit_code`. Leaves it in the file that BITFRONT_EXIT_FILE names, for bitfront-run: what mpirun
 * returns says little once ranks may die. To be called once; a signal that comes later ends the process with this
 * code. */
int process_end(status outcome, int exit_code);

/* From a signal handler: ends the process now with `exit_code`, or with that of process_end. Rank 0 writes the text. */
void process_leave(int exit_code, const char *text) __attribute__((noreturn));

#endif
