/* bitfront front: the result of a sweep as a table, a plot and files. */
#include <stdio.h>

#include "mpi/cli/command.h"
#include "mpi/cli/front_options.h"
#include "results/report/report.h"

enum { WIDTH = FRONT_OPTION_END, SECOND, ISO, FORMAT };

static const option_spec options[] = {
    FRONT_OPTION_SET,
    {'o', "out", "STEM",
     "write STEM.csv (.json, .tex), STEM.gp, STEM.png; default: in the first RUN, a name for each question"},
    {FORMAT, "format", "csv|json|latex",
     "what to write: all points as CSV (the default) or JSON, or a LaTeX table of the front"},
    {SECOND, "second", "COLUMN", "a further cost: hypervolume in three dimensions"},
    {ISO, "iso", "POINT",
     "compare with fixed:w8, STRATEGY:SETTING or an id: cost at its accuracy, accuracy at its cost"},
    {WIDTH, "width", "COLUMNS", "width of the plot; default: of the terminal, or 80"},
    OPTIONS_END,
};

static status run_front(int argc, char **argv, int *exit_code)
{
    (void)exit_code;
    report_options wanted = {0};
    report_request request = {.stem = NULL};
    long width = 0;
    option_parser p = options_start("front", options, argc, argv);
    for (int letter = -1; letter != 0;) {
        TRY(options_next(&p, &letter));
        if (front_option(&wanted, letter, p.value)) continue;
        switch (letter) {
        case 'o':
            request.stem = p.value;
            break;
        case SECOND:
            request.second = p.value;
            break;
        case ISO:
            request.iso = p.value;
            break;
        case FORMAT:
            TRY(report_format_read(&request.format, p.value));
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
    int count;
    TRY(options_at_least(&p, 1, "run directories", &arguments, &count));
    return report_front(stdout, (const char *const *)arguments, count, &request, &wanted);
}

const command command_front = {
    .name = "front",
    .arguments = "RUN...",
    .summary = "print the Pareto front of one or several runs; write table and picture",
    .details =
        "Reads RUN/results.h5, also while the sweep is running; prints the front as a table and a plot, and writes\n"
        "them as CSV and PNG. The front is chosen on the validation split and shown on the test split. Several seeds\n"
        "of one question are a mean, with the standard deviation. Results that were made for another configuration,\n"
        "network or data set than those in RUN are refused (exit code 2), unless the file itself is named instead of\n"
        "RUN.\n",
    .examples = "  bitfront front results/runs/demo --cost ne16\n"
                "  bitfront front results/runs/demo --strategy joint --seed 1\n"
                "  bitfront front results/runs/demo --iso fixed:w8\n"
                "  bitfront front run1 run2 -o comparison\n"
                "  bitfront front results/runs/demo --format latex -o table\n",
    .options = options,
    .run = run_front,
};
