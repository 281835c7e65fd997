/* run: the run directory (layout in SCHEMA.md). Several jobs may work on it: who works on what is in claim.h. Files
 * appear complete or not at all, and may be read by anyone, at any time. Results are named by the keys of their tasks
 * (core/task/identity.h): what lies there of other plans is neither used nor touched.
 *
 *   config.cfg network.cfg    the resolved configuration and the network as used
 *   tasks/KEY.h5              one per finished task: the truth
 *   checkpoints/KEY.h5        one per running task (checkpoint.h)
 *   results.h5                snapshot of everything of the plan that is finished, replaced atomically
 *   data.checksum             of the data set
 *   claims/                   who works on what, when several jobs share the directory (claim.h)
 *   log.jsonl status.json     of the sweep, kept by one job at a time: the one with the claim RUN_LEAD
 *   log-OWNER.jsonl jobs/OWNER.json   of each of the other jobs, in the same form */
#ifndef RESULTS_RUN_RUN_H
#define RESULTS_RUN_RUN_H

#include <stdbool.h>
#include <stdio.h>

#include "core/base/status.h"
#include "core/config/settings.h"
#include "core/task/plan.h"
#include "core/task/record.h"
#include "results/run/claim.h"

typedef struct {
    char directory[MAX_PATH_TEXT];
    char *config_text;  /* resolved, owned */
    char *network_text; /* owned */
    char data_checksum[72];
    char kernels[16];        /* instruction set in use, for the provenance */
    char blas[96], mpi[96];  /* library versions, for the provenance */
    char owner[CLAIM_OWNER]; /* of this job's claims; empty: the only job */
    bool own_log;            /* this job began beside another one: events go to log-OWNER.jsonl */
} run;

/* The claim of the job that keeps log.jsonl, status.json and results.h5 while several share the directory. */
#define RUN_LEAD "lead"

/* Opens `directory` for a sweep (several jobs may do so at once): creates it, or takes what is there. If that is of
 * another configuration, network or data set, the texts are replaced, so that the directory describes the newest plan;
 * that is refused (STATUS_CONFIG) while another job works there. *changed says so: results of the former plan stay. A
 * directory of format 1 (results named by number) is refused with a sentence that says what to do. The texts are
 * copied. */
MUST_CHECK status run_open(run *out, const char *directory, const char *config_text, const char *network_text,
                           const char *data_checksum, bool *changed);
void run_close(run *r);

/* Is `directory` a run directory? */
MUST_CHECK status run_is_there(bool *out, const char *directory);

/* What an existing run directory describes, for reading: directory and texts of *out. Changes nothing; no other run
 * function may publish with it. STATUS_CONFIG when it is no run directory; the system's reason when it cannot be looked
 * at. */
MUST_CHECK status run_open_read(run *out, const char *directory);

/* Paths inside the directory: "tasks/KEY.h5", "checkpoints/KEY.h5". */
void run_task_path(char out[MAX_PATH_TEXT], const run *r, const char *key);
void run_checkpoint_path(char out[MAX_PATH_TEXT], const run *r, const char *key);

/* Is the task finished, and how? *finished := its file is there, its seal is right, and its mark (task_mark.h) names
 * that task; then *state is its end. A file that cannot be used is moved aside to NAME.damaged, told in `warning`
 * (empty otherwise), and counts as not finished; one that cannot be read for a reason of the machine is left alone: its
 * failure is returned. Takes some 10 microseconds; whether the content is what the mark says is asked by whoever reads
 * it. */
MUST_CHECK status run_task_state(bool *finished, record_state *state, char warning[256], const run *r, const char *key);

/* The same question to the content of a finished task, before others start from it. */
MUST_CHECK status run_check_task(bool *sound, char warning[256], const run *r, const char *key);

/* Publishes one finished (or failed) task: complete, synced, linked to its name; a task that has a file keeps it. If
 * that says anything else, `warning` tells (empty otherwise). `fence`: the claim of the task, or NULL; STATUS_LOST when
 * it no longer holds: nothing was changed. */
MUST_CHECK status run_write_task(char warning[256], const run *r, const record *rec, const claim_fence *fence);
/* Reads it back; the caller frees with record_free. STATUS_DATA when the file is damaged or not of that task: name,
 * mark, stored key, and the key of what it holds have to be the same. */
MUST_CHECK status run_read_task(record *out, const run *r, const char *key);

/* Plans of more tasks are too large to be copied again and again: their results.h5 has the points, not the tasks. */
enum { RUN_MOST_COPIES = 10000 };

/* Replaces results.h5 by a snapshot of what the plan has finished. A task file whose content is not what its mark says
 * ends it (STATUS_DATA); the file is moved aside as by run_task_state. */
MUST_CHECK status run_snapshot(const run *r, const task_plan *plan);

/* The same in slices, for who has to answer others meanwhile: it takes about a millisecond a task. A task that ends
 * after its turn is in the next snapshot. Nothing may be done with it after *published or an error but
 * run_snapshot_end, which removes what was not published. `r` and `plan` are borrowed until then. */
typedef struct snapshot snapshot;
MUST_CHECK status run_snapshot_begin(snapshot **out, const run *r, const task_plan *plan);
MUST_CHECK status run_snapshot_step(snapshot *s, double seconds, bool *published);
void run_snapshot_end(snapshot *s); /* NULL is fine */

/* After an error: has somebody removed the file that was being written? Another job does, for a leftover, when this one
 * was stopped for longer than its lease; then a new snapshot is all that is needed. */
bool run_snapshot_is_gone(const snapshot *s);

/* What else has to be done in between, several times a second; an error of it ends the work. */
typedef struct {
    status (*act)(void *ctx);
    void *ctx;
} run_meanwhile;

/* A snapshot at the end of a job, and another one when other jobs have finished tasks meanwhile: a late snapshot that
 * holds less does not stay in the place of one that holds more. meanwhile: NULL for nothing. */
MUST_CHECK status run_snapshot_last(const run *r, const task_plan *plan, const run_meanwhile *meanwhile);

/* One line in the log of this job: {"time":..., "event":event, fields}. `fields` is JSON without braces or empty.
 * Appended with one write call. */
MUST_CHECK status run_log(const run *r, const char *event, const char *fields);
/* `text` as a quoted JSON string, for `fields`; "" when it does not fit (room for 6 bytes a character always does). */
void run_json_text(char *out, size_t room, const char *text);

/* Replaces status.json, or with `beside` jobs/OWNER.json: {"state":state, "done":.., "failed":.., "stopped":.., "running":..,
 * "total":.., "others":.., "awaited":.., "exit":exit_code, "fraction":.., "seconds_left":.., "job":.., "holder":..,
 * "command":.., "folder":.., "time":.., "groups":[{"line":...}, ...]}. */
typedef struct {
    bool beside;       /* another job leads */
    const char *job;   /* "4711_3 on node7"; NULL: not told */
    const char *state; /* "running", "done", "failed", "stopped" */
    int done, failed, running, total, exit_code;
    int stopped; /* points that will have no result (results/file/stopping_file.h) */
    int others;  /* results in the directory that are not of the plan */
    int awaited; /* tasks of this job's part that are at work in other jobs */
    bool known;  /* the next two are */
    double fraction, seconds_left;
    const char *holder;           /* claim_holder_self of the job; NULL: not told, as the next two */
    const char *command, *folder; /* that started it, and where */
    int group_count;
    const char *const *group_lines; /* one text per running group */
} run_state;
MUST_CHECK status run_write_status(const run *r, const run_state *state);

/* Removes this job's jobs/OWNER.json, when it leads from now on, and those of jobs that ended more than a day ago. */
void run_forget_jobs(const run *r);

#endif
