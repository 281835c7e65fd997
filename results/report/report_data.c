#define _POSIX_C_SOURCE 200809L
#include "results/report/report_data.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/task/record.h"
#include "results/file/front.h"
#include "results/report/report_filter.h"
#include "results/report/report_seeds.h"

static status no_memory(size_t points)
{
    return status_fail(STATUS_MEMORY, "no memory for %zu points", points);
}

/* ---- costs ---- */

double report_unit(char unit[24], const report_cost_column *column, double least)
{
    static const struct {
        double factor;
        const char *prefix;
    } prefixes[] = {{1e9, "G"}, {1e6, "M"}, {1e3, "k"}, {1, ""}, {1e-3, "m"}, {1e-6, "u"}};
    const bool bits = strcmp(column->unit, "bits") == 0, bytes = strcmp(column->unit, "bytes") == 0;
    size_t best = sizeof prefixes / sizeof *prefixes - 1;
    if (bits || bytes) {
        snprintf(unit, 24, "kB");
        return bits ? 1.0 / 8000 : 1.0 / 1000;
    }
    if (!(least > 0) || !isfinite(least)) best = 3;
    for (size_t i = 0; i < best; i++)
        if (least >= prefixes[i].factor) best = i;
    snprintf(unit, 24, "%s%.20s", prefixes[best].prefix, column->unit);
    return 1.0 / prefixes[best].factor;
}

/* Costs at the precisions of processors are shown where they differ from the others, or when they are asked for. */
static bool is_shown(const report_columns *c, const report_cost_column *column, const char *wanted)
{
    const size_t prefix = strlen(RECORD_DEPLOY);
    if (strncmp(column->name, RECORD_DEPLOY, prefix) != 0 || strncmp(wanted, RECORD_DEPLOY, prefix) == 0) return true;
    const int base = report_columns_cost(c->costs, c->cost_count, column->name + prefix);
    for (size_t i = 0; i < c->count; i++)
        if (!isnan(column->values[i]) && (base < 0 || column->values[i] != c->costs[base].values[i])) return true;
    return false;
}

/* Makes sure that a cost of a file has a place in d->costs. */
static status note_cost(report_data *d, const report_cost_column *column)
{
    for (int i = 0; i < d->cost_count; i++)
        if (strcmp(d->costs[i].name, column->name) == 0) return status_ok();
    report_cost_column *grown = realloc(d->costs, ((size_t)d->cost_count + 1) * sizeof *grown);
    if (grown == NULL) return no_memory(0);
    d->costs = grown;
    grown[d->cost_count] = *column;
    grown[d->cost_count++].values = NULL;
    return status_ok();
}

static status choose_cost(report_data *d, const char *wanted)
{
    d->cost = report_columns_cost(d->costs, d->cost_count, wanted);
    snprintf(d->column, sizeof d->column, "%s", d->cost >= 0 ? d->costs[d->cost].name : wanted);
    /* Without any point there is no cost column, and nothing to draw: not an error. */
    if (d->cost >= 0 || d->cost_count == 0) return status_ok();
    char known[300] = "";
    for (int i = 0; i < d->cost_count; i++) {
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", used == 0 ? "" : ", ", d->costs[i].name);
    }
    return status_fail(STATUS_CONFIG, "there is no cost '%s'; the results hold: %s", wanted, known);
}

/* ---- points ---- */

/* What snprintf does, without its machinery: four texts for each of many points. */
static void copy_text(char *out, size_t room, const char *text)
{
    const size_t length = strnlen(text, room - 1);
    memcpy(out, text, length);
    out[length] = '\0';
}

static report_point make_point(const report_columns *c, size_t i, int run)
{
    report_point p = {.run = run,
                      .id = (int)c->id[i],
                      .bits = (int)c->bits[i],
                      .step = (int)c->step[i],
                      .seeds = 1,
                      .seed = (uint64_t)c->seed[i],
                      .strength = c->strength[i],
                      .target = c->target[i],
                      .test = c->test[i] * 100,
                      .validation = c->validation[i] * 100,
                      .integer = c->integer[i] * 100,
                      .raw_test = c->test[i],
                      .raw_validation = c->validation[i],
                      .dominated_by = -1};
    copy_text(p.key, sizeof p.key, c->key[i]);
    copy_text(p.strategy, sizeof p.strategy, c->strategy[i]);
    copy_text(p.cost_model, sizeof p.cost_model, c->cost_model[i]);
    copy_text(p.network, sizeof p.network, c->network[i]);
    return p;
}

/* Where a file has each of d->costs; -1: nowhere. (d->cost_count); the caller frees. */
static status find_costs(int **out, const report_data *d, const report_columns *c)
{
    *out = malloc(((size_t)d->cost_count + 1) * sizeof **out);
    if (*out == NULL) return no_memory(c->count);
    for (int k = 0; k < d->cost_count; k++) {
        (*out)[k] = -1;
        for (int j = 0; j < c->cost_count; j++)
            if (strcmp(c->costs[j].name, d->costs[k].name) == 0) (*out)[k] = j;
    }
    return status_ok();
}

/* Costs of row i in the order of d->costs, at d->cost_values of the next point. */
static void copy_costs(report_data *d, const report_columns *c, const int *where, size_t i)
{
    double *to = d->cost_values + (size_t)d->count * (size_t)d->cost_count;
    for (int k = 0; k < d->cost_count; k++) to[k] = where[k] >= 0 ? c->costs[where[k]].values[i] : NAN;
    d->points[d->count].costs = to;
}

/* Keeps the finished points with a cost; sums up the warm-ups. */
static status take_points(report_data *d, const report_columns *c, int run, const report_filter *filter, double sum[2])
{
    int *where;
    TRY(find_costs(&where, d, c));
    const bool validation = strcmp(d->metric, "validation") == 0;
    for (size_t i = 0; i < c->count; i++) {
        report_point p = make_point(c, i, run);
        const bool is_warmup = strcmp(c->kind[i], "warmup") == 0;
        if (!report_filter_takes(filter, &p, is_warmup)) continue;
        p.accuracy = validation ? p.validation : p.test;
        p.chosen_by = strcmp(d->choose, "validation") == 0 ? p.validation : p.test;
        if (strcmp(c->state[i], "failed") == 0) {
            d->failed_count++;
        } else if (is_warmup) {
            sum[0] += p.test;
            sum[1] += p.validation;
            d->float_count++;
        } else if (strcmp(c->role[i], "point") == 0) {
            d->points[d->count] = p;
            copy_costs(d, c, where, i);
            const double cost = d->cost >= 0 ? d->points[d->count].costs[d->cost] : NAN;
            if (isnan(cost) || isnan(p.test) || isnan(p.validation)) {
                d->without_count++;
                continue;
            }
            d->points[d->count].raw_cost = cost;
            d->count++;
        }
    }
    free(where);
    return status_ok();
}

static void set_units(report_data *d)
{
    double least = INFINITY;
    for (int i = 0; i < d->count; i++)
        if (d->points[i].raw_cost > 0) least = fmin(least, d->points[i].raw_cost);
    if (d->cost < 0) {
        d->scale = 1;
        snprintf(d->cost_name, sizeof d->cost_name, "%s", d->column);
        return;
    }
    const report_cost_column *column = &d->costs[d->cost];
    d->scale = report_unit(d->cost_unit, column, least);
    const bool size = strcmp(d->column, "size_bits") == 0;
    snprintf(d->cost_name, sizeof d->cost_name, "%s", size ? "model size" : column->description);
    for (int i = 0; i < d->count; i++) d->points[i].cost = d->points[i].raw_cost * d->scale;
}

static int by_cost(const void *left, const void *right)
{
    const report_point *a = left, *b = right;
    if (a->cost != b->cost) return a->cost < b->cost ? -1 : 1;
    if (a->chosen_by != b->chosen_by) return a->chosen_by > b->chosen_by ? -1 : 1;
    if (a->run != b->run) return a->run < b->run ? -1 : 1;
    return a->id < b->id ? -1 : a->id > b->id;
}

/* The first of the front's points, which rise in accuracy, that is at least as good; -1: none. */
static int first_as_good(const report_data *d, const int *order, double accuracy)
{
    int low = 0, high = d->front_count;
    while (low < high) {
        const int middle = (low + high) / 2;
        if (d->points[order[middle]].chosen_by >= accuracy)
            high = middle;
        else
            low = middle + 1;
    }
    return low < d->front_count ? order[low] : -1;
}

static status mark_front(report_data *d)
{
    const size_t n = (size_t)d->count;
    double *numbers = malloc((2 * n + 1) * sizeof *numbers);
    bool *member = malloc(n + 1);
    int *order = malloc((n + 1) * sizeof *order);
    status s = numbers == NULL || member == NULL || order == NULL ? no_memory(n) : status_ok();
    for (size_t i = 0; i < n && !failed(s); i++) {
        numbers[i] = d->points[i].cost;
        numbers[n + i] = d->points[i].chosen_by;
    }
    if (!failed(s)) d->front_count = front_extract(member, order, numbers, numbers + n, d->count);
    for (size_t i = 0; i < n && !failed(s); i++) {
        report_point *p = &d->points[i];
        p->on_front = member[i];
        p->dominated_by = member[i] ? -1 : first_as_good(d, order, p->chosen_by);
    }
    free(numbers);
    free(member);
    free(order);
    return s;
}

static void name_network(report_data *d)
{
    for (int i = 0; i < d->count; i++) {
        const char *name = d->points[i].network;
        const bool other = d->network[0] != 0 && strcmp(d->network, name) != 0;
        snprintf(d->network, sizeof d->network, "%s", other ? "several networks" : name);
        if (other) {
            d->float_accuracy = d->float_test = d->float_validation = NAN; /* a mean of several would mislead */
            return;
        }
    }
}

/* ---- reading ---- */

static status read_metric(char out[24], const char *given, const char *usual)
{
    const char *name = given != NULL ? given : usual;
    if (strcmp(name, "test_accuracy") != 0 && strcmp(name, "validation_accuracy") != 0)
        return status_fail(STATUS_CONFIG, "there is no metric '%.60s': use test_accuracy or validation_accuracy", name);
    snprintf(out, 24, "%s", name[0] == 't' ? "test" : "validation");
    return status_ok();
}

static status build(report_data *d, const report_columns *columns, int count, const report_options *o)
{
    const char *wanted = o->cost != NULL ? o->cost : "size_bits";
    size_t rows = 0;
    double sum[2] = {0, 0}; /* test, validation */
    report_filter filter;
    for (int r = 0; r < count; r++) {
        rows += columns[r].count;
        for (int i = 0; i < columns[r].cost_count; i++)
            if (is_shown(&columns[r], &columns[r].costs[i], wanted)) TRY(note_cost(d, &columns[r].costs[i]));
    }
    TRY(choose_cost(d, wanted));
    TRY(report_filter_make(&filter, o, columns, count));
    d->points = malloc((rows + 1) * sizeof *d->points);
    d->cost_values = malloc((rows * (size_t)d->cost_count + 1) * sizeof *d->cost_values);
    if (d->points == NULL || d->cost_values == NULL) return no_memory(rows);
    for (int r = 0; r < count; r++) TRY(take_points(d, &columns[r], r, &filter, sum));
    d->float_test = d->float_count > 0 ? sum[0] / d->float_count : NAN;
    d->float_validation = d->float_count > 0 ? sum[1] / d->float_count : NAN;
    d->float_accuracy = strcmp(d->metric, "validation") == 0 ? d->float_validation : d->float_test;
    set_units(d);
    d->several_seeds = report_seeds_are_several(d->points, d->count);
    d->is_mean = d->several_seeds && !o->each_seed;
    if (d->is_mean) TRY(report_seeds_average(d));
    name_network(d);
    qsort(d->points, (size_t)d->count, sizeof *d->points, by_cost);
    if (d->is_mean) TRY(report_seeds_follow(d));
    return mark_front(d);
}

status report_data_read(report_data *out, const char *const *files, const char *const *names, int count,
                        const report_options *options)
{
    report_data d = {.cost = -1, .float_accuracy = NAN};
    report_columns columns[REPORT_MOST_RUNS] = {{0}};
    if (count > REPORT_MOST_RUNS)
        return status_fail(STATUS_CONFIG, "%d runs at a time; at most %d are possible", count, REPORT_MOST_RUNS);
    status s = read_metric(d.metric, options->metric, "test_accuracy");
    if (!failed(s)) s = read_metric(d.choose, options->choose, "validation_accuracy");
    for (int i = 0; i < count && !failed(s); i++) {
        s = report_columns_read(&columns[i], files[i]);
        report_run *run = &d.runs[d.run_count++];
        snprintf(run->path, sizeof run->path, "%s", names[i]);
        memcpy(run->name, columns[i].run, sizeof run->name);
        memcpy(run->data, columns[i].data, sizeof run->data);
        memcpy(run->provenance, columns[i].provenance, sizeof run->provenance);
    }
    if (!failed(s)) s = build(&d, columns, count, options);
    for (int i = 0; i < count; i++) report_columns_free(&columns[i]);
    if (failed(s))
        report_data_free(&d);
    else
        *out = d;
    return s;
}

void report_data_free(report_data *d)
{
    free(d->points);
    free(d->each);
    free(d->each_costs);
    free(d->costs);
    free(d->cost_values);
    *d = (report_data){0};
}

void report_setting(char out[32], const report_data *d, const report_point *p)
{
    const task t = {.point = true, .bits = p->bits, .strength = p->strength, .target = p->target};
    char plain[TASK_NAME];
    task_setting(plain, &t);
    snprintf(out, 32, "%s", plain);
    if (p->bits != 0 || p->target == 0) return;
    for (int i = 0; i < d->cost_count; i++) {
        char unit[24];
        if (!report_columns_targeted(d->costs[i].name, d->costs[i].unit, p->cost_model)) continue;
        const double scale = report_unit(unit, &d->costs[i], p->target);
        snprintf(out, 32, "to %.4g %.12s", p->target * scale, unit);
    }
}

bool report_ranges(report_axis *x, report_axis *y, const report_data *d)
{
    double cost_low = INFINITY, cost_high = 0, low = INFINITY, high = -INFINITY;
    for (int i = 0; i < d->count; i++) {
        const report_point *p = &d->points[i];
        low = fmin(low, fmax(p->accuracy - p->accuracy_deviation, 0)); /* a bar may reach out of what there is */
        high = fmax(high, fmin(p->accuracy + p->accuracy_deviation, 100));
        if (p->cost <= 0) continue;
        cost_low = fmin(cost_low, fmax(p->cost - p->cost_deviation, p->cost / 2));
        cost_high = fmax(cost_high, p->cost + p->cost_deviation);
    }
    if (d->count == 0) return false;
    if (cost_high <= 0) cost_low = cost_high = 1; /* all of them stand at the edge */
    if (!isnan(d->float_accuracy)) {
        low = fmin(low, d->float_accuracy);
        high = fmax(high, d->float_accuracy);
    }
    *x = report_axis_log(cost_low, cost_high);
    *y = report_axis_linear(low, high);
    return true;
}

double report_place(const report_axis *x, double cost)
{
    return fmax(cost, x->low);
}

int report_free_points(const report_data *d)
{
    int count = 0;
    for (int i = 0; i < d->count; i++) count += d->points[i].cost <= 0;
    return count;
}
