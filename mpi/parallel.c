#include "mpi/parallel.h"

#include "mpi/link/runtime.h"

const char *parallel_version(void)
{
    static char version[96];
    runtime_mpi_version(version);
    return version;
}

void parallel_end(int exit_code)
{
    runtime_finish(exit_code);
}
