#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/strategy/strategies.h"
#include "mpi/sweep/coordinator_internal.h"
#include "mpi/sweep/journal.h"
#include "results/file/stopping_file.h"

static void file_path(char out[MAX_PATH_TEXT + 32], const coordinator *c)
{
    snprintf(out, MAX_PATH_TEXT + 32, "%s/stopping.csv", c->run->directory);
}

static const char *last_stage(const task *t)
{
    const stage *const *s = strategies_task_kind(t->kind)->stages;
    while (s[1] != NULL) s++;
    return (*s)->name;
}

static int last_epochs(const coordinator *c, const task *t)
{
    const task_kind *kind = strategies_task_kind(t->kind);
    if (kind == NULL) return 0; /* nothing is trained: bench dispatch */
    const stage *const *s = kind->stages;
    while (s[1] != NULL) s++;
    return stage_epochs(*s, &c->in->settings, t);
}

/* ---- what is known ---- */

/* Rows of tasks that this plan has, at rungs that it has. */
static void take_row(coordinator *c, const stopping_row *row)
{
    rungs_run *point = rungs_find(&c->rungs, task_plan_find(&c->in->plan, row->key));
    if (point == NULL) return;
    if (row->verdict == ROW_END) {
        point->end = (stopping_point){row->error, row->cost};
        point->end_known = true;
    } else if (row->rung >= 1 && row->rung <= point->count &&
               row->epochs == rungs_epochs(&c->rungs.how, row->rung - 1)) {
        rungs_reached(point, row->rung - 1, (stopping_point){row->error, row->cost});
    }
}

static status read_file(coordinator *c)
{
    char path[MAX_PATH_TEXT + 32];
    stopping_row *rows;
    int count;
    file_path(path, c);
    status s = stopping_file_read(&rows, &count, path);
    if (s.code == STATUS_DATA || s.code == STATUS_CONFIG) return coordinator_warn(c, s.message);
    TRY(s);
    for (int i = 0; i < count; i++) take_row(c, &rows[i]);
    free(rows);
    return status_ok();
}

status coordinator_open_rungs(coordinator *c)
{
    if (c->in->settings.stopping.eta == 0) return status_ok();
    if (c->claims->part.count > 1 || !c->claims->leads)
        return status_fail(STATUS_CONFIG,
                           "%.200s stops hopeless points (stopping.eta), which one job has to do alone: %s",
                           c->in->settings.path,
                           c->claims->leads ? "leave out --part" : "another job is at work in the run directory");
    const int count = c->in->plan.count;
    int *last = calloc((size_t)count + 1, sizeof *last);
    if (last == NULL) return status_fail(STATUS_MEMORY, "no memory for %d tasks", count);
    for (int i = 0; i < count; i++) last[i] = last_epochs(c, &c->in->plan.tasks[i]);
    status s = rungs_open(&c->rungs, &c->in->settings.stopping, &c->in->plan, last);
    free(last);
    TRY(s);
    return read_file(c);
}

void coordinator_take_rungs(coordinator *c, const wire_report *r)
{
    rungs_run *point = rungs_find(&c->rungs, r->task_id);
    if (point == NULL) return;
    const int before = point->reached;
    for (int k = 0; k < r->rung_count && k < RUNGS_MOST; k++) rungs_reached(point, k, r->rungs[k]);
    c->rungs_moved = c->rungs_moved || point->reached > before;
}

static status read_record(coordinator *c, rungs_run *point)
{
    const task *t = coordinator_task(c, point->id);
    record found;
    TRY(run_read_task(&found, c->run, t->key));
    const char *name = last_stage(t);
    for (int k = 0; k < point->count; k++) {
        const record_epoch *at =
            record_find_epoch(found.curve, found.epoch_count, name, rungs_epochs(&c->rungs.how, k));
        if (at == NULL) { /* it has ended early, by its patience */
            point->count = k;
            break;
        }
        rungs_reached(point, k, (stopping_point){1 - at->validation_accuracy, at->cost});
    }
    const double cost = found.epoch_count > 0 ? found.curve[found.epoch_count - 1].cost : 0;
    rungs_ended(point, (stopping_point){1 - found.validation_accuracy, cost});
    record_free(&found);
    return status_ok();
}

status coordinator_end_rungs(coordinator *c, int id, bool ok)
{
    rungs_run *point = rungs_find(&c->rungs, id);
    if (point == NULL) return status_ok();
    c->rungs_moved = true;
    if (!ok)
        rungs_failed(point);
    else if (point->end_known && point->reached == point->count)
        rungs_ended(point, point->end);
    else
        return read_record(c, point);
    return status_ok();
}

bool coordinator_leaves_at_rung(const coordinator *c, int id)
{
    const rungs_run *point = rungs_find(&c->rungs, id);
    return point != NULL && (rungs_waits(point) || point->stopped >= 0);
}

/* ---- what follows ---- */

static stopping_row row_of(const coordinator *c, const rungs_run *point, int k)
{
    static const row_verdict verdicts[] = {[STOPPING_UNDECIDED] = ROW_OPEN,
                                           [STOPPING_GOES_ON] = ROW_GOES_ON,
                                           [STOPPING_HOPES] = ROW_HOPES,
                                           [STOPPING_CONTROL] = ROW_CONTROL,
                                           [STOPPING_CONTROL_SAVED] = ROW_CONTROL_SAVED,
                                           [STOPPING_STOPPED] = ROW_STOPPED};
    const task *t = coordinator_task(c, point->id);
    const bool end = k == point->reached;
    const stopping_point at = end ? point->end : point->at[k];
    stopping_row row = {.pool = point->pool,
                        .id = point->id,
                        .rung = end ? 0 : k + 1,
                        .epochs = end ? last_epochs(c, t) : rungs_epochs(&c->rungs.how, k),
                        .error = at.error,
                        .cost = at.cost,
                        .verdict = end ? ROW_END : verdicts[point->verdict[k]]};
    strcpy(row.key, t->key);
    task_label(row.label, t);
    return row;
}

static status write_file(const coordinator *c)
{
    char path[MAX_PATH_TEXT + 32];
    size_t room = 1;
    for (int i = 0; i < c->rungs.count; i++) room += (size_t)c->rungs.runs[i].reached + 1;
    stopping_row *rows = calloc(room, sizeof *rows);
    if (rows == NULL) return status_fail(STATUS_MEMORY, "no memory for stopping.csv");
    int count = 0;
    for (int i = 0; i < c->rungs.count; i++) {
        const rungs_run *point = &c->rungs.runs[i];
        for (int k = 0; k < point->reached + point->ended; k++) rows[count++] = row_of(c, point, k);
    }
    file_path(path, c);
    status s = stopping_file_write(path, rows, count);
    free(rows);
    return s;
}

static status tell_stopped(coordinator *c, const rungs_run *point)
{
    const task *t = coordinator_task(c, point->id);
    char label[TASK_LABEL], reason[160];
    task_label(label, t);
    snprintf(reason, sizeof reason,
             "not among the first 1/%d at rung %d (epoch %d of %s), and out of reach of the front", c->rungs.how.eta,
             point->stopped + 1, rungs_epochs(&c->rungs.how, point->stopped), last_stage(t));
    progress_say(c->progress, "task %d %s stopped: %s", t->id, label, reason);
    return journal_task_stopped(c->run, t, coordinator_time(c), reason);
}

static status apply(coordinator *c, const rungs_run *point)
{
    const queue_state now = queue_task(&c->queue, point->id);
    if (now != QUEUE_WAITING && now != QUEUE_HELD) return status_ok();
    if (point->stopped >= 0) {
        queue_stop(&c->queue, point->id);
        coordinator_count_finished(c, coordinator_task(c, point->id));
        return tell_stopped(c, point);
    }
    if (rungs_waits(point) && now == QUEUE_WAITING) queue_hold(&c->queue, point->id);
    if (!rungs_waits(point) && now == QUEUE_HELD) queue_release(&c->queue, point->id);
    return status_ok();
}

status coordinator_tend_rungs(coordinator *c)
{
    if (c->rungs.count == 0 || !c->rungs_moved) return status_ok();
    bool changed;
    c->rungs_moved = false;
    TRY(rungs_judge(&c->rungs, &changed));
    TRY(coordinator_note(c, write_file(c)));
    for (int i = 0; i < c->rungs.count; i++) TRY(coordinator_note(c, apply(c, &c->rungs.runs[i])));
    return status_ok();
}
