/* manual: manual pages, one for the program and one for each command, from the tables that give --help. */
#ifndef MPI_CLI_MANUAL_H
#define MPI_CLI_MANUAL_H

#include "core/base/status.h"
#include "mpi/cli/program.h"

/* Writes directory/bitfront.1 and directory/bitfront-COMMAND.1; the directory is made. */
MUST_CHECK status manual_write(const cli_program *program, const char *version, const char *directory);

#endif
