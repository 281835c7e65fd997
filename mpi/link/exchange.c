#include "mpi/link/exchange.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "mpi/link/mpi_status.h"
#include "mpi/link/patience.h"
#include "mpi/link/world_internal.h"

/* What is under way: at most one receipt and one sending. */
struct exchange_traffic {
    MPI_Comm comm;
    MPI_Request requests[2]; /* receipt, sending */
    int expected;            /* bytes of the receipt */
};

static const double LONGEST_NAP_SECONDS = 1e-3;

static int assignment_tag(const link_world *world, int assignment)
{
    void *largest = NULL;
    int found = 0;
    MPI_Comm_get_attr(world->comm, MPI_TAG_UB, (void *)&largest, &found);
    int limit = found ? *(int *)largest : 32767; /* the least that MPI promises */
    return WIRE_TAG_ASSIGNMENT + assignment % (limit - WIRE_TAG_ASSIGNMENT);
}

status exchange_open(exchange *out, const link_world *world, const int *members, int count, int assignment,
                     bool (*given_up)(void *ctx), void *ctx)
{
    exchange x = {.world = world, .size = count, .assignment = assignment, .given_up = given_up, .ctx = ctx};
    *out = x;
    assert(count >= 1 && count <= WIRE_MAX_MEMBERS && (count & (count - 1)) == 0);
    if (count > 1) {
        memcpy(x.members, members, (size_t)count * sizeof *members);
        while (x.rank < count && members[x.rank] != world_rank(world)) x.rank++;
        assert(x.rank < count);
        x.tag = assignment_tag(world, assignment);
        x.sent = malloc(EXCHANGE_BYTES);
        x.received = malloc(EXCHANGE_BYTES);
        x.traffic = malloc(sizeof *x.traffic);
        if (x.sent == NULL || x.received == NULL || x.traffic == NULL) {
            free(x.traffic);
            free(x.sent);
            free(x.received);
            return status_fail(STATUS_MEMORY, "no memory for messages between ranks");
        }
        *x.traffic = (exchange_traffic){.comm = world->comm, .requests = {MPI_REQUEST_NULL, MPI_REQUEST_NULL}};
    }
    *out = x;
    return status_ok();
}

/* The partner may be dead. What MPI does not hand back may still be read or written by it: that memory stays. */
static void drop(exchange *x)
{
    bool all_back = true;
    for (int i = 0; i < 2; i++) {
        MPI_Request *request = &x->traffic->requests[i];
        if (*request == MPI_REQUEST_NULL) continue;
        int back = 0;
        MPI_Cancel(request);
        if (MPI_Test(request, &back, MPI_STATUS_IGNORE) == MPI_SUCCESS && back) continue;
        MPI_Request_free(request);
        all_back = false;
    }
    if (!all_back) x->sent = x->received = NULL;
}

void exchange_close(exchange *x)
{
    if (x->traffic == NULL) return;
    drop(x);
    free(x->sent);
    free(x->received);
    free(x->traffic);
    x->sent = x->received = NULL;
    x->traffic = NULL;
}

status exchange_check(const exchange *x, const char *what)
{
    if (x->given_up == NULL || !x->given_up(x->ctx)) return status_ok();
    return status_fail(STATUS_MPI, "%s: the assignment was given up", what);
}

static status begin_receipt(exchange *x, int from, size_t bytes, const char *what)
{
    exchange_traffic *t = x->traffic;
    t->expected = (int)bytes;
    return mpi_status(MPI_Irecv(x->received, t->expected, MPI_BYTE, x->members[from], x->tag, t->comm, &t->requests[0]),
                      what);
}

static status begin_sending(exchange *x, int to, const void *data, size_t bytes, const char *what)
{
    exchange_traffic *t = x->traffic;
    memcpy(x->sent, data, bytes);
    return mpi_status(MPI_Isend(x->sent, (int)bytes, MPI_BYTE, x->members[to], x->tag, t->comm, &t->requests[1]), what);
}

/* *complete: what was begun has come to its end; all bytes that were expected, and no others, have come. */
static status test(exchange *x, bool *complete, const char *what)
{
    exchange_traffic *t = x->traffic;
    int all = 0, bytes;
    MPI_Status envelopes[2];
    bool receives = t->requests[0] != MPI_REQUEST_NULL;
    TRY(mpi_status(MPI_Testall(2, t->requests, &all, envelopes), what));
    *complete = all;
    if (!all || !receives) return status_ok();
    TRY(mpi_status(MPI_Get_count(&envelopes[0], MPI_BYTE, &bytes), what));
    if (bytes == t->expected) return status_ok();
    return status_fail(STATUS_MPI, "%s: %d bytes came where %d are expected", what, bytes, t->expected);
}

static status wait(exchange *x, const char *what)
{
    patience p = {.longest_nap = LONGEST_NAP_SECONDS};
    while (true) {
        bool complete = false;
        status s = test(x, &complete, what);
        if (!failed(s) && complete) return s;
        if (!failed(s)) s = exchange_check(x, what);
        if (failed(s)) {
            drop(x);
            return s;
        }
        patience_pause(&p);
    }
}

static const char *const swapping = "exchanging data between ranks";
static const char *const sharing = "sharing data between ranks";

status exchange_swap_begin(exchange *x, int partner, const void *data, size_t bytes)
{
    assert(bytes <= EXCHANGE_BYTES);
    TRY(begin_receipt(x, partner, bytes, swapping));
    return begin_sending(x, partner, data, bytes, swapping);
}

status exchange_swap_test(exchange *x, bool *complete)
{
    return test(x, complete, swapping);
}

status exchange_swap(exchange *x, int partner, const void *data, size_t bytes)
{
    TRY(exchange_swap_begin(x, partner, data, bytes));
    return wait(x, swapping);
}

static status send_part(exchange *x, int to, const char *data, size_t bytes)
{
    TRY(begin_sending(x, to, data, bytes, sharing));
    return wait(x, sharing);
}

static status receive_part(exchange *x, int from, char *data, size_t bytes)
{
    TRY(begin_receipt(x, from, bytes, sharing));
    TRY(wait(x, sharing));
    memcpy(data, x->received, bytes);
    return status_ok();
}

/* A binomial tree: a rank receives from the one without its lowest bit, and sends to those with one lower bit more. */
static status share_part(exchange *x, char *data, size_t bytes)
{
    int lowest = x->rank == 0 ? x->size : x->rank & -x->rank;
    if (x->rank != 0) TRY(receive_part(x, x->rank - lowest, data, bytes));
    for (int bit = lowest / 2; bit >= 1; bit /= 2) TRY(send_part(x, x->rank + bit, data, bytes));
    return status_ok();
}

status exchange_share(exchange *x, void *data, size_t bytes)
{
    char *at = data;
    while (bytes > 0 && x->size > 1) {
        size_t part = bytes > EXCHANGE_BYTES ? EXCHANGE_BYTES : bytes;
        TRY(share_part(x, at, part));
        at += part;
        bytes -= part;
    }
    return status_ok();
}

status exchange_agree(exchange *x, status local)
{
    typedef struct {
        int lowest; /* failing rank; the size: none */
        status outcome;
    } voice;
    voice heard = {.lowest = failed(local) ? x->rank : x->size, .outcome = local};
    for (int bit = 1; bit < x->size; bit *= 2) {
        TRY(exchange_swap(x, x->rank ^ bit, &heard, sizeof heard));
        voice other;
        memcpy(&other, x->received, sizeof other);
        if (other.lowest < heard.lowest) heard = other;
    }
    if (heard.lowest == x->size) return status_ok();
    bool of_task = heard.outcome.code == STATUS_NUMERIC || heard.outcome.code == STATUS_STOPPED;
    return heard.lowest == 0 || of_task ? heard.outcome : status_in(heard.outcome, "rank %d", heard.lowest);
}
