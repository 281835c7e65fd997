/* In a build without MPI: everything that does not train works, and the rest says why it does not. */
#include "mpi/cli/command.h"
#include "mpi/cli/launcher.h"
#include "mpi/parallel.h"

const char *parallel_version(void)
{
    return "none: sweep and bench are not in this build";
}

status parallel_share(const command *c, int argc, char **argv, int *exit_code)
{
    (void)exit_code;
    return launcher_rank() == 0 ? c->share(&import_alone, argc, argv) : status_ok();
}

void parallel_end(int exit_code)
{
    (void)exit_code;
}

static status refuse(int argc, char **argv, int *exit_code)
{
    (void)argc;
    (void)exit_code;
    return status_fail(STATUS_CONFIG,
                       "this build of bitfront has no MPI, which %s needs; install Open MPI (libopenmpi-dev, "
                       "openmpi-bin) and build again",
                       argv[0]);
}

static const option_spec no_options[] = {OPTIONS_END};

const command command_sweep = {.name = "sweep",
                               .arguments = "CONFIG",
                               .summary = "not in this build: needs MPI",
                               .details = "",
                               .examples = "",
                               .options = no_options,
                               .parallel = true,
                               .run = refuse};
const command command_bench = {.name = "bench",
                               .arguments = "step|kernels|dispatch",
                               .summary = "not in this build: needs MPI",
                               .details = "",
                               .examples = "",
                               .options = no_options,
                               .parallel = true,
                               .run = refuse};
