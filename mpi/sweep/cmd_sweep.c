/* bitfront sweep: runs or resumes a sweep on all ranks. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/number.h"
#include "core/kernels/blas.h"
#include "core/sweep/walltime.h"
#include "mpi/cli/command.h"
#include "mpi/cli/command_line.h"
#include "mpi/cli/config_options.h"
#include "mpi/cli/exit_code.h"
#include "mpi/cli/inputs.h"
#include "mpi/cli/launcher.h"
#include "mpi/cli/process.h"
#include "mpi/cli/run_places.h"
#include "mpi/cli/stop.h"
#include "mpi/link/agree.h"
#include "mpi/link/runtime.h"
#include "mpi/link/world.h"
#include "mpi/sweep/inputs_broadcast.h"
#include "mpi/sweep/sweep.h"

enum { PROGRESS = 1, WHERE, DEADLINE, MAX_WALLTIME, PART, LEASE, REUSE, RETRY_FAILED };
static const double USUAL_DEADLINE = 30, SHORTEST_DEADLINE = 0.2, LONGEST_DEADLINE = 86400; /* s */

static const option_spec options[] = {
    {'o', "out", "DIR", "run directory; default results/runs/NAME, with the name in the configuration"},
    CONFIG_OPTION_SET,
    {PROGRESS, "progress", "live|plain", "live status lines or plain lines; default: live on a terminal"},
    {PART, "shard", "I/N", NULL},
    {PART, "part", "I/N",
     "do every N-th point only, as the I-th of N jobs; auto: as SLURM_ARRAY_TASK_* say; default 1/1"},
    {REUSE, "reuse", "RUN", "take over what another run has finished of this plan; may be given several times"},
    {RETRY_FAILED, "retry-failed", NULL, "run tasks again that failed in an earlier run"},
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
    job_part part;
    bool part_of_array; /* as the Slurm array says */
    progress_style style;
    progress_volume volume;
    double deadline;     /* s of silence */
    double max_walltime; /* s; INFINITY: none */
    double lease;        /* s; 0: the usual */
    earlier_options earlier;
    bool help, where;
    int argc; /* the command as it was given */
    char *const *argv;
} sweep_arguments;

static status read_deadline(double *out, const char *text)
{
    if (number_real(out, text, SHORTEST_DEADLINE, LONGEST_DEADLINE)) return status_ok();
    return status_fail(STATUS_CONFIG, "sweep: --deadline wants %g to %g seconds, not \"%s\"", SHORTEST_DEADLINE,
                       LONGEST_DEADLINE, text);
}

static status read_arguments(sweep_arguments *out, int argc, char **argv)
{
    sweep_arguments given = {.part = {.index = 0, .count = 1},
                             .style = PROGRESS_AUTO,
                             .volume = PROGRESS_NORMAL,
                             .deadline = USUAL_DEADLINE,
                             .max_walltime = INFINITY,
                             .argc = argc,
                             .argv = argv};
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
            given.part_of_array = strcmp(p.value, "auto") == 0;
            if (!given.part_of_array) TRY(job_part_parse(&given.part, p.value));
            break;
        case LEASE:
            TRY(options_integer(&p, "lease", 2, 86400, &seconds));
            given.lease = (double)seconds;
            break;
        case REUSE:
            if (given.earlier.reuse_count == EARLIER_MOST)
                return status_fail(STATUS_CONFIG, "sweep: more than %d times --reuse", EARLIER_MOST);
            given.earlier.reuse[given.earlier.reuse_count++] = p.value;
            break;
        case RETRY_FAILED:
            given.earlier.retry_failed = true;
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

/* By rank 0, whose environment counts: but only when asked for. The variables may be of an array that does something
 * else, or inherited from one that submitted this job; half a sweep with exit code 0 would be the consequence. */
static status find_share(int *share, job_part *part, const sweep_arguments *given, const sweep_inputs *in)
{
    if (given->part_of_array)
        TRY(job_part_from_slurm(part));
    else if (getenv("SLURM_ARRAY_TASK_ID") != NULL && part->count == 1 && given->volume != PROGRESS_QUIET)
        printf("this job of a Slurm array takes from the whole list; --part auto: its part only\n");
    return job_part_size(share, part, in->plan.tasks, in->plan.parents, in->plan.count);
}

/* On rank 0: when everything has to be at a checkpoint. `started`: of this process. */
static status choose_limits(coordinator_limits *out, const sweep_arguments *given, double started)
{
    double job;
    TRY(walltime_of_job(&job));
    if (job <= 0) {
        printf("note: SLURM_JOB_END_TIME lies in the past: it is of another job, and does not limit this one\n");
        job = INFINITY;
    }
    double now = clock_seconds(), own = given->max_walltime - (now - started);
    *out = (coordinator_limits){
        .deadline = given->deadline, .end = now + walltime_usable(fmin(job, own)), .lease = given->lease};
    return status_ok();
}

/* On rank 0, before there is a run in the default directory of this place. */
static void tell_earlier(const sweep_inputs *in, const char *directory, const sweep_arguments *given)
{
    char earlier[RUN_PLACE];
    bool there;
    if (given->directory != NULL || given->volume == PROGRESS_QUIET) return;
    if (failed(run_is_there(&there, directory)) || there || !run_places_find(earlier, in->settings.path)) return;
    printf("note: an earlier run of this configuration lies in %s; to continue that one: --out %s\n", earlier, earlier);
}

static void tell_start(int size, const sweep_inputs *in, const job_part *part, int share, const char *directory,
                       progress_volume volume, double end)
{
    if (volume == PROGRESS_QUIET) return;
    for (int i = 0; i < in->networks.count && volume == PROGRESS_VERBOSE; i++)
        graph_print(stdout, &in->networks.graphs[i]);
    int workers = size > 1 ? size - 1 : 1;
    if (part->count > 1) printf("part %d of %d: %d of the tasks of this ", part->index + 1, part->count, share);
    printf("sweep %s: %d tasks on %d rank%s, network %s, data %s, kernels %s, into %s\n", in->settings.name,
           in->plan.count, workers, workers == 1 ? "" : "s", in->networks.graphs[0].name, in->data.name,
           in->kernels->name, directory);
    if (isfinite(end)) {
        char left[32];
        clock_duration(left, fmax(end - clock_seconds(), 0));
        printf("time limit in %s: before it the sweep stops with checkpoints, to be continued by the same command\n",
               left);
    }
    if (size > 1 && !runtime_recovers())
        printf("a dead rank will end this job (the same command continues it); to survive it in place: "
               "mpirun --enable-recovery\n");
    fflush(stdout);
}

static void tell_end(const job_part *part, int share, const char *directory, const sweep_end *end, double seconds)
{
    char took[32];
    clock_duration(took, seconds);
    if (part->count > 1) printf("part %d of %d is finished: ", part->index + 1, part->count);
    printf("%d tasks done, %d failed, ", share - end->failed_tasks - end->stopped_tasks, end->failed_tasks);
    if (end->stopped_tasks > 0) printf("%d stopped early, ", end->stopped_tasks);
    printf("in %s; results in %s/results.h5\n", took, directory);
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

/* For launchers. */
static status print_where(const sweep_arguments *given)
{
    char directory[MAX_PATH_TEXT];
    sweep_inputs in;
    status s = inputs_read(&in, given->path, given->config.overrides, given->config.count);
    if (!failed(s)) s = find_directory(directory, &in, given);
    if (!failed(s)) puts(directory);
    inputs_free(&in);
    return s;
}

/* Collective on the world; *in and *data are to be freed also after a failure. */
static status run_on_all(const link_world *world, sweep_inputs *in, shared_data *data, const sweep_arguments *given,
                         int *exit_code)
{
    const bool leads = world_rank(world) == 0;
    double started = clock_seconds();
    coordinator_limits limits = {.deadline = given->deadline};
    TRY(inputs_broadcast_same_build(world));
    TRY(agree(world, leads ? choose_limits(&limits, given, started) : status_ok()));
    TRY(agree(world, leads ? inputs_read(in, given->path, given->config.overrides, given->config.count) : status_ok()));
    TRY(inputs_broadcast(in, world));
    TRY(inputs_broadcast_data(data, in, world));
    char directory[MAX_PATH_TEXT], mpi[96], blas[BLAS_NAME_LENGTH], again[COMMAND_LINE], folder[COMMAND_LINE];
    TRY(find_directory(directory, in, given));
    command_line_text(again, given->argc, given->argv, world_size(world));
    command_line_folder(folder);
    limits.command = again;
    limits.folder = folder;
    runtime_mpi_version(mpi);
    blas_name(blas);
    job_part part = given->part;
    int share = 0;
    TRY(agree(world, leads ? find_share(&share, &part, given, in) : status_ok()));
    if (leads) inputs_note_data(stderr, &in->data, in->settings.data);
    if (leads) tell_earlier(in, directory, given);
    if (leads) tell_start(world_size(world), in, &part, share, directory, given->volume, limits.end);
    sweep_options how = {.directory = directory,
                         .in_place = given->directory == NULL,
                         .part = part,
                         .style = given->style,
                         .volume = given->volume,
                         .limits = limits,
                         .earlier = given->earlier,
                         .blas = blas,
                         .mpi = mpi};
    sweep_end end;
    status outcome = sweep_run(world, in, &how, &end);
    if (end.ranks_lost || (outcome.code == STATUS_MPI && runtime_recovers())) runtime_lost_ranks();
    TRY(outcome);
    if (leads) tell_end(&part, share, directory, &end, clock_seconds() - started);
    *exit_code = end.failed_tasks > 0 ? EXIT_TASKS_FAILED : EXIT_DONE;
    return status_ok();
}

static status run_on_ranks(const sweep_arguments *given, int *exit_code)
{
    const link_world *world;
    TRY(stop_by_wish());
    TRY(runtime_start(&world, launcher_found(), EXIT_MACHINE));
    process_joined(world_rank(world));
    sweep_inputs in;
    shared_data data = {.window = NULL};
    inputs_clear(&in);
    status s = agree(world, stop_by_wish()); /* MPI may have taken signals for itself */
    if (!failed(s)) s = run_on_all(world, &in, &data, given, exit_code);
    if (s.code != STATUS_MPI && !runtime_has_lost_ranks()) shared_data_free(&data);
    inputs_free(&in);
    return runtime_agree_end(s, exit_code);
}

static status run_sweep(int argc, char **argv, int *exit_code)
{
    sweep_arguments given = {0};
    TRY(read_arguments(&given, argc, argv)); /* the same command line everywhere: the same answer */
    if (given.help) {
        command_help(&command_sweep);
        return status_ok();
    }
    if (!given.where) return run_on_ranks(&given, exit_code);
    return launcher_rank() == 0 ? print_where(&given) : status_ok();
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
        "bitfront-run starts it on every core of this machine or allocation, so that it survives dead ranks.\n"
        "Several jobs may work on one run directory at the same time: each task is done by one of them, and a job "
        "ends\n"
        "when every task is finished. With --part I/N (--part auto: as the Slurm array says) a job does its own part "
        "only, in\n"
        "the same directory as the others or in one of its own (see bitfront merge).\n"
        "Environment: BITFRONT_START_LIMIT, seconds after which a start that misses ranks is given up (default 600).\n",
    .examples = "  bitfront-run sweep configs/demo.cfg\n"
                "  mpirun -n 5 bitfront sweep configs/demo.cfg --out results/runs/demo\n"
                "  bitfront-run sweep configs/demo.cfg --set seeds=[1,2,3] --retry-failed\n"
                "  bitfront-run sweep configs/demo.cfg --part 2/4\n",
    .options = options,
    .parallel = true,
    .run = run_sweep,
};
