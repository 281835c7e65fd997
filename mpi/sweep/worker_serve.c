#include "mpi/sweep/worker_serve.h"

#include "core/base/clock.h"
#include "mpi/link/patience.h"
#include "mpi/sweep/contact.h"

static const double IDLE_NAP_SECONDS = 4e-3; /* the longest wait before an order is seen */
static const double LINGER_SECONDS = 0.2;    /* the last message gets this long to leave the process */

static status send_report(void *ctx, const wire_report *message)
{
    return contact_report(ctx, message);
}

static status ask_coordinator(void *ctx, const wire_report *question, bool *leave)
{
    return contact_ask(ctx, question, leave);
}

static bool stop_ordered(void *ctx)
{
    contact *c = ctx;
    return contact_given_up(c) || c->stop;
}

static bool assignment_abandoned(void *ctx)
{
    return contact_given_up(ctx);
}

static status follow_orders(worker *w, contact *c)
{
    patience waiting = {.longest_nap = IDLE_NAP_SECONDS};
    while (true) {
        TRY(contact_poll(c));
        if (c->ended) return status_ok();
        if (!c->ordered) {
            patience_pause(&waiting);
            continue;
        }
        wire_order order = c->order;
        c->ordered = c->abandoned = false;
        c->assignment = order.assignment;
        TRY(w->perform(w, &order));
        c->assignment = 0;
        /* Given up in the moment in which our part of it ended well: nobody else says that we are free. */
        if (c->abandoned) TRY(contact_free(c, order.assignment));
        waiting = (patience){.longest_nap = IDLE_NAP_SECONDS};
    }
}

status worker_serve(worker *w, double deadline, wire_order *end)
{
    contact c = contact_open(w->world, w->world_rank, deadline);
    w->link = (worker_link){.report = send_report,
                            .ask = ask_coordinator,
                            .should_stop = stop_ordered,
                            .given_up = assignment_abandoned,
                            .ctx = &c};
    status served = follow_orders(w, &c);
    if (!failed(served)) {
        *end = c.end_order;
        served = worker_report(w, REPORT_LEFT, NULL, status_ok());
        if (end->ranks_lost) clock_sleep(LINGER_SECONDS);
    }
    contact_close(&c);
    return served;
}
