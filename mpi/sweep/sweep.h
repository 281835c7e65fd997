/* sweep: a whole sweep on all ranks, from read inputs to the last snapshot. */
#ifndef MPI_SWEEP_SWEEP_H
#define MPI_SWEEP_SWEEP_H

#include "core/base/status.h"
#include "mpi/sweep/coordinator.h"
#include "mpi/sweep/earlier.h"
#include "mpi/cli/inputs.h"
#include "core/sweep/job_part.h"
#include "mpi/cli/progress.h"
#include "mpi/link/world.h"

typedef struct {
    const char *directory; /* the run directory, equal on all ranks */
    bool in_place;         /* that is the default directory of this place */
    job_part part;         /* of the sweep, that this job does; of zero: everything */
    progress_style style;
    progress_volume volume;
    const char *blas, *mpi; /* library versions, for the provenance */
    coordinator_limits limits;
    earlier_options earlier;
} sweep_options;

/* Collective on world; `in` has been shared and has its data. Runs or resumes the sweep. All ranks return the same:
 * OK, STATUS_STOPPED, or what went wrong (STATUS_MPI: possibly on this rank only); *end is the same, too. */
MUST_CHECK status sweep_run(const link_world *world, const sweep_inputs *in, const sweep_options *options,
                            sweep_end *end);

#endif
