#define _POSIX_C_SOURCE 200809L
#include "mpi/link/agree.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"

/* A message between ranks of one node takes a few microseconds; who waits longer waits for computation. */
static const double SPIN_SECONDS = 50e-6;
static const double FIRST_NAP_SECONDS = 20e-6;
static const double NAP_GROWTH = 1.5;
static const double LONGEST_NAP_SECONDS = 1e-3;
enum { LARGEST_MESSAGE = 1 << 30 }; /* bytes; MPI counts are int */

status mpi_status(int code, const char *what)
{
    if (code == MPI_SUCCESS) return status_ok();
    char text[MPI_MAX_ERROR_STRING] = "";
    int length = 0;
    if (MPI_Error_string(code, text, &length) != MPI_SUCCESS) strcpy(text, "unknown MPI error");
    return status_fail(STATUS_MPI, "%s: %.400s", what, text);
}

void patience_pause(patience *p)
{
    double now = clock_seconds();
    if (p->started <= 0) p->started = now;
    if (now - p->started < SPIN_SECONDS) {
        sched_yield(); /* the rank we wait for may need this very core */
        return;
    }
    p->nap = p->nap <= 0 ? FIRST_NAP_SECONDS : p->nap * NAP_GROWTH;
    if (p->nap > p->longest_nap) p->nap = p->longest_nap;
    clock_sleep(p->nap);
}

status patience_wait(int count, MPI_Request *requests, const char *what)
{
    patience p = {.longest_nap = LONGEST_NAP_SECONDS};
    while (true) {
        int complete = 0;
        TRY(mpi_status(MPI_Testall(count, requests, &complete, MPI_STATUSES_IGNORE), what));
        if (complete) return status_ok();
        patience_pause(&p);
    }
}

status agree(MPI_Comm comm, status local)
{
    int rank, size, lowest;
    TRY(mpi_status(MPI_Comm_rank(comm, &rank), "asking for the rank"));
    TRY(mpi_status(MPI_Comm_size(comm, &size), "asking for the number of ranks"));
    int mine = failed(local) ? rank : size;
    MPI_Request request;
    TRY(mpi_status(MPI_Iallreduce(&mine, &lowest, 1, MPI_INT, MPI_MIN, comm, &request), "agreeing"));
    TRY(patience_wait(1, &request, "agreeing"));
    if (lowest == size) return status_ok();
    status agreed = local;
    TRY(agree_bytes(comm, lowest, &agreed, sizeof agreed));
    bool of_task = agreed.code == STATUS_NUMERIC || agreed.code == STATUS_STOPPED;
    return lowest == 0 || of_task ? agreed : status_in(agreed, "rank %d", lowest);
}

status agree_bytes(MPI_Comm comm, int root, void *data, size_t bytes)
{
    char *at = data;
    while (bytes > 0) {
        int part = bytes > LARGEST_MESSAGE ? LARGEST_MESSAGE : (int)bytes;
        MPI_Request request;
        TRY(mpi_status(MPI_Ibcast(at, part, MPI_BYTE, root, comm, &request), "sharing data between ranks"));
        TRY(patience_wait(1, &request, "sharing data between ranks"));
        at += part;
        bytes -= (size_t)part;
    }
    return status_ok();
}

status agree_text(MPI_Comm comm, char **text)
{
    int rank;
    TRY(mpi_status(MPI_Comm_rank(comm, &rank), "asking for the rank"));
    size_t bytes = rank == 0 ? strlen(*text) + 1 : 0;
    TRY(agree_bytes(comm, 0, &bytes, sizeof bytes));
    char *received = rank == 0 ? *text : malloc(bytes);
    status local =
        received == NULL ? status_fail(STATUS_MEMORY, "no memory for a text of %zu bytes", bytes) : status_ok();
    status all = agree(comm, local);
    if (!failed(all)) all = agree_bytes(comm, 0, received, bytes);
    if (failed(all)) {
        if (rank != 0) free(received);
        return all;
    }
    *text = received;
    return status_ok();
}
