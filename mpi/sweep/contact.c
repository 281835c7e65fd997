#include "mpi/sweep/contact.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/fail_point.h"
#include "mpi/link/patience.h"

static const double PULSE_SECONDS = 1.0;     /* between signs of life, at most ... */
static const double PULSES_PER_DEADLINE = 8; /* ... and at least so many of them within the deadline */
static const double ANSWER_NAP_SECONDS = 1e-3;

contact contact_open(const link_world *world, int world_rank, double deadline)
{
    return (contact){
        .world_rank = world_rank,
        .deadline = deadline,
        .inbox = wire_inbox_open(world, 0, WIRE_TAG_ORDER, (int)offsetof(wire_order, members), sizeof(wire_order)),
        .outbox = {.world = world},
        .coordinator = silence_from(clock_seconds()),
        .fault = status_ok()};
}

void contact_close(contact *c)
{
    wire_inbox_close(&c->inbox);
    wire_outbox_close(&c->outbox);
}

static status say(contact *c, report_kind kind, int assignment, bool now)
{
    wire_report message;
    memset(&message, 0, sizeof message);
    message.kind = kind;
    message.rank = c->world_rank;
    message.assignment = assignment;
    message.now = now;
    return contact_report(c, &message);
}

static status take_abandonment(contact *c, int assignment)
{
    if (c->assignment == assignment) {
        c->abandoned = true; /* worker_serve says when it is left */
        return status_ok();
    }
    if (c->ordered && c->order.assignment == assignment) c->ordered = false; /* given up before it was begun */
    /* Or after our part of it had ended, while its leader died before it could say so. */
    return say(c, REPORT_FREE, assignment, false);
}

static status take_order(contact *c, const wire_order *order)
{
    switch (order->kind) {
    case ORDER_RUN:
        c->abandoned =
            c->assignment != 0; /* its end was reported by the leader: nothing is to be waited for any more */
        c->order = *order;
        c->ordered = true;
        break;
    case ORDER_VERDICT:
        c->answered = order->assignment == c->assignment;
        c->leave = order->leave;
        break;
    case ORDER_ABANDON:
        return take_abandonment(c, order->assignment);
    case ORDER_STOP:
        c->stop = true;
        break;
    case ORDER_END:
        c->end_order = *order;
        c->ended = c->abandoned = true;
        break;
    case ORDER_PULSE:
        break;
    }
    return status_ok();
}

/* *taken tells whether there was a message. */
static status take_one(contact *c, bool *taken)
{
    wire_order order;
    TRY(wire_take(taken, &c->inbox, &order));
    if (!*taken) return status_ok();
    c->coordinator.heard = clock_seconds();
    return take_order(c, &order);
}

static status poll_all(contact *c)
{
    for (bool taken = true; taken;) TRY(take_one(c, &taken));
    if (c->ended) return status_ok();
    stop_wish wish = stop_wished();
    if (wish > c->told) {
        c->told = wish;
        TRY(say(c, REPORT_STOP_WANTED, c->assignment, wish == STOP_NOW));
    }
    double now = clock_seconds();
    if (now - c->last_pulse >= fmin(PULSE_SECONDS, c->deadline / PULSES_PER_DEADLINE)) {
        c->last_pulse = now;
        TRY(say(c, REPORT_PULSE, c->assignment, false));
    }
    if (!silence_exceeds(&c->coordinator, now, c->deadline)) return status_ok();
    return status_fail(STATUS_MPI,
                       "rank %d has heard nothing from the coordinator (rank 0) for %.0f s; run the same command "
                       "again to continue",
                       c->world_rank, c->deadline);
}

status contact_poll(contact *c)
{
    if (!failed(c->fault)) c->fault = poll_all(c);
    return c->fault;
}

status contact_report(contact *c, const wire_report *message)
{
    bool counts = message->kind != REPORT_PULSE; /* those come whenever the clock says so */
    if (counts) fail_message(FAIL_REPORT, FAIL_SEND_BEFORE);
    TRY(wire_post(&c->outbox, 0, WIRE_TAG_REPORT, message, sizeof *message));
    if (counts) fail_message(FAIL_REPORT, FAIL_SEND_AFTER);
    return status_ok();
}

status contact_free(contact *c, int assignment)
{
    return say(c, REPORT_FREE, assignment, false);
}

status contact_ask(contact *c, const wire_report *message, bool *leave)
{
    c->answered = false;
    TRY(contact_report(c, message));
    patience waiting = {.longest_nap = ANSWER_NAP_SECONDS};
    while (!c->answered) {
        if (contact_given_up(c)) return status_fail(STATUS_MPI, "the assignment was given up");
        if (!c->answered) patience_pause(&waiting);
    }
    *leave = c->leave;
    return status_ok();
}

bool contact_given_up(contact *c)
{
    status s = contact_poll(c);
    return failed(s) || c->abandoned;
}
