/* contact: a worker's side of the conversation with the coordinator. It takes orders, shows once a second that this
 * rank lives, passes signals on, and notices when the coordinator is gone. Whoever waits or computes calls it often. */
#ifndef MPI_SWEEP_CONTACT_H
#define MPI_SWEEP_CONTACT_H

#include <stdbool.h>

#include "core/base/status.h"
#include "mpi/cli/stop.h"
#include "core/sweep/silence.h"
#include "mpi/link/wire.h"
#include "mpi/link/world.h"

typedef struct {
    int world_rank;
    double deadline; /* s of silence after which the other side counts as dead */
    wire_inbox inbox;
    wire_outbox outbox;
    silence coordinator;
    double last_pulse; /* clock_seconds */
    int assignment;    /* this rank works on; 0: none */
    bool ordered;      /* `order` is to be worked on */
    wire_order order;
    bool ended;           /* `end_order` has come */
    bool abandoned;       /* the assignment is over */
    bool stop;            /* leave the task at the next step */
    bool answered, leave; /* the verdict, and what it says */
    stop_wish told;       /* of our own signals the coordinator knows this */
    wire_order end_order;
    status fault; /* the coordinator cannot be reached */
} contact;

contact contact_open(const link_world *world, int world_rank, double deadline);
void contact_close(contact *c);

/* Takes what has come, says what is due. Fails when the coordinator is lost; so does every later call. */
MUST_CHECK status contact_poll(contact *c);

/* Sends without waiting. */
MUST_CHECK status contact_report(contact *c, const wire_report *message);

/* Sends a REPORT_FREE; one that is not needed does no harm. */
MUST_CHECK status contact_free(contact *c, int assignment);

/* Sends a REPORT_BOUNDARY or REPORT_READY and waits for the verdict. STATUS_MPI when the assignment is over. */
MUST_CHECK status contact_ask(contact *c, const wire_report *message, bool *leave);

/* Polls; true when this rank has to leave its assignment at once: it is abandoned, or the coordinator is lost. */
bool contact_given_up(contact *c);

#endif
