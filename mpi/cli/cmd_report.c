/* bitfront report: one page with everything about one or several runs. */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/file.h"
#include "mpi/cli/command.h"
#include "mpi/cli/front_options.h"
#include "results/report/page/report_page.h"
#include "results/report/report_sources.h"
#include "results/run/run.h"

enum { PUBLISHED = FRONT_OPTION_END };

static const option_spec options[] = {
    {'o', "out", "FILE", "the page; default: RUN/report.html of the first run"},
    {'c', "cost", "COLUMN", "cost that the page begins with, e.g. size_bits (the default)"},
    {PUBLISHED, "published", "CSV", "points of papers to draw beside: columns name, the cost, test_accuracy"},
    OPTIONS_END,
};

/* Task files, configuration and log are in run directories only; a results file has points alone. */
static status read_record(record *out, bool *there, void *ctx, const report_point *p)
{
    const char *directory = ((const report_data *)ctx)->runs[p->run].path;
    run r = {.config_text = NULL};
    *there = false;
    if (!file_is_directory(directory)) return status_ok();
    snprintf(r.directory, sizeof r.directory, "%s", directory);
    TRY(run_read_task(out, &r, p->key));
    *there = true;
    return status_ok();
}

static char *read_file(void *ctx, int place, const char *name)
{
    char path[MAX_PATH_TEXT + 32], *text;
    const char *directory = ((const report_data *)ctx)->runs[place].path;
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return file_is_directory(directory) && file_exists(path) && !failed(file_read_text(&text, path)) ? text : NULL;
}

static status write_page(const char *path, const char *published_path, report_data *d)
{
    report_published published = {NULL, 0};
    if (d->count == 0) return status_fail(STATUS_CONFIG, "%.300s has no finished point yet", d->runs[0].path);
    if (published_path != NULL) TRY(report_published_read(&published, published_path, d));
    status s = report_page(path, d, &published, &(page_source){read_record, read_file, d});
    report_published_free(&published);
    return s;
}

static status run_report(int argc, char **argv, int *exit_code)
{
    (void)exit_code;
    report_options wanted = {.each_seed = true};
    const char *out = NULL, *published = NULL;
    option_parser p = options_start("report", options, argc, argv);
    for (int letter = -1; letter != 0;) {
        TRY(options_next(&p, &letter));
        if (letter == 'h') {
            command_help(&command_report);
            return status_ok();
        }
        if (front_option(&wanted, letter, p.value)) continue;
        if (letter == 'o') out = p.value;
        if (letter == PUBLISHED) published = p.value;
    }
    char **arguments, file[REPORT_PATH], directory[REPORT_PATH], usual[REPORT_PATH + 16];
    int count;
    TRY(options_at_least(&p, 1, "run directories", &arguments, &count));
    TRY(report_source_find(file, directory, arguments[0]));
    snprintf(usual, sizeof usual, "%s/report.html", directory);
    report_data d;
    TRY(report_sources_read(&d, (const char *const *)arguments, count, &wanted));
    status s = write_page(out != NULL ? out : usual, published, &d);
    report_data_free(&d);
    if (!failed(s)) printf("page     %s\n", out != NULL ? out : usual);
    return s;
}

const command command_report = {
    .name = "report",
    .arguments = "RUN...",
    .summary = "write one web page: front, points, layers, curves, schedule",
    .details =
        "Writes a page that stands for itself: it works from disk without a network, prints, and fits narrow screens.\n"
        "Any cost as axis, filters, which point to use within a limit, comparison of runs and of cost models, layers\n"
        "and curves of each point, configuration and provenance.\n",
    .examples = "  bitfront report results/runs/demo\n"
                "  bitfront report run1 run2 -o both.html --published papers.csv\n",
    .options = options,
    .run = run_report,
};
