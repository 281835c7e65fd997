#include "mpi/cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "core/io/h5.h"
#include "core/kernels/gemm.h"
#include "core/kernels/kernels.h"
#include "mpi/cli/command.h"
#include "results/file/provenance.h"

static const command *const commands[] = {&command_plan,  &command_sweep,   &command_status,
                                          &command_front, &command_prepare, &command_check,
                                          &command_cost,  &command_merge,   &command_bench};
enum { COMMAND_COUNT = sizeof commands / sizeof *commands };

static const command *find_command(const char *name)
{
    for (int i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(commands[i]->name, name) == 0) return commands[i];
    return NULL;
}

static void print_overview(FILE *out)
{
    fputs("bitfront finds the Pareto front of accuracy against hardware cost that a network reaches when every output\n"
          "channel learns its own weight precision (8, 4, 2 or 0 bit).\n\nUsage:\n",
          out);
    for (int i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "  bitfront %-8s %-22s %s\n", commands[i]->name, commands[i]->arguments, commands[i]->summary);
    fputs("  bitfront --help | --version\n\n"
          "bitfront COMMAND --help describes the options of a command. Start a sweep on several cores with\n"
          "  mpirun -n RANKS bitfront sweep CONFIG\n"
          "where rank 0 hands out the work; with one rank it also does it.\n\n"
          "Environment:\n"
          "  BITFRONT_ISA          kernels of another instruction set: avx512, avx2 or portable (other last bits)\n"
          "  BITFRONT_SUMS         messages: ranks of one node sum gradients without shared memory (same bits)\n"
          "  BITFRONT_START_LIMIT  seconds after which a start that misses ranks is given up (default 600)\n"
          "  OPENBLAS_CORETYPE     kernels of OpenBLAS, chosen by bitfront if not set\n\n"
          "Exit codes:\n"
          "   0  done\n"
          "   1  done, but some tasks failed\n"
          "   2  wrong usage, configuration or input file\n"
          "   3  the job failed (file system, memory, messages)\n"
          "  75  stopped before the end; run the same command again to continue\n",
          out);
}

static void print_version(FILE *out)
{
    char mpi[96], blas[GEMM_LIBRARY_LENGTH], warning[GEMM_WARNING_LENGTH];
    runtime_mpi_version(mpi);
    gemm_library(blas);
    gemm_warning(warning);
    const kernel_table *kernels = kernels_choose(NULL);
    fprintf(out, "bitfront %s (%s)\n", BITFRONT_VERSION, provenance_revision());
    fprintf(out, "  MPI       %s\n", mpi);
    fprintf(out, "  HDF5      %s\n", h5_library_version());
    fprintf(out, "  BLAS      %s\n", blas);
    if (warning[0] != '\0') fprintf(out, "            %s\n", warning);
    fprintf(out, "  kernels   %s\n", kernels != NULL ? kernels->name : "none for this processor");
    fprintf(out, "  compiler  %s\n", provenance_compiler());
}

void command_help(FILE *out, const command *c)
{
    fprintf(out, "Usage: bitfront %s %s [options]\n\n%s\nOptions:\n", c->name, c->arguments, c->details);
    options_print(out, c->options);
}

bool cli_needs_mpi(int argc, char **argv)
{
    const command *c = argc > 1 ? find_command(argv[1]) : NULL;
    if (c == NULL || !c->parallel) return false;
    static const char *const answers[] = {"--help", "-h", "--where"};
    for (int i = 2; i < argc; i++)
        for (size_t a = 0; a < sizeof answers / sizeof *answers; a++)
            if (strcmp(argv[i], answers[a]) == 0) return false;
    return true;
}

status cli_run(const runtime *rt, int argc, char **argv, int *exit_code)
{
    const char *word = argc > 1 ? argv[1] : "";
    bool tells = rt->rank == 0;
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
        if (tells) print_overview(stdout);
        return status_ok();
    }
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
        if (tells) print_version(stdout);
        return status_ok();
    }
    const command *c = find_command(word);
    if (c == NULL && argc > 1)
        return status_fail(STATUS_CONFIG, "there is no command \"%s\"; see bitfront --help", word);
    if (c == NULL) return status_fail(STATUS_CONFIG, "a command is missing; see bitfront --help");
    if (!tells && !c->parallel) return status_ok();
    return c->run(rt, argc - 1, argv + 1, exit_code);
}
