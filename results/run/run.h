/* run: the run directory (architecture.md 6; layout in SCHEMA.md). Several jobs may work on it: who works on what is in
 * claim.h. Files appear complete or not at all, and may be read by anyone, at any time.
 *
 *   config.cfg network.cfg    the resolved configuration and the network as used
 *   tasks/000123.h5           one per finished task: the truth
 *   checkpoints/000123.h5     one per running task (checkpoint.h)
 *   results.h5                snapshot of everything finished, replaced atomically
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

/* Opens `directory` for a sweep (several jobs may do so at once): creates it, or checks that what is there belongs to
 * the same configuration, network and data (else an error that names the differing keys and says what to do). The texts
 * are copied. */
MUST_CHECK status run_open(run *out, const char *directory, const char *config_text, const char *network_text,
                           const char *data_checksum);
void run_close(run *r);

/* Paths inside the directory: "tasks/000123.h5", "checkpoints/000123.h5". */
void run_task_path(char out[MAX_PATH_TEXT], const run *r, int id);
void run_checkpoint_path(char out[MAX_PATH_TEXT], const run *r, int id);

/* True when the task's file exists. A file that is there but damaged is moved aside to NAME.damaged, reported in
 * `warning` (empty otherwise) and counts as not finished. */
bool run_task_finished(char warning[256], const run *r, int id);

/* Publishes one finished (or failed) task: complete, synced, linked to its name; a task that has a file keeps it. If
 * that says anything else, `warning` tells (empty otherwise). `fence`: the claim of the task, or NULL; STATUS_LOST when
 * it no longer holds: nothing was changed. */
MUST_CHECK status run_write_task(char warning[256], const run *r, const record *rec, const claim_fence *fence);
/* Reads it back; the caller frees with record_free. */
MUST_CHECK status run_read_task(record *out, const run *r, int id);

/* Replaces results.h5 by a snapshot of all task files (ids 1 ... task_count) that exist. */
MUST_CHECK status run_snapshot(const run *r, int task_count);

/* The same in slices, for who has to answer others meanwhile: it takes about a millisecond a task. A task that ends
 * after its turn is in the next snapshot. Nothing may be done with it after *published or an error but
 * run_snapshot_end, which removes what was not published. `r` is borrowed until then. */
typedef struct snapshot snapshot;
MUST_CHECK status run_snapshot_begin(snapshot **out, const run *r, int task_count);
MUST_CHECK status run_snapshot_step(snapshot *s, double seconds, bool *published);
void run_snapshot_end(snapshot *s); /* NULL is fine */

/* What else has to be done in between, several times a second; an error of it ends the work. */
typedef struct {
    status (*act)(void *ctx);
    void *ctx;
} run_meanwhile;

/* A snapshot at the end of a job, and another one when other jobs have finished tasks meanwhile: a late snapshot that
 * holds less does not stay in the place of one that holds more. meanwhile: NULL for nothing. */
MUST_CHECK status run_snapshot_last(const run *r, int task_count, const run_meanwhile *meanwhile);

/* One line in the log of this job: {"time":..., "event":event, fields}. `fields` is JSON without braces or empty.
 * Appended with one write call. */
MUST_CHECK status run_log(const run *r, const char *event, const char *fields);
/* `text` as a quoted JSON string, for `fields`; "" when it does not fit (room for 6 bytes a character always does). */
void run_json_text(char *out, size_t room, const char *text);

/* Replaces status.json, or with `beside` jobs/OWNER.json: {"state":state,
 * "done":..,"failed":..,"running":..,"total":.., "exit":exit_code, "job":.., "time":.., "groups":[{"line":...}, ...]}.
 */
typedef struct {
    bool beside;       /* another job leads */
    const char *job;   /* "4711_3 on node7"; NULL: not told */
    const char *state; /* "running", "done", "failed", "stopped" */
    int done, failed, running, total, exit_code;
    int group_count;
    const char *const *group_lines; /* one text per running group */
} run_state;
MUST_CHECK status run_write_status(const run *r, const run_state *state);

/* Removes this job's jobs/OWNER.json, when it leads from now on, and those of jobs that ended more than a day ago. */
void run_forget_jobs(const run *r);

/* `bitfront status`: reads directory/status.json and the jobs beside it and prints them for people; says when a run
 * that claims to be running has been silent for a minute. Needs no run_open. */
MUST_CHECK status run_print_status(FILE *out, const char *directory);

#endif
