#define _POSIX_C_SOURCE 200809L
#include "mpi/link/node_window.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/statvfs.h>

#include "mpi/link/agree.h"
#include "mpi/link/mpi_status.h"
#include "mpi/link/world_internal.h"

struct node_window {
    link_world *node; /* owned */
    MPI_Win window;   /* owned; MPI_WIN_NULL before node_window_reserve */
};

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

status node_window_open(node_window **out, const link_world *world)
{
    *out = NULL;
    link_world *node;
    TRY(agree(world, world_of_node(&node, world)));
    node_window *w = malloc(sizeof *w);
    status s = agree(world, w == NULL ? status_fail(STATUS_MEMORY, "no memory for a window") : status_ok());
    if (failed(s)) {
        world_close(node);
        free(w);
        return s;
    }
    *w = (node_window){.node = node, .window = MPI_WIN_NULL};
    *out = w;
    return status_ok();
}

const link_world *node_window_ranks(const node_window *w)
{
    return w->node;
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
    TRY(mpi_status(MPI_Iallreduce(&mine, &all, 1, MPI_UINT64_T, MPI_SUM, w->node->comm, &request), "sharing memory"));
    TRY(mpi_status_wait(1, &request, "sharing memory"));
    TRY(agree(w->node, check_room((double)all, what)));
    void *own_part = NULL;
    status made =
        mpi_status(MPI_Win_allocate_shared((MPI_Aint)bytes, 1, MPI_INFO_NULL, w->node->comm, &own_part, &w->window),
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

status node_window_sync(node_window *w)
{
    return mpi_status(MPI_Win_fence(0, w->window), "sharing memory");
}

void node_window_close(node_window *w)
{
    if (w == NULL) return;
    if (w->window != MPI_WIN_NULL) MPI_Win_free(&w->window);
    world_close(w->node);
    free(w);
}
