/* bitfront merge: one run directory from several of the same configuration. */
#include <stdio.h>

#include "mpi/cli/command.h"
#include "results/run/merge.h"

static const option_spec options[] = {OPTIONS_END};

static void tell(const merge_summary *m, const char *directory)
{
    int open = m->total - m->done - m->failed;
    printf("%s: %d of %d tasks done, %d failed, %d to do; %d added, %d found more than once with equal results\n",
           directory, m->done, m->total, m->failed, open, m->added, m->equal);
    if (m->unusable > 0) printf("%d file%s not used, see above\n", m->unusable, m->unusable == 1 ? " was" : "s were");
    if (open > 0) printf("the rest: bitfront sweep CONFIG --out %s, with the configuration of these runs\n", directory);
    printf("see the front with: bitfront front %s\n", directory);
}

static status run_merge(const runtime *rt, int argc, char **argv, int *exit_code)
{
    (void)rt;
    (void)exit_code;
    option_parser p = options_start("merge", options, argc, argv);
    for (int letter = -1; letter != 0;) {
        TRY(options_next(&p, &letter));
        if (letter != 'h') continue;
        command_help(stdout, &command_merge);
        return status_ok();
    }
    char **arguments;
    int count;
    TRY(options_at_least(&p, 2, "the run directory to make and those to merge", &arguments, &count));
    merge_summary summary;
    TRY(merge_runs(&summary, stdout, arguments[0], (const char *const *)(arguments + 1), count - 1));
    tell(&summary, arguments[0]);
    return status_ok();
}

const command command_merge = {
    .name = "merge",
    .arguments = "OUT RUN...",
    .summary = "one run directory from several of one sweep",
    .details =
        "Copies the finished tasks of all RUNs into OUT and makes its results.h5 anew. OUT may be a run already; then\n"
        "what it has stays. The order does not matter, and merging again changes nothing. Runs of different\n"
        "configurations, networks or data sets are refused (exit code 2), and so are tasks that have different "
        "results\n"
        "in different runs: each is named with what differs, and nothing is written. Damaged files are named and left\n"
        "out. The runs may have been made with --part, in other places, on other machines.\n",
    .options = options,
    .run = run_merge,
};
