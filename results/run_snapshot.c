/* results.h5: everything finished, in one file that is never open for writing. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "results/run.h"
#include "results/run_internal.h"
#include "results/task_file.h"

/* The heads of all task files that exist, by increasing id. */
typedef struct {
    record *heads;
    size_t count;
} finished;

static const char *const COPIED[] = {"record", "costs", "curve", "assignment", "model", "provenance"};

/* Copies one task file into tasks/<id>/ and keeps its head. */
static status copy_task(finished *all, h5_id tasks, const run *r, int id)
{
    char path[MAX_PATH_TEXT], name[16];
    run_task_path(path, r, id);
    if (!file_exists(path)) return status_ok();
    snprintf(name, sizeof name, "%06d", id);
    h5_id file, group;
    TRY(run_open_task(&file, path));
    status result = task_file_read_head(&all->heads[all->count], file);
    if (!failed(result)) result = h5_group(&group, tasks, name);
    if (!failed(result)) {
        for (size_t i = 0; i < sizeof COPIED / sizeof COPIED[0] && !failed(result); i++)
            result = h5_copy(group, COPIED[i], file, COPIED[i]);
        h5_group_close(group);
    }
    status closed = h5_close(file);
    TRY(result);
    TRY(closed);
    all->count++;
    return status_ok();
}

static status copy_tasks(finished *all, h5_id file, const run *r, int task_count)
{
    h5_id tasks;
    TRY(h5_group(&tasks, file, "tasks"));
    status result = h5_set_text(tasks, ".", "description", "one group per finished task, as in its own file");
    for (int id = 1; id <= task_count && !failed(result); id++) result = copy_task(all, tasks, r, id);
    h5_group_close(tasks);
    return result;
}

static const record_cost *find_cost(const record *head, const char *name)
{
    for (int i = 0; i < head->cost_count; i++)
        if (strcmp(head->costs[i].name, name) == 0) return &head->costs[i];
    return NULL;
}

static status write_cost_column(h5_id points, const finished *all, const record_cost *cost)
{
    double *column = malloc((all->count + 1) * sizeof *column);
    if (column == NULL) return status_fail(STATUS_MEMORY, "no memory for a column of %zu values", all->count);
    for (size_t i = 0; i < all->count; i++) {
        const record_cost *found = find_cost(&all->heads[i], cost->name);
        column[i] = found != NULL ? found->value : NAN;
    }
    char description[160];
    snprintf(description, sizeof description, "%s; NaN for warm-ups and failed tasks", cost->description);
    status result = h5_write(points, cost->name, H5_F64, 1, &all->count, column, (h5_about){cost->unit, description});
    free(column);
    return result;
}

/* One column for every cost that any task has, in the order of their first appearance. */
static status write_costs(h5_id points, const finished *all)
{
    for (size_t i = 0; i < all->count; i++)
        for (int c = 0; c < all->heads[i].cost_count; c++)
            if (!h5_exists(points, all->heads[i].costs[c].name))
                TRY(write_cost_column(points, all, &all->heads[i].costs[c]));
    return status_ok();
}

static status write_files(h5_id points, const finished *all)
{
    enum { NAME_BYTES = 24 };
    char *block = malloc(all->count * (NAME_BYTES + sizeof(char *)) + 1);
    if (block == NULL) return status_fail(STATUS_MEMORY, "no memory for %zu file names", all->count);
    const char **names = (const char **)(void *)block;
    char *text = block + all->count * sizeof(char *);
    for (size_t i = 0; i < all->count; i++, text += NAME_BYTES) {
        snprintf(text, NAME_BYTES, "tasks/%06d.h5", all->heads[i].task.id);
        names[i] = text;
    }
    status result = h5_write_strings(points, "file", all->count, names,
                                     (h5_about){"1", "file of the task, relative to the run directory"});
    free(block);
    return result;
}

static status write_points(h5_id file, finished *all)
{
    /* What a failed task did not reach is not a number, so that no mean or plot takes it for a result. */
    for (size_t i = 0; i < all->count; i++) {
        record *h = &all->heads[i];
        if (h->state == RECORD_FAILED)
            h->validation_accuracy = h->validation_loss = h->test_accuracy = h->test_loss = NAN;
    }
    h5_id points;
    TRY(h5_group(&points, file, "points"));
    status result = h5_set_text(points, ".", "description",
                                "one row per finished task (also warm-ups and failed ones), "
                                "by increasing id; each data set is a column");
    if (!failed(result)) result = fields_write_columns(points, &task_file_columns, all->heads, all->count);
    if (!failed(result)) result = write_costs(points, all);
    if (!failed(result)) result = write_files(points, all);
    h5_group_close(points);
    return result;
}

static status write_snapshot(const char *path, finished *all, const run *r, int task_count)
{
    h5_id file;
    TRY(h5_create(&file, path));
    status result = run_write_root(file, r, "all finished tasks of a bitfront sweep, see results/SCHEMA.md");
    if (!failed(result)) result = h5_set_integer(file, ".", "task_count", task_count);
    if (!failed(result)) result = copy_tasks(all, file, r, task_count);
    if (!failed(result)) result = write_points(file, all);
    if (failed(result)) {
        h5_discard(file);
        return result;
    }
    return h5_close(file);
}

/* *included: the tasks in it. */
static status publish_snapshot(size_t *included, const run *r, int task_count)
{
    char path[RUN_PATH_BYTES], temporary[RUN_PATH_BYTES + CLAIM_OWNER + 8];
    run_path(path, r, "results.h5");
    snprintf(temporary, sizeof temporary, "%s.tmp-%s", path, r->owner[0] != '\0' ? r->owner : "alone");
    finished all = {.heads = calloc((size_t)task_count + 1, sizeof(record))};
    if (all.heads == NULL) return status_fail(STATUS_MEMORY, "no memory for %d records", task_count);
    status result = write_snapshot(temporary, &all, r, task_count);
    *included = all.count;
    free(all.heads);
    if (!failed(result)) result = file_publish(temporary, path);
    if (failed(result)) unlink(temporary);
    return result;
}

/* Asked after publishing: had another job published a newer snapshot before ours, its tasks are there to be seen. */
static size_t count_present(const run *r, int task_count)
{
    size_t present = 0;
    for (int id = 1; id <= task_count; id++) {
        char path[MAX_PATH_TEXT];
        run_task_path(path, r, id);
        if (file_exists(path)) present++;
    }
    return present;
}

status run_snapshot(const run *r, int task_count)
{
    size_t included;
    return publish_snapshot(&included, r, task_count);
}

status run_snapshot_last(const run *r, int task_count)
{
    enum { ATTEMPTS = 3 }; /* while tasks are open, whoever ends them publishes again */
    size_t included, present;
    int attempt = 0;
    do {
        TRY(publish_snapshot(&included, r, task_count));
        present = count_present(r, task_count);
    } while (present > included && (++attempt < ATTEMPTS || present == (size_t)task_count));
    return status_ok();
}
