/* command: what a subcommand is. Adding one costs a file cmd_NAME.c, a line here and a line in the table of main.c. */
#ifndef MPI_CLI_COMMAND_H
#define MPI_CLI_COMMAND_H

#include <stdbool.h>
#include <stdio.h>

#include "core/base/status.h"
#include "core/data/import_ranks.h"
#include "mpi/cli/options.h"

/* One of the things that a command's first argument chooses among: prepare KIND. */
typedef struct {
    const char *name, *summary, *details;
    const option_spec *options;
} command_part;

typedef struct {
    const char *name, *arguments, *summary; /* "front", "RUN", one line for the overview */
    const char *details;                    /* for its own help; ends with a line break */
    const char *examples;                   /* lines "  bitfront front results/runs/demo" */
    const option_spec *options;
    /* What the first argument chooses among, each with options of its own: NULL, or part i; false after the last. */
    bool (*part)(command_part *out, int i);
    bool parallel; /* every rank that a launcher has started runs it; else rank 0 alone */
    /* argv[0] is the command's name. *exit_code is 0 at first. */
    status (*run)(int argc, char **argv, int *exit_code);
    /* In place of `run`, for work that ranks share without knowing of MPI: collective on the ranks there are. */
    status (*share)(const import_ranks *ranks, int argc, char **argv);
} command;

extern const command command_plan, command_status, command_front, command_prepare, command_check, command_cost,
    command_merge, command_list, command_eval, command_export, command_best, command_show, command_plot, command_report,
    command_verdict;
extern const command command_sweep, command_bench; /* outside this room: of ranks */

/* The help of one command; printed by rank 0. */
void command_help(const command *c);

#endif
