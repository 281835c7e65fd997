/* wire: what the coordinator (rank 0) and the workers say to each other: tags and messages. Sending never waits: a rank
 * that is dead or stopped takes nothing, and nobody may hang on it. */
#ifndef MPI_LINK_WIRE_H
#define MPI_LINK_WIRE_H

#include <stdbool.h>

#include "core/base/status.h"
#include "core/sweep/rungs.h"
#include "core/train/trainer.h"
#include "mpi/link/world.h"
#include "results/run/claim.h"

/* The largest group: `shards` beyond it are still summed in the same tree, by fewer ranks. */
enum { WIRE_MAX_MEMBERS = 256 };

enum {
    WIRE_TAG_ORDER = 1,  /* wire_order, coordinator to worker: one tag, so they arrive in the order they were sent */
    WIRE_TAG_REPORT = 2, /* wire_report, worker to coordinator */
    WIRE_TAG_ASSIGNMENT =
        16 /* and above: between the members of a assignment, one tag for each assignment (exchange.h) */
};

typedef enum {
    ORDER_RUN,     /* work on `task_id` with `members` */
    ORDER_VERDICT, /* the answer to REPORT_BOUNDARY and REPORT_READY: you may publish; then go on, or leave the task */
    ORDER_ABANDON, /* the assignment is given up: leave it at once and publish nothing */
    ORDER_STOP,    /* leave the task at the next step, with a checkpoint */
    ORDER_PULSE,   /* the coordinator lives */
    ORDER_END      /* the sweep is over: `outcome` and `failed_tasks` are its end on every rank */
} order_kind;

typedef struct {
    order_kind kind;
    int assignment; /* number of the assignment, growing: what belongs to an older one is recognised */
    int task_id;
    bool leave;      /* with ORDER_VERDICT */
    bool ranks_lost; /* with ORDER_END: no collective call is possible any more */
    int failed_tasks;
    status outcome;
    claim_token claim; /* with ORDER_RUN: what a publisher of this task has to hold */
    int member_count;
    int members[WIRE_MAX_MEMBERS]; /* world ranks, leader first; only member_count of them travel */
} wire_order;

typedef enum {
    REPORT_PULSE,       /* this rank lives */
    REPORT_PROGRESS,    /* from the leader, within a segment: where the task is */
    REPORT_BOUNDARY,    /* from the leader, at a segment boundary: may I keep a checkpoint, shall I go on? */
    REPORT_READY,       /* from the leader, at the end of its work: may I publish the result or the last checkpoint? */
    REPORT_DONE,        /* the task's file is written; `outcome` is OK, or NUMERIC with the reason of a failed task */
    REPORT_STOPPED,     /* left at a checkpoint because that was asked for; `outcome` LOST: the task is another job's */
    REPORT_BROKEN,      /* the machine failed (`outcome`): this task has no result */
    REPORT_GAVE_UP,     /* from any member: the messages of this assignment failed (`outcome`) */
    REPORT_FREE,        /* this rank has left a assignment that was given up, and waits for orders */
    REPORT_WARNING,     /* the sweep goes on; `outcome.message` is for people */
    REPORT_STOP_WANTED, /* this rank got a signal */
    REPORT_LEFT         /* the last message of a worker: nothing of it is on its way any more */
} report_kind;

typedef struct {
    report_kind kind;
    int task_id, assignment;
    int rank; /* world rank of the sender */
    bool now; /* with REPORT_STOP_WANTED: at the next step, not at the next boundary */
    trainer_progress progress;
    double test_accuracy; /* with REPORT_DONE */
    int rung_count;       /* rungs the task has come to (core/sweep/rungs.h); 0: nothing is stopped */
    stopping_point rungs[RUNGS_MOST];
    status outcome;
} wire_report;

/* The bytes of an order that travel. */
int wire_order_bytes(const wire_order *order);

/* Messages that have been sent but not yet delivered. */
typedef struct wire_parcel wire_parcel;
typedef struct {
    const link_world *world; /* borrowed */
    wire_parcel *first;      /* owned */
} wire_outbox;

/* Sends a copy of the message without waiting. */
MUST_CHECK status wire_post(wire_outbox *box, int rank, int tag, const void *message, int bytes);
/* What is still undelivered is left to MPI: its receiver is dead. */
void wire_outbox_close(wire_outbox *box);

/* Messages of one kind that have been announced, and come in. */
typedef struct wire_letter wire_letter;
typedef struct {
    const link_world *world; /* borrowed */
    int from;                /* a rank, or WIRE_ANY_RANK */
    int tag, least, most;    /* bytes of a message */
    wire_letter *first;      /* in the order of their announcement; owned */
    wire_letter *spare;      /* owned; NULL: none */
} wire_inbox;

enum { WIRE_ANY_RANK = -1 };

wire_inbox wire_inbox_open(const link_world *world, int from, int tag, int least, int most);
/* What has not come completely is left to MPI: its sender is dead. */
void wire_inbox_close(wire_inbox *box);

/* Takes one message, if one has come completely, into message[most]. Never waits: a sender may die in the middle of a
 * message. Messages of one rank are taken in the order in which they were sent. STATUS_MPI for a message of impossible
 * length. */
MUST_CHECK status wire_take(bool *taken, wire_inbox *box, void *message);

#endif
