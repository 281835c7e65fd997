#include "mpi/link/shared_data.h"

#include <stdlib.h>

#include "core/base/file.h"
#include "mpi/link/agree.h"

shared_data shared_data_none(void)
{
    return (shared_data){.window = {.node = MPI_COMM_NULL, .window = MPI_WIN_NULL}, .block = NULL};
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
    shared_data s = shared_data_none();
    s.block = malloc(bytes);
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

/* Collective on the node. All of the memory belongs to node rank 0. */
static status load_once(shared_data *s, const char *path)
{
    const bool reads = s->window.rank == 0;
    MPI_Comm node = s->window.node;
    size_t bytes = 0;
    TRY(agree(node, reads ? measure(&bytes, path) : status_ok()));
    TRY(node_window_reserve(&s->window, bytes, "the data set"));
    TRY(node_window_part(&s->block, &s->window, 0));
    TRY(agree(node, reads ? dataset_load(s->block, bytes, path) : status_ok()));
    return mpi_status(MPI_Win_fence(0, s->window.window), "sharing the data set");
}

status shared_data_load(shared_data *out, dataset *view, MPI_Comm world, const char *path)
{
    int size = 1;
    if (world != MPI_COMM_NULL) TRY(mpi_status(MPI_Comm_size(world, &size), "asking for the number of ranks"));
    if (size == 1) return load_alone(out, view, path);

    shared_data s = shared_data_none();
    status found = node_window_open(&s.window, world);
    status all = agree(world, failed(found) ? found : load_once(&s, path));
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
    if (s->window.node == MPI_COMM_NULL) free(s->block);
    node_window_close(&s->window);
    s->block = NULL;
}
