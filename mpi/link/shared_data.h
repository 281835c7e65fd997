/* shared_data: the data set in memory once per node. The lowest rank of a node reads the file into a window of shared
 * memory; the others look at the same bytes. */
#ifndef MPI_LINK_SHARED_DATA_H
#define MPI_LINK_SHARED_DATA_H

#include <mpi.h>

#include "core/base/status.h"
#include "core/data/dataset.h"
#include "mpi/link/node_window.h"

typedef struct {
    node_window window; /* empty when alone */
    void *block;        /* part of the window; owned when alone */
} shared_data;

/* Holds nothing. */
shared_data shared_data_none(void);

/* Collective on world (MPI_COMM_NULL: this process alone). Loads the prepared data set at `path`; *view is valid until
 * shared_data_free. All ranks return the same status. */
MUST_CHECK status shared_data_load(shared_data *out, dataset *view, MPI_Comm world, const char *path);
/* Collective on the world it was loaded on. */
void shared_data_free(shared_data *s);

#endif
