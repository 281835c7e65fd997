/* shared_data: the data set in memory once per node. The lowest rank of a node reads the file into a window of shared
 * memory; the others look at the same bytes. */
#ifndef MPI_LINK_SHARED_DATA_H
#define MPI_LINK_SHARED_DATA_H

#include "core/base/status.h"
#include "core/data/dataset.h"
#include "mpi/link/node_window.h"
#include "mpi/link/world.h"

typedef struct {
    node_window *window; /* owned; NULL: holds nothing */
} shared_data;

/* Collective on world, of two ranks or more. Loads the prepared data set at `path`, which every node reads by itself:
 * that all have read the same content is checked by checksum. *view is valid until shared_data_free. All ranks return
 * the same status; *out holds nothing after a failure. */
MUST_CHECK status shared_data_load(shared_data *out, dataset *view, const link_world *world, const char *path);
/* Collective on the world it was loaded on. */
void shared_data_free(shared_data *s);

#endif
