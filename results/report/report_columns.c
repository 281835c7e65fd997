#define _POSIX_C_SOURCE 200809L
#include "results/report/report_columns.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/size.h"
#include "core/base/text.h"
#include "core/io/h5.h"
#include "core/io/seal.h"
#include "core/task/record.h"
#include "results/file/config_name.h"
#include "results/file/task_file.h"

static status no_memory(size_t rows)
{
    return status_fail(STATUS_MEMORY, "no memory for %zu points", rows);
}

static status read_texts(report_columns *c, h5_id points)
{
    const struct {
        const char *name;
        char ***to;
    } texts[] = {{"key", &c->key},        {"role", &c->role},         {"kind", &c->kind},
                 {"state", &c->state},    {"strategy", &c->strategy}, {"cost_model", &c->cost_model},
                 {"network", &c->network}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        size_t count;
        TRY(h5_read_strings(texts[i].to, &count, points, texts[i].name));
        if (count != c->count)
            return status_fail(STATUS_DATA, "column %s holds %zu rows, not %zu", texts[i].name, count, c->count);
        for (size_t row = 0; row < count; row++) text_printable((*texts[i].to)[row]);
    }
    return status_ok();
}

static void *rows_of(size_t rows, size_t bytes)
{
    return size_allocate(size_product(size_sum(rows, 1), bytes));
}

/* More than any plan has; also what fits an int. */
enum { MOST_ROWS = 10 * 1000 * 1000 };

static bool is_whole(double value, double least, double most)
{
    return value >= least && value <= most && value == floor(value);
}

static status check_integers(const report_columns *c)
{
    for (size_t i = 0; i < c->count; i++)
        if (!is_whole(c->id[i], 1, MOST_ROWS) || !is_whole(c->bits[i], 0, 64) || !is_whole(c->step[i], 0, MOST_ROWS))
            return status_fail(STATUS_DATA, "row %zu of the points has the impossible id %g, precision %g or step %g",
                               i, c->id[i], c->bits[i], c->step[i]);
    return status_ok();
}

static status read_numbers(report_columns *c, h5_id points)
{
    const struct {
        const char *name;
        double **to;
    } numbers[] = {{"id", &c->id},
                   {"bits", &c->bits},
                   {"step", &c->step},
                   {"strength", &c->strength},
                   {"target", &c->target},
                   {"test_accuracy", &c->test},
                   {"validation_accuracy", &c->validation}};
    if (c->count > MOST_ROWS)
        return status_fail(STATUS_DATA, "%zu points; at most %d are possible", c->count, MOST_ROWS);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        *numbers[i].to = rows_of(c->count, sizeof(double));
        if (*numbers[i].to == NULL) return no_memory(c->count);
        TRY(h5_read(points, numbers[i].name, H5_F64, c->count, *numbers[i].to));
    }
    c->integer = rows_of(c->count, sizeof(double));
    if (c->integer == NULL) return no_memory(c->count);
    for (size_t i = 0; i < c->count; i++) c->integer[i] = NAN; /* in files of earlier versions */
    if (h5_exists(points, "integer_accuracy")) TRY(h5_read(points, "integer_accuracy", H5_F64, c->count, c->integer));
    TRY(check_integers(c));
    c->seed = rows_of(c->count, sizeof *c->seed);
    if (c->seed == NULL) return no_memory(c->count);
    return h5_read(points, "seed", H5_I64, c->count, c->seed);
}

static bool is_one_of(const char *word, const char *one, const char *other)
{
    return strcmp(word, one) == 0 || strcmp(word, other) == 0;
}

static status check_row(const report_columns *c, size_t i)
{
    if (!is_one_of(c->state[i], "done", "failed") || !is_one_of(c->role[i], "point", "state"))
        return status_fail(STATUS_DATA,
                           "row %zu of the points (task %.8s) has the unknown state '%.20s' or role '%.20s'", i,
                           c->key[i], c->state[i], c->role[i]);
    if (!record_accuracy_is_possible(c->test[i]) || !record_accuracy_is_possible(c->validation[i]) ||
        !record_accuracy_is_possible(c->integer[i]))
        return status_fail(STATUS_DATA, "row %zu of the points (task %.8s) has the impossible accuracies %g, %g or %g",
                           i, c->key[i], c->test[i], c->validation[i], c->integer[i]);
    for (int k = 0; k < c->cost_count; k++) {
        const double value = c->costs[k].values[i];
        if (record_cost_is_possible(value)) continue;
        return status_fail(STATUS_DATA, "row %zu of the points (task %.8s) has the impossible %.60s of %g", i,
                           c->key[i], c->costs[k].name, value);
    }
    return status_ok();
}

static status check_rows(const report_columns *c)
{
    for (size_t i = 0; i < c->count; i++) TRY(check_row(c, i));
    return status_ok();
}

/* Every other column that is no member of a record is a cost. */
static bool is_cost_column(const char *name)
{
    static const char *const others[] = {"file", "data", "on_front"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(name, others[i]) == 0) return false;
    for (int i = 0; i < task_file_columns.count; i++)
        if (strcmp(name, task_file_columns.fields[i].name) == 0) return false;
    return true;
}

/* A text that may be missing: *out is NULL then. What the machine cannot do is an error. */
static status text_if_any(char **out, h5_id parent, const char *object, const char *name)
{
    *out = NULL;
    const status read = h5_get_text(out, parent, object, name);
    return read.code == STATUS_DATA ? status_ok() : read;
}

/* Reads a text attribute of the column; empty when it is missing. */
static status column_text(char *out, size_t room, h5_id points, const char *column, const char *name)
{
    char *text;
    out[0] = 0;
    TRY(text_if_any(&text, points, column, name));
    if (text == NULL) return status_ok();
    snprintf(out, room, "%s", text);
    text_printable(out);
    free(text);
    return status_ok();
}

static status read_cost(report_columns *c, h5_id points, const char *name)
{
    report_cost_column *to = &c->costs[c->cost_count++];
    *to = (report_cost_column){.values = rows_of(c->count, sizeof(double))};
    if (to->values == NULL) return no_memory(c->count);
    snprintf(to->name, sizeof to->name, "%s", name);
    text_printable(to->name);
    TRY(column_text(to->unit, sizeof to->unit, points, name, "unit"));
    TRY(column_text(to->description, sizeof to->description, points, name, "description"));
    to->description[strcspn(to->description, ";")] = 0; /* what follows explains missing values */
    return h5_read(points, name, H5_F64, c->count, to->values);
}

static status read_costs(report_columns *c, h5_id points)
{
    char **names;
    size_t count;
    TRY(h5_list(&names, &count, points));
    c->costs = calloc(count + 1, sizeof *c->costs);
    status s = c->costs != NULL ? status_ok() : no_memory(c->count);
    for (size_t i = 0; i < count && !failed(s); i++)
        if (!text_is_printable(names[i]))
            s = status_fail(STATUS_DATA, "the name of column %zu holds characters that cannot be shown", i);
        else if (is_cost_column(names[i]))
            s = read_cost(c, points, names[i]);
    free(names);
    return s;
}

static status read_provenance(report_columns *c, h5_id file)
{
    static const char *const names[] = {"revision", "compiler",       "host",      "cpu",
                                        "kernels",  "c_library",      "blas",      "mpi",
                                        "hdf5",     "random_numbers", "slurm_job", "written_utc"};
    if (!h5_exists(file, "provenance")) return status_ok();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *text;
        const size_t used = strlen(c->provenance);
        TRY(text_if_any(&text, file, "provenance", names[i]));
        if (text != NULL && text[0] != 0)
            snprintf(c->provenance + used, sizeof c->provenance - used, "%-15s %.200s\n", names[i], text);
        free(text);
    }
    return status_ok();
}

static status read_open(report_columns *c, h5_id file)
{
    h5_id points;
    char *config;
    TRY(text_if_any(&config, file, ".", "config"));
    if (config != NULL) {
        text_printable_lines(config);
        config_name(c->run, sizeof c->run, config, "name");
        config_name(c->data, sizeof c->data, config, "data");
    }
    free(config);
    TRY(read_provenance(c, file));
    TRY(h5_group_open(&points, file, "points"));
    status s = h5_dims(points, "id", 1, &c->count);
    if (!failed(s)) s = read_numbers(c, points);
    if (!failed(s)) s = read_texts(c, points);
    if (!failed(s)) s = read_costs(c, points);
    if (!failed(s)) s = check_rows(c);
    h5_group_close(points);
    return s;
}

status report_columns_read(report_columns *out, const char *path)
{
    h5_id file;
    *out = (report_columns){0};
    status sealed = seal_check(path);
    if (failed(sealed) && sealed.code == STATUS_DATA)
        return status_in(sealed, "no results that can be trusted (the sweep, run again, renews them)");
    TRY(sealed);
    TRY(h5_open_read(&file, path));
    status s = read_open(out, file), closed = h5_close(file);
    return status_in(failed(s) ? s : closed, "%.300s", path);
}

void report_columns_free(report_columns *c)
{
    double *const numbers[] = {c->id, c->bits, c->step, c->strength, c->target, c->test, c->validation, c->integer};
    char **const texts[] = {c->key, c->role, c->kind, c->state, c->strategy, c->cost_model, c->network};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) free(numbers[i]);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) free(texts[i]);
    free(c->seed);
    for (int i = 0; i < c->cost_count; i++) free(c->costs[i].values);
    free(c->costs);
    *c = (report_columns){0};
}

int report_columns_cost(const report_cost_column *costs, int count, const char *wanted)
{
    const size_t length = strlen(wanted);
    for (int i = 0; i < count; i++)
        if (strcmp(costs[i].name, wanted) == 0) return i;
    for (int i = 0; i < count; i++)
        if (length > 0 && strncmp(costs[i].name, wanted, length) == 0 && costs[i].name[length] == '_') return i;
    return -1;
}

bool report_columns_targeted(const char *name, const char *unit, const char *cost_model)
{
    const size_t length = strlen(cost_model);
    return strncmp(name, cost_model, length) == 0 && name[length] == '_' && strcmp(name + length + 1, unit) == 0;
}
