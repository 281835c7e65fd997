#include "mpi/cli/launcher.h"

#include <stddef.h>
#include <stdlib.h>

#include "core/base/number.h"

/* Set by mpirun of Open MPI, by servers of PMIx and PMI (srun with one of its MPI plugins, other launchers), and by
 * those of Cray, Flux and MVAPICH. */
static const char *const rank_variables[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK",      "PMI_RANK",
                                             "PALS_RANKID",          "FLUX_TASK_RANK", "MV2_COMM_WORLD_RANK"};

static const char *find_rank(void)
{
    for (size_t i = 0; i < sizeof rank_variables / sizeof *rank_variables; i++) {
        const char *rank = getenv(rank_variables[i]);
        if (rank != NULL && rank[0] != '\0') return rank;
    }
    return NULL;
}

bool launcher_found(void)
{
    return find_rank() != NULL;
}

int launcher_rank(void)
{
    const char *rank = find_rank();
    int64_t value = 0;
    if (rank != NULL) number_whole(&value, rank, 0, INT32_MAX);
    return (int)value;
}
