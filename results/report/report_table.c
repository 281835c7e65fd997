/* Table for people, and the same as comma-separated values for programs. */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "results/report/report_files.h"
#include "results/report/report_text.h"
#include "results/report/report_views.h"

bool report_on_line(const report_data *d, int i, double *best)
{
    const report_point *p = &d->points[i];
    if (!p->on_front || p->accuracy <= *best) return false;
    *best = p->accuracy;
    return true;
}

/* Columns that are not the same in all rows. */
typedef struct {
    bool run, network, cost_model;
} varied;

static varied find_varied(const report_data *d)
{
    varied v = {.run = d->run_count > 1};
    const char *model = NULL; /* of the points that have one */
    for (int i = 0; i < d->count; i++) {
        const report_point *p = &d->points[i];
        v.network = v.network || strcmp(p->network, d->points[0].network) != 0;
        if (strcmp(p->cost_model, "none") == 0) continue;
        if (model == NULL) model = p->cost_model;
        v.cost_model = v.cost_model || strcmp(p->cost_model, model) != 0;
    }
    return v;
}

static void print_heading(FILE *out, const report_data *d)
{
    fprintf(out, "%s%sfront of %d points: %d, chosen by %s accuracy%s and %s\n",
            d->run_count == 1 ? d->runs[0].name : "", d->run_count == 1 && d->runs[0].name[0] != 0 ? ": " : "",
            d->count, d->front_count, d->choose, d->is_mean ? " (mean over seeds)" : "", d->cost_name);
    for (int r = 0; r < d->run_count && d->run_count > 1; r++)
        fprintf(out, "run %c: %s%s%s\n", 'A' + r, d->runs[r].path, d->runs[r].name[0] != 0 ? ", " : "",
                d->runs[r].name);
    fputc('\n', out);
}

static void print_row(FILE *out, const report_data *d, const report_point *p, const varied *v)
{
    char setting[32], front[40] = "*", seed[24];
    report_setting(setting, d, p);
    if (!p->on_front) {
        const report_point *by = &d->points[p->dominated_by];
        if (v->run)
            snprintf(front, sizeof front, "below %c%d", 'A' + by->run, by->id);
        else
            snprintf(front, sizeof front, "below %d", by->id);
    }
    if (p->seeds > 1)
        snprintf(seed, sizeof seed, "%d seeds", p->seeds);
    else
        snprintf(seed, sizeof seed, "%" PRIu64, p->seed);
    if (v->run)
        fprintf(out, "%c%4d", 'A' + p->run, p->id);
    else
        fprintf(out, "%5d", p->id);
    fprintf(out, "  %-9s", p->strategy);
    if (v->cost_model) fprintf(out, "  %-10s", strcmp(p->cost_model, "none") == 0 ? "-" : p->cost_model);
    if (v->network) fprintf(out, "  %-12s", p->network);
    fprintf(out, "  %-11s  %7s  %12.4g  %6.2f  %8.2f", setting, seed, p->cost, p->test, p->validation);
    if (d->is_mean) fprintf(out, "  %6.2f", p->accuracy_deviation);
    fprintf(out, "  %s\n", front);
}

void report_table(FILE *out, const report_data *d)
{
    char cost[40];
    const varied v = find_varied(d);
    snprintf(cost, sizeof cost, "%.14s %s", strcmp(d->column, "size_bits") == 0 ? "size" : "cost", d->cost_unit);
    print_heading(out, d);
    fprintf(out, "   id  strategy ");
    if (v.cost_model) fprintf(out, "  %-10s", "cost model");
    if (v.network) fprintf(out, "  %-12s", "network");
    fprintf(out, "  setting         seed  %12s  test %%  valid. %%", cost);
    if (d->is_mean) fprintf(out, "  +- (%s)", d->metric[0] == 't' ? "te" : "va");
    fprintf(out, "  front\n");
    for (int i = 0; i < d->count; i++) print_row(out, d, &d->points[i], &v);
    if (d->float_count > 0 && !isnan(d->float_accuracy)) /* of several networks there is no mean */
        fprintf(out, "       float network%s: %.2f %% %s accuracy\n", d->float_count > 1 ? "s (mean)" : "",
                d->float_accuracy, d->metric);
    if (d->failed_count > 0) fprintf(out, "       %d failed: see the column reason in results.h5\n", d->failed_count);
}

/* What a mean, or a point of one seed, has in common with the rows of its points: written once for all of them. */
typedef struct {
    const report_point *of;
    char *question, *place, *spread, *means; /* fields with commas between them; owned */
} mean_text;

static void free_mean(mean_text *m)
{
    free(m->question);
    free(m->place);
    free(m->spread);
    free(m->means);
    *m = (mean_text){.of = NULL};
}

static void write_question(FILE *out, const report_data *d, const report_point *mean)
{
    (void)d;
    report_text_csv(out, mean->strategy);
    fputc(',', out);
    report_text_csv(out, mean->cost_model);
    fputc(',', out);
    report_text_number(out, mean->strength);
    fprintf(out, ",%d", mean->bits);
}

static void write_place(FILE *out, const report_data *d, const report_point *mean)
{
    (void)d;
    fprintf(out, "%d,", mean->on_front);
    report_text_number(out, mean->target);
    fprintf(out, ",%d,", mean->step);
    report_text_csv(out, mean->network);
}

static void write_spread(FILE *out, const report_data *d, const report_point *mean)
{
    report_text_csv(out, d->runs[mean->run].path);
    fprintf(out, ",%d,", mean->seeds);
    report_text_number(out, mean->cost_deviation / d->scale);
    fputc(',', out);
    report_text_number(out, mean->accuracy_deviation / 100);
}

static void write_means(FILE *out, const report_data *d, const report_point *mean)
{
    (void)d;
    report_text_number(out, mean->raw_cost);
    fputc(',', out);
    report_text_number(out, mean->raw_test);
    fputc(',', out);
    report_text_number(out, mean->raw_validation);
}

static bool text_of(char **text, void (*write)(FILE *, const report_data *, const report_point *), const report_data *d,
                    const report_point *mean)
{
    size_t length;
    FILE *out = open_memstream(text, &length);
    if (out == NULL) return false;
    write(out, d, mean);
    return fclose(out) == 0;
}

static bool text_of_mean(mean_text *m, const report_data *d, const report_point *mean)
{
    free_mean(m);
    m->of = mean;
    return text_of(&m->question, write_question, d, mean) && text_of(&m->place, write_place, d, mean) &&
           text_of(&m->spread, write_spread, d, mean) && text_of(&m->means, write_means, d, mean);
}

static char *put_number(char *at, char before, double value)
{
    *at = before;
    return report_text_of_number(at + 1, value);
}

/* A point as it was trained, and what it is part of: the mean over the seeds, or itself. `row` has room for the
 * numbers. */
static void csv_row(FILE *out, const report_data *d, const report_point *p, const mean_text *m, char *row)
{
    fprintf(out, "%d,%s,%" PRIu64, p->id, m->question, p->seed);
    char *at = put_number(row, ',', p->raw_cost);
    at = put_number(at, ',', p->raw_test);
    at = put_number(at, ',', p->raw_validation);
    *at++ = ',';
    fwrite(row, 1, (size_t)(at - row), out);
    fputs(m->place, out);
    fputc(',', out);
    report_text_csv(out, p->key);
    fputc(',', out);
    fputs(m->spread, out);
    at = put_number(row, ',', p->integer / 100);
    *at++ = ',';
    fwrite(row, 1, (size_t)(at - row), out);
    fputs(m->means, out);
    at = row;
    for (int k = 0; k < d->cost_count; k++)
        if (k != d->cost) at = put_number(at, ',', p->costs[k]);
    *at++ = '\n';
    fwrite(row, 1, (size_t)(at - row), out);
}

static status csv_rows(FILE *out, const report_data *d, char *row)
{
    const report_point *points = d->each != NULL ? d->each : d->points; /* in the order of their means */
    const int count = d->each != NULL ? d->each_count : d->count;
    mean_text m = {.of = NULL};
    bool room = true;
    for (int i = 0; i < count && room; i++) {
        const report_point *mean = d->each != NULL ? &d->points[points[i].mean] : &points[i];
        if (m.of != mean) room = text_of_mean(&m, d, mean);
        if (room) csv_row(out, d, &points[i], &m, row);
    }
    free_mean(&m);
    return room ? status_ok() : status_fail(STATUS_MEMORY, "no memory for a table of %d points", count);
}

status report_csv(FILE *out, const report_data *d)
{
    fputs("id,strategy,cost_model,strength,bits,seed,", out);
    report_text_csv(out, d->column);
    fputs(",test_accuracy,validation_accuracy,on_front,target,step,network,key,run,seeds,cost_deviation,"
          "accuracy_deviation,integer_accuracy,mean_cost,mean_test_accuracy,mean_validation_accuracy",
          out);
    for (int k = 0; k < d->cost_count; k++) {
        if (k == d->cost) continue;
        fputc(',', out);
        report_text_csv(out, d->costs[k].name);
    }
    fputc('\n', out);
    char *row = malloc(((size_t)d->cost_count + 4) * (REPORT_NUMBER + 1));
    if (row == NULL) return status_fail(STATUS_MEMORY, "no memory for a table");
    status s = csv_rows(out, d, row);
    free(row);
    return s;
}

void report_tell_odd_points(FILE *out, const report_data *d)
{
    const int at_edge = report_free_points(d);
    if (at_edge > 0)
        fprintf(out, "%d point%s of cost 0 %s at the left edge, outside the hypervolume: the axis is logarithmic\n",
                at_edge, at_edge == 1 ? "" : "s", at_edge == 1 ? "stands" : "stand");
    if (d->without_count > 0)
        fprintf(out, "%d finished point%s left out: without %s or an accuracy in the results\n", d->without_count,
                d->without_count == 1 ? " is" : "s are", d->column);
}
