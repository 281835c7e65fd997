/* cli: from the command line to a subcommand. */
#ifndef MPI_CLI_CLI_H
#define MPI_CLI_CLI_H

#include "core/base/status.h"
#include "mpi/cli/command.h"

typedef struct {
    const command *const *commands; /* in the order of the help; ends with NULL */
    const char *mpi;                /* "Open MPI v4.1.4", for --version */
} cli_program;

/* Texts of the help and of the manual. */
extern const char cli_purpose[], cli_environment[], cli_exit_codes[];

/* Runs the command of the command line. *exit_code is 0 at first. */
MUST_CHECK status cli_run(const cli_program *program, int argc, char **argv, int *exit_code);

#endif
