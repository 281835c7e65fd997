/* cli: from the command line to a subcommand. */
#ifndef MPI_CLI_CLI_H
#define MPI_CLI_CLI_H

#include <stdbool.h>

#include "core/base/status.h"
#include "mpi/link/runtime.h"

/* True when the command line names a command that needs all ranks. */
bool cli_needs_mpi(int argc, char **argv);

/* Runs the command. Commands without parallelism run on rank 0. *exit_code is 0 at first. */
MUST_CHECK status cli_run(const runtime *rt, int argc, char **argv, int *exit_code);

#endif
