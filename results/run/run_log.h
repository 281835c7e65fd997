/* run_log: reads log.jsonl back. */
#ifndef RESULTS_RUN_RUN_LOG_H
#define RESULTS_RUN_RUN_LOG_H

#include <stddef.h>

#include "core/base/status.h"
#include "core/task/task.h"

typedef struct {
    double time; /* s since 1970, whole seconds */
    char event[32];
    double at;              /* s since the sweep was started, by the clock of rank 0; < 0: the line has none */
    int task, ranks, tasks; /* 0: the line has none */
    char key[TASK_KEY];     /* of the task; empty: the line has none */
} run_log_line;

/* Calls `visit` for every line of directory/log.jsonl. A missing log has no lines; lines that are no JSON are left out
 * (the last one may have been cut off). */
MUST_CHECK status run_log_read(const char *directory, void (*visit)(void *ctx, const run_log_line *line), void *ctx);

/* How long it is; 0: there is none. */
long run_log_bytes(const char *directory);

/* The same for the last `bytes` of it: what happened lately, however long the log is. */
MUST_CHECK status run_log_read_end(const char *directory, size_t bytes, void (*visit)(void *ctx, const run_log_line *line),
                                   void *ctx);

#endif
