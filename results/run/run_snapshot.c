/* results.h5: everything finished, in one file that is never open for writing. Made task by task: what a snapshot keeps
 * in memory is one task and a block of rows of the points. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/io/h5_scale.h"
#include "core/io/seal.h"
#include "results/file/columns.h"
#include "results/file/config_name.h"
#include "results/run/run.h"
#include "results/run/run_index.h"
#include "results/run/run_internal.h"
#include "results/file/task_file.h"

struct snapshot {
    const run *run;        /* borrowed */
    const task_plan *plan; /* borrowed */
    int next;              /* id to be looked at */
    bool file_open;        /* `file` and `tasks` are */
    bool left;             /* `temporary` is to be removed */
    bool gone;             /* somebody has removed the file that was being written */
    h5_id file, tasks;
    columns *points; /* owned */
    run_index_writer index;
    char data[MAX_NAME];
    char path[RUN_PATH_BYTES], temporary[RUN_PATH_BYTES + CLAIM_OWNER + 8];
    char scratch[RUN_PATH_BYTES + CLAIM_OWNER + 16]; /* of the columns */
};

static const char *const COPIED[] = {"record", "costs", "curve", "allocation", "model", "provenance"};

static status renew_scales(h5_id parent, const char *name)
{
    h5_id group;
    TRY(h5_group_open(&group, parent, name));
    status result = h5_attach_scales(group);
    h5_group_close(group);
    return result;
}

/* The references of dimension scales are places in the file that they were copied from. */
static status renew_all_scales(h5_id parent)
{
    h5_id allocation;
    char **layers;
    size_t count;
    TRY(renew_scales(parent, "curve"));
    if (h5_exists(parent, "layers")) TRY(renew_scales(parent, "layers"));
    TRY(h5_group_open(&allocation, parent, "allocation"));
    status result = h5_list(&layers, &count, allocation);
    const bool listed = !failed(result);
    for (size_t i = 0; !failed(result) && i < count; i++) result = renew_scales(allocation, layers[i]);
    if (listed) free(layers);
    h5_group_close(allocation);
    return result;
}

/* stored: the task as its file has it; another plan may have put it elsewhere, under another name. */
static status copy_groups(snapshot *s, h5_id from, const task *t, const task *stored)
{
    h5_id group;
    TRY(h5_group(&group, s->tasks, t->key));
    status result = status_ok();
    for (size_t i = 0; i < sizeof COPIED / sizeof COPIED[0] && !failed(result); i++)
        result = h5_copy(group, COPIED[i], from, COPIED[i]);
    if (!failed(result) && h5_exists(from, "layers")) result = h5_copy(group, "layers", from, "layers"); /* format 3 */
    if (!failed(result)) result = renew_all_scales(group);
    if (!failed(result) && stored->id != t->id) result = h5_set_integer(group, "record", "id", t->id);
    if (!failed(result) && strcmp(stored->strategy, t->strategy) != 0)
        result = h5_set_text(group, "record", "strategy", t->strategy);
    h5_group_close(group);
    return result;
}

static status read_source(h5_id *file, record *head, const run *r, const char *key)
{
    task_mark mark;
    TRY(run_open_task(file, &mark, r, key));
    status result = run_read_head(head, *file, &mark);
    char path[MAX_PATH_TEXT];
    run_task_path(path, r, key);
    h5_discard(*file);
    if (failed(result)) return status_in(result, "%s", path);
    result = h5_open_whole(file, path);
    if (failed(result)) record_free(head);
    return result;
}

/* The head comes from the file's row, where it has one: reading attributes takes longer. */
static status open_once(h5_id *file, record *head, const run *r, const char *key)
{
    bool there;
    char path[MAX_PATH_TEXT];
    TRY(run_read_row(&there, head, r, key));
    if (!there) return read_source(file, head, r, key);
    run_task_path(path, r, key);
    status result = h5_open_whole(file, path);
    if (failed(result)) record_free(head);
    return result;
}

/* *file stays open unless there is an error. A library that was short of memory may call a file damaged: two readings.
 */
static status open_source(h5_id *file, record *head, const run *r, const char *key)
{
    const status first = open_once(file, head, r, key);
    return first.code == STATUS_DATA ? open_once(file, head, r, key) : first;
}

/* What was taken for finished at the start, by its mark, is not. */
static status refuse_source(const run *r, const task *t, status unusable)
{
    char told[256];
    if (unusable.code != STATUS_DATA) return unusable;
    run_set_aside(told, r, t->key, "is to be run again by the same command", unusable);
    return status_fail(STATUS_DATA, "%s", told);
}

/* The head of one task, when tasks are not copied. */
static status read_only_head(record *head, const run *r, const char *key)
{
    bool there;
    h5_id file;
    TRY(run_read_row(&there, head, r, key));
    if (there) return status_ok();
    TRY(open_source(&file, head, r, key));
    h5_discard(file);
    return status_ok();
}

static status add_row(snapshot *s, const task *t, const run_index_stamp *stamp)
{
    record head;
    status found = read_only_head(&head, s->run, t->key);
    if (failed(found)) return refuse_source(s->run, t, found);
    head.task = *t;
    status result = columns_add(s->points, &head);
    if (!failed(result)) run_index_add(&s->index, t, head.state, stamp);
    record_free(&head);
    return result;
}

/* Copies one task file into tasks/KEY/ and keeps its row. Where the task stands and what it is called, the plan says.
 */
static status copy_task(snapshot *s, const task *t)
{
    char path[MAX_PATH_TEXT];
    run_task_path(path, s->run, t->key);
    if (!file_exists(path)) return status_ok();
    const run_index_stamp stamp = run_index_stamp_of(path);
    if (s->plan->count > RUN_MOST_COPIES) return add_row(s, t, &stamp);
    h5_id from;
    record head;
    status opened = open_source(&from, &head, s->run, t->key);
    if (failed(opened)) return refuse_source(s->run, t, opened);
    status result = copy_groups(s, from, t, &head.task);
    head.task = *t;
    if (!failed(result)) result = columns_add(s->points, &head);
    if (!failed(result)) run_index_add(&s->index, t, head.state, &stamp);
    record_free(&head);
    status closed = h5_close(from);
    TRY(status_in(result, "%s", path));
    TRY(closed);
    return h5_check(s->file); /* no further once the disk is full */
}

static status write_points(const snapshot *s)
{
    h5_id points;
    TRY(h5_group(&points, s->file, "points"));
    status result = h5_set_text(points, ".", "description",
                                "one row per finished task (also states and failed ones), "
                                "by increasing id; each data set is a column");
    if (!failed(result)) result = columns_write(s->points, points, s->data);
    h5_group_close(points);
    return result;
}

static status begin_file(snapshot *s)
{
    TRY(h5_create_large(&s->file, s->temporary));
    s->left = true;
    status result = run_write_root(s->file, s->run, "all finished tasks of a bitfront sweep, see results/SCHEMA.md");
    if (!failed(result)) result = h5_set_integer(s->file, ".", "task_count", s->plan->count);
    if (!failed(result)) result = h5_group(&s->tasks, s->file, "tasks");
    s->file_open = !failed(result);
    if (failed(result)) h5_discard(s->file);
    TRY(result);
    return h5_set_text(s->tasks, ".", "description",
                       s->plan->count > RUN_MOST_COPIES
                           ? "empty, because the plan is large: every task is in its own file, see /points/file"
                           : "one group per finished task, as in its own file");
}

static status complete_file(snapshot *s)
{
    TRY(write_points(s));
    h5_group_close(s->tasks);
    s->file_open = false;
    TRY(h5_close(s->file));
    s->gone = !file_exists(s->temporary);
    TRY(seal_append(s->temporary));
    const run_index_stamp ours = run_index_stamp_of(s->temporary);
    TRY(file_publish(s->temporary, s->path));
    s->left = false;
    const run_index_stamp there = run_index_stamp_of(s->path);
    return there.inode == ours.inode ? run_index_end(&s->index, &there) : status_ok(); /* else another job's by now */
}

status run_snapshot_begin(snapshot **out, const run *r, const task_plan *plan)
{
    *out = NULL;
    snapshot *s = calloc(1, sizeof *s);
    if (s == NULL) return status_fail(STATUS_MEMORY, "no memory for a snapshot");
    s->run = r;
    s->plan = plan;
    s->next = 1;
    config_name(s->data, sizeof s->data, r->config_text, "data");
    run_path(s->path, r, "results.h5");
    snprintf(s->temporary, sizeof s->temporary, "%s.tmp-%s", s->path, r->owner[0] != '\0' ? r->owner : "alone");
    snprintf(s->scratch, sizeof s->scratch, "%s.rows", s->temporary);
    status result = columns_new(&s->points, s->scratch);
    if (!failed(result)) result = begin_file(s);
    if (!failed(result)) result = run_index_begin(&s->index, r, plan);
    if (failed(result))
        run_snapshot_end(s);
    else
        *out = s;
    return result;
}

status run_snapshot_step(snapshot *s, double seconds, bool *published)
{
    double until = clock_seconds() + seconds;
    *published = false;
    do {
        if (s->next > s->plan->count) {
            TRY(complete_file(s));
            *published = true;
            return status_ok();
        }
        TRY(copy_task(s, &s->plan->tasks[s->next++ - 1]));
    } while (clock_seconds() < until);
    return status_ok();
}

bool run_snapshot_is_gone(const snapshot *s)
{
    return s->gone;
}

void run_snapshot_end(snapshot *s)
{
    if (s == NULL) return;
    if (s->file_open) {
        h5_group_close(s->tasks);
        h5_discard(s->file);
    }
    if (s->left) unlink(s->temporary);
    run_index_abandon(&s->index);
    columns_free(s->points);
    free(s);
}

static status try_snapshot(bool *gone, size_t *included, const run *r, const task_plan *plan,
                           const run_meanwhile *meanwhile)
{
    static const double SLICE_SECONDS = 0.05;
    snapshot *s;
    *gone = false;
    TRY(run_snapshot_begin(&s, r, plan));
    status result = status_ok();
    for (bool published = false; !published && !failed(result);) {
        result = run_snapshot_step(s, meanwhile != NULL ? SLICE_SECONDS : INFINITY, &published);
        if (!failed(result) && meanwhile != NULL) result = meanwhile->act(meanwhile->ctx);
    }
    *included = columns_rows(s->points);
    *gone = failed(result) && run_snapshot_is_gone(s);
    run_snapshot_end(s);
    return result;
}

/* *included: the tasks in it. */
static status publish_snapshot(size_t *included, const run *r, const task_plan *plan, const run_meanwhile *meanwhile)
{
    bool gone;
    status s = try_snapshot(&gone, included, r, plan, meanwhile);
    return gone ? try_snapshot(&gone, included, r, plan, meanwhile) : s;
}

/* Asked after publishing: had another job published a newer snapshot before ours, its tasks are there to be seen. */
static size_t count_present(const run *r, const task_plan *plan)
{
    size_t present = 0;
    for (int i = 0; i < plan->count; i++) {
        char path[MAX_PATH_TEXT];
        run_task_path(path, r, plan->tasks[i].key);
        if (file_exists(path)) present++;
    }
    return present;
}

status run_snapshot(const run *r, const task_plan *plan)
{
    size_t included;
    return publish_snapshot(&included, r, plan, NULL);
}

status run_snapshot_last(const run *r, const task_plan *plan, const run_meanwhile *meanwhile)
{
    enum { ATTEMPTS = 3 }; /* while tasks are open, whoever ends them publishes again */
    size_t included, present;
    int attempt = 0;
    bool current;
    TRY(run_index_current(&current, r, plan));
    if (current) return status_ok();
    do {
        TRY(publish_snapshot(&included, r, plan, meanwhile));
        present = count_present(r, plan);
    } while (present > included && (++attempt < ATTEMPTS || present == (size_t)plan->count));
    return status_ok();
}
