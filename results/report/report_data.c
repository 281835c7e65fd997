#define _POSIX_C_SOURCE 200809L
#include "results/report/report_data.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/size.h"
#include "core/base/text.h"
#include "core/io/h5.h"
#include "core/io/seal.h"
#include "results/file/task_file.h"
#include "results/report/front.h"

/* The columns of /points that the report needs, one block of numbers and the text columns. */
typedef struct {
    size_t count;
    double *strength, *test, *validation, *cost;
    double *block;
    int64_t *id, *seed, *bits;
    int64_t *whole;
    char **role, **kind, **state, **strategy, **cost_model;
} columns;

static void free_columns(columns *c)
{
    free(c->block);
    free(c->whole);
    free(c->role);
    free(c->kind);
    free(c->state);
    free(c->strategy);
    free(c->cost_model);
}

static status read_texts(columns *c, h5_id points)
{
    const struct {
        const char *name;
        char ***to;
    } texts[] = {{"role", &c->role},
                 {"kind", &c->kind},
                 {"state", &c->state},
                 {"strategy", &c->strategy},
                 {"cost_model", &c->cost_model}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        size_t count;
        TRY(h5_read_strings(texts[i].to, &count, points, texts[i].name));
        if (count != c->count)
            return status_fail(STATUS_DATA, "column %s holds %zu rows, not %zu", texts[i].name, count, c->count);
        for (size_t row = 0; row < count; row++) text_printable((*texts[i].to)[row]);
    }
    return status_ok();
}

/* Larger than any plan. */
enum { MOST_ROWS = 10 * 1000 * 1000, MOST_BITS = 64 };

static status check_integers(const columns *c)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->id[i] < 0 || c->id[i] > MOST_ROWS || c->bits[i] < 0 || c->bits[i] > MOST_BITS)
            return status_fail(STATUS_DATA, "row %zu of the points has the impossible id %lld or precision %lld", i,
                               (long long)c->id[i], (long long)c->bits[i]);
    return status_ok();
}

static status read_columns(columns *c, h5_id points, const char *cost)
{
    const struct {
        const char *name;
        double **to;
    } numbers[] = {{"strength", &c->strength},
                   {"test_accuracy", &c->test},
                   {"validation_accuracy", &c->validation},
                   {cost, &c->cost}};
    enum { NUMBERS = sizeof numbers / sizeof numbers[0] };
    const struct {
        const char *name;
        int64_t **to;
    } integers[] = {{"id", &c->id}, {"seed", &c->seed}, {"bits", &c->bits}};
    enum { INTEGERS = sizeof integers / sizeof integers[0] };
    TRY(h5_dims(points, "id", 1, &c->count));
    if (c->count > MOST_ROWS)
        return status_fail(STATUS_DATA, "%zu points; at most %d are possible", c->count, MOST_ROWS);
    c->whole = size_allocate(size_product(size_sum(size_product(c->count, INTEGERS), 1), sizeof(int64_t)));
    if (c->whole == NULL) return status_fail(STATUS_MEMORY, "no memory for %zu points", c->count);
    for (size_t i = 0; i < INTEGERS; i++) {
        *integers[i].to = c->whole + i * c->count;
        TRY(h5_read(points, integers[i].name, H5_I64, c->count, *integers[i].to));
    }
    TRY(check_integers(c));
    c->block = size_allocate(size_product(size_sum(size_product(c->count, NUMBERS), 1), sizeof(double)));
    if (c->block == NULL) return status_fail(STATUS_MEMORY, "no memory for %zu points", c->count);
    for (size_t i = 0; i < NUMBERS; i++) {
        *numbers[i].to = c->block + i * c->count;
        if (i == NUMBERS - 1 && !h5_exists(points, cost)) /* no finished point yet: no cost column either */
            for (size_t k = 0; k < c->count; k++) c->cost[k] = NAN;
        else
            TRY(h5_read(points, numbers[i].name, H5_F64, c->count, *numbers[i].to));
    }
    return read_texts(c, points);
}

/* Every column that is no member of a record, and not the task's file, is a cost. */
static bool is_cost_column(h5_id points, const char *name)
{
    if (strcmp(name, "file") == 0) return false;
    for (int i = 0; i < task_file_columns.count; i++)
        if (strcmp(name, task_file_columns.fields[i].name) == 0) return false;
    return h5_exists(points, name);
}

/* "size" means the column size_bits, as "mpic" means mpic_cycles: the first cost column that begins with "size_". */
static status find_cost(char out[MAX_NAME], h5_id points, const char *wanted)
{
    snprintf(out, MAX_NAME, "%s", wanted);
    if (is_cost_column(points, wanted)) return status_ok();
    char **names, known[300] = "";
    size_t count, length = strlen(wanted);
    bool found = false;
    TRY(h5_list(&names, &count, points));
    for (size_t i = 0; i < count && !found; i++) {
        if (!is_cost_column(points, names[i])) continue;
        found = strncmp(names[i], wanted, length) == 0 && names[i][length] == '_';
        if (found) snprintf(out, MAX_NAME, "%s", names[i]);
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", used == 0 ? "" : ", ", names[i]);
    }
    free(names);
    /* Without any point there is no cost column, and nothing to draw: not an error. */
    if (found || known[0] == 0) return status_ok();
    return status_fail(STATUS_CONFIG, "there is no cost '%s'; the results hold: %s", wanted, known);
}

/* Reads a text attribute of the column; empty when it is missing. */
static void column_text(char *out, size_t room, h5_id points, const char *column, const char *name)
{
    char *text = NULL;
    out[0] = 0;
    if (!h5_exists(points, column) || failed(h5_get_text(&text, points, column, name))) return;
    snprintf(out, room, "%s", text);
    text_printable(out);
    free(text);
}

/* Sizes are shown in kB; everything else in its unit, with a prefix that keeps the numbers short. */
static double choose_unit(report_data *d, h5_id points, const columns *c)
{
    if (strcmp(d->column, "size_bits") == 0) {
        snprintf(d->cost_name, sizeof d->cost_name, "model size");
        snprintf(d->cost_unit, sizeof d->cost_unit, "kB");
        return 1.0 / 8000.0;
    }
    static const struct {
        double factor;
        const char *prefix;
    } prefixes[] = {{1e9, "G"}, {1e6, "M"}, {1e3, "k"}, {1, ""}};
    double least = INFINITY;
    for (size_t i = 0; i < c->count; i++)
        if (c->cost[i] > 0 && c->cost[i] < least) least = c->cost[i];
    size_t best = 3;
    for (size_t i = 4; i-- > 0;)
        if (isfinite(least) && least >= prefixes[i].factor) best = i;
    char unit[16];
    column_text(unit, sizeof unit, points, d->column, "unit");
    column_text(d->cost_name, sizeof d->cost_name, points, d->column, "description");
    d->cost_name[strcspn(d->cost_name, ";")] = 0; /* what follows explains missing values */
    snprintf(d->cost_unit, sizeof d->cost_unit, "%s%s", prefixes[best].prefix, unit);
    return 1.0 / prefixes[best].factor;
}

static report_point make_point(const columns *c, size_t i, double scale, bool validation)
{
    report_point p = {.id = (int)c->id[i],
                      .bits = (int)c->bits[i],
                      .seed = c->seed[i],
                      .strength = c->strength[i],
                      .raw_cost = c->cost[i],
                      .cost = c->cost[i] * scale,
                      .test = c->test[i] * 100,
                      .validation = c->validation[i] * 100};
    snprintf(p.strategy, sizeof p.strategy, "%s", c->strategy[i]);
    snprintf(p.cost_model, sizeof p.cost_model, "%s", c->cost_model[i]);
    p.accuracy = validation ? p.validation : p.test;
    return p;
}

static int by_cost(const void *left, const void *right)
{
    const report_point *a = left, *b = right;
    if (a->cost != b->cost) return a->cost < b->cost ? -1 : 1;
    if (a->accuracy != b->accuracy) return a->accuracy > b->accuracy ? -1 : 1;
    return a->id < b->id ? -1 : 1;
}

/* Keeps the finished points with a cost; sums up the warm-ups. */
static status collect_points(report_data *d, const columns *c, double scale)
{
    bool validation = strcmp(d->metric, "validation") == 0;
    double sum = 0;
    d->points = size_allocate(size_product(size_sum(c->count, 1), sizeof *d->points));
    if (d->points == NULL) return status_fail(STATUS_MEMORY, "no memory for %zu points", c->count);
    for (size_t i = 0; i < c->count; i++) {
        report_point p = make_point(c, i, scale, validation);
        if (strcmp(c->state[i], "failed") == 0) {
            d->failed_count++;
        } else if (strcmp(c->kind[i], "warmup") == 0) {
            sum += p.accuracy;
            d->float_count++;
        } else if (strcmp(c->role[i], "point") == 0 && isfinite(p.cost) && isfinite(p.accuracy)) {
            d->points[d->count++] = p;
        }
    }
    d->float_accuracy = d->float_count > 0 ? sum / d->float_count : NAN;
    qsort(d->points, (size_t)d->count, sizeof *d->points, by_cost);
    return status_ok();
}

static status mark_front(report_data *d)
{
    size_t n = (size_t)d->count;
    double *numbers = malloc((2 * n + 1) * sizeof *numbers);
    bool *member = malloc(n + 1);
    int *order = malloc((n + 1) * sizeof *order);
    status result = status_ok();
    if (numbers == NULL || member == NULL || order == NULL) {
        result = status_fail(STATUS_MEMORY, "no memory for the front of %d points", d->count);
    } else {
        for (size_t i = 0; i < n; i++) {
            numbers[i] = d->points[i].cost;
            numbers[n + i] = d->points[i].accuracy;
        }
        d->front_count = front_extract(member, order, numbers, numbers + n, d->count);
        for (size_t i = 0; i < n; i++) {
            report_point *p = &d->points[i];
            p->on_front = member[i];
            for (int k = 0; k < d->front_count && !member[i] && p->dominated_by == 0; k++)
                if (d->points[order[k]].accuracy >= p->accuracy) p->dominated_by = d->points[order[k]].id;
        }
    }
    free(numbers);
    free(member);
    free(order);
    return result;
}

/* The value of `key = "value"` in a resolved configuration, without folder and ending; empty when it is not there. */
static void name_in_text(char out[MAX_NAME], const char *text, const char *key)
{
    out[0] = 0;
    size_t length = strlen(key);
    for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
        line += strspn(line, " \n");
        if (strncmp(line, key, length) != 0 || strchr(" =:", line[length]) == NULL || line[length] == 0) continue;
        const char *from = strchr(line, '"'), *end = strchr(line, '\n');
        if (from == NULL || (end != NULL && from > end)) continue;
        from++;
        size_t room = strcspn(from, "\"\n");
        for (size_t i = 0; i < room; i++)
            if (from[i] == '/') {
                from += i + 1;
                room -= i + 1;
                i = (size_t)-1;
            }
        snprintf(out, MAX_NAME, "%.*s", (int)room, from);
        char *dot = strrchr(out, '.');
        if (dot != NULL && dot != out) *dot = 0;
        return;
    }
}

static void find_names(report_data *d, h5_id file)
{
    char *config = NULL;
    if (failed(h5_get_text(&config, file, ".", "config"))) return;
    text_printable_lines(config);
    name_in_text(d->run, config, "name");
    name_in_text(d->network, config, "network");
    name_in_text(d->data, config, "data");
    free(config);
}

static status read_points(report_data *d, h5_id file, const report_options *options)
{
    h5_id points;
    TRY(h5_group_open(&points, file, "points"));
    columns c = {0};
    status result = find_cost(d->column, points, options->cost != NULL ? options->cost : "size_bits");
    if (!failed(result)) result = read_columns(&c, points, d->column);
    if (!failed(result)) {
        double scale = choose_unit(d, points, &c);
        result = collect_points(d, &c, scale);
    }
    if (!failed(result)) result = mark_front(d);
    free_columns(&c);
    h5_group_close(points);
    return result;
}

/* What we publish is sealed. */
static status results_open(h5_id *file, const char *path)
{
    status sealed = seal_check(path);
    if (failed(sealed) && sealed.code == STATUS_DATA)
        return status_in(sealed, "no results that can be trusted (the sweep, run again, renews them)");
    TRY(sealed);
    return h5_open_read(file, path);
}

status report_data_read(report_data *out, const char *path, const report_options *options)
{
    report_data d = {0};
    const char *metric = options->metric != NULL ? options->metric : "test_accuracy";
    if (strcmp(metric, "test_accuracy") != 0 && strcmp(metric, "validation_accuracy") != 0)
        return status_fail(STATUS_CONFIG, "there is no metric '%s': use test_accuracy or validation_accuracy", metric);
    snprintf(d.metric, sizeof d.metric, "%s", metric[0] == 't' ? "test" : "validation");
    h5_id file;
    TRY(results_open(&file, path));
    status result = read_points(&d, file, options);
    if (!failed(result)) find_names(&d, file);
    status closed = h5_close(file);
    if (!failed(result)) result = closed;
    if (failed(result))
        report_data_free(&d);
    else
        *out = d;
    return result;
}

void report_data_free(report_data *d)
{
    free(d->points);
    d->points = NULL;
}

void report_setting(char out[32], const report_point *p)
{
    if (p->bits > 0)
        snprintf(out, 32, "w%d", p->bits);
    else
        snprintf(out, 32, "%.6g", p->strength);
}

bool report_ranges(report_axis *x, report_axis *y, const report_data *d)
{
    double cost_low = INFINITY, cost_high = 0, low = INFINITY, high = -INFINITY;
    for (int i = 0; i < d->count; i++) {
        const report_point *p = &d->points[i];
        if (p->cost <= 0) continue;
        cost_low = fmin(cost_low, p->cost);
        cost_high = fmax(cost_high, p->cost);
        low = fmin(low, p->accuracy);
        high = fmax(high, p->accuracy);
    }
    if (cost_high <= 0) return false;
    if (!isnan(d->float_accuracy)) {
        low = fmin(low, d->float_accuracy);
        high = fmax(high, d->float_accuracy);
    }
    *x = report_axis_log(cost_low, cost_high);
    *y = report_axis_linear(low, high);
    return true;
}
