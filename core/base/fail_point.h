/* fail_point: faults on demand, so that tests can kill the program, or let a call fail, at every step that matters to
 * what is kept on disk or said between ranks. Not armed, a point costs one predictable branch.
 *
 * A point is SUBJECT.STEP: what is written or sent, and the moment. A file's subject follows from its path; a directory
 * that is synced is "other".
 *
 *   subjects of files     task checkpoint snapshot status log claim other
 *   their steps           write.before write.middle write.after sync.before sync.after rename.before rename.after
 *   subjects of messages  order stop report sum
 *   their steps           send.before send.after
 *
 * "middle": half of the bytes are written; of results.h5, which is written while it grows, the first of many pieces. A
 * claim is made by create or link: its "rename" is that moment.
 *
 * Armed by the environment variable BITFRONT_FAIL, a list of POINT:N:ACTION[@RANK] separated by commas: at the N-th
 * passing (from 1) of the point in this process, or at all from the N-th on with "N+", only on that rank if one is
 * given. Actions:
 *
 *   kill stop       SIGKILL or SIGSTOP of this process
 *   enospc eio      the call fails with this error (files; at "after", the step was done all the same. eio also at
 *                   order.send.before and stop.send.before: that message cannot be sent)
 *
 * BITFRONT_FAIL_ONCE=FILE: an action is taken only by who creates FILE; so only once, however often the program is
 * started again. BITFRONT_FAIL_TRACE=FILE appends a line "POINT RANK" to FILE at every passing. */
#ifndef CORE_BASE_FAIL_POINT_H
#define CORE_BASE_FAIL_POINT_H

#include <stdbool.h>

#include "core/base/status.h"

typedef enum {
    FAIL_TASK,
    FAIL_CHECKPOINT,
    FAIL_SNAPSHOT,
    FAIL_STATUS,
    FAIL_LOG,
    FAIL_CLAIM,
    FAIL_OTHER,
    FAIL_ORDER,
    FAIL_STOP,
    FAIL_REPORT,
    FAIL_SUM,
    FAIL_SUBJECTS
} fail_subject;

typedef enum {
    FAIL_WRITE_BEFORE,
    FAIL_WRITE_MIDDLE,
    FAIL_WRITE_AFTER,
    FAIL_SYNC_BEFORE,
    FAIL_SYNC_AFTER,
    FAIL_RENAME_BEFORE,
    FAIL_RENAME_AFTER,
    FAIL_SEND_BEFORE,
    FAIL_SEND_AFTER,
    FAIL_STEPS
} fail_step;

/* Reads the environment on behalf of this rank. CONFIG when BITFRONT_FAIL cannot be understood. */
MUST_CHECK status fail_points_arm(int rank);

extern bool fail_points_armed; /* by fail_points_arm only */
int fail_file_armed(const char *path, fail_step step);
int fail_message_armed(fail_subject subject, fail_step step);

/* Passes a point of the file at `path`. 0, or the errno that the call has to report. */
static inline int fail_file(const char *path, fail_step step)
{
    return fail_points_armed ? fail_file_armed(path, step) : 0;
}

/* Passes a point of a message. 0, or the errno with which sending it fails. */
static inline int fail_message(fail_subject subject, fail_step step)
{
    return fail_points_armed ? fail_message_armed(subject, step) : 0;
}

#endif
