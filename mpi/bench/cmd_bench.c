/* bitfront bench: how fast the parts of the program are. */
#include "mpi/bench/cmd_bench.h"

#include <stdio.h>
#include <string.h>

#include "core/base/spelling.h"
#include "mpi/cli/command.h"
#include "mpi/cli/exit_code.h"
#include "mpi/cli/launcher.h"
#include "mpi/cli/process.h"
#include "mpi/cli/stop.h"
#include "mpi/link/agree.h"
#include "mpi/link/runtime.h"

static const benchmark *const benchmarks[] = {&benchmark_step, &benchmark_kernels, &benchmark_dispatch};
enum { BENCHMARK_COUNT = sizeof benchmarks / sizeof *benchmarks };

static const option_spec no_options[] = {OPTIONS_END};

static bool describe_part(command_part *out, int i)
{
    if (i >= BENCHMARK_COUNT) return false;
    *out = (command_part){benchmarks[i]->name, benchmarks[i]->summary, "", benchmarks[i]->options};
    return true;
}

static void print_help(void)
{
    command_help(&command_bench);
    for (int i = 0; i < BENCHMARK_COUNT && launcher_rank() == 0; i++) {
        printf("\nbitfront bench %s: %s\n", benchmarks[i]->name, benchmarks[i]->summary);
        options_print(stdout, benchmarks[i]->options);
    }
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return true;
    return false;
}

static status run_on_ranks(const benchmark *b, int argc, char **argv, int *exit_code)
{
    const link_world *world;
    TRY(runtime_start(&world, launcher_found(), EXIT_MACHINE));
    process_joined(world_rank(world));
    runtime_started();
    status s = agree(world, stop_at_once()); /* MPI may have taken signals for itself */
    if (!failed(s)) s = b->run(world, argc, argv);
    return runtime_agree_end(s, exit_code);
}

static status run_bench(int argc, char **argv, int *exit_code)
{
    if (asks_for_help(argc, argv)) {
        print_help();
        return status_ok();
    }
    const char *word = argc > 1 ? argv[1] : "";
    for (int i = 0; i < BENCHMARK_COUNT; i++) {
        if (strcmp(word, benchmarks[i]->name) != 0) continue;
        if (benchmarks[i]->parallel) return run_on_ranks(benchmarks[i], argc - 1, argv + 1, exit_code);
        return launcher_rank() == 0 ? benchmarks[i]->run(NULL, argc - 1, argv + 1) : status_ok();
    }
    const char *near = NULL;
    for (int i = 0; i < BENCHMARK_COUNT; i++) near = spelling_nearer(near, benchmarks[i]->name, word);
    return status_fail(STATUS_CONFIG, "bench: there is no benchmark \"%.60s\"%s%s; see bitfront bench --help", word,
                       near != NULL ? "; did you mean " : "", near != NULL ? near : "");
}

const command command_bench = {
    .name = "bench",
    .arguments = "step|kernels|dispatch",
    .summary = "measure how fast this machine trains",
    .details =
        "Measures on random images of the network's size; no data set is needed. Rates are given beside what the core\n"
        "can do, measured in the same run: a single-precision matrix product (sgemm) of the BLAS library and a chain "
        "of\n"
        "fused multiply-adds (FMA peak). Operations are those of the definition: two for each multiply-accumulate,\n"
        "borders included. tests/bench/README.md explains the numbers.\n",
    .examples = "  bitfront bench step --network resnet8 --phase search --batch 32 --cost size --activations 8\n"
                "  mpirun -n 2 bitfront bench step --network resnet8 --phase warmup --batch 128\n"
                "  bitfront bench kernels --network dscnn --batch 8\n"
                "  mpirun -n 2 bitfront bench dispatch --tasks 100000\n",
    .options = no_options,
    .part = describe_part,
    .parallel = true,
    .run = run_bench,
};
