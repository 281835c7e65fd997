/* worker: one rank's part in training a task. By an order (worker_serve.h) it forms a group with the other members,
 * runs the task segment by segment with a checkpoint after each, and the leader (group rank 0) writes the result and
 * reports. Before anything is published the leader asks the coordinator: a rank that was cut off or stopped for so long
 * that its assignment was given to others learns it there, and publishes nothing. */
#ifndef MPI_SWEEP_WORKER_H
#define MPI_SWEEP_WORKER_H

#include <stdbool.h>

#include "core/base/status.h"
#include "core/train/trainer.h"
#include "mpi/cli/inputs.h"
#include "mpi/sum/sum_memory.h"
#include "mpi/link/wire.h"
#include "mpi/link/world.h"
#include "results/run/run.h"

/* How a worker reaches the coordinator: by messages, or directly when both are this process. */
typedef struct {
    status (*report)(void *ctx, const wire_report *report);
    /* A REPORT_BOUNDARY or REPORT_READY and its answer: OK: publish; then leave the task if *leave. */
    status (*ask)(void *ctx, const wire_report *report, bool *leave);
    bool (*should_stop)(void *ctx); /* asked after every step */
    bool (*given_up)(void *ctx);    /* asked often: the assignment is over */
    void *ctx;
} worker_link;

typedef struct worker {
    const sweep_inputs *in; /* borrowed */
    const run *run;         /* borrowed */
    const link_world *world;
    int world_rank;
    worker_link link;
    status (*perform)(struct worker *w, const wire_order *order); /* worker_perform, but for measuring */
    const sum_memory *sums; /* of the gradients of groups; borrowed; NULL: they go by messages */

    const trainer *current; /* while this rank leads a task: what its progress is read from */
    const wire_order *order;
    double test_accuracy; /* of the last result this rank has written */
    double last_report;   /* clock_seconds of the last progress report */
} worker;

worker worker_new(const sweep_inputs *in, const run *r, const link_world *world, int world_rank);

/* Tells the coordinator about the assignment at hand; t: how far it is, NULL for nothing of that. */
MUST_CHECK status worker_report(worker *w, report_kind kind, const trainer *t, status outcome);

/* Collective on the members of the order. Runs one task, or the rest of it, and reports what became of it. Fails when
 * that report cannot be sent. */
MUST_CHECK status worker_perform(worker *w, const wire_order *order);

#endif
