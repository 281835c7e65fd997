#include "mpi/shared_data.h"

#include <stdlib.h>

#include "core/base/file.h"
#include "mpi/agree.h"

static status measure(size_t *bytes, const char *path)
{
    if (!file_exists(path))
        return status_fail(STATUS_CONFIG, "data set %s does not exist; make it with: bitfront prepare synthetic -o %s "
                           "(or prepare cifar10, see bitfront prepare --help)", path, path);
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
        return status_fail(STATUS_MEMORY, "cannot share %zu MB between the ranks of a node (is /dev/shm too small? "
                           "OMPI_MCA_osc_sm_backing_directory=/tmp uses another place): %.250s",
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
    TRY(mpi_status(MPI_Comm_split_type(world, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &s.node), "finding the ranks of a node"));
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
    if (s->window != MPI_WIN_NULL) MPI_Win_free(&s->window);
    else if (s->node == MPI_COMM_NULL) free(s->block);
    if (s->node != MPI_COMM_NULL) MPI_Comm_free(&s->node);
    s->block = NULL;
}
