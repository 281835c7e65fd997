/* bitfront plot: pictures of fronts and of precisions, for papers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mpi/cli/best_point.h"
#include "mpi/cli/command.h"
#include "mpi/cli/front_options.h"
#include "results/report/report_best.h"
#include "results/report/report_bits.h"
#include "results/report/report_data.h"
#include "results/report/report_files.h"
#include "results/report/report_picture.h"
#include "results/report/report_sources.h"
#include "results/report/report_views.h"

enum { PUBLISHED = FRONT_OPTION_END, IDS, BITS, MIN };

static const option_spec options[] = {
    {'o', "out", "FILE", "the picture: .png, .svg or .pdf; its gnuplot script is written beside it"},
    FRONT_OPTION_SET,
    {PUBLISHED, "published", "CSV", "points of papers to draw beside: columns name, the cost, the accuracy"},
    {MIN, "min", "accuracy=PERCENT", "leave what is below out of the picture, to see the rest better"},
    {IDS, "ids", NULL, "write the ids of the points on the front"},
    {BITS, "bits", NULL, "instead: shares of precisions of all points along the front, or with --point of its layers"},
    {'p', "point", "best|ID|KEY", "with --bits: layer by layer of this point"},
    OPTIONS_END,
};

typedef struct {
    report_options wanted;
    const char *out, *published, *point, *least;
    bool ids, bits;
} plot_arguments;

/* What is asked for with --min, in per cent; 0 if nothing. */
static status read_least(double *least, const plot_arguments *a, const report_data *d)
{
    report_limit limit = {.value = 0, .cost = -1};
    if (a->least != NULL) TRY(report_limit_read(&limit, a->least, false, d));
    *least = limit.value;
    return limit.cost < 0 ? status_ok()
                          : status_fail(STATUS_CONFIG, "plot: --min \"%.60s\": it takes an accuracy", a->least);
}

static void tell_left_out(const report_data *d, double least)
{
    int count = 0;
    for (int i = 0; i < d->count; i++) count += d->points[i].accuracy < least;
    if (count > 0)
        printf("%d of %d points have less than %.4g %% and are outside the picture\n", count, d->count, least);
}

static status plot_front(bool *made, const plot_arguments *a, const char *const *runs, int count)
{
    report_data d;
    report_published published = {NULL, 0};
    TRY(report_sources_read(&d, runs, count, &a->wanted));
    status s = d.count > 0 ? status_ok() : status_fail(STATUS_CONFIG, "%.300s has no finished point yet", runs[0]);
    if (!failed(s) && a->published != NULL) s = report_published_read(&published, a->published, &d);
    if (!failed(s)) s = report_guard_picture(a->out, &d);
    picture_options o = {a->published != NULL ? &published : NULL, a->ids, 0};
    if (!failed(s)) s = read_least(&o.least_accuracy, a, &d);
    if (!failed(s)) s = report_picture(made, a->out, &d, &o);
    if (!failed(s)) report_tell_odd_points(stdout, &d);
    if (!failed(s)) tell_left_out(&d, o.least_accuracy);
    report_published_free(&published);
    report_data_free(&d);
    return s;
}

static status plot_layers(bool *made, const plot_arguments *a, const run_plan *p)
{
    const task *t;
    record r;
    char label[TASK_LABEL], title[TASK_LABEL + 32];
    TRY(best_point_find(&t, p, a->point));
    TRY(best_point_read(&r, p, t));
    task_label(label, t);
    snprintf(title, sizeof title, "point %d: %s", t->id, label);
    bits_bar *bars = calloc((size_t)r.allocation_count + 1, sizeof *bars);
    status s = bars != NULL ? status_ok() : status_fail(STATUS_MEMORY, "no memory for %d layers", r.allocation_count);
    if (!failed(s)) bits_of_layers(bars, &r);
    if (!failed(s)) s = report_bits(made, a->out, title, "layer", bars, r.allocation_count);
    free(bars);
    record_free(&r);
    return s;
}

static status add_bar(bits_bar *bar, const run_plan *p, const report_data *d, const report_point *point)
{
    const task *t;
    record r;
    char setting[32], name[RECORD_NAME];
    TRY(run_plan_task(&t, p, point->key));
    TRY(best_point_read(&r, p, t));
    report_setting(setting, d, point);
    snprintf(name, sizeof name, "%.4g %.8s %.16s %.16s", point->cost, d->cost_unit, point->strategy, setting);
    bits_of_network(bar, &r, name);
    record_free(&r);
    return status_ok();
}

static status plot_along_front(bool *made, const plot_arguments *a, const run_plan *p, const char *directory)
{
    report_data d;
    report_options each = a->wanted;
    each.each_seed = true;
    int count = 0;
    TRY(report_sources_read(&d, &directory, 1, &each));
    bits_bar *bars = calloc((size_t)d.count + 1, sizeof *bars);
    status s = bars != NULL ? status_ok() : status_fail(STATUS_MEMORY, "no memory for %d points", d.count);
    for (int i = 0; i < d.count && !failed(s); i++)
        if (d.points[i].on_front) s = add_bar(&bars[count++], p, &d, &d.points[i]);
    if (!failed(s)) s = report_bits(made, a->out, "precisions of the points along the front", "", bars, count);
    free(bars);
    report_data_free(&d);
    return s;
}

static status plot_bits(bool *made, const plot_arguments *a, const char *directory)
{
    run_plan *p = calloc(1, sizeof *p);
    if (p == NULL) return status_fail(STATUS_MEMORY, "no memory for the plan of %.200s", directory);
    status s = run_plan_open(p, directory);
    if (!failed(s)) s = a->point != NULL ? plot_layers(made, a, p) : plot_along_front(made, a, p, directory);
    run_plan_close(p);
    free(p);
    return s;
}

static status run_plot(int argc, char **argv, int *exit_code)
{
    (void)exit_code;
    plot_arguments a = {.out = NULL};
    option_parser p = options_start("plot", options, argc, argv);
    for (int letter = -1; letter != 0;) {
        TRY(options_next(&p, &letter));
        if (letter == 'h') {
            command_help(&command_plot);
            return status_ok();
        }
        if (front_option(&a.wanted, letter, p.value)) continue;
        if (letter == 'o') a.out = p.value;
        if (letter == 'p') a.point = p.value;
        if (letter == PUBLISHED) a.published = p.value;
        if (letter == MIN) a.least = p.value;
        if (letter == IDS) a.ids = true;
        if (letter == BITS) a.bits = true;
    }
    char **arguments;
    int count;
    bool made;
    TRY(options_at_least(&p, 1, "run directories", &arguments, &count));
    if (a.out == NULL) return status_fail(STATUS_CONFIG, "plot: -o FILE.png (or .svg, .pdf) is missing");
    if (a.point != NULL && !a.bits) return status_fail(STATUS_CONFIG, "plot: --point goes with --bits");
    if (a.bits && (count > 1 || a.ids || a.published != NULL || a.least != NULL))
        return status_fail(STATUS_CONFIG, "plot: --bits draws one run, without --ids, --published and --min");
    TRY(a.bits ? plot_bits(&made, &a, arguments[0]) : plot_front(&made, &a, (const char *const *)arguments, count));
    if (!made)
        return status_fail(STATUS_IO, "%.300s is not drawn: gnuplot is not installed (apt-get install gnuplot-nox)",
                           a.out);
    printf("picture  %s\n", a.out);
    return status_ok();
}

const command command_plot = {
    .name = "plot",
    .arguments = "RUN...",
    .summary = "draw fronts or precisions as a picture: png, svg, pdf",
    .details =
        "Draws the front of one or several runs, with bars of one standard deviation and attainment lines where there\n"
        "are several seeds, and published points from a CSV file. Readable in grey.\n",
    .examples = "  bitfront plot results/runs/demo -o front.pdf --cost ne16\n"
                "  bitfront plot run1 run2 -o both.svg --published papers.csv --ids\n"
                "  bitfront plot results/runs/demo -o bits.png --bits --point best\n",
    .options = options,
    .run = run_plot,
};
