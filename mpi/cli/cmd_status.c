/* bitfront status: what a running or finished sweep says about itself. */
#include <stdio.h>

#include "mpi/cli/command.h"
#include "results/report/report_failures.h"
#include "results/run/run.h"

static const option_spec options[] = {OPTIONS_END};

static status run_status(int argc, char **argv, int *exit_code)
{
    (void)exit_code;
    option_parser p = options_start("status", options, argc, argv);
    for (int letter = -1; letter != 0;) {
        TRY(options_next(&p, &letter));
        if (letter != 'h') continue;
        command_help(&command_status);
        return status_ok();
    }
    char **arguments;
    TRY(options_arguments(&p, 1, "the run directory", &arguments));
    TRY(run_print_status(stdout, arguments[0]));
    char path[MAX_PATH_TEXT + 16];
    const bool fits = snprintf(path, sizeof path, "%s/results.h5", arguments[0]) < (int)sizeof path;
    return fits ? report_failures(stdout, path) : status_ok();
}

const command command_status = {
    .name = "status",
    .arguments = "RUN",
    .summary = "show where a sweep stands, from any shell",
    .details =
        "Prints state, counts and one line per working group from RUN/status.json, which a running sweep renews\n"
        "every second. Changes nothing and waits for nobody.\n",
    .options = options,
    .run = run_status,
};
