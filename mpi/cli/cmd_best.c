/* bitfront best: which point of a run to use. */
#include <stdio.h>

#include "mpi/cli/command.h"
#include "mpi/cli/exit_code.h"
#include "mpi/cli/front_options.h"
#include "results/report/report_best.h"
#include "results/report/report_data.h"
#include "results/report/report_sources.h"

enum { MOST = FRONT_OPTION_END, LEAST, JSON };

static const option_spec options[] = {
    {MOST, "max", "NAME=VALUE", "a cost is at most that: size=32kB, ram=16kB, \"ne16=1e5 cycles\"; may be repeated"},
    {LEAST, "min", "NAME=VALUE", "at least: accuracy=84 (percent, of the validation split)"},
    {FRONT_STRATEGY, "strategy", "NAMES", "only these strategies, e.g. joint,fixed"},
    {FRONT_NETWORK, "network", "NAMES", "only these networks"},
    {JSON, "json", NULL, "print one JSON object"},
    OPTIONS_END,
};

typedef struct {
    const char *text;
    bool at_most;
} given_limit;

static status choose(const char *path, const report_options *wanted, const given_limit *given, int count, bool json,
                     int *exit_code)
{
    report_data d;
    report_limit limits[REPORT_MOST_LIMITS];
    TRY(report_sources_read(&d, &path, 1, wanted));
    status s = d.count > 0 ? status_ok() : status_fail(STATUS_CONFIG, "%.300s has no finished point yet", path);
    for (int i = 0; i < count && !failed(s); i++)
        s = report_limit_read(&limits[i], given[i].text, given[i].at_most, &d);
    if (!failed(s)) {
        const report_choice c = report_choose(&d, limits, count);
        if (json)
            report_best_json(stdout, &d, &c);
        else
            report_best_print(stdout, &d, &c, limits, count);
        *exit_code = c.point >= 0 ? EXIT_DONE : EXIT_TASKS_FAILED;
    }
    report_data_free(&d);
    return s;
}

static status run_best(int argc, char **argv, int *exit_code)
{
    report_options wanted = {.each_seed = true}; /* one network is used, not a mean */
    given_limit given[REPORT_MOST_LIMITS];
    int count = 0;
    bool json = false;
    option_parser p = options_start("best", options, argc, argv);
    for (int letter = -1; letter != 0;) {
        TRY(options_next(&p, &letter));
        if (letter == 'h') {
            command_help(&command_best);
            return status_ok();
        }
        if (front_option(&wanted, letter, p.value)) continue;
        if (letter == JSON) json = true;
        if (letter != MOST && letter != LEAST) continue;
        if (count == REPORT_MOST_LIMITS)
            return status_fail(STATUS_CONFIG, "best: more than %d limits", REPORT_MOST_LIMITS);
        given[count++] = (given_limit){p.value, letter == MOST};
    }
    char **arguments;
    TRY(options_arguments(&p, 1, "the run directory", &arguments));
    return choose(arguments[0], &wanted, given, count, json, exit_code);
}

const command command_best = {
    .name = "best",
    .arguments = "RUN",
    .summary = "choose the point to use within limits of size, memory, cycles",
    .details =
        "Chooses on the validation split the most accurate point within all limits and prints both accuracies, every\n"
        "cost and the next commands. When none is, prints the nearest two and ends with exit code 1.\n",
    .examples = "  bitfront best results/runs/demo --max size=8kB\n"
                "  bitfront best results/runs/demo --max flash=32kB --max ram=16kB --min accuracy=84\n",
    .options = options,
    .run = run_best,
};
