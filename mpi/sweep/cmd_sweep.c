/* bitfront sweep: runs or resumes a sweep on all ranks. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/kernels/gemm.h"
#include "mpi/link/agree.h"
#include "mpi/cli/command.h"
#include "mpi/cli/config_options.h"
#include "mpi/cli/inputs.h"
#include "mpi/sweep/sweep.h"
#include "core/sweep/walltime.h"

enum { PROGRESS = 1, WHERE, DEADLINE, MAX_WALLTIME, PART, LEASE };
static const double USUAL_DEADLINE = 30, SHORTEST_DEADLINE = 0.2, LONGEST_DEADLINE = 86400; /* s */

static const option_spec options[] = {
    {'o', "out", "DIR", "run directory; default results/runs/NAME, with the name in the configuration"},
    CONFIG_OPTION_SET,
    {PROGRESS, "progress", "live|plain", "live status lines or plain lines; default: live on a terminal"},
    {PART, "shard", "I/N", NULL},
    {PART, "part", "I/N", "do every N-th point only, as the I-th of N jobs; default: from SLURM_ARRAY_TASK_*, or 1/1"},
    {LEASE, "lease", "SECONDS", "silence after which another job may take over a task of this one; default 60"},
    {WHERE, "where", NULL, "only checks the configuration and prints the run directory"},
    {MAX_WALLTIME, "max-walltime", "TIME",
     "stop in time at a checkpoint; SECONDS, MM:SS, HH:MM:SS or D-HH:MM:SS; default: the end of the Slurm job, if any"},
    {DEADLINE, "deadline", "SECONDS", "a rank that is silent for so long counts as dead; default 30"},
    {'v', "verbose", NULL, "also the layer table, and a line for every epoch"},
    {'q', "quiet", NULL, "only the summary and errors"},
    OPTIONS_END,
};

typedef struct {
    config_options config;
    const char *path;      /* of the configuration */
    const char *directory; /* NULL: default */
    job_part part;         /* of zero: not given */
    progress_style style;
    progress_volume volume;
    double deadline;     /* s of silence */
    double max_walltime; /* s; INFINITY: none */
    double lease;        /* s; 0: the usual */
    bool help, where;
} sweep_arguments;

static status read_deadline(double *out, const char *text)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end != '\0' || !(value >= SHORTEST_DEADLINE && value <= LONGEST_DEADLINE))
        return status_fail(STATUS_CONFIG, "sweep: --deadline wants %g to %g seconds, not \"%s\"", SHORTEST_DEADLINE,
                           LONGEST_DEADLINE, text);
    *out = value;
    return status_ok();
}

static status read_arguments(sweep_arguments *out, int argc, char **argv)
{
    sweep_arguments given = {
        .style = PROGRESS_AUTO, .volume = PROGRESS_NORMAL, .deadline = USUAL_DEADLINE, .max_walltime = INFINITY};
    long seconds;
    option_parser p = options_start("sweep", options, argc, argv);
    for (int letter = -1; letter != 0;) {
        TRY(options_next(&p, &letter));
        switch (letter) {
        case 'o':
            given.directory = p.value;
            break;
        case 's':
            TRY(config_options_add(&given.config, p.value));
            break;
        case 'v':
            given.volume = PROGRESS_VERBOSE;
            break;
        case 'q':
            given.volume = PROGRESS_QUIET;
            break;
        case MAX_WALLTIME:
            if (!walltime_read(&given.max_walltime, p.value))
                return status_fail(STATUS_CONFIG,
                                   "sweep: --max-walltime wants SECONDS, MM:SS, HH:MM:SS or D-HH:MM:SS, not \"%s\"",
                                   p.value);
            break;
        case DEADLINE:
            TRY(read_deadline(&given.deadline, p.value));
            break;
        case 'h':
            given.help = true;
            break;
        case PART:
            TRY(job_part_parse(&given.part, p.value));
            break;
        case LEASE:
            TRY(options_integer(&p, "lease", 2, 86400, &seconds));
            given.lease = (double)seconds;
            break;
        case WHERE:
            given.where = true;
            break;
        case PROGRESS:
            if (strcmp(p.value, "live") == 0)
                given.style = PROGRESS_LIVE;
            else if (strcmp(p.value, "plain") == 0)
                given.style = PROGRESS_PLAIN;
            else
                return status_fail(STATUS_CONFIG, "sweep: --progress wants live or plain, not \"%s\"", p.value);
            break;
        default:
            break;
        }
    }
    if (!given.help) {
        char **arguments;
        TRY(options_arguments(&p, 1, "the configuration file", &arguments));
        given.path = arguments[0];
    }
    *out = given;
    return status_ok();
}

/* By rank 0, whose environment counts. */
static status find_share(int *share, job_part *part, const sweep_inputs *in)
{
    if (part->count == 0) TRY(job_part_from_slurm(part));
    return job_part_size(share, part, in->tasks, in->task_count);
}

/* On rank 0: when everything has to be at a checkpoint. `started`: of this process. */
static status choose_limits(coordinator_limits *out, const sweep_arguments *given, double started)
{
    double job;
    TRY(walltime_of_job(&job));
    double now = clock_seconds(), own = given->max_walltime - (now - started);
    *out = (coordinator_limits){
        .deadline = given->deadline, .end = now + walltime_usable(fmin(job, own)), .lease = given->lease};
    return status_ok();
}

static void tell_start(const runtime *rt, const sweep_inputs *in, const job_part *part, int share,
                       const char *directory, progress_volume volume, double end)
{
    if (volume == PROGRESS_QUIET) return;
    if (volume == PROGRESS_VERBOSE) graph_print(stdout, &in->graph);
    int workers = rt->size > 1 ? rt->size - 1 : 1;
    if (part->count > 1) printf("part %d of %d: %d of the tasks of this ", part->index + 1, part->count, share);
    printf("sweep %s: %d tasks on %d rank%s, network %s, data %s, kernels %s, into %s\n", in->settings.name,
           in->task_count, workers, workers == 1 ? "" : "s", in->graph.name, in->data.name, in->kernels->name,
           directory);
    if (isfinite(end)) {
        char left[32];
        progress_duration(left, fmax(end - clock_seconds(), 0));
        printf("everything will be at a checkpoint within %s\n", left);
    }
    if (rt->size > 1 && !runtime_recovers())
        printf("a dead rank will end this job (the same command continues it); to survive it in place: "
               "mpirun --enable-recovery\n");
    fflush(stdout);
}

static void tell_end(const job_part *part, int share, const char *directory, int failed_tasks, double seconds)
{
    char took[32];
    progress_duration(took, seconds);
    if (part->count > 1) printf("part %d of %d is finished: ", part->index + 1, part->count);
    printf("%d tasks done, %d failed, in %s; results in %s/results.h5\n", share - failed_tasks, failed_tasks, took,
           directory);
    if (part->count > 1) printf("the whole sweep: bitfront status %s\n", directory);
    printf("see the front with: bitfront front %s\n", directory);
    fflush(stdout);
}

static status find_directory(char out[MAX_PATH_TEXT], const sweep_inputs *in, const sweep_arguments *given)
{
    int length = given->directory != NULL ? snprintf(out, MAX_PATH_TEXT, "%s", given->directory)
                                          : snprintf(out, MAX_PATH_TEXT, "results/runs/%s", in->settings.name);
    if (length < MAX_PATH_TEXT) return status_ok();
    return status_fail(STATUS_CONFIG, "sweep: the name of the run directory is too long");
}

/* By rank 0 alone, for launchers. */
static status print_where(sweep_inputs *in, const sweep_arguments *given)
{
    char directory[MAX_PATH_TEXT];
    TRY(inputs_read(in, given->path, given->config.overrides, given->config.count));
    TRY(find_directory(directory, in, given));
    puts(directory);
    return status_ok();
}

/* Collective on the world; *in is to be freed also after a failure. */
static status run_on_all(const runtime *rt, sweep_inputs *in, const sweep_arguments *given, int *exit_code)
{
    double started = clock_seconds();
    coordinator_limits limits = {.deadline = given->deadline};
    TRY(agree(rt->world, rt->rank == 0 ? choose_limits(&limits, given, started) : status_ok()));
    TRY(agree(rt->world, rt->rank == 0 ? inputs_read(in, given->path, given->config.overrides, given->config.count)
                                       : status_ok()));
    TRY(inputs_share(in, rt->world));
    TRY(inputs_load_data(in, rt->world));
    char directory[MAX_PATH_TEXT], mpi[96], blas[GEMM_LIBRARY_LENGTH];
    TRY(find_directory(directory, in, given));
    runtime_mpi_version(mpi);
    gemm_library(blas);
    job_part part = given->part;
    int share = 0;
    TRY(agree(rt->world, rt->rank == 0 ? find_share(&share, &part, in) : status_ok()));
    if (rt->rank == 0) tell_start(rt, in, &part, share, directory, given->volume, limits.end);
    sweep_options how = {.directory = directory,
                         .part = part,
                         .style = given->style,
                         .volume = given->volume,
                         .limits = limits,
                         .blas = blas,
                         .mpi = mpi};
    sweep_end end;
    status outcome = sweep_run(rt->world, in, &how, &end);
    if (end.ranks_lost || (outcome.code == STATUS_MPI && runtime_recovers())) runtime_lost_ranks();
    TRY(outcome);
    if (rt->rank == 0) tell_end(&part, share, directory, end.failed_tasks, clock_seconds() - started);
    *exit_code = end.failed_tasks > 0 ? EXIT_TASKS_FAILED : EXIT_DONE;
    return status_ok();
}

static status run_sweep(const runtime *rt, int argc, char **argv, int *exit_code)
{
    sweep_arguments given = {0};
    TRY(read_arguments(&given, argc, argv)); /* the same command line everywhere: the same answer */
    if (given.help) {
        if (rt->rank == 0) command_help(stdout, &command_sweep);
        return status_ok();
    }
    sweep_inputs in;
    inputs_clear(&in);
    status s = status_ok();
    if (!given.where)
        s = run_on_all(rt, &in, &given, exit_code);
    else if (rt->rank == 0)
        s = print_where(&in, &given);
    if (s.code != STATUS_MPI && !runtime_has_lost_ranks()) inputs_free(&in);
    return s;
}

const command command_sweep = {
    .name = "sweep",
    .arguments = "CONFIG",
    .summary = "train every task of a configuration, or the rest of them",
    .details =
        "Runs all tasks of the configuration and leaves them in the run directory. The same command again continues\n"
        "a sweep that was stopped or killed; finished tasks are kept. USR1, or making a file stop in the run "
        "directory,\n"
        "stops at the next segment boundary, TERM and INT at the next step, with a checkpoint (exit code 75).\n"
        "bitfront-run starts it on every core of this machine or allocation, so that it survives dead ranks:\n"
        "  bitfront-run sweep configs/demo.cfg --out results/runs/demo\n"
        "Several jobs may work on one run directory at the same time: each task is done by one of them, and a job "
        "ends\n"
        "when every task is finished. With --part I/N (in a Slurm array by itself) a job does its own part only, in\n"
        "the same directory as the others or in one of its own (see bitfront merge).\n"
        "Environment: BITFRONT_START_LIMIT, seconds after which a start that misses ranks is given up (default 600).\n",
    .options = options,
    .parallel = true,
    .run = run_sweep,
};
