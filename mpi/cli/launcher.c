#define _POSIX_C_SOURCE 200809L
#include "mpi/cli/launcher.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>

#include "core/base/file.h"
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

/* Is there somebody whose rank this could be? Else the variable was inherited from a job that has ended: its server has
 * taken its folder along, or has closed its end of the descriptor. What does not tell is believed. */
static bool server_is_there(void)
{
    const char *folder = getenv("PMIX_SERVER_TMPDIR"), *descriptor = getenv("PMI_FD");
    int64_t fd;
    if (folder != NULL) return file_is_directory(folder);
    if (getenv("OMPI_COMM_WORLD_RANK") != NULL) return getenv("PMIX_RANK") != NULL; /* mpirun sets both */
    if (descriptor != NULL && number_whole(&fd, descriptor, 0, INT32_MAX)) return fcntl((int)fd, F_GETFD) >= 0;
    return true;
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
    return value == 0 || server_is_there() ? (int)value : 0;
}
