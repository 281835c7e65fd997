/* bitfront status: what a running or finished sweep says about itself. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/io/h5.h"
#include "mpi/cli/command.h"
#include "results/run/run.h"

static const option_spec options[] = {OPTIONS_END};

enum { MOST_FAILURES = 10 };

static status print_reasons(h5_id points)
{
    char **states = NULL, **reasons = NULL, **keys = NULL;
    size_t count = 0, same = 0, printed = 0;
    status s = h5_read_strings(&states, &count, points, "state");
    if (!failed(s)) s = h5_read_strings(&reasons, &same, points, "reason");
    if (!failed(s)) s = h5_read_strings(&keys, &same, points, "key");
    for (size_t i = 0; i < count && !failed(s); i++) {
        if (strcmp(states[i], "failed") != 0) continue;
        if (printed++ < MOST_FAILURES) printf("failed   task %.8s: %s\n", keys[i], reasons[i]);
    }
    if (printed > MOST_FAILURES) printf("         and %zu more; bitfront list shows all\n", printed - MOST_FAILURES);
    free(states);
    free(reasons);
    free(keys);
    return s;
}

/* Why tasks failed, from the newest snapshot. */
static status print_failures(const char *directory)
{
    char path[MAX_PATH_TEXT + 16];
    h5_id file, points;
    if (snprintf(path, sizeof path, "%s/results.h5", directory) >= (int)sizeof path || !file_exists(path))
        return status_ok();
    TRY(h5_open_read(&file, path));
    status s = h5_group_open(&points, file, "points");
    if (!failed(s)) {
        s = print_reasons(points);
        h5_group_close(points);
    }
    status closed = h5_close(file);
    return failed(s) ? s : closed;
}

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
    return print_failures(arguments[0]);
}

const command command_status = {
    .name = "status",
    .arguments = "RUN",
    .summary = "show where a sweep stands, from any shell",
    .details =
        "Prints state, counts and one line per working group from RUN/status.json, which a running sweep renews\n"
        "every second. Changes nothing and waits for nobody.\n",
    .examples = "  bitfront status results/runs/demo\n"
                "  bitfront status results/runs/demo --watch\n"
                "  bitfront status results/runs/demo --json\n",
    .options = options,
    .run = run_status,
};
