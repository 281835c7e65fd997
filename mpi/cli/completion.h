/* completion: what shells complete behind `bitfront`, from the tables that give --help. */
#ifndef MPI_CLI_COMPLETION_H
#define MPI_CLI_COMPLETION_H

#include <stdio.h>

#include "core/base/status.h"
#include "mpi/cli/program.h"

/* shell: "bash" or "zsh". */
MUST_CHECK status completion_print(FILE *out, const cli_program *program, const char *shell);

#endif
