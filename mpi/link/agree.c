#define _POSIX_C_SOURCE 200809L
#include "mpi/link/agree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mpi/link/mpi_status.h"
#include "mpi/link/world_internal.h"

enum { LARGEST_MESSAGE = 1 << 30 }; /* bytes; MPI counts are int */

status agree(const link_world *world, status local)
{
    if (world->size == 1) return local;
    int mine = failed(local) ? world->rank : world->size, lowest;
    MPI_Request request;
    TRY(mpi_status(MPI_Iallreduce(&mine, &lowest, 1, MPI_INT, MPI_MIN, world->comm, &request), "agreeing"));
    TRY(mpi_status_wait(1, &request, "agreeing"));
    if (lowest == world->size) return status_ok();
    status agreed = local;
    TRY(agree_bytes(world, lowest, &agreed, sizeof agreed));
    bool of_task = agreed.code == STATUS_NUMERIC || agreed.code == STATUS_STOPPED;
    return lowest == 0 || of_task ? agreed : status_in(agreed, "rank %d", lowest);
}

status agree_bytes(const link_world *world, int root, void *data, size_t bytes)
{
    char *at = data;
    while (bytes > 0 && world->size > 1) {
        int part = bytes > LARGEST_MESSAGE ? LARGEST_MESSAGE : (int)bytes;
        MPI_Request request;
        TRY(mpi_status(MPI_Ibcast(at, part, MPI_BYTE, root, world->comm, &request), "sharing data between ranks"));
        TRY(mpi_status_wait(1, &request, "sharing data between ranks"));
        at += part;
        bytes -= (size_t)part;
    }
    return status_ok();
}

status agree_text(const link_world *world, char **text)
{
    size_t bytes = world->rank == 0 ? strlen(*text) + 1 : 0;
    TRY(agree_bytes(world, 0, &bytes, sizeof bytes));
    char *received = world->rank == 0 ? *text : malloc(bytes);
    status local =
        received == NULL ? status_fail(STATUS_MEMORY, "no memory for a text of %zu bytes", bytes) : status_ok();
    status all = agree(world, local);
    if (!failed(all)) all = agree_bytes(world, 0, received, bytes);
    if (failed(all)) {
        if (world->rank != 0) free(received);
        return all;
    }
    *text = received;
    return status_ok();
}

status agree_same(const link_world *world, const char *what, const char *text)
{
    struct {
        char text[AGREE_SAME_LENGTH], host[64];
    } own, first;
    memset(&own, 0, sizeof own);
    snprintf(own.text, sizeof own.text, "%s", text);
    if (gethostname(own.host, sizeof own.host - 1) != 0) snprintf(own.host, sizeof own.host, "unknown");
    first = own;
    TRY(agree_bytes(world, 0, &first, sizeof first));
    status local = status_ok();
    if (strcmp(own.text, first.text) != 0)
        local = status_fail(STATUS_CONFIG, "%s: %s on %s, %s on %s (rank 0)", what, own.text, own.host, first.text,
                            first.host);
    return agree(world, local);
}
