/* Task files: written once, complete, then only read. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "results/file/record_same.h"
#include "results/run/run.h"
#include "results/run/run_internal.h"
#include "results/file/seal.h"
#include "results/file/task_file.h"

status run_open_task(h5_id *out, const char *path)
{
    TRY(seal_check(path));
    return h5_open_read(out, path);
}

/* A sound file of this task? */
static status check_task(const char *path, int id)
{
    h5_id file;
    TRY(run_open_task(&file, path));
    record head;
    status result = task_file_read_head(&head, file);
    status closed = h5_close(file);
    TRY(result);
    TRY(closed);
    if (head.task.id != id) return status_fail(STATUS_DATA, "%s holds task %d", path, head.task.id);
    return status_ok();
}

bool run_task_finished(char warning[256], const run *r, int id)
{
    char path[MAX_PATH_TEXT], aside[MAX_PATH_TEXT + 16];
    warning[0] = 0;
    run_task_path(path, r, id);
    if (!file_exists(path)) return false;
    status sound = check_task(path, id);
    if (!failed(sound)) return true;
    snprintf(aside, sizeof aside, "%s.damaged", path);
    if (rename(path, aside) == 0)
        snprintf(warning, 256, "task %d runs again, its file was moved to NAME.damaged: %.170s", id, sound.message);
    else
        snprintf(warning, 256, "task %d runs again, its file is unusable and cannot be moved aside (%.60s): %.120s", id,
                 strerror(errno), sound.message);
    return false;
}

static status write_file(const char *path, const run *r, const record *rec)
{
    h5_id file;
    TRY(h5_create(&file, path));
    status result = run_write_root(file, r, "one finished task of bitfront, see results/SCHEMA.md");
    if (!failed(result)) result = task_file_write(file, rec);
    if (failed(result)) {
        h5_discard(file);
        return result;
    }
    TRY(h5_close(file));
    return seal_append(path);
}

/* The task has a file already: of an equal run (fine), of a different one (*warning), or a damaged one (*again). */
static void judge_present(bool *again, char warning[256], const run *r, const record *rec)
{
    char damage[256], differing[160];
    record present;
    *again = false;
    if (!run_task_finished(damage, r, rec->task.id)) {
        snprintf(warning, 256, "%.250s", damage);
        *again = true;
        return;
    }
    if (failed(run_read_task(&present, r, rec->task.id))) return;
    if (!record_same(differing, sizeof differing, &present, rec))
        snprintf(warning, 256,
                 "task %d was finished twice with different results (%.120s); the first is kept. Do all jobs have the "
                 "same processor type?",
                 rec->task.id, differing);
    record_free(&present);
}

static status publish(char warning[256], const char *temporary, const char *path, const run *r, const record *rec,
                      const claim_fence *fence)
{
    bool there = true;
    for (int attempt = 0; attempt < 2 && there; attempt++) {
        if (!claim_holds(fence)) return status_fail(STATUS_LOST, "its claim was lost");
        TRY(file_publish_new(&there, temporary, path));
        bool again = false;
        if (there) judge_present(&again, warning, r, rec);
        if (there && !again) break;
    }
    if (there) unlink(temporary);
    return status_ok();
}

status run_write_task(char warning[256], const run *r, const record *rec, const claim_fence *fence)
{
    char path[MAX_PATH_TEXT], temporary[MAX_PATH_TEXT + CLAIM_TOKEN + 8];
    warning[0] = 0;
    run_task_path(path, r, rec->task.id);
    snprintf(temporary, sizeof temporary, "%s.tmp-%s", path, fence != NULL ? fence->token.text : "alone");
    status result = write_file(temporary, r, rec);
    if (!failed(result)) result = publish(warning, temporary, path, r, rec, fence);
    if (failed(result)) unlink(temporary);
    return status_in(result, "task %d", rec->task.id);
}

status run_read_task(record *out, const run *r, int id)
{
    char path[MAX_PATH_TEXT];
    run_task_path(path, r, id);
    h5_id file;
    TRY(run_open_task(&file, path));
    status result = task_file_read(out, file);
    status closed = h5_close(file);
    if (!failed(result) && failed(closed)) record_free(out);
    return failed(result) ? result : closed;
}
