/* links: core_sweep bitfront_cli_options */
/* A command line, one argument a line; then, behind an empty line, what Slurm's variables say. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/sweep/job_part.h"
#include "core/sweep/walltime.h"
#include "mpi/cli/options.h"
#include "tests/fuzz/fuzz.h"

enum { MOST_ARGUMENTS = 16 };

static const option_spec specs[] = {
    {'o', "output", "FILE", "a text"},
    {'n', "count", "N", "a number"},
    {1, "long-only", NULL, "a switch"},
    {'q', "quiet", NULL, "another one"},
    OPTIONS_END,
};

static void use_text(const char *text)
{
    double seconds;
    job_part part;
    if (walltime_read(&seconds, text) && !(seconds > 0 && isfinite(seconds))) abort();
    if (!failed(job_part_parse(&part, text)) && !(part.index >= 0 && part.index < part.count)) abort();
}

static void use_arguments(int argc, char **argv)
{
    option_parser p = options_start("test", specs, argc, argv);
    int letter = 1, count;
    char **rest;
    long number;
    while (letter != 0) {
        if (failed(options_next(&p, &letter))) return;
        if (letter == 'n' && !failed(options_integer(&p, "count", -5, 5, &number)) && labs(number) > 5) abort();
        if (letter == 'o' && p.value == NULL) abort();
    }
    if (failed(options_arguments(&p, 1, "FILE", &rest)) && failed(options_at_least(&p, 1, "FILES", &rest, &count)))
        return;
    use_text(rest[0]);
}

static void use_variables(fuzz_input *in)
{
    static const char *const names[] = {"SLURM_ARRAY_TASK_ID",    "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_MAX",
                                        "SLURM_ARRAY_TASK_COUNT", "SLURM_JOB_ID",         "SLURM_JOB_END_TIME"};
    double seconds;
    job_part part;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        fuzz_input line = fuzz_part(in, '\n');
        char *text = fuzz_text(&line);
        if (text[0] != '\0' || i == 5)
            setenv(names[i], text, 1);
        else
            unsetenv(names[i]);
        free(text);
    }
    if (!failed(job_part_from_slurm(&part)) && !(part.index >= 0 && part.index < part.count)) abort();
    if (!failed(walltime_of_job(&seconds)) && !(seconds >= 0)) abort();
    if (walltime_usable(seconds) > seconds) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    fuzz_input in = {bytes, size};
    char *argv[MOST_ARGUMENTS + 2] = {NULL}, *given[MOST_ARGUMENTS + 1];
    int argc = 1;
    static char name[] = "test";
    argv[0] = name;
    while (in.left > 0 && argc <= MOST_ARGUMENTS) {
        fuzz_input line = fuzz_part(&in, '\n');
        if (line.left == 0) break;
        given[argc] = argv[argc] = fuzz_text(&line);
        use_text(argv[argc++]);
    }
    use_arguments(argc, argv); /* puts them into another order */
    use_variables(&in);
    for (int i = 1; i < argc; i++) free(given[i]);
    return 0;
}
