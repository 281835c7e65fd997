/* coordinator: rank 0 of a sweep. It asks the queue what to do next, hands out tasks, listens, keeps the log, the
 * status file and the snapshot, and tells people. It never trains, except as the only rank, where it calls the worker
 * directly.
 *
 *   coordinator.c          opening; the two ways to run; the end
 *   coordinator_hand.c     handing out
 *   coordinator_listen.c   what the workers report; lost ranks
 *   coordinator_stop.c     wishes to stop: signals, the stop file, failures of the machine
 *   coordinator_files.c    what is kept in the run directory
 *   coordinator_rungs.c    points that cannot reach the front */
#ifndef MPI_SWEEP_COORDINATOR_H
#define MPI_SWEEP_COORDINATOR_H

#include <stdbool.h>

#include "core/base/status.h"
#include "mpi/cli/inputs.h"
#include "mpi/sweep/members.h"
#include "mpi/cli/progress.h"
#include "core/sweep/queue.h"
#include "core/sweep/rungs.h"
#include "mpi/cli/stop.h"
#include "mpi/sweep/job_claims.h"
#include "mpi/link/wire.h"
#include "mpi/link/world.h"
#include "mpi/sweep/worker.h"
#include "results/run/run.h"

enum { COORDINATOR_LINE = 256 };

/* A task at work. */
typedef struct {
    wire_order order;
    progress_group shown;
} running_task;

/* What the command line says: about waiting, and about itself. */
typedef struct {
    double deadline; /* s of silence after which a rank counts as dead */
    double end;      /* clock_seconds at which everything is at a checkpoint; INFINITY: no limit */
    double lease;    /* s of silence after which a job counts as dead; 0: 60 */
    const char *command, *folder; /* that continues this sweep, and where; borrowed; NULL: not told */
} coordinator_limits;

typedef struct {
    const sweep_inputs *in; /* borrowed */
    const run *run;         /* borrowed */
    progress *progress;     /* borrowed */
    job_claims *claims;     /* with other jobs on this directory; borrowed */
    bool told_waiting;      /* people know that the rest is at work in other jobs */
    coordinator_limits limits;
    members members;       /* owned */
    queue queue;           /* owned */
    rungs rungs;           /* empty: nothing is stopped; owned */
    bool rungs_moved;      /* since they were last judged */
    running_task *running; /* (running_count), room for `room`; owned */
    int running_count, room;
    const progress_group **shown;    /* (room) the groups of one drawing; owned */
    char (*lines)[COORDINATOR_LINE]; /* (room) their texts; owned */
    const char **line_texts;         /* (room) pointers to them; owned */
    double started;                  /* clock_seconds of the sweep's start */
    int next_assignment;
    int gave_up; /* assignments that fell apart without a lost rank since the last progress */
    progress_totals totals;
    stop_wish stop;                    /* the strongest wish; nothing new is handed out */
    stop_wish signalled;               /* the strongest signal */
    bool time_is_up;                   /* and people know it */
    double old_stop;                   /* time of a stop file from before the start; 0: none */
    status fault;                      /* the first failure of the machine, which is why it stops */
    double last_status, last_snapshot; /* clock_seconds */
    snapshot *snapshot;                /* in the making, or NULL; owned */
    double snapshot_seconds;           /* what it, or the last one, has taken */
    int snapshot_tasks;                /* that were finished when it began */
    double last_look;                  /* clock_seconds, for lost ranks and the stop file */
    bool snapshot_due;
    int others; /* results in the directory that are not of the plan */
    char holder[CLAIM_HOLDER_TEXT]; /* this process, for who looks whether it lives */
} coordinator;

/* Finds what earlier runs have finished. */
MUST_CHECK status coordinator_open(coordinator *out, const sweep_inputs *in, const run *r, progress *p, job_claims *s,
                                   const link_world *world, int size, const coordinator_limits *limits);
void coordinator_close(coordinator *c);

/* How a sweep has ended, on every rank. */
typedef struct {
    int failed_tasks;  /* tasks of this job's part that ended as failed */
    int stopped_tasks; /* that were stopped for good, without a result */
    bool ranks_lost;   /* no collective call is possible any more */
} sweep_end;

/* Runs the sweep to its end, or to a clean stop, and tells the workers. `own` computes when there is no other rank.
 * Returns the failure of the machine (STATUS_MPI: workers may not have been told), STATUS_STOPPED, or OK. */
MUST_CHECK status coordinator_run(coordinator *c, worker *own, sweep_end *end);

#endif
