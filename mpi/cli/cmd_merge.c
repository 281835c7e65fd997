/* bitfront merge: one run directory from several. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mpi/cli/command.h"
#include "mpi/cli/run_plan.h"
#include "results/run/merge.h"

static const option_spec options[] = {OPTIONS_END};

static void tell(const merge_summary *m, const char *directory)
{
    int open = m->total - m->done - m->failed;
    printf(
        "%s: %d of %d tasks done, %d failed, %d to do; %d results added, %d found more than once with equal content\n",
        directory, m->done, m->total, m->failed, open, m->added, m->equal);
    if (m->others > 0) printf("%d results of other plans lie there: bitfront list %s\n", m->others, directory);
    if (m->unusable > 0) printf("%d file%s not used, see above\n", m->unusable, m->unusable == 1 ? " was" : "s were");
    if (open > 0) printf("the rest: bitfront sweep CONFIG --out %s, with the configuration in it\n", directory);
    printf("see the front with: bitfront front %s\n", directory);
}

static status open_inputs(run *inputs, int *count, char **directories, int given)
{
    for (int i = 0; i < given; i++) {
        TRY(run_open_read(&inputs[*count], directories[i]));
        ++*count;
    }
    return status_ok();
}

/* The output is made like the first input, if it is no run yet. */
static status merge_into(const char *output, const run *inputs, int count)
{
    merge_summary summary;
    bool exists;
    TRY(run_is_there(&exists, output));
    run_plan *p = calloc(1, sizeof *p);
    if (p == NULL) return status_fail(STATUS_MEMORY, "no memory for the plan of %.200s", output);
    status s = run_plan_open(p, exists ? output : inputs[0].directory);
    if (!failed(s)) s = merge_runs(&summary, stdout, output, &p->run, &p->plan, inputs, count);
    if (!failed(s)) tell(&summary, output);
    run_plan_close(p);
    free(p);
    return s;
}

static status merge_all(const char *output, char **directories, int given)
{
    run *inputs = calloc((size_t)given + 1, sizeof *inputs);
    if (inputs == NULL) return status_fail(STATUS_MEMORY, "no memory to merge %d runs", given);
    int count = 0;
    status s = open_inputs(inputs, &count, directories, given);
    if (!failed(s)) s = merge_into(output, inputs, count);
    for (int i = 0; i < count; i++) run_close(&inputs[i]);
    free(inputs);
    return s;
}

static status run_merge(int argc, char **argv, int *exit_code)
{
    (void)exit_code;
    option_parser p = options_start("merge", options, argc, argv);
    for (int letter = -1; letter != 0;) {
        TRY(options_next(&p, &letter));
        if (letter != 'h') continue;
        command_help(&command_merge);
        return status_ok();
    }
    char **arguments;
    int count;
    TRY(options_at_least(&p, 2, "the run directory to make and those to merge", &arguments, &count));
    return merge_all(arguments[0], arguments + 1, count - 1);
}

const command command_merge = {
    .name = "merge",
    .arguments = "OUT RUN...",
    .summary = "one run directory from several",
    .details =
        "Copies the finished tasks of all RUNs into OUT and makes its results.h5 anew. OUT may be a run already; then\n"
        "what it has stays; else it gets the configuration of the first RUN. A result is known by its key, so runs of\n"
        "different configurations may be merged: what does not belong to the plan of OUT lies there until a plan asks\n"
        "for it. The order does not matter, and merging again changes nothing. Tasks that have different results in\n"
        "different runs are refused (exit code 2): each is named with what differs, and nothing is copied. Files that\n"
        "are damaged, renamed or changed are named and left out. The runs may have been made with --part, in other\n"
        "places, on other machines.\n",
    .examples = "  bitfront merge results/runs/demo part1 part2 part3\n",
    .options = options,
    .run = run_merge,
};
