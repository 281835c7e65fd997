/* run_internal: what the run_*.c files share. */
#ifndef RESULTS_RUN_RUN_INTERNAL_H
#define RESULTS_RUN_RUN_INTERNAL_H

#include "core/io/h5.h"
#include "results/file/task_mark.h"
#include "results/run/run.h"

enum { RUN_FORMAT = 3, RUN_PATH_BYTES = MAX_PATH_TEXT + 64 };

/* Of jobs that say no more: their files are removed, and not told of. */
enum { RUN_FORGOTTEN_AFTER_S = 24 * 3600 };

/* "directory/name". */
void run_path(char out[RUN_PATH_BYTES], const run *r, const char *name);

/* Root attributes of a result file: description, format, configuration, network, data checksum; and the provenance. */
MUST_CHECK status run_write_root(h5_id file, const run *r, const char *description);

/* Opens the file of a task after checking its seal, and that its mark names the task. */
MUST_CHECK status run_open_task(h5_id *out, task_mark *mark, const run *r, const char *key);

/* task_file_read_head of an open file. DATA unless it says the same as its mark. */
MUST_CHECK status run_read_head(record *out, h5_id file, const task_mark *mark);

/* A count out of a file for machines: 0 unless it is a number between 0 and what no run exceeds. */
struct json_t;
int run_json_count(const struct json_t *object, const char *name);

/* The row of a finished task, from behind the HDF5 part of its file: as run_read_head, in a tenth of the time. *there:
 * false for files that have none. */
MUST_CHECK status run_read_row(bool *there, record *out, const run *r, const char *key);

/* Moves the file of a task that cannot be used to NAME.damaged and tells so, or why that failed. `after`: what comes of
 * it, in words: "runs again". */
void run_set_aside(char warning[256], const run *r, const char *key, const char *after, status unusable);

#endif
