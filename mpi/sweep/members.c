#include "mpi/sweep/members.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/fail_point.h"

status members_open(members *out, const link_world *world, int size, double deadline)
{
    members m = {.size = size,
                 .first = size > 1,
                 .deadline = deadline,
                 .outbox = {.world = world},
                 .inbox =
                     wire_inbox_open(world, WIRE_ANY_RANK, WIRE_TAG_REPORT, sizeof(wire_report), sizeof(wire_report)),
                 .fault = status_ok()};
    m.list = calloc((size_t)size, sizeof *m.list);
    if (m.list == NULL) return status_fail(STATUS_MEMORY, "no memory to coordinate %d ranks", size);
    for (int rank = 0; rank < size; rank++) m.list[rank].voice = silence_from(clock_seconds());
    m.idle = size - m.first;
    *out = m;
    return status_ok();
}

void members_close(members *m)
{
    wire_inbox_close(&m->inbox);
    wire_outbox_close(&m->outbox);
    free(m->list);
    m->list = NULL;
}

int members_living(const members *m)
{
    return m->size - m->first - m->lost;
}

static bool is_idle(const member *who)
{
    return who->assignment == 0 && !who->lost;
}

void members_take(members *m, wire_order *order, int count)
{
    order->member_count = 0;
    for (int rank = m->first; rank < m->size && order->member_count < count; rank++) {
        if (!is_idle(&m->list[rank])) continue;
        m->list[rank].assignment = order->assignment;
        m->idle--;
        order->members[order->member_count++] = rank;
    }
    assert(order->member_count == count);
}

void members_released(members *m, int rank, int assignment)
{
    member *who = &m->list[rank];
    if (who->assignment != assignment) return;
    who->assignment = 0;
    if (is_idle(who)) m->idle++;
}

bool members_heard(members *m, int rank)
{
    member *who = &m->list[rank];
    who->voice.heard = clock_seconds();
    if (!who->lost || who->unreachable) return false;
    who->lost = false;
    m->lost--;
    if (is_idle(who)) m->idle++;
    return true;
}

bool members_find_lost(members *m, int *rank)
{
    double now = clock_seconds();
    for (int i = 1; i < m->size; i++) {
        member *who = &m->list[i];
        bool silent = silence_exceeds(&who->voice, now, m->deadline);
        if (who->lost || (!silent && !who->unreachable)) continue;
        if (is_idle(who)) m->idle--;
        who->lost = true;
        m->lost++;
        *rank = i;
        return true;
    }
    return false;
}

void members_tell(members *m, int rank, const wire_order *order)
{
    fail_subject subject = order->kind == ORDER_STOP ? FAIL_STOP : FAIL_ORDER;
    bool counts = order->kind != ORDER_PULSE; /* those come whenever the clock says so */
    int fault = counts ? fail_message(subject, FAIL_SEND_BEFORE) : 0;
    status sent = fault == 0 ? wire_post(&m->outbox, rank, WIRE_TAG_ORDER, order, wire_order_bytes(order))
                             : status_fail(STATUS_MPI, "sending a message: %s", strerror(fault));
    if (counts && failed(sent)) {
        m->list[rank].unreachable = true;
        m->fault = sent;
    }
    if (counts) fail_message(subject, FAIL_SEND_AFTER);
}

void members_tell_assignment(members *m, const wire_order *order)
{
    for (int rank = 1; rank < m->size; rank++)
        if (m->list[rank].assignment == order->assignment) members_tell(m, rank, order);
}

void members_tell_all(members *m, const wire_order *order)
{
    for (int rank = 1; rank < m->size; rank++) members_tell(m, rank, order);
}
