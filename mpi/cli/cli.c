#include "mpi/cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "core/base/spelling.h"
#include "core/io/h5.h"
#include "core/kernels/kernels.h"
#include "mpi/cli/completion.h"
#include "mpi/cli/launcher.h"
#include "mpi/cli/manual.h"
#include "results/file/provenance.h"

static const command *find_command(const cli_program *program, const char *name)
{
    for (const command *const *c = program->commands; *c != NULL; c++)
        if (strcmp((*c)->name, name) == 0) return *c;
    return NULL;
}

static void print_overview(const cli_program *program)
{
    printf("%s\nUsage:\n", cli_purpose);
    for (const command *const *c = program->commands; *c != NULL; c++)
        printf("  bitfront %-8s %-22s %s\n", (*c)->name, (*c)->arguments, (*c)->summary);
    printf("  bitfront --help | --version | --completion bash|zsh | --manual DIR\n\n"
           "bitfront COMMAND --help describes the options of a command. Start a sweep on several cores with\n"
           "  bitfront-run sweep CONFIG        or        mpirun -n RANKS bitfront sweep CONFIG\n"
           "where rank 0 hands out the work; with one rank it also does it.\n\n"
           "Environment:\n%s\nExit codes:\n%s",
           cli_environment, cli_exit_codes);
}

static void print_version(const cli_program *program)
{
    const kernel_table *kernels = kernels_choose(NULL);
    printf("bitfront %s (%s)\n", BITFRONT_VERSION, provenance_revision());
    printf("  MPI       %s\n", program->mpi);
    printf("  HDF5      %s\n", h5_library_version());
    printf("  BLAS      OpenBLAS, loaded when first used\n");
    printf("  kernels   %s\n", kernels != NULL ? kernels->name : "none for this processor");
    printf("  compiler  %s\n", provenance_compiler());
}

static bool is_one_of(const char *word, const char *a, const char *b, const char *c)
{
    return strcmp(word, a) == 0 || strcmp(word, b) == 0 || strcmp(word, c) == 0;
}

static status unknown_command(const cli_program *program, const char *word)
{
    const char *near = NULL;
    for (const command *const *c = program->commands; *c != NULL; c++) near = spelling_nearer(near, (*c)->name, word);
    if (near == NULL) return status_fail(STATUS_CONFIG, "there is no command \"%.60s\"; see bitfront --help", word);
    return status_fail(STATUS_CONFIG, "there is no command \"%.60s\"; did you mean \"%s\"? See bitfront --help", word,
                       near);
}

/* argv[1], when it is there, is the word, and argv[2] its value. */
static status run_word(const cli_program *program, int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "", *value = argc > 2 ? argv[2] : NULL;
    const bool completion = strcmp(word, "--completion") == 0, manual = strcmp(word, "--manual") == 0;
    if ((completion || manual) && value == NULL)
        return status_fail(STATUS_CONFIG, "%s needs a value: --completion bash|zsh, --manual DIR", word);
    if ((completion || manual) && program->elsewhere != NULL) return program->elsewhere(argv);
    if (completion) return completion_print(stdout, program, value);
    if (manual) return manual_write(program, BITFRONT_VERSION, value);
    if (is_one_of(word, "--help", "-h", "help"))
        print_overview(program);
    else if (is_one_of(word, "--version", "-V", "version"))
        print_version(program);
    else if (word[0] != '\0')
        return unknown_command(program, word);
    else
        return status_fail(STATUS_CONFIG, "a command is missing; see bitfront --help");
    return status_ok();
}

status cli_run(const cli_program *program, int argc, char **argv, int *exit_code)
{
    const char *word = argc > 1 ? argv[1] : "";
    const command *c = find_command(program, word);
    if (c != NULL && c->share != NULL) return program->share(c, argc - 1, argv + 1, exit_code);
    if (launcher_rank() != 0 && (c == NULL || !c->parallel)) return status_ok();
    return c != NULL ? c->run(argc - 1, argv + 1, exit_code) : run_word(program, argc, argv);
}
