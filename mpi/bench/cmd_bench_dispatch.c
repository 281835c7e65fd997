/* bitfront bench dispatch: what the coordination of a sweep costs. N tasks without content go through the coordinator,
 * its queue, its log and its messages; with --durable each leaves a synced task file, as a trained one does. */
#define _XOPEN_SOURCE 700
#include <errno.h>
#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "mpi/bench/cmd_bench.h"
#include "mpi/cli/stop.h"
#include "mpi/link/agree.h"
#include "mpi/link/collect.h"
#include "mpi/sweep/coordinator.h"
#include "mpi/sweep/worker_serve.h"

enum {
    FEW_TASKS = 500,
    FEW_FILES = 100,
    LEAST_SHARE = 10,
    DEFAULT_TASKS = 100000,
    MOST_TASKS = 10000000,
    PATH_ROOM = 256
};
static const double DEADLINE_SECONDS = 60;
static const double LEASE_SECONDS = 60;
static const double LONG_SECONDS = 10; /* whoever waits longer is told */

static const option_spec dispatch_options[] = {
    {'n', "tasks", "N", "how many (100000)"},
    {'d', "durable", NULL, "write a task file for each, synced"},
    {'o', "out", "DIR", "for the run directory, removed afterwards ($TMPDIR or /tmp)"},
    {'j', "json", NULL, "print one JSON object"},
    OPTIONS_END,
};

typedef struct {
    long tasks;
    bool durable, json;
    const char *out;
} dispatch_request;

/* Of one rank. */
typedef struct {
    worker worker; /* the first member: the hook gets its address */
    bool durable;
    double resident;    /* bytes, of the coordinator at the end of its work */
    double first, last; /* clock_seconds: first order taken, last task ended */
    float *waits;       /* (wait_count) s from the end of a task to the next order; owned */
    int wait_count, wait_room;
} dispatch_worker;

typedef struct {
    double seconds;              /* from the first order to the last end, on the rank that took longest */
    double cpu, workers_cpu;     /* s computed by the coordinator, by all others */
    double memory_bytes;         /* growth of the coordinator */
    double median, p99, longest; /* s from the end of a task to the next order */
    int workers;
} dispatch_result;

/* ---- a worker that trains nothing ---- */

/* The records depend on nothing. */
static const char *const no_sections[] = {NULL};
static const identity_reads NOTHING_READ = {.sections = no_sections};

static status write_empty_result(dispatch_worker *d, const task *t, const claim_token *claim)
{
    record result = record_empty(RECORD_DONE);
    result.validation_accuracy = result.test_accuracy = 0;
    result.task = *t;
    char warning[256];
    claim_fence fence = claim_fence_of(d->worker.run->directory, t->key, claim);
    TRY(task_plan_describe(&result, &d->worker.in->plan, t, &NOTHING_READ));
    status written = run_write_task(warning, d->worker.run, &result, &fence);
    record_free(&result);
    return written;
}

static status perform_nothing(worker *w, const wire_order *order)
{
    dispatch_worker *d = (dispatch_worker *)w;
    double now = clock_seconds();
    if (d->first <= 0)
        d->first = now;
    else if (d->wait_count < d->wait_room)
        d->waits[d->wait_count++] = (float)(now - d->last);
    wire_report message;
    memset(&message, 0, sizeof message);
    message.rank = w->world_rank;
    message.task_id = order->task_id;
    message.assignment = order->assignment;
    message.outcome = status_ok();
    if (d->durable) {
        bool leave;
        message.kind = REPORT_READY;
        TRY(w->link.ask(w->link.ctx, &message, &leave));
        message.outcome = write_empty_result(d, &w->in->plan.tasks[order->task_id - 1], &order->claim);
    }
    message.kind = failed(message.outcome) ? REPORT_BROKEN : REPORT_DONE;
    status told = w->link.report(w->link.ctx, &message);
    d->last = clock_seconds();
    return told;
}

/* ---- one sweep ---- */

static double resident_bytes(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    long total = 0, resident = 0;
    if (f != NULL && fscanf(f, "%ld %ld", &total, &resident) != 2) resident = 0;
    if (f != NULL) fclose(f);
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info;
    (void)kind;
    (void)where;
    return remove(path);
}

/* Tasks that wait for nothing. */
static status make_inputs(sweep_inputs *in, int count)
{
    static const cost_model *const none[] = {NULL};
    static const identity_network no_network;
    inputs_clear(in);
    in->settings.shards = 1;
    in->cost_models = none;
    in->plan = task_plan_new(&(plan_inputs){.settings = &in->settings,
                                            .entry_kinds = strategies_entry_kinds(),
                                            .networks = &no_network,
                                            .network_count = 1,
                                            .data_checksum = ""});
    for (int i = 0; i < count; i++) {
        task t = {.point = true,
                  .kind = "nothing",
                  .strategy = "joint",
                  .entry = -1,
                  .seed = 1,
                  .cost_model = "size",
                  .strength = i + 1};
        int id;
        TRY(task_plan_add(&in->plan, &id, &t, NULL, 0, &NOTHING_READ));
    }
    return status_ok();
}

/* By rank 0. */
static status coordinate(const link_world *world, const sweep_inputs *in, run *r, bool durable, double *resident)
{
    job_claims shared = job_claims_alone(r);
    if (durable) TRY(job_claims_open(&shared, r, &(job_part){0, 1}, LEASE_SECONDS));
    coordinator c;
    progress p = progress_new(stderr, PROGRESS_PLAIN, PROGRESS_QUIET);
    coordinator_limits limits = {.deadline = DEADLINE_SECONDS, .end = INFINITY};
    status outcome = coordinator_open(&c, in, r, &p, &shared, world, world_size(world), &limits);
    if (!failed(outcome)) {
        sweep_end end;
        outcome = coordinator_run(&c, NULL, &end);
        *resident = resident_bytes();
        coordinator_close(&c);
    }
    job_claims_close(&shared);
    return outcome;
}

/* Collective on the world. `d` is filled on the ranks that work. */
static status run_tasks(const link_world *world, run *r, int count, bool durable, dispatch_worker *d)
{
    sweep_inputs in;
    TRY(agree(world, make_inputs(&in, count)));
    *d = (dispatch_worker){.worker = worker_new(&in, r, world, world_rank(world)), .durable = durable};
    d->worker.perform = perform_nothing;
    status s = status_ok();
    if (world_rank(world) > 0) {
        d->wait_room = count;
        d->waits = calloc((size_t)count, sizeof *d->waits);
        if (d->waits == NULL) s = status_fail(STATUS_MEMORY, "no memory for %d times", count);
    }
    s = agree(world, s);
    wire_order end_order;
    if (!failed(s))
        s = world_rank(world) == 0 ? coordinate(world, &in, r, durable, &d->resident)
                                   : worker_serve(&d->worker, DEADLINE_SECONDS, &end_order);
    task_plan_free(&in.plan);
    return agree(world, s);
}

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Collective on the world. The times of all ranks on rank 0. */
static status gather(const link_world *world, const dispatch_worker *d, dispatch_result *out)
{
    out->seconds = d->last - d->first;
    out->workers_cpu = world_rank(world) > 0 ? out->cpu : 0;
    float *all;
    int total;
    TRY(collect_largest(world, &out->seconds));
    TRY(collect_sum(world, &out->workers_cpu));
    TRY(collect_floats(world, d->waits, d->wait_count, &all, &total));
    if (total > 0) {
        qsort(all, (size_t)total, sizeof *all, by_value);
        out->median = all[total / 2];
        out->p99 = all[(int)(total * 0.99)];
        out->longest = all[total - 1];
    }
    free(all);
    return status_ok();
}

/* Collective on the world. A run directory of its own, made and removed. */
static status measure_in(const link_world *world, const char *directory, const char *name, int count, bool durable,
                         dispatch_result *out)
{
    static const char config[] = "name = \"dispatch\"; network = \"none.cfg\"; data = \"none.h5\";\n"
                                 "sweep = ( { strategy = \"joint\"; cost_model = \"size\"; strengths = [1.0]; } );\n";
    run r;
    memset(&r, 0, sizeof r);
    char path[PATH_ROOM + 16];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    snprintf(r.directory, sizeof r.directory, "%s", path);
    run opened;
    bool changed;
    status s =
        world_rank(world) == 0 ? run_open(&opened, path, config, "layers = ( );\n", "none", &changed) : status_ok();
    s = agree(world, s);
    if (failed(s)) return s;
    double before = resident_bytes(), cpu_before = clock_cpu_seconds();
    dispatch_worker d;
    s = run_tasks(world, world_rank(world) == 0 ? &opened : &r, count, durable, &d);
    out->memory_bytes = d.resident - before;
    out->cpu = clock_cpu_seconds() - cpu_before;
    if (world_rank(world) == 0) run_close(&opened);
    if (!failed(s)) s = gather(world, &d, out);
    free(d.waits);
    return s;
}

/* A disk that syncs slowly makes minutes of it, in which nothing else is printed. */
static void tell_length(const dispatch_request *asked, int few, double seconds)
{
    const double expected = seconds / few * (double)asked->tasks;
    if (expected > LONG_SECONDS)
        fprintf(stderr, "bench dispatch: the first %d tasks took %.3g s, so that %ld will take about %.0f s\n", few,
                seconds, asked->tasks, expected);
}

/* Collective on the world. The first few tasks fill what MPI and HDF5 keep for later. */
static status measure(const link_world *world, const dispatch_request *asked, dispatch_result *out)
{
    char directory[PATH_ROOM] = "";
    status s = status_ok();
    if (world_rank(world) == 0) {
        const char *place = asked->out != NULL ? asked->out : getenv("TMPDIR");
        if (place == NULL || place[0] == '\0') place = "/tmp";
        if (snprintf(directory, sizeof directory, "%s/bitfront_dispatch_XXXXXX", place) >= (int)sizeof directory)
            s = status_fail(STATUS_CONFIG, "the path is too long: %.100s...", place);
        else if (mkdtemp(directory) == NULL)
            s = status_fail(STATUS_IO, "cannot make %s: %s", directory, strerror(errno));
    }
    TRY(agree(world, s));
    TRY(agree_bytes(world, 0, directory, sizeof directory));
    const int few = asked->durable ? FEW_FILES : FEW_TASKS;
    s = measure_in(world, directory, "first", few, asked->durable, out);
    if (!failed(s) && world_rank(world) == 0) tell_length(asked, few, out->seconds);
    if (!failed(s)) s = measure_in(world, directory, "measured", (int)asked->tasks, asked->durable, out);
    out->workers = world_size(world) - 1;
    if (world_rank(world) == 0) (void)nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return s;
}

static void print_result(const dispatch_request *asked, const dispatch_result *r)
{
    double count = (double)asked->tasks, rate = count / r->seconds, each = r->memory_bytes / count;
    if (asked->json) {
        printf("{\"tasks\": %ld, \"durable\": %s, \"workers\": %d, \"seconds\": %.6g, \"tasks_per_s\": %.6g, "
               "\"coordinator_cpu_s_per_task\": %.4g, \"worker_cpu_s_per_task\": %.4g, \"memory_bytes_per_task\": "
               "%.6g, \"wait_median_s\": %.4g, "
               "\"wait_p99_s\": %.4g, \"wait_longest_s\": "
               "%.4g}\n",
               asked->tasks, asked->durable ? "true" : "false", r->workers, r->seconds, rate, r->cpu / count,
               r->workers_cpu / count, each, r->median, r->p99, r->longest);
        return;
    }
    printf("tasks             %ld empty ones, %s, %d rank%s that work%s\n", asked->tasks,
           asked->durable ? "each with a synced file" : "without files of their own", r->workers,
           r->workers == 1 ? "" : "s", r->workers == 1 ? "s" : "");
    printf("rate              %.0f tasks/s (%.3g s)\n", rate, r->seconds);
    printf("workers           %.3g us of computing time a task, with their waiting\n", 1e6 * r->workers_cpu / count);
    printf(
        "coordinator       %.3g us of computing time a task, with its waiting; %.1f MB per 100,000 tasks: %.0f bytes a "
        "task\n",
        1e6 * r->cpu / count, each * 0.1, each);
    printf("hand-out          %.3g ms from the end of a task to the next order (median), %.3g ms (99 of 100), %.3g ms "
           "(longest)\n",
           1e3 * r->median, 1e3 * r->p99, 1e3 * r->longest);
}

static status run_dispatch(const link_world *world, int argc, char **argv)
{
    dispatch_request asked = {.tasks = DEFAULT_TASKS};
    option_parser p = options_start("bench dispatch", dispatch_options, argc, argv);
    for (int letter = -1; letter != 0;) {
        TRY(options_next(&p, &letter));
        if (letter == 'n') TRY(options_integer(&p, "tasks", 1, MOST_TASKS, &asked.tasks));
        if (letter == 'd') asked.durable = true;
        if (letter == 'o') asked.out = p.value;
        if (letter == 'j') asked.json = true;
    }
    char **arguments;
    TRY(options_arguments(&p, 0, "", &arguments));
    if (world_size(world) < 2)
        return status_fail(STATUS_CONFIG, "bench dispatch needs ranks that take the tasks: mpirun -n 2 bitfront bench "
                                          "dispatch");
    if (asked.tasks < (long)LEAST_SHARE * (world_size(world) - 1))
        return status_fail(STATUS_CONFIG,
                           "bench dispatch needs at least %d tasks for each rank that takes them: --tasks %d",
                           LEAST_SHARE, LEAST_SHARE * (world_size(world) - 1));
    TRY(agree(world, stop_by_wish()));
    stop_polled();
    dispatch_result result = {0};
    TRY(measure(world, &asked, &result));
    if (world_rank(world) == 0) print_result(&asked, &result);
    return status_ok();
}

const benchmark benchmark_dispatch = {
    .name = "dispatch",
    .summary = "tasks a second that the coordinator hands out, with and without files",
    .options = dispatch_options,
    .parallel = true,
    .run = run_dispatch,
};
