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
#include "core/io/seal.h"
#include "results/file/task_file.h"
#include "results/file/task_row.h"

static status read_mark(task_mark *out, const char *path, const char *key)
{
    TRY(task_mark_read(out, path));
    if (strcmp(out->key, key) == 0) return status_ok();
    return status_fail(STATUS_DATA, "%s holds task %.8s: it was renamed", path, out->key);
}

status run_read_row(bool *there, record *out, const run *r, const char *key)
{
    char path[MAX_PATH_TEXT];
    task_mark mark;
    run_task_path(path, r, key);
    TRY(task_row_read(there, out, &mark, path));
    if (strcmp(mark.key, key) == 0) return status_ok();
    if (*there) record_free(out);
    return status_fail(STATUS_DATA, "%s holds task %.8s: it was renamed", path, mark.key);
}

status run_open_task(h5_id *out, task_mark *mark, const run *r, const char *key)
{
    char path[MAX_PATH_TEXT];
    run_task_path(path, r, key);
    TRY(read_mark(mark, path, key));
    return h5_open_read(out, path);
}

static status check_head(const record *head, const task_mark *mark)
{
    if (strcmp(head->task.key, mark->key) == 0 && head->state == mark->state) return status_ok();
    return status_fail(STATUS_DATA, "it holds task %.8s, but is marked as %.8s: it was changed", head->task.key,
                       mark->key);
}

/* Reads with `read`, which sees the whole record or its head. */
static status read_marked(record *out, h5_id file, const task_mark *mark, status (*read)(record *out, h5_id file))
{
    TRY(read(out, file));
    status result = check_head(out, mark);
    if (failed(result)) record_free(out);
    return result;
}

status run_read_head(record *out, h5_id file, const task_mark *mark)
{
    return read_marked(out, file, mark, task_file_read_head);
}

static status check_row(const run *r, const char *key, const record *rec)
{
    char path[MAX_PATH_TEXT];
    run_task_path(path, r, key);
    return status_in(task_row_check(path, rec), "%s", path);
}

status run_read_task(record *out, const run *r, const char *key)
{
    h5_id file;
    task_mark mark;
    record rec;
    TRY(run_open_task(&file, &mark, r, key));
    status result = read_marked(&rec, file, &mark, task_file_read);
    if (failed(result)) {
        char path[MAX_PATH_TEXT];
        run_task_path(path, r, key);
        h5_discard(file);
        return status_in(result, "%s", path);
    }
    result = h5_close(file);
    if (!failed(result)) result = check_row(r, key, &rec);
    if (failed(result))
        record_free(&rec);
    else
        *out = rec;
    return result;
}

void run_set_aside(char warning[256], const run *r, const char *key, const char *after, status unusable)
{
    char path[MAX_PATH_TEXT], aside[MAX_PATH_TEXT + 16];
    run_task_path(path, r, key);
    snprintf(aside, sizeof aside, "%s.damaged", path);
    if (rename(path, aside) == 0)
        snprintf(warning, 256, "task %.8s %s, its file was moved to NAME.damaged: %.160s", key, after,
                 unusable.message);
    else
        snprintf(warning, 256, "task %.8s %s, its file is unusable and cannot be moved aside (%.60s): %.100s", key,
                 after, strerror(errno), unusable.message);
}

status run_task_state(bool *finished, record_state *state, char warning[256], const run *r, const char *key)
{
    char path[MAX_PATH_TEXT];
    warning[0] = 0;
    *finished = false;
    run_task_path(path, r, key);
    if (!file_exists(path)) return status_ok();
    task_mark mark;
    status sound = read_mark(&mark, path, key);
    if (failed(sound) && sound.code != STATUS_DATA) return sound;
    *finished = !failed(sound);
    if (*finished)
        *state = mark.state;
    else
        run_set_aside(warning, r, key, "runs again", sound);
    return status_ok();
}

status run_check_task(bool *sound, char warning[256], const run *r, const char *key)
{
    record rec;
    status read = run_read_task(&rec, r, key);
    /* A library that was short of memory may call a file damaged; a file stays as it is. */
    if (read.code == STATUS_DATA) read = run_read_task(&rec, r, key);
    *sound = !failed(read);
    warning[0] = 0;
    if (*sound) record_free(&rec);
    if (read.code != STATUS_DATA) return read;
    run_set_aside(warning, r, key, "runs again", read);
    return status_ok();
}

static status write_file(const char *path, const run *r, const record *rec)
{
    h5_id file;
    TRY(h5_create(&file, path));
    status result = run_write_root(file, r, "one finished task of bitfront, see results/SCHEMA.md");
    if (!failed(result)) result = h5_set_text(file, "provenance", "earlier_machines", rec->earlier_machines);
    if (!failed(result)) result = task_file_write(file, rec);
    if (failed(result)) {
        h5_discard(file);
        return result;
    }
    TRY(h5_close(file));
    TRY(task_row_append(path, rec));
    task_mark mark = {.state = rec->state};
    memcpy(mark.key, rec->task.key, sizeof mark.key);
    TRY(task_mark_append(path, &mark));
    return seal_append(path);
}

/* The task has a file already: of an equal run (fine), of a different one (*warning), or a damaged one (*again). */
static status judge_present(bool *again, char warning[256], const run *r, const record *rec)
{
    char differing[160];
    record present;
    record_state state;
    bool finished;
    TRY(run_task_state(&finished, &state, warning, r, rec->task.key));
    if (finished) TRY(run_check_task(&finished, warning, r, rec->task.key));
    *again = !finished;
    if (!finished || failed(run_read_task(&present, r, rec->task.key))) return status_ok();
    if (!record_same(differing, sizeof differing, &present, rec))
        snprintf(
            warning, 256,
            "task %.8s was finished twice with different results (%.120s); the first is kept. Do all jobs have the "
            "same processor type?",
            rec->task.key, differing);
    record_free(&present);
    return status_ok();
}

static status publish(char warning[256], const char *temporary, const char *path, const run *r, const record *rec,
                      const claim_fence *fence)
{
    bool there = true;
    for (int attempt = 0; attempt < 2 && there; attempt++) {
        TRY(claim_fence_check(fence));
        TRY(file_publish_new(&there, temporary, path));
        bool again = false;
        if (there) TRY(judge_present(&again, warning, r, rec));
        if (there && !again) break;
    }
    if (there) unlink(temporary);
    return status_ok();
}

status run_write_task(char warning[256], const run *r, const record *rec, const claim_fence *fence)
{
    char path[MAX_PATH_TEXT], temporary[MAX_PATH_TEXT + CLAIM_TOKEN + 8];
    warning[0] = 0;
    run_task_path(path, r, rec->task.key);
    snprintf(temporary, sizeof temporary, "%s.tmp-%s", path, fence != NULL ? fence->token.text : "alone");
    status result = write_file(temporary, r, rec);
    if (!failed(result)) result = publish(warning, temporary, path, r, rec, fence);
    if (failed(result)) unlink(temporary);
    /* Who took the claim over has removed the file that was being written. */
    const status held = failed(result) ? claim_fence_check(fence) : result;
    if (held.code == STATUS_LOST) result = held;
    return status_in(result, "task %.8s", rec->task.key);
}
