#include "mpi/sweep/sweep.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "mpi/link/agree.h"
#include "mpi/sweep/coordinator.h"
#include "mpi/link/runtime.h"
#include "mpi/sum/sum_memory.h"
#include "mpi/sweep/worker.h"
#include "results/run/run.h"

enum { FINGERPRINT = 24 };
static const double USUAL_LEASE = 60; /* s */

/* FNV-1a, 64 bit. */
static uint64_t hash_text(uint64_t hash, const char *text)
{
    for (; *text != '\0'; text++) hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return (hash ^ 0xff) * UINT64_C(1099511628211); /* an end mark between texts */
}

/* Names everything a checkpoint depends on besides its task: settings without name and places, network, data. */
static status make_fingerprint(char out[FINGERPRINT], const sweep_inputs *in, const char *network_text)
{
    settings *plain = malloc(sizeof *plain);
    if (plain == NULL) return status_fail(STATUS_MEMORY, "no memory for the settings");
    *plain = in->settings;
    plain->path[0] = plain->name[0] = plain->network[0] = plain->data[0] = '\0';
    char *text;
    status s = settings_text(&text, plain);
    free(plain);
    TRY(s);
    uint64_t hash = hash_text(UINT64_C(14695981039346656037), text);
    hash = hash_text(hash, network_text);
    hash = hash_text(hash, in->data.content_checksum);
    snprintf(out, FINGERPRINT, "%016" PRIx64, hash);
    free(text);
    return status_ok();
}

/* On rank 0: creates the run directory or finds that it belongs to the same sweep. */
static status open_run(run *out, char fingerprint[FINGERPRINT], const sweep_inputs *in, const sweep_options *options)
{
    char *config_text = NULL, *network_text = NULL;
    status s = file_read_text(&network_text, in->settings.network);
    if (!failed(s)) s = settings_text(&config_text, &in->settings);
    if (!failed(s)) s = make_fingerprint(fingerprint, in, network_text);
    if (!failed(s)) s = run_open(out, options->directory, config_text, network_text, in->data.content_checksum);
    free(config_text);
    free(network_text);
    TRY(s);
    snprintf(out->kernels, sizeof out->kernels, "%s", in->kernels->name);
    snprintf(out->blas, sizeof out->blas, "%s", options->blas);
    snprintf(out->mpi, sizeof out->mpi, "%s", options->mpi);
    return status_ok();
}

static status open_sharing(job_claims *out, run *r, const sweep_options *options)
{
    job_part part = options->part.count > 0 ? options->part : (job_part){.index = 0, .count = 1};
    return job_claims_open(out, r, &part, options->limits.lease > 0 ? options->limits.lease : USUAL_LEASE);
}

/* Collective on world. The others get rank 0's view of the directory: they read and write task files only. */
static status share_run(run *r, MPI_Comm world, int rank)
{
    run received = *r;
    TRY(agree_bytes(world, 0, &received, sizeof received));
    received.config_text = rank == 0 ? r->config_text : NULL;
    received.network_text = rank == 0 ? r->network_text : NULL;
    *r = received;
    TRY(agree_text(world, &r->config_text));
    return agree_text(world, &r->network_text);
}

static status coordinate(coordinator *c, bool *opened, const sweep_inputs *in, const run *r, progress *p,
                         job_claims *shared, MPI_Comm world, const sweep_options *options)
{
    int size;
    TRY(mpi_status(MPI_Comm_size(world, &size), "asking for the number of ranks"));
    TRY(coordinator_open(c, in, r, p, shared, world, size, &options->limits));
    *opened = true;
    return status_ok();
}

static status serve(worker *own, double deadline, sweep_end *end)
{
    wire_order end_order;
    TRY(worker_serve(own, deadline, &end_order));
    *end = (sweep_end){.failed_tasks = end_order.failed_tasks, .ranks_lost = end_order.ranks_lost};
    return end_order.outcome;
}

/* Collective on world. The coordinator tells the workers how the sweep has ended. */
static status run_shared(MPI_Comm world, int rank, const sweep_inputs *in, const run *r, job_claims *shared,
                         const char *fingerprint, const sum_memory *sums, const sweep_options *options, sweep_end *end)
{
    coordinator c;
    bool opened = false;
    progress p = progress_new(stdout, options->style, options->volume);
    TRY(agree(world, rank == 0 ? coordinate(&c, &opened, in, r, &p, shared, world, options) : status_ok()));
    runtime_started();
    worker own = worker_new(in, r, fingerprint, world, rank);
    own.sums = sums;
    status outcome = rank == 0 ? coordinator_run(&c, &own, end) : serve(&own, options->limits.deadline, end);
    if (opened) coordinator_close(&c);
    return outcome;
}

/* Collective on world. Two ranks have but one worker, which adds nothing. */
static status open_sums(sum_memory *out, MPI_Comm world)
{
    int size;
    *out = sum_memory_none();
    TRY(mpi_status(MPI_Comm_size(world, &size), "asking for the number of ranks"));
    return size > 2 ? sum_memory_open(out, world) : status_ok();
}

status sweep_run(MPI_Comm world, const sweep_inputs *in, const sweep_options *options, sweep_end *end)
{
    int rank;
    TRY(mpi_status(MPI_Comm_rank(world, &rank), "asking for the rank"));
    *end = (sweep_end){.failed_tasks = 0, .ranks_lost = false};
    run r;
    memset(&r, 0, sizeof r);
    char fingerprint[FINGERPRINT] = "";
    job_claims shared = {.run = NULL};
    status local = rank == 0 ? open_run(&r, fingerprint, in, options) : status_ok();
    if (rank == 0 && !failed(local)) local = open_sharing(&shared, &r, options);
    status all = agree(world, local);
    if (!failed(all)) all = share_run(&r, world, rank);
    if (!failed(all)) all = agree_bytes(world, 0, fingerprint, sizeof fingerprint);
    sum_memory sums = sum_memory_none();
    if (!failed(all)) all = open_sums(&sums, world);
    if (!failed(all)) all = run_shared(world, rank, in, &r, &shared, fingerprint, &sums, options, end);
    if (all.code != STATUS_MPI && !end->ranks_lost) sum_memory_close(&sums);
    if (shared.run != NULL) job_claims_close(&shared);
    run_close(&r);
    return all;
}
