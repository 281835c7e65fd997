/* coordinator: rank 0 of a sweep. It asks the queue what to do next, hands out tasks, listens, keeps the log, the
 * status file and the snapshot, and tells people. It never trains, except as the only rank, where it calls the worker
 * directly. */
#ifndef MPI_COORDINATOR_H
#define MPI_COORDINATOR_H

#include <mpi.h>
#include <stdbool.h>

#include "core/base/status.h"
#include "mpi/inputs.h"
#include "mpi/progress.h"
#include "mpi/queue.h"
#include "mpi/wire.h"
#include "mpi/worker.h"
#include "results/run.h"

enum { COORDINATOR_LINE = 256 };

/* A task at work. */
typedef struct {
    wire_order order;
    progress_group shown;
} assignment;

typedef struct {
    const sweep_inputs *in; /* borrowed */
    const run *run;         /* borrowed */
    progress *progress;     /* borrowed */
    MPI_Comm world;
    int size;    /* of the world; 1: this process computes too */
    queue queue; /* owned */
    bool *idle;  /* (size) ranks that wait for an order; owned */
    int idle_count;
    assignment *running; /* (running_count), room for `size`; owned */
    int running_count;
    const progress_group **shown;    /* (size) room for the groups of one drawing; owned */
    char (*lines)[COORDINATOR_LINE]; /* (size) room for their texts; owned */
    const char **line_texts;         /* (size) pointers to them; owned */
    int next_lot;
    progress_totals totals;
    bool stopping;                                       /* nothing new is handed out */
    bool interrupted;                                    /* ... because a signal asked for it */
    status fault;                                        /* ... because the machine failed: the first failure */
    double last_status, last_snapshot, snapshot_seconds; /* clock_seconds; the last one: what a snapshot takes */
    bool snapshot_due;
} coordinator;

/* Finds what earlier runs have finished. */
MUST_CHECK status coordinator_open(coordinator *out, const sweep_inputs *in, const run *r, progress *p, MPI_Comm world,
                                   int size);
void coordinator_close(coordinator *c);

/* Runs the sweep to its end, or to a clean stop, and sends the workers away. `own` computes when there is no other
 * rank. Returns the failure of the machine (STATUS_MPI: workers may not have been told), STATUS_STOPPED, or OK;
 * *failed_tasks counts tasks that ended as failed. */
MUST_CHECK status coordinator_run(coordinator *c, worker *own, int *failed_tasks);

#endif
