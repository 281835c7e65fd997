/* The script of the picture carries its data, so that it can be changed and drawn again by hand. Every text of a file
 * goes through report_text_gnuplot. */
#define _POSIX_C_SOURCE 200809L
#include "results/report/report_picture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "results/report/front_measures.h"
#include "results/report/report_gnuplot.h"
#include "results/report/report_text.h"
#include "results/report/report_views.h"

enum { MOST_SERIES = 40, PATH_BYTES = 4400 };

/* Points that look alike: of one strategy of one run. */
typedef struct {
    int run;
    const char *name;
    bool fixed;
} series;

/* Told apart by shape as well as by colour; the colours differ in darkness, too. Filled: on the front. */
static const struct {
    const char *colour;
    int hollow, filled;
} LOOKS[] = {{"#1f4e8c", 6, 7},   {"#c8641e", 12, 13}, {"#2f8f4e", 8, 9},   {"#8a4fa3", 4, 5},
             {"#b8a00b", 10, 11}, {"#008b8b", 14, 15}, {"#7a3b2e", 6, 7},   {"#5b8ed6", 12, 13},
             {"#d1699a", 8, 9},   {"#505050", 4, 5},   {"#8fbf3f", 10, 11}, {"#b01f2e", 14, 15}};
static const char FRONT_COLOUR[] = "#1c2f4a";
enum { LOOK_COUNT = sizeof LOOKS / sizeof LOOKS[0] };

static bool is_of(const series *s, const report_point *p)
{
    return p->run == s->run && strcmp(p->strategy, s->name) == 0;
}

static int list_series(series out[MOST_SERIES], const report_data *d)
{
    int count = 0;
    for (int i = 0; i < d->count && count < MOST_SERIES; i++) {
        bool known = false;
        for (int k = 0; k < count && !known; k++) known = is_of(&out[k], &d->points[i]);
        const report_point *p = &d->points[i];
        if (!known) out[count++] = (series){p->run, p->strategy, report_is_baseline(p)};
    }
    return count;
}

static void print_point(FILE *out, const report_data *d, const report_point *p, const report_axis *x)
{
    const double cost = report_place(x, p->cost), low = fmax(p->cost - p->cost_deviation, x->low);
    fprintf(out, "%.8g %.6g %.8g %.8g %.6g %.6g", cost, p->accuracy, low, fmax(p->cost + p->cost_deviation, cost),
            p->accuracy - p->accuracy_deviation, p->accuracy + p->accuracy_deviation);
    if (d->run_count > 1)
        fprintf(out, " %c%d\n", 'A' + p->run, p->id);
    else
        fprintf(out, " %d\n", p->id);
}

/* One data block; returns whether it has points. */
static bool print_block(FILE *out, const report_data *d, const series *s, int index, bool on_front,
                        const report_axis *x)
{
    int count = 0;
    for (int i = 0; i < d->count; i++) {
        const report_point *p = &d->points[i];
        if (!is_of(s, p) || p->on_front != on_front) continue;
        if (count++ == 0) fprintf(out, "$%c%d << EOD\n", on_front ? 'f' : 'd', index);
        print_point(out, d, p, x);
    }
    if (count > 0) fprintf(out, "EOD\n");
    return count > 0;
}

/* The steps of what is reached at a cost, to the end of the axis. */
static void print_line_block(FILE *out, const char *name, const double *cost, const double *accuracy, int n,
                             const report_axis *x)
{
    fprintf(out, "$%s << EOD\n", name);
    for (int i = 0; i < n; i++) fprintf(out, "%.8g %.6g\n", report_place(x, cost[i]), accuracy[i]);
    if (n > 0) fprintf(out, "%.8g %.6g\n", x->high, accuracy[n - 1]);
    fprintf(out, "EOD\n");
}

/* Returns the number of corners. */
static int front_line(double *cost, double *accuracy, const report_data *d)
{
    double best = -INFINITY;
    int n = 0;
    for (int i = 0; i < d->count; i++)
        if (report_on_line(d, i, &best)) {
            cost[n] = d->points[i].cost;
            accuracy[n++] = d->points[i].accuracy;
        }
    return n;
}

/* $q1 $q2 $q3: what at least a quarter, half and three quarters of the seeds attain. */
static status print_attainment(FILE *out, const report_data *d, const report_axis *x, double *room)
{
    const int n = d->each_count;
    int *set = malloc(((size_t)n + 1) * sizeof *set), sets = 0;
    uint64_t seeds[64];
    status s = set != NULL ? status_ok() : status_fail(STATUS_MEMORY, "no memory for %d points", n);
    for (int i = 0; i < n && !failed(s); i++) {
        set[i] = 0;
        while (set[i] < sets && seeds[set[i]] != d->each[i].seed) set[i]++;
        if (set[i] == 64) s = status_fail(STATUS_CONFIG, "more than 64 seeds: choose some with --seed");
        if (!failed(s) && set[i] == sets) seeds[sets++] = d->each[i].seed;
        room[i] = d->each[i].cost;
        room[n + i] = d->each[i].accuracy;
    }
    const int kept = failed(s) ? 0 : front_of_sets(room, room + n, set, n, sets);
    if (kept < 0) s = status_fail(STATUS_MEMORY, "no memory for %d points", n);
    for (int quarter = 1; quarter <= 3 && !failed(s); quarter++) {
        char name[4];
        const int least = (sets * quarter + 3) / 4;
        const int corners = front_attainment(room + 2 * n, room + 3 * n, room, room + n, set, kept, sets, least);
        if (corners < 0) s = status_fail(STATUS_MEMORY, "no memory for %d points", n);
        snprintf(name, sizeof name, "q%d", quarter);
        if (!failed(s)) print_line_block(out, name, room + 2 * n, room + 3 * n, corners, x);
    }
    free(set);
    return s;
}

static status print_lines(FILE *out, const report_data *d, const report_axis *x)
{
    const size_t n = (size_t)(d->count > d->each_count ? d->count : d->each_count);
    double *room = malloc((4 * n + 1) * sizeof *room);
    if (room == NULL) return status_fail(STATUS_MEMORY, "no memory for %zu points", n);
    print_line_block(out, "front", room, room + n, front_line(room, room + n, d), x);
    status s = d->each != NULL && d->run_count == 1 ? print_attainment(out, d, x, room) : status_ok();
    free(room);
    return s;
}

static void print_ticks(FILE *out, const char *which, const report_axis *a)
{
    fprintf(out, "set %s (", which);
    for (int i = 0; i < a->count; i++) fprintf(out, "%s'%.4g' %.8g", i == 0 ? "" : ", ", a->ticks[i], a->ticks[i]);
    fprintf(out, ")\n");
}

/* What fits along the axis: of a long description the part before its first comma. */
static void print_cost_name(FILE *out, const report_data *d)
{
    char name[64];
    snprintf(name, sizeof name, "%.60s", d->cost_name);
    if (strlen(d->cost_name) > 60 && strchr(name, ',') != NULL) name[strcspn(name, ",")] = '\0';
    report_text_gnuplot(out, name);
}

static void print_frame(FILE *out, const report_data *d, const report_axis *x, const report_axis *y)
{
    fprintf(out, "set border 3 linecolor '#404040'\n"
                 "set tics nomirror textcolor '#202020'\n"
                 "set grid linetype 1 linecolor '#e4e4e4' linewidth 0.8\n"
                 "set lmargin 10\nset rmargin 4\nset tmargin 3.2\n"
                 "set key below center horizontal Left reverse samplen 2 spacing 1.2 maxcols 3 height 0.8\n"
                 "set errorbars small\nset logscale x\n");
    fprintf(out, "set xrange [%.8g:%.8g]\nset yrange [%.8g:%.8g]\n", x->low, x->high, y->low, y->high);
    print_ticks(out, "xtics", x);
    print_ticks(out, "ytics", y);
    fprintf(out, "set title '");
    report_text_gnuplot(out, d->network[0] != 0 ? d->network : "network");
    if (d->runs[0].data[0] != 0) fprintf(out, " on ");
    report_text_gnuplot(out, d->runs[0].data);
    fprintf(out, ": %s accuracy against ", d->metric);
    print_cost_name(out, d);
    fprintf(out, "'\nset xlabel '");
    print_cost_name(out, d);
    fprintf(out, " [");
    report_text_gnuplot(out, d->cost_unit); /* out of the file */
    fprintf(out, "], logarithmic%s' offset 0,0.6\nset ylabel '%s accuracy [%%]' offset 0.3,0\n",
            report_free_points(d) > 0 ? "; cost 0 at the left edge" : "", d->metric);
}

/* A name below and to the right of the best point of each fixed precision: the front runs above it. */
static void print_labels(FILE *out, const report_data *d, const report_axis *x)
{
    bool named[REPORT_MOST_RUNS][65] = {{false}};
    for (int i = d->count - 1; i >= 0; i--) {
        const report_point *p = &d->points[i];
        if (!report_is_baseline(p) || named[p->run][p->bits]) continue;
        fprintf(out, "set label 'w%d' at %.8g,%.6g left offset 0.9,-0.9 textcolor '#404040' front\n", p->bits,
                report_place(x, p->cost), p->accuracy);
        named[p->run][p->bits] = true;
    }
}

static void print_published_blocks(FILE *out, const report_published *p)
{
    for (int i = 0; i < p->count; i++) {
        if (i == 0 || strcmp(p->points[i].name, p->points[i - 1].name) != 0)
            fprintf(out, "%s$p%d << EOD\n", i > 0 ? "EOD\n" : "", i);
        fprintf(out, "%.8g %.6g\n", p->points[i].cost, p->points[i].accuracy);
    }
    if (p->count > 0) fprintf(out, "EOD\n");
}

static void plot_published(FILE *out, const report_published *p)
{
    static const int shapes[] = {1, 2, 3};
    int n = 0;
    for (int i = 0; i < p->count; i++) {
        if (i > 0 && strcmp(p->points[i].name, p->points[i - 1].name) == 0) continue;
        fprintf(out, "  $p%d using 1:2 with points pointtype %d pointsize 1.8 linewidth 2 linecolor '#202020' title '",
                i, shapes[n++ % 3]);
        report_text_gnuplot(out, p->points[i].name);
        fprintf(out, " (published)', \\\n");
    }
}

static void plot_series(FILE *out, const report_data *d, const series *s, int index, bool on_front, bool titled)
{
    const int type = on_front ? LOOKS[index % LOOK_COUNT].filled : LOOKS[index % LOOK_COUNT].hollow;
    const char *colour = LOOKS[index % LOOK_COUNT].colour;
    const char block = on_front ? 'f' : 'd';
    if (d->is_mean)
        fprintf(out,
                "  $%c%d using 1:2:3:4:5:6 with xyerrorbars pointtype 0 linewidth 0.9 linecolor '%s' notitle, \\\n",
                block, index, on_front ? colour : "#b4b4b4");
    fprintf(out, "  $%c%d using 1:2 with points pointtype %d pointsize %s linewidth %s linecolor '%s' ", block, index,
            type, on_front ? "1.9" : "1.3", on_front ? "1.5" : "1.2", colour);
    if (!titled) {
        fprintf(out, "notitle, \\\n");
        return;
    }
    fprintf(out, "title '");
    report_text_gnuplot(out, s->fixed ? "fixed precision" : s->name);
    if (d->run_count > 1) fprintf(out, ", run %c", 'A' + s->run);
    fprintf(out, "%s', \\\n", on_front ? "" : " (dominated)");
}

/* From below to above: dominated points, what seeds attain, the front, its points. */
static void print_plot(FILE *out, const report_data *d, const series *s, const bool (*there)[2], int count,
                       const picture_options *o)
{
    fprintf(out, "plot \\\n");
    for (int i = 0; i < count; i++)
        if (there[i][0]) plot_series(out, d, &s[i], i, false, !there[i][1]);
    if (d->each != NULL && d->run_count == 1) {
        fprintf(out,
                "  $q2 using 1:2 with steps linewidth 1.6 dashtype 4 linecolor '#707070' title 'attained by half of "
                "the seeds', \\\n");
        for (int q = 1; q <= 3; q += 2)
            fprintf(out, "  $q%d using 1:2 with steps linewidth 1 dashtype 3 linecolor '#909090' %s, \\\n", q,
                    q == 1 ? "title 'by a quarter, by three quarters'" : "notitle");
    }
    if (d->is_mean)
        fprintf(out,
                "  NaN with lines linewidth 0.9 linecolor '%s' title 'bars: standard deviation of seeds', "
                "\\\n",
                LOOKS[0].colour);
    if (!isnan(d->float_accuracy))
        fprintf(out,
                "  %.6g with lines linewidth 1.6 dashtype 2 linecolor '#606060' title 'float network%s: %.1f %%', \\\n",
                d->float_accuracy, d->float_count > 1 ? "s, mean" : "", d->float_accuracy);
    fprintf(out, "  $front using 1:2 with steps linewidth 2.2 linecolor '%s' title 'Pareto front%s', \\\n",
            FRONT_COLOUR,
            strcmp(d->metric, d->choose) == 0      ? ""
            : strcmp(d->choose, "validation") == 0 ? ", chosen on validation"
                                                   : ", chosen on test");
    if (o->published != NULL) plot_published(out, o->published);
    for (int i = 0; i < count; i++)
        if (there[i][1]) plot_series(out, d, &s[i], i, true, true);
    for (int i = 0; i < count && o->ids; i++)
        if (there[i][1])
            fprintf(out, "  $f%d using 1:2:7 with labels offset 0,0.9 font ',11' textcolor '#202020' notitle, \\\n", i);
    fprintf(out, "  NaN notitle\n"); /* ends the list after its last comma */
}

/* The ranges of the points of at least this accuracy. */
static status find_ranges(report_axis *x, report_axis *y, const report_data *d, double least)
{
    report_data shown = *d;
    shown.count = 0;
    shown.points = malloc(((size_t)d->count + 1) * sizeof *shown.points);
    if (shown.points == NULL) return status_fail(STATUS_MEMORY, "no memory for %d points", d->count);
    for (int i = 0; i < d->count; i++)
        if (d->points[i].accuracy >= least) shown.points[shown.count++] = d->points[i];
    const bool some = report_ranges(x, y, &shown);
    free(shown.points);
    if (!some && d->count > 0) return status_fail(STATUS_CONFIG, "no point has at least %.4g %%", least);
    if (!some) return status_fail(STATUS_CONFIG, "no point: nothing to draw");
    if (least > 0 && y->low < least) *y = report_axis_between(least, y->high);
    return status_ok();
}

static status write_script(const char *script, const char *picture, const gnuplot_format *f, const report_data *d,
                           const picture_options *o)
{
    report_axis x, y;
    TRY(find_ranges(&x, &y, d, o->least_accuracy));
    for (int i = 0; o->published != NULL && i < o->published->count; i++) {
        const published_point *p = &o->published->points[i];
        if (p->cost < x.low || p->cost > x.high) x = report_axis_log(fmin(p->cost, x.low), fmax(p->cost, x.high));
        if (p->accuracy < y.low || p->accuracy > y.high)
            y = report_axis_linear(fmin(p->accuracy, y.low), fmax(p->accuracy, y.high));
    }
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) return status_fail(STATUS_MEMORY, "no memory for %s", script);
    series all[MOST_SERIES];
    bool there[MOST_SERIES][2];
    const int count = list_series(all, d);
    fprintf(out, "# cost: %s\n", d->column);
    gnuplot_begin(out, f, picture);
    print_frame(out, d, &x, &y);
    print_labels(out, d, &x);
    for (int i = 0; i < count; i++)
        for (int front = 0; front < 2; front++) there[i][front] = print_block(out, d, &all[i], i, front == 1, &x);
    status s = print_lines(out, d, &x);
    if (o->published != NULL) print_published_blocks(out, o->published);
    print_plot(out, d, all, there, count, o);
    if (fclose(out) != 0 && !failed(s)) s = status_fail(STATUS_MEMORY, "no memory for %s", script);
    if (!failed(s)) s = file_write_text(script, text);
    free(text);
    return s;
}

status report_picture(bool *made, const char *picture, const report_data *d, const picture_options *o)
{
    char script[PATH_BYTES];
    gnuplot_format f;
    *made = false;
    TRY(gnuplot_format_of(&f, picture));
    if (strlen(picture) + 8 > sizeof script)
        return status_fail(STATUS_CONFIG, "the path is too long: %.100s...", picture);
    snprintf(script, sizeof script, "%.*s.gp", (int)(strrchr(picture, '.') - picture), picture);
    TRY(write_script(script, picture, &f, d, o));
    return gnuplot_draw(made, script, picture);
}
