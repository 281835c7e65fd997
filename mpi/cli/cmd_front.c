/* bitfront front: the result of a sweep as a table, a plot and files. */
#include <stdio.h>

#include "mpi/cli/command.h"
#include "results/report/report.h"

enum { WIDTH = 1 };

static const option_spec options[] = {
    {'c', "cost", "COLUMN", "cost to draw against, e.g. size_bits (the default)"},
    {'m', "metric", "COLUMN", "test_accuracy (the default) or validation_accuracy"},
    {WIDTH, "width", "COLUMNS", "width of the plot; default: of the terminal, or 80"},
    OPTIONS_END,
};

static status run_front(int argc, char **argv, int *exit_code)
{
    (void)exit_code;
    report_options wanted = {0};
    long width = 0;
    option_parser p = options_start("front", options, argc, argv);
    for (int letter = -1; letter != 0;) {
        TRY(options_next(&p, &letter));
        switch (letter) {
        case 'c':
            wanted.cost = p.value;
            break;
        case 'm':
            wanted.metric = p.value;
            break;
        case WIDTH:
            TRY(options_integer(&p, "width", 40, 400, &width));
            break;
        case 'h':
            command_help(&command_front);
            return status_ok();
        default:
            break;
        }
    }
    wanted.width = (int)width;
    char **arguments;
    TRY(options_arguments(&p, 1, "the run directory", &arguments));
    return report_front(stdout, arguments[0], &wanted);
}

const command command_front = {
    .name = "front",
    .arguments = "RUN",
    .summary = "print the Pareto front; write front.csv and front.png",
    .details =
        "Reads RUN/results.h5, also while the sweep is running; prints the front as a table and a plot, and writes\n"
        "front.csv, front.gp and front.png into RUN. Results that were made for another configuration, network or\n"
        "data set than those in RUN are refused (exit code 2), unless the file itself is named instead of RUN.\n",
    .options = options,
    .run = run_front,
};
