/* run: the run directory (architecture.md 6; layout in SCHEMA.md). One writer: the coordinator (task files may be read
 * by anyone, at any time). Files appear complete or not at all.
 *
 *   config.cfg network.cfg    the resolved configuration and the network as used
 *   tasks/000123.h5           one per finished task: the truth
 *   checkpoints/000123.h5     one per running task (checkpoint.h)
 *   results.h5                snapshot of everything finished, replaced atomically
 *   data.checksum             of the data set
 *   log.jsonl status.json */
#ifndef RESULTS_RUN_H
#define RESULTS_RUN_H

#include <stdbool.h>
#include <stdio.h>

#include "core/base/status.h"
#include "core/config/settings.h"
#include "core/task/record.h"

typedef struct {
    char directory[MAX_PATH_TEXT];
    char *config_text;  /* resolved, owned */
    char *network_text; /* owned */
    char data_checksum[72];
    char kernels[16];       /* instruction set in use, for the provenance */
    char blas[96], mpi[96]; /* library versions, for the provenance */
} run;

/* Opens `directory` for a sweep: creates it, or checks that what is there belongs to the same configuration, network
 * and data (else an error that names the differing keys and says what to do). The texts are copied. */
MUST_CHECK status run_open(run *out, const char *directory, const char *config_text, const char *network_text,
                           const char *data_checksum);
void run_close(run *r);

/* Paths inside the directory: "tasks/000123.h5", "checkpoints/000123.h5". */
void run_task_path(char out[MAX_PATH_TEXT], const run *r, int id);
void run_checkpoint_path(char out[MAX_PATH_TEXT], const run *r, int id);

/* True when the task's file exists. A file that is there but damaged is moved aside to NAME.damaged, reported in
 * `warning` (empty otherwise) and counts as not finished. */
bool run_task_finished(char warning[256], const run *r, int id);

/* Writes one finished (or failed) task: complete, synced, renamed. */
MUST_CHECK status run_write_task(const run *r, const record *rec);
/* Reads it back; the caller frees with record_free. */
MUST_CHECK status run_read_task(record *out, const run *r, int id);

/* Replaces results.h5 by a snapshot of all task files (ids 1 ... task_count) that exist. */
MUST_CHECK status run_snapshot(const run *r, int task_count);

/* One line in log.jsonl: {"time":..., "event":event, fields}. `fields` is JSON without braces or empty. Appended with
 * one write call. */
MUST_CHECK status run_log(const run *r, const char *event, const char *fields);
/* `text` as a quoted JSON string, for `fields`; "" when it does not fit (room for 6 bytes a character always does). */
void run_json_text(char *out, size_t room, const char *text);

/* Replaces status.json: {"state":state, "done":..,"failed":..,"running":..,"total":..,"exit":exit_code, "time":..,
 * "groups":[{"line":...}, ...]}. */
typedef struct {
    const char *state; /* "running", "done", "failed", "stopped" */
    int done, failed, running, total, exit_code;
    int group_count;
    const char *const *group_lines; /* one text per running group */
} run_state;
MUST_CHECK status run_write_status(const run *r, const run_state *state);

/* `bitfront status`: reads directory/status.json and prints it for people; says when a run that claims to be running
 * has been silent for a minute. Needs no run_open. */
MUST_CHECK status run_print_status(FILE *out, const char *directory);

#endif
