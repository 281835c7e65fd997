/* command: what a subcommand is. Adding one costs a file cmd_NAME.c, a line here and a line in the table of cli.c. */
#ifndef MPI_CLI_COMMAND_H
#define MPI_CLI_COMMAND_H

#include <stdbool.h>

#include "core/base/status.h"
#include "mpi/cli/options.h"
#include "mpi/link/runtime.h"

typedef struct {
    const char *name, *arguments, *summary; /* "front", "RUN", one line for the overview */
    const char *details;                    /* for its own help; ends with a line break */
    const option_spec *options;
    bool parallel; /* all ranks run it; else rank 0 alone */
    /* argv[0] is the command's name. *exit_code is 0 at first. */
    status (*run)(const runtime *rt, int argc, char **argv, int *exit_code);
} command;

extern const command command_plan, command_sweep, command_status, command_front, command_prepare, command_check,
    command_cost, command_bench, command_merge;

/* The help of one command. */
void command_help(FILE *out, const command *c);

#endif
