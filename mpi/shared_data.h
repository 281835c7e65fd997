/* shared_data: the data set in memory once per node. The lowest rank of a node reads the file into a window of shared
 * memory; the others look at the same bytes. */
#ifndef MPI_SHARED_DATA_H
#define MPI_SHARED_DATA_H

#include <mpi.h>

#include "core/base/status.h"
#include "core/data/dataset.h"

typedef struct {
    MPI_Comm node;  /* ranks of this node; owned; MPI_COMM_NULL when alone */
    MPI_Win window; /* owned; MPI_WIN_NULL when alone */
    void *block;    /* owned when alone, else part of the window */
} shared_data;

/* To be called before MPI starts. Open MPI keeps windows in files in /dev/shm; where that is tiny, as in many
 * containers, this chooses the directory for temporary files instead. What the user has chosen stays. */
void shared_data_choose_place(void);

/* Collective on world (MPI_COMM_NULL: this process alone). Loads the prepared data set at `path`; *view is valid until
 * shared_data_free. All ranks return the same status. */
MUST_CHECK status shared_data_load(shared_data *out, dataset *view, MPI_Comm world, const char *path);
/* Collective on the world it was loaded on. */
void shared_data_free(shared_data *s);

#endif
