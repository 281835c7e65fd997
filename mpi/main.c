/* The start and the end of the program: the only place that ends the process. */
#include <stdio.h>

#include "core/kernels/gemm.h"
#include "mpi/cli/cli.h"
#include "mpi/link/runtime.h"

int main(int argc, char **argv)
{
    gemm_choose_core(argv); /* may start the program again */
    runtime rt;
    status outcome = runtime_start(&rt, &argc, &argv, cli_needs_mpi(argc, argv));
    if (failed(outcome)) {
        fprintf(stderr, "bitfront: %s\n", outcome.message);
        return runtime_exit_code(outcome);
    }
    int exit_code = EXIT_DONE;
    outcome = cli_run(&rt, argc, argv, &exit_code);
    return runtime_finish(&rt, outcome, exit_code);
}
