/* bitfront bench: how fast the parts of the program are. */
#include "mpi/bench/cmd_bench.h"

#include <string.h>

#include "core/kernels/gemm.h"
#include "mpi/cli/command.h"

static const benchmark *const benchmarks[] = {&benchmark_step, &benchmark_kernels, &benchmark_dispatch};
enum { BENCHMARK_COUNT = sizeof benchmarks / sizeof *benchmarks };

static const option_spec no_options[] = {OPTIONS_END};

static void print_help(FILE *out)
{
    command_help(out, &command_bench);
    for (int i = 0; i < BENCHMARK_COUNT; i++) {
        fprintf(out, "\nbitfront bench %s: %s\n", benchmarks[i]->name, benchmarks[i]->summary);
        options_print(out, benchmarks[i]->options);
    }
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static status run_bench(const runtime *rt, int argc, char **argv, int *exit_code)
{
    (void)exit_code;
    bool tells = rt->rank == 0;
    for (int i = 1; i < argc; i++) {
        if (!is_help(argv[i])) continue;
        if (tells) print_help(stdout);
        return status_ok();
    }
    char warning[GEMM_WARNING_LENGTH];
    gemm_warning(warning);
    if (tells && warning[0] != '\0') fprintf(stderr, "bitfront: warning: %s\n", warning);
    const char *word = argc > 1 ? argv[1] : "";
    for (int i = 0; i < BENCHMARK_COUNT; i++)
        if (strcmp(word, benchmarks[i]->name) == 0)
            return tells || benchmarks[i]->parallel ? benchmarks[i]->run(rt, argc - 1, argv + 1) : status_ok();
    return status_fail(STATUS_CONFIG, "bench: there is no benchmark \"%s\"; see bitfront bench --help", word);
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
        "borders included. tests/bench/README.md explains the numbers. Examples:\n"
        "  bitfront bench step --network resnet8 --phase search --batch 32 --cost size --activations 8\n"
        "  mpirun -n 2 bitfront bench step --network resnet8 --phase warmup --batch 128\n"
        "  bitfront bench kernels --network dscnn --batch 8\n"
        "  mpirun -n 2 bitfront bench dispatch --tasks 100000\n",
    .options = no_options,
    .parallel = true,
    .run = run_bench,
};
