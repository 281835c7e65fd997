/* results.h5: everything finished, in one file that is never open for writing. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <unistd.h>

#include "core/base/file.h"
#include "results/columns.h"
#include "results/run.h"
#include "results/run_internal.h"
#include "results/task_file.h"

/* A snapshot in the making. */
typedef struct {
    const run *run; /* borrowed */
    int task_count;
    h5_id file, tasks; /* tasks: open while the files are copied */
    columns *points;   /* owned */
} building;

static const char *const COPIED[] = {"record", "costs", "curve", "assignment", "model", "provenance"};

static status copy_groups(building *b, h5_id from, int id)
{
    record head;
    h5_id group;
    char name[16];
    snprintf(name, sizeof name, "%06d", id);
    TRY(task_file_read_head(&head, from));
    TRY(h5_group(&group, b->tasks, name));
    status result = status_ok();
    for (size_t i = 0; i < sizeof COPIED / sizeof COPIED[0] && !failed(result); i++)
        result = h5_copy(group, COPIED[i], from, COPIED[i]);
    h5_group_close(group);
    TRY(result);
    return columns_add(b->points, &head);
}

/* Copies one task file into tasks/<id>/ and keeps its row. */
static status copy_task(building *b, int id)
{
    char path[MAX_PATH_TEXT];
    run_task_path(path, b->run, id);
    if (!file_exists(path)) return status_ok();
    h5_id from;
    TRY(run_open_task(&from, path));
    status result = copy_groups(b, from, id);
    status closed = h5_close(from);
    TRY(result);
    TRY(closed);
    return h5_check(b->file); /* no further once the disk is full */
}

static status copy_tasks(building *b)
{
    TRY(h5_group(&b->tasks, b->file, "tasks"));
    status result = h5_set_text(b->tasks, ".", "description", "one group per finished task, as in its own file");
    for (int id = 1; id <= b->task_count && !failed(result); id++) result = copy_task(b, id);
    h5_group_close(b->tasks);
    return result;
}

static status write_points(const building *b)
{
    h5_id points;
    TRY(h5_group(&points, b->file, "points"));
    status result = h5_set_text(points, ".", "description",
                                "one row per finished task (also warm-ups and failed ones), "
                                "by increasing id; each data set is a column");
    if (!failed(result)) result = columns_write(b->points, points);
    h5_group_close(points);
    return result;
}

static status write_snapshot(building *b, const char *path)
{
    TRY(h5_create_large(&b->file, path));
    status result = run_write_root(b->file, b->run, "all finished tasks of a bitfront sweep, see results/SCHEMA.md");
    if (!failed(result)) result = h5_set_integer(b->file, ".", "task_count", b->task_count);
    if (!failed(result)) result = copy_tasks(b);
    if (!failed(result)) result = write_points(b);
    if (failed(result)) {
        h5_discard(b->file);
        return result;
    }
    return h5_close(b->file);
}

/* *included: the tasks in it. */
static status publish_snapshot(size_t *included, const run *r, int task_count)
{
    char path[RUN_PATH_BYTES], temporary[RUN_PATH_BYTES + CLAIM_OWNER + 8];
    run_path(path, r, "results.h5");
    snprintf(temporary, sizeof temporary, "%s.tmp-%s", path, r->owner[0] != '\0' ? r->owner : "alone");
    building b = {.run = r, .task_count = task_count};
    TRY(columns_new(&b.points, (size_t)task_count));
    status result = write_snapshot(&b, temporary);
    *included = columns_rows(b.points);
    columns_free(b.points);
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
