#include "mpi/link/collect.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "mpi/link/agree.h"
#include "mpi/link/mpi_status.h"
#include "mpi/link/world_internal.h"

static const char *const collecting = "collecting numbers of all ranks";
enum { TAG_BYTES = 3, LARGEST_MESSAGE = 1 << 30 }; /* MPI counts are int */

static status reduce(const link_world *world, double *value, MPI_Op how)
{
    if (world->size == 1) return status_ok();
    double mine = *value;
    MPI_Request request;
    TRY(mpi_status(MPI_Ireduce(&mine, value, 1, MPI_DOUBLE, how, 0, world->comm, &request), collecting));
    return mpi_status_wait(1, &request, collecting);
}

status collect_sum(const link_world *world, double *value)
{
    return reduce(world, value, MPI_SUM);
}

status collect_largest(const link_world *world, double *value)
{
    return reduce(world, value, MPI_MAX);
}

/* Room on rank 0: counts[size] and starts[size] in one block, then the values. */
static status make_room(const link_world *world, int *counts, float **all, int *total)
{
    long sum = 0;
    for (int rank = 0; rank < world->size; rank++) {
        counts[world->size + rank] = (int)sum;
        sum += counts[rank];
        if (sum > INT_MAX) return status_fail(STATUS_MEMORY, "too many numbers to collect");
    }
    *all = malloc(((size_t)sum + 1) * sizeof **all);
    if (*all == NULL) return status_fail(STATUS_MEMORY, "no memory for %ld numbers", sum);
    *total = (int)sum;
    return status_ok();
}

static status gather(const link_world *world, const float *mine, int count, int *counts, float **all, int *total)
{
    MPI_Request request;
    TRY(mpi_status(MPI_Igather(&count, 1, MPI_INT, counts, 1, MPI_INT, 0, world->comm, &request), collecting));
    TRY(mpi_status_wait(1, &request, collecting));
    TRY(agree(world, world->rank == 0 ? make_room(world, counts, all, total) : status_ok()));
    TRY(mpi_status(
        MPI_Igatherv(mine, count, MPI_FLOAT, *all, counts, counts + world->size, MPI_FLOAT, 0, world->comm, &request),
        collecting));
    return mpi_status_wait(1, &request, collecting);
}

status collect_floats(const link_world *world, const float *mine, int count, float **all, int *total)
{
    *all = NULL;
    *total = 0;
    int *counts = calloc(2 * (size_t)world->size, sizeof *counts);
    status s =
        agree(world, counts == NULL ? status_fail(STATUS_MEMORY, "no memory for %d ranks", world->size) : status_ok());
    if (!failed(s) && world->size > 1) {
        s = gather(world, mine, count, counts, all, total);
    } else if (!failed(s)) {
        counts[0] = count;
        s = make_room(world, counts, all, total);
        if (!failed(s) && count > 0) memcpy(*all, mine, (size_t)count * sizeof *mine);
    }
    free(counts);
    if (failed(s)) {
        free(*all);
        *all = NULL;
    }
    return s;
}

status collect_bytes(const link_world *world, int from, void *data, size_t bytes)
{
    static const char *const what = "bringing data to rank 0";
    const bool sends = world->rank == from;
    char *at = data;
    if (from == 0 || (!sends && world->rank != 0)) return status_ok();
    while (bytes > 0) {
        const int part = bytes > LARGEST_MESSAGE ? LARGEST_MESSAGE : (int)bytes;
        MPI_Request request;
        TRY(mpi_status(sends ? MPI_Isend(at, part, MPI_BYTE, 0, TAG_BYTES, world->comm, &request)
                             : MPI_Irecv(at, part, MPI_BYTE, from, TAG_BYTES, world->comm, &request),
                       what));
        TRY(mpi_status_wait(1, &request, what));
        at += part;
        bytes -= (size_t)part;
    }
    return status_ok();
}
