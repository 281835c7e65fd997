/* wire: what the coordinator (rank 0) and the workers say to each other: tags and fixed-size messages. */
#ifndef MPI_WIRE_H
#define MPI_WIRE_H

#include <mpi.h>
#include <stdbool.h>

#include "core/base/status.h"
#include "core/train/trainer.h"

/* The largest group: `shards` beyond it are still summed in the same tree, by fewer ranks. */
enum { WIRE_MAX_MEMBERS = 256 };

enum {
    WIRE_TAG_ORDER = 1,  /* wire_order, coordinator to worker */
    WIRE_TAG_STOP = 2,   /* no content, coordinator to worker: leave the task at the next step, with a checkpoint */
    WIRE_TAG_REPORT = 3, /* wire_report, worker to coordinator */
    WIRE_TAG_GROUP = 16  /* and above: formation of groups */
};

typedef enum { ORDER_RUN, ORDER_LEAVE } order_kind;

typedef struct {
    order_kind kind;
    int task_id;
    int lot; /* number of the assignment, growing: a report on an older one is recognised */
    int member_count;
    int members[WIRE_MAX_MEMBERS]; /* world ranks, leader first */
} wire_order;

typedef enum {
    REPORT_PROGRESS,    /* from the leader: where the task is */
    REPORT_DONE,        /* the task's file is written; `outcome` is OK, or NUMERIC with the reason of a failed task */
    REPORT_STOPPED,     /* left at a checkpoint because a stop was asked for */
    REPORT_BROKEN,      /* the machine failed (`outcome`): this task has no result */
    REPORT_WARNING,     /* the sweep goes on; `outcome.message` is for people */
    REPORT_STOP_WANTED, /* an idle rank got a signal */
    REPORT_LEFT         /* the last words of a worker: nothing of it is on its way any more */
} report_kind;

typedef struct {
    report_kind kind;
    int task_id, lot;
    int rank; /* world rank of the sender */
    trainer_progress progress;
    double test_accuracy; /* with REPORT_DONE */
    status outcome;
} wire_report;

/* Sends `bytes` bytes to `rank` and waits until the buffer may be used again. */
MUST_CHECK status wire_send(MPI_Comm world, int rank, int tag, const void *message, int bytes);

/* Takes one message if there is one from `rank` (or MPI_ANY_SOURCE) with this tag; it must have `bytes` bytes. */
MUST_CHECK status wire_take(bool *taken, MPI_Comm world, int rank, int tag, void *message, int bytes);

#endif
