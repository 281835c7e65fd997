#include "mpi/parallel.h"

#include "mpi/cli/exit_code.h"
#include "mpi/cli/launcher.h"
#include "mpi/cli/process.h"
#include "mpi/cli/stop.h"
#include "mpi/link/agree.h"
#include "mpi/link/prepare_ranks.h"
#include "mpi/link/runtime.h"

const char *parallel_version(void)
{
    static char version[96];
    runtime_mpi_version(version);
    return version;
}

status parallel_share(const command *c, int argc, char **argv, int *exit_code)
{
    const link_world *world;
    TRY(runtime_start(&world, launcher_found(), EXIT_MACHINE));
    process_joined(world_rank(world));
    runtime_started();
    const import_ranks ranks = prepare_ranks(world);
    status s = agree(world, stop_at_once()); /* MPI may have taken signals for itself */
    if (!failed(s)) s = c->share(&ranks, argc, argv);
    return runtime_agree_end(s, exit_code);
}

void parallel_end(int exit_code)
{
    runtime_finish(exit_code);
}
