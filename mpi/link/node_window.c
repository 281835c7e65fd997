#define _POSIX_C_SOURCE 200809L
#include "mpi/link/node_window.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/statvfs.h>

#include "mpi/link/agree.h"

static const char *place_variable = "OMPI_MCA_osc_sm_backing_directory";
static const char *usual_place = "/dev/shm";
static const double TINY_BYTES = 1e9;     /* less in /dev/shm is no place for data sets */
static const double RESERVE_BYTES = 16e6; /* for what MPI itself keeps there */

/* -1: cannot be told. */
static double free_bytes(const char *directory)
{
    struct statvfs info;
    return statvfs(directory, &info) == 0 ? (double)info.f_bavail * (double)info.f_frsize : -1;
}

void node_window_choose_place(void)
{
    double room = free_bytes(usual_place);
    if (getenv(place_variable) != NULL || room < 0 || room >= TINY_BYTES) return;
    const char *temporary = getenv("TMPDIR");
    if (temporary == NULL) temporary = "/tmp";
    if (free_bytes(temporary) > room) setenv(place_variable, temporary, 1);
}

status node_window_open(node_window *out, MPI_Comm world)
{
    *out = (node_window){.node = MPI_COMM_NULL, .window = MPI_WIN_NULL};
    TRY(mpi_status(MPI_Comm_split_type(world, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &out->node),
                   "finding the ranks of a node"));
    TRY(mpi_status(MPI_Comm_rank(out->node, &out->rank), "asking for the rank within the node"));
    return mpi_status(MPI_Comm_size(out->node, &out->size), "asking for the number of ranks of the node");
}

/* Open MPI 4.1 leaves the other ranks waiting for ever when the one that makes the window finds no room: look before.
 */
static status check_room(double bytes, const char *what)
{
    const char *place = getenv(place_variable);
    if (place == NULL) place = usual_place;
    double room = free_bytes(place);
    if (room < 0 || room >= bytes + RESERVE_BYTES) return status_ok();
    return status_fail(STATUS_MEMORY,
                       "the ranks of a node share the %.0f MB of %s through a file in %s, which has room for %.0f MB; "
                       "name a local directory with more room in the environment variable %s",
                       1e-6 * bytes, what, place, 1e-6 * room, place_variable);
}

status node_window_reserve(node_window *w, size_t bytes, const char *what)
{
    uint64_t mine = bytes, all = 0;
    MPI_Request request;
    TRY(mpi_status(MPI_Iallreduce(&mine, &all, 1, MPI_UINT64_T, MPI_SUM, w->node, &request), "sharing memory"));
    TRY(patience_wait(1, &request, "sharing memory"));
    TRY(agree(w->node, check_room((double)all, what)));
    void *own_part = NULL;
    status made = mpi_status(MPI_Win_allocate_shared((MPI_Aint)bytes, 1, MPI_INFO_NULL, w->node, &own_part, &w->window),
                             "sharing memory");
    if (failed(made))
        made = status_fail(STATUS_MEMORY, "cannot share the %.0f MB of %s between the ranks of a node: %.300s",
                           1e-6 * (double)all, what, made.message);
    return agree(w->node, made);
}

status node_window_part(void **out, const node_window *w, int rank)
{
    MPI_Aint size;
    int unit;
    return mpi_status(MPI_Win_shared_query(w->window, rank, &size, &unit, out), "finding shared memory");
}

void node_window_close(node_window *w)
{
    if (w->window != MPI_WIN_NULL) MPI_Win_free(&w->window);
    if (w->node != MPI_COMM_NULL) MPI_Comm_free(&w->node);
}
