#include "mpi/sweep/sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/config/settings_text.h"
#include "mpi/cli/run_places.h"
#include "mpi/link/agree.h"
#include "mpi/sweep/coordinator.h"
#include "mpi/cli/stop.h"
#include "mpi/link/runtime.h"
#include "mpi/sum/sum_memory.h"
#include "mpi/sweep/worker.h"
#include "mpi/sweep/worker_serve.h"
#include "results/run/run.h"

static const double USUAL_LEASE = 60; /* s */

/* On rank 0: creates the run directory, or takes what is there. */
static status open_run(run *out, const sweep_inputs *in, const sweep_options *options)
{
    char *config_text;
    bool changed = false;
    TRY(settings_text(&config_text, &in->settings, in->plan.in.entry_kinds));
    status s = run_open(out, options->directory, config_text, in->network_text, in->data.content_checksum, &changed);
    free(config_text);
    TRY(s);
    if (options->in_place) run_places_add(in->settings.path, options->directory);
    snprintf(out->kernels, sizeof out->kernels, "%s", in->kernels->name);
    snprintf(out->blas, sizeof out->blas, "%s", options->blas);
    snprintf(out->mpi, sizeof out->mpi, "%s", options->mpi);
    if (changed && options->volume != PROGRESS_QUIET)
        printf(
            "%s held a sweep with another configuration, network or data set: finished tasks that both have are taken, "
            "the others stay there\n",
            options->directory);
    return status_ok();
}

static status open_sharing(job_claims *out, run *r, const sweep_options *options)
{
    job_part part = options->part.count > 0 ? options->part : (job_part){.index = 0, .count = 1};
    return job_claims_open(out, r, &part, options->limits.lease > 0 ? options->limits.lease : USUAL_LEASE);
}

/* Collective on world. The others get rank 0's view of the directory: they read and write task files only. */
static status share_run(run *r, const link_world *world, int rank)
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
                         job_claims *shared, const link_world *world, const sweep_options *options)
{
    TRY(coordinator_open(c, in, r, p, shared, world, world_size(world), &options->limits));
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
static status run_shared(const link_world *world, int rank, const sweep_inputs *in, const run *r, job_claims *shared,
                         const sum_memory *sums, const sweep_options *options, sweep_end *end)
{
    coordinator c;
    bool opened = false;
    progress p = progress_new(stdout, options->style, options->volume);
    TRY(agree(world, rank == 0 ? coordinate(&c, &opened, in, r, &p, shared, world, options) : status_ok()));
    runtime_started();
    stop_polled();
    worker own = worker_new(in, r, world, rank);
    own.sums = sums;
    status outcome = rank == 0 ? coordinator_run(&c, &own, end) : serve(&own, options->limits.deadline, end);
    if (opened) coordinator_close(&c);
    progress_free(&p);
    return outcome;
}

/* Collective on world. Two ranks have but one worker, which adds nothing. */
static status open_sums(sum_memory *out, const link_world *world)
{
    *out = sum_memory_none();
    return world_size(world) > 2 ? sum_memory_open(out, world) : status_ok();
}

status sweep_run(const link_world *world, const sweep_inputs *in, const sweep_options *options, sweep_end *end)
{
    const int rank = world_rank(world);
    *end = (sweep_end){.failed_tasks = 0, .ranks_lost = false};
    run r;
    memset(&r, 0, sizeof r);
    job_claims shared = {.run = NULL};
    status local = rank == 0 ? earlier_check(&options->earlier) : status_ok();
    if (rank == 0 && !failed(local)) local = open_run(&r, in, options);
    if (rank == 0 && !failed(local)) local = open_sharing(&shared, &r, options);
    if (rank == 0 && !failed(local)) local = earlier_take(&r, &in->plan, &options->earlier, stdout);
    status all = agree(world, local);
    if (!failed(all)) all = share_run(&r, world, rank);
    sum_memory sums = sum_memory_none();
    if (!failed(all)) all = open_sums(&sums, world);
    if (!failed(all)) all = run_shared(world, rank, in, &r, &shared, &sums, options, end);
    if (all.code != STATUS_MPI && !end->ranks_lost) sum_memory_close(&sums);
    if (shared.run != NULL) job_claims_close(&shared);
    run_close(&r);
    return all;
}
