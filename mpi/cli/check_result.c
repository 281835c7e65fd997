#include "mpi/cli/check_result.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/io/h5.h"
#include "core/io/seal.h"
#include "results/file/task_file.h"
#include "results/file/task_row.h"
#include "results/report/report_columns.h"

/* ---- a task file ---- */

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* A file that is named by a key has that key. */
static status check_name(const char *path, const char *key)
{
    const char *name = file_name(path);
    const size_t digits = strspn(name, "0123456789abcdef");
    if (digits != strlen(key) || strcmp(name + digits, ".h5") != 0 || strncmp(name, key, digits) == 0)
        return status_ok();
    return status_fail(STATUS_DATA, "%s holds task %.8s: it was renamed", path, key);
}

static status check_task(h5_id file, const char *path)
{
    record r;
    task_mark mark;
    TRY(task_mark_read(&mark, path));
    TRY(check_name(path, mark.key));
    TRY(task_file_read(&r, file));
    status s = status_ok();
    if (strcmp(r.task.key, mark.key) != 0 || r.state != mark.state)
        s = status_fail(STATUS_DATA, "it holds task %.8s, but is marked as %.8s: it was changed", r.task.key, mark.key);
    if (!failed(s)) s = task_row_check(path, &r);
    if (!failed(s))
        printf("%s is in order: task %.8s, %s %s, %s; %d epochs, %d layers with bits, %d tensors\n", path, r.task.key,
               r.task.strategy, r.task.network_name, r.state == RECORD_DONE ? "done" : "failed", r.epoch_count,
               r.allocation_count, r.tensor_count);
    record_free(&r);
    return s;
}

/* ---- results.h5 ---- */

static bool same_number(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static double cost_of(const report_columns *c, const char *name, size_t row)
{
    for (int i = 0; i < c->cost_count; i++)
        if (strcmp(c->costs[i].name, name) == 0) return c->costs[i].values[row];
    return NAN;
}

/* Row and copy of a task say the same. */
static status compare_row(const report_columns *c, size_t row, const record *r)
{
    const char *what = NULL;
    if (strcmp(c->key[row], r->task.key) != 0) what = "key";
    if (strcmp(c->state[row], r->state == RECORD_DONE ? "done" : "failed") != 0) what = "state";
    if (strcmp(c->network[row], r->task.network_name) != 0) what = "network";
    if (strcmp(c->strategy[row], r->task.strategy) != 0) what = "strategy";
    if (strcmp(c->cost_model[row], r->task.cost_model) != 0) what = "cost_model";
    if (c->seed[row] != (int64_t)r->task.seed) what = "seed";
    if (strcmp(c->role[row], r->task.point ? "point" : "state") != 0) what = "role";
    if (c->bits[row] != r->task.bits) what = "bits";
    if (c->step[row] != r->task.step) what = "step";
    if (!same_number(c->strength[row], r->task.strength)) what = "strength";
    if (!same_number(c->target[row], r->task.target)) what = "target";
    if (!same_number(c->integer[row], r->integer_accuracy)) what = "integer_accuracy";
    if (!same_number(c->test[row], r->test_accuracy)) what = "test_accuracy";
    if (!same_number(c->validation[row], r->validation_accuracy)) what = "validation_accuracy";
    for (int i = 0; i < r->cost_count; i++)
        if (!same_number(cost_of(c, r->costs[i].name, row), r->costs[i].value)) what = r->costs[i].name;
    if (what == NULL) return status_ok();
    return status_fail(STATUS_DATA, "/points and /tasks/%s differ in %s", c->key[row], what);
}

static status check_copy(h5_id tasks, const report_columns *c, size_t row)
{
    h5_id group;
    record r;
    TRY(h5_group_open(&group, tasks, c->key[row]));
    status s = task_file_read(&r, group);
    h5_group_close(group);
    if (failed(s)) return status_in(s, "/tasks/%s", c->key[row]);
    s = compare_row(c, row, &r);
    record_free(&r);
    return s;
}

/* Either every task was copied, or, of large plans, none. */
static status check_copies(h5_id file, const report_columns *c)
{
    h5_id tasks;
    char **names;
    size_t copies;
    TRY(h5_group_open(&tasks, file, "tasks"));
    status s = h5_list(&names, &copies, tasks);
    if (!failed(s)) free(names);
    if (!failed(s) && copies != 0 && copies != c->count)
        s = status_fail(STATUS_DATA, "it has %zu points and %zu tasks", c->count, copies);
    for (size_t row = 0; row < c->count && copies > 0 && !failed(s); row++) s = check_copy(tasks, c, row);
    h5_group_close(tasks);
    return s;
}

status check_results_file(size_t *rows, const char *path, bool copies)
{
    report_columns c;
    h5_id file;
    status s = report_columns_read(&c, path);
    *rows = failed(s) ? 0 : c.count;
    if (copies && !failed(s)) s = h5_open_read(&file, path);
    if (copies && !failed(s)) {
        s = status_in(check_copies(file, &c), "%.300s", path);
        h5_discard(file);
    }
    report_columns_free(&c);
    return s;
}

/* ---- a checkpoint: its seal says that it is whole; what it means only its build knows ---- */

static status check_checkpoint(h5_id file, const char *path)
{
    char *build;
    TRY(h5_get_text(&build, file, ".", "build"));
    printf("%s is a whole checkpoint, to be continued by the build %s\n", path, build);
    free(build);
    return status_ok();
}

static status check_kind(bool *is_result, h5_id file, const char *path, bool sealed)
{
    const bool is_task = h5_exists(file, "record"), is_checkpoint = h5_exists(file, "spans");
    size_t rows;
    *is_result = is_task || is_checkpoint || h5_exists(file, "points");
    if (!*is_result) return status_ok();
    if (!sealed)
        return status_fail(STATUS_DATA, "%s has no seal at its end: it was changed, or cut off, after it was written",
                           path);
    if (is_task) return check_task(file, path);
    if (is_checkpoint) return check_checkpoint(file, path);
    TRY(check_results_file(&rows, path, true));
    printf("%s is in order: %zu points\n", path, rows);
    return status_ok();
}

status check_result_file(bool *is_result, const char *path)
{
    bool sealed;
    h5_id file;
    *is_result = false;
    TRY(seal_look(&sealed, path));
    TRY(h5_open_read(&file, path));
    status s = check_kind(is_result, file, path, sealed);
    h5_discard(file);
    return s;
}
