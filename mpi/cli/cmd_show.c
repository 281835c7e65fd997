/* bitfront show: one point of a run in full. */
#include <stdio.h>
#include <stdlib.h>

#include "mpi/cli/best_point.h"
#include "mpi/cli/command.h"
#include "results/report/report_point_view.h"
#include "results/report/terminal.h"

enum { CURVES = 1 };

static const option_spec options[] = {
    {'p', "point", "best|ID|KEY", "which point; default: best, the highest validation accuracy"},
    {CURVES, "curves", NULL, "every epoch"},
    OPTIONS_END,
};

static status show(const char *directory, const char *point, bool curves)
{
    run_plan *p = calloc(1, sizeof *p);
    if (p == NULL) return status_fail(STATUS_MEMORY, "no memory for the plan of %.200s", directory);
    const task *t;
    record r;
    status s = run_plan_open(p, directory);
    if (!failed(s)) s = best_point_find(&t, p, point);
    if (!failed(s)) s = best_point_read(&r, p, t);
    if (!failed(s)) {
        report_point_print(stdout, &r, t->id, terminal_knows_unicode(), curves);
        record_free(&r);
    }
    run_plan_close(p);
    free(p);
    return s;
}

static status run_show(int argc, char **argv, int *exit_code)
{
    (void)exit_code;
    const char *point = "best";
    bool curves = false;
    option_parser p = options_start("show", options, argc, argv);
    for (int letter = -1; letter != 0;) {
        TRY(options_next(&p, &letter));
        if (letter == 'h') {
            command_help(&command_show);
            return status_ok();
        }
        if (letter == 'p') point = p.value;
        if (letter == CURVES) curves = true;
    }
    char **arguments;
    TRY(options_arguments(&p, 1, "the run directory", &arguments));
    return show(arguments[0], point, curves);
}

const command command_show = {
    .name = "show",
    .arguments = "RUN",
    .summary = "show one point: bits per layer, costs, curves, where it comes from",
    .details = "Prints what was chosen for each layer, every cost with its unit, both accuracies, the course of its "
               "training,\n"
               "and the keys of what it was trained from.\n",
    .examples = "  bitfront show results/runs/demo\n"
                "  bitfront show results/runs/demo --point 7 --curves\n",
    .options = options,
    .run = run_show,
};
