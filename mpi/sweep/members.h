/* members: the ranks as the coordinator knows them: who is idle, who works on which assignment, who has not been heard
 * of. A rank that is silent for the deadline is lost: it gets no work. If it speaks again (it was only stopped), it is
 * one of the others again, as soon as it has left the assignment it still believes in. A rank to which an order cannot
 * be sent is lost for good: it does not know what it was told. */
#ifndef MPI_SWEEP_MEMBERS_H
#define MPI_SWEEP_MEMBERS_H

#include <stdbool.h>

#include "core/base/status.h"
#include "core/sweep/silence.h"
#include "mpi/link/wire.h"
#include "mpi/link/world.h"

typedef struct {
    int assignment; /* works on, or has not yet left; 0: none */
    bool lost, left;
    bool unreachable; /* an order could not be sent to it: it stays lost */
    silence voice;
} member;

typedef struct {
    int size, first; /* ranks first ... size - 1 compute */
    double deadline; /* s */
    member *list;    /* (size); owned */
    int idle, lost;  /* counts */
    wire_outbox outbox;
    wire_inbox inbox; /* what the workers report */
    status fault;     /* why the last order that could not be sent was not */
} members;

/* With size 1, rank 0 itself computes; it is never lost. */
MUST_CHECK status members_open(members *out, const link_world *world, int size, double deadline);
void members_close(members *m);

/* Ranks that compute and are not lost. */
int members_living(const members *m);

/* Takes the lowest idle ranks, order->member_count of them, into order->members. */
void members_take(members *m, wire_order *order, int count);

/* The rank has left `assignment`. */
void members_released(members *m, int rank, int assignment);

/* Something came from this rank. True when it had been lost. */
bool members_heard(members *m, int rank);

/* Finds a rank whose silence has just become too long, or which could not be reached, and marks it. False: there is
 * none. */
bool members_find_lost(members *m, int *rank);

/* Sends the order to one rank, or to all that work on its assignment (`order->assignment`), or to all. A message that
 * cannot be sent makes its receiver a lost rank at the next members_find_lost; a missing pulse only shows as silence
 * there. */
void members_tell(members *m, int rank, const wire_order *order);
void members_tell_assignment(members *m, const wire_order *order);
void members_tell_all(members *m, const wire_order *order);

#endif
