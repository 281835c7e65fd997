/* run_look: what a run directory says about its sweep, for `bitfront status`: read from status.json, jobs/, queued/ and
 * the end of the log; and as text. Needs no run_open, locks nothing, waits for nobody, except for three seconds where a
 * job that says that it works has written a time that lies in the future: only by being renewed it shows that it does.
 */
#ifndef RESULTS_RUN_RUN_LOOK_H
#define RESULTS_RUN_RUN_LOOK_H

#include <stdbool.h>
#include <stdio.h>

#include "core/base/status.h"

enum { RUN_SILENT_AFTER_S = 60, RUN_LOOK_TEXT = 256, RUN_LOOK_COMMAND = 4096, RUN_LOOK_QUEUED = 8 };

/* One job, as it has last described itself. */
typedef struct {
    char state[32], job[RUN_LOOK_TEXT], time[32];
    char command[RUN_LOOK_COMMAND], folder[RUN_LOOK_COMMAND]; /* that started it, and where; empty: not told */
    double age;                                               /* s since then; < 0: unknown */
    double ahead;                                             /* s until then, of a clock that is or was wrong */
    bool running;                                             /* it says so, and nothing speaks against it */
    bool gone;   /* it says so, but its process is known to be dead: of this machine, by pid and start */
    bool silent; /* it says so, but has been silent for longer than RUN_SILENT_AFTER_S */
    int done, failed, stopped, at_work, total, others, awaited, exit_code;
    double fraction, seconds_left; /* < 0: not known */
    char (*groups)[RUN_LOOK_TEXT]; /* (group_count) a line for each task at work; owned */
    int group_count;
} run_job;

typedef struct {
    run_job lead;    /* who keeps status.json */
    run_job *beside; /* (beside_count) owned */
    int beside_count;
    char queued[RUN_LOOK_QUEUED][32]; /* jobs of Slurm that went back into the queue (bitfront-run --requeue) */
    int queued_count;
} run_look;

/* *out is to be freed also after a failure. STATUS_CONFIG when it is not the directory of a run. */
MUST_CHECK status run_look_read(run_look *out, const char *directory);
void run_look_free(run_look *look);

typedef struct {
    bool colour;
    int width; /* of a line, for bars */
} run_look_style;

/* How things stand: state, counts, bar, tasks at work, other jobs. */
void run_look_print(FILE *out, const run_look *look, const char *directory, run_look_style style);
/* What to do next, if anything: the command that continues, or why none is needed. */
void run_look_print_next(FILE *out, const run_look *look);
/* All of it as one JSON object; `more`: further members as JSON without braces, or "". */
MUST_CHECK status run_look_json(FILE *out, const run_look *look, const char *directory, const char *more);

#endif
