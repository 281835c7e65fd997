/* cli: from the command line to a subcommand. */
#ifndef MPI_CLI_CLI_H
#define MPI_CLI_CLI_H

#include "core/base/status.h"
#include "mpi/cli/program.h"

/* Runs the command of the command line. *exit_code is 0 at first. */
MUST_CHECK status cli_run(const cli_program *program, int argc, char **argv, int *exit_code);

#endif
