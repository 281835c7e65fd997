#include "mpi/exchange.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "mpi/agree.h"

static const double LONGEST_NAP_SECONDS = 1e-3;

static int lot_tag(MPI_Comm world, int lot)
{
    void *largest = NULL;
    int found = 0;
    MPI_Comm_get_attr(world, MPI_TAG_UB, (void *)&largest, &found);
    int limit = found ? *(int *)largest : 32767; /* the least that MPI promises */
    return WIRE_TAG_LOT + lot % (limit - WIRE_TAG_LOT);
}

status exchange_open(exchange *out, MPI_Comm world, const int *members, int count, int lot,
                     bool (*given_up)(void *ctx), void *ctx)
{
    exchange x = {.world = world, .size = count, .given_up = given_up, .ctx = ctx};
    assert(count >= 1 && count <= WIRE_MAX_MEMBERS && (count & (count - 1)) == 0);
    if (count > 1) {
        int world_rank;
        TRY(mpi_status(MPI_Comm_rank(world, &world_rank), "asking for the rank"));
        memcpy(x.members, members, (size_t)count * sizeof *members);
        while (x.rank < count && members[x.rank] != world_rank) x.rank++;
        assert(x.rank < count);
        x.tag = lot_tag(world, lot);
        x.sent = malloc(EXCHANGE_BYTES);
        x.received = malloc(EXCHANGE_BYTES);
        if (x.sent == NULL || x.received == NULL) {
            exchange_close(&x);
            return status_fail(STATUS_MEMORY, "no memory for messages between ranks");
        }
    }
    *out = x;
    return status_ok();
}

void exchange_close(exchange *x)
{
    free(x->sent);
    free(x->received);
    x->sent = x->received = NULL;
}

/* The partner may be dead. What MPI does not hand back may still be read or written by it: that memory stays. */
static void drop(exchange *x, int count, MPI_Request *requests)
{
    bool all_back = true;
    for (int i = 0; i < count; i++) {
        if (requests[i] == MPI_REQUEST_NULL) continue;
        int back = 0;
        MPI_Cancel(&requests[i]);
        if (MPI_Test(&requests[i], &back, MPI_STATUS_IGNORE) == MPI_SUCCESS && back) continue;
        MPI_Request_free(&requests[i]);
        all_back = false;
    }
    if (!all_back) x->sent = x->received = NULL;
}

/* All bytes that were expected, and no others. */
static status check_size(const MPI_Status *envelope, int bytes, const char *what)
{
    int size;
    TRY(mpi_status(MPI_Get_count(envelope, MPI_BYTE, &size), what));
    if (size == bytes) return status_ok();
    return status_fail(STATUS_MPI, "%s: %d bytes came where %d are expected", what, size, bytes);
}

/* requests[0] may be the receipt of `bytes` bytes; -1: it is none. */
static status wait_for(exchange *x, int count, MPI_Request *requests, int bytes, const char *what)
{
    patience p = {.longest_nap = LONGEST_NAP_SECONDS};
    while (true) {
        int complete = 0;
        MPI_Status envelopes[2];
        status s = mpi_status(MPI_Testall(count, requests, &complete, envelopes), what);
        if (!failed(s) && complete) return bytes < 0 ? s : check_size(&envelopes[0], bytes, what);
        if (!failed(s) && x->given_up != NULL && x->given_up(x->ctx))
            s = status_fail(STATUS_MPI, "%s: the lot was given up", what);
        if (failed(s)) {
            drop(x, count, requests);
            return s;
        }
        patience_pause(&p);
    }
}

status exchange_swap(exchange *x, int partner, const void *data, size_t bytes)
{
    assert(bytes <= EXCHANGE_BYTES);
    const char *what = "exchanging data between ranks";
    MPI_Request requests[2] = {MPI_REQUEST_NULL, MPI_REQUEST_NULL};
    memcpy(x->sent, data, bytes);
    int other = x->members[partner];
    status s = mpi_status(MPI_Irecv(x->received, (int)bytes, MPI_BYTE, other, x->tag, x->world, &requests[0]), what);
    if (!failed(s))
        s = mpi_status(MPI_Isend(x->sent, (int)bytes, MPI_BYTE, other, x->tag, x->world, &requests[1]), what);
    if (!failed(s)) return wait_for(x, 2, requests, (int)bytes, what);
    drop(x, 2, requests);
    return s;
}

static status send_part(exchange *x, int to, const char *data, int bytes)
{
    const char *what = "sharing data between ranks";
    memcpy(x->sent, data, (size_t)bytes);
    MPI_Request request;
    TRY(mpi_status(MPI_Isend(x->sent, bytes, MPI_BYTE, x->members[to], x->tag, x->world, &request), what));
    return wait_for(x, 1, &request, -1, what);
}

static status receive_part(exchange *x, int from, char *data, int bytes)
{
    const char *what = "sharing data between ranks";
    MPI_Request request;
    TRY(mpi_status(MPI_Irecv(x->received, bytes, MPI_BYTE, x->members[from], x->tag, x->world, &request), what));
    TRY(wait_for(x, 1, &request, bytes, what));
    memcpy(data, x->received, (size_t)bytes);
    return status_ok();
}

/* A binomial tree: a rank receives from the one without its lowest bit, and sends to those with one lower bit more. */
static status share_part(exchange *x, char *data, int bytes)
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
        int part = bytes > EXCHANGE_BYTES ? EXCHANGE_BYTES : (int)bytes;
        TRY(share_part(x, at, part));
        at += part;
        bytes -= (size_t)part;
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
