/* cmd_bench: the benchmarks of `bitfront bench`, one file each. argv[0] is the benchmark's name. */
#ifndef MPI_BENCH_CMD_BENCH_H
#define MPI_BENCH_CMD_BENCH_H

#include <stdbool.h>

#include "core/base/status.h"
#include "mpi/cli/options.h"
#include "mpi/link/world.h"

typedef struct {
    const char *name, *summary;
    const option_spec *options;
    bool parallel; /* all ranks run it; else rank 0 alone, without MPI: `world` is NULL */
    status (*run)(const link_world *world, int argc, char **argv);
} benchmark;

extern const benchmark benchmark_step, benchmark_kernels, benchmark_dispatch;

#endif
