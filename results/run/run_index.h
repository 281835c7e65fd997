/* run_index: what the last snapshot was made of, so that a sweep that is started again need not read thousands of
 * finished tasks. results.index beside results.h5 is text, a line for each task in the order of the plan, and a seal:
 *
 *   KEY STAMP done|failed [young]      STAMP: size, times of content and inode in ns, number of the inode
 *   results STAMP DIGEST               of results.h5; hash of everything else that it depends on
 *
 * A file that still has its stamp is the one whose seal was checked then, unless it was so young that a later change
 * could have the same times. Whatever is missing, damaged or does not fit costs reading, never a result. */
#ifndef RESULTS_RUN_RUN_INDEX_H
#define RESULTS_RUN_RUN_INDEX_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "core/base/checksum.h"
#include "core/base/status.h"
#include "results/run/run.h"

enum { RUN_INDEX_STAMP = 128 };
typedef struct {
    char text[RUN_INDEX_STAMP]; /* "": it is no file */
    bool young;
    uint64_t inode;
} run_index_stamp;

/* Of what is at `path` now. */
run_index_stamp run_index_stamp_of(const char *path);

/* An index in the making. */
typedef struct {
    FILE *out; /* owned; NULL: not begun */
    checksum depends;
    char path[MAX_PATH_TEXT + 64], temporary[MAX_PATH_TEXT + 64 + CLAIM_OWNER + 8];
} run_index_writer;

MUST_CHECK status run_index_begin(run_index_writer *out, const run *r, const task_plan *plan);
/* stamp: from before the file was read. */
void run_index_add(run_index_writer *w, const task *t, record_state state, const run_index_stamp *stamp);
/* The snapshot was published; results: its stamp. */
MUST_CHECK status run_index_end(run_index_writer *w, const run_index_stamp *results);
void run_index_abandon(run_index_writer *w); /* also when nothing was begun */

/* states[id - 1] of every task of the plan: how it ended, if the index knows its file; else RUN_INDEX_UNKNOWN. */
enum { RUN_INDEX_UNKNOWN = 255 };
void run_index_read(unsigned char *states, const run *r, const task_plan *plan);

/* Is results.h5 what a snapshot of the plan would be now? Seals are not read: of whoever looks at the content. */
MUST_CHECK status run_index_current(bool *out, const run *r, const task_plan *plan);

#endif
