#define _POSIX_C_SOURCE 200809L
#include "mpi/shared_data.h"

#include <stdlib.h>
#include <sys/statvfs.h>

#include "core/base/file.h"
#include "mpi/agree.h"

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

void shared_data_choose_place(void)
{
    double room = free_bytes(usual_place);
    if (getenv(place_variable) != NULL || room < 0 || room >= TINY_BYTES) return;
    const char *temporary = getenv("TMPDIR");
    if (temporary == NULL) temporary = "/tmp";
    if (free_bytes(temporary) > room) setenv(place_variable, temporary, 1);
}

/* Open MPI 4.1 leaves the other ranks waiting for ever when the one that makes the window finds no room: look before.
 */
static status check_room(size_t bytes)
{
    const char *place = getenv(place_variable);
    if (place == NULL) place = usual_place;
    double room = free_bytes(place);
    if (room < 0 || room >= (double)bytes + RESERVE_BYTES) return status_ok();
    return status_fail(STATUS_MEMORY,
                       "the ranks of a node share the %.0f MB of the data set through a file in %s, which has "
                       "room for %.0f MB; name a local directory with more room in the environment variable %s",
                       1e-6 * (double)bytes, place, 1e-6 * room, place_variable);
}

static status measure(size_t *bytes, const char *path)
{
    if (!file_exists(path))
        return status_fail(STATUS_CONFIG,
                           "data set %s does not exist; make it with: bitfront prepare synthetic -o %s "
                           "(or prepare cifar10, see bitfront prepare --help)",
                           path, path);
    return dataset_measure(bytes, path);
}

static status load_alone(shared_data *out, dataset *view, const char *path)
{
    size_t bytes;
    TRY(measure(&bytes, path));
    shared_data s = {.node = MPI_COMM_NULL, .window = MPI_WIN_NULL, .block = malloc(bytes)};
    if (s.block == NULL)
        return status_fail(STATUS_MEMORY, "no memory for the %zu MB of data set %s", bytes / 1000000, path);
    status loaded = dataset_load(s.block, bytes, path);
    if (failed(loaded)) {
        free(s.block);
        return loaded;
    }
    *view = dataset_attach(s.block);
    *out = s;
    return status_ok();
}

/* Collective on node. One window; all of its memory belongs to node rank 0. */
static status reserve(shared_data *s, int node_rank, size_t bytes)
{
    MPI_Aint mine = node_rank == 0 ? (MPI_Aint)bytes : 0;
    void *own_part = NULL;
    status made = mpi_status(MPI_Win_allocate_shared(mine, 1, MPI_INFO_NULL, s->node, &own_part, &s->window),
                             "sharing memory between the ranks of a node");
    if (failed(made))
        return status_fail(STATUS_MEMORY, "cannot share %zu MB of data between the ranks of a node: %.300s",
                           bytes / 1000000, made.message);
    MPI_Aint size;
    int unit;
    return mpi_status(MPI_Win_shared_query(s->window, 0, &size, &unit, &s->block), "finding the shared data set");
}

static status load_once(shared_data *s, const char *path)
{
    int node_rank;
    TRY(mpi_status(MPI_Comm_rank(s->node, &node_rank), "asking for the rank within the node"));
    size_t bytes = 0;
    TRY(agree(s->node, node_rank == 0 ? measure(&bytes, path) : status_ok()));
    TRY(agree_bytes(s->node, 0, &bytes, sizeof bytes));
    TRY(agree(s->node, node_rank == 0 ? check_room(bytes) : status_ok()));
    TRY(agree(s->node, reserve(s, node_rank, bytes)));
    TRY(agree(s->node, node_rank == 0 ? dataset_load(s->block, bytes, path) : status_ok()));
    return mpi_status(MPI_Win_fence(0, s->window), "sharing the data set");
}

status shared_data_load(shared_data *out, dataset *view, MPI_Comm world, const char *path)
{
    int size = 1;
    if (world != MPI_COMM_NULL) TRY(mpi_status(MPI_Comm_size(world, &size), "asking for the number of ranks"));
    if (size == 1) return load_alone(out, view, path);

    shared_data s = {.node = MPI_COMM_NULL, .window = MPI_WIN_NULL, .block = NULL};
    TRY(mpi_status(MPI_Comm_split_type(world, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &s.node),
                   "finding the ranks of a node"));
    status all = agree(world, load_once(&s, path));
    if (failed(all)) {
        shared_data_free(&s);
        return all;
    }
    *view = dataset_attach(s.block);
    *out = s;
    return status_ok();
}

void shared_data_free(shared_data *s)
{
    if (s->window != MPI_WIN_NULL)
        MPI_Win_free(&s->window);
    else if (s->node == MPI_COMM_NULL)
        free(s->block);
    if (s->node != MPI_COMM_NULL) MPI_Comm_free(&s->node);
    s->block = NULL;
}
