/* program: what the program as a whole is: its commands, and what is said about all of them. */
#ifndef MPI_CLI_PROGRAM_H
#define MPI_CLI_PROGRAM_H

#include "mpi/cli/command.h"

typedef struct {
    const command *const *commands; /* in the order of the help; ends with NULL */
    const char *mpi;                /* "Open MPI v4.1.4", for --version */
    /* Runs a command that has `share`. */
    status (*share)(const command *c, int argc, char **argv, int *exit_code);
    /* Starts a program that knows the options of all commands, in place of this one; NULL: this one does. */
    status (*elsewhere)(char **argv);
} cli_program;

/* Texts of the help and of the manual. */
extern const char cli_purpose[], cli_environment[], cli_exit_codes[];

#endif
