/* sweep_bed: a sweep of the fake trainer in a scratch directory, for tests of coordinator, workers and queue together.
 * To be included once. */
#ifndef TESTS_MPI_SWEEP_BED_H
#define TESTS_MPI_SWEEP_BED_H

#include <math.h>
#include <stdio.h>

#include "core/base/file.h"
#include "mpi/cli/inputs.h"
#include "mpi/cli/stop.h"
#include "mpi/link/agree.h"
#include "mpi/sweep/inputs_broadcast.h"
#include "mpi/sweep/sweep.h"
#include "results/run/run.h"
#include "tests/mpi/check_ranks.h"
#include "tests/mpi/fake_trainer.h"
#include "tests/support/scratch.h"

static const double QUICK = 0.0005, SLOW = 0.02; /* seconds a step */
enum { SHARDS = 4 };                             /* as the configurations say */

static const link_world *world;
static int rank, size;
static scratch place;
static sweep_inputs in;
static coordinator_limits limits;

static const char *network_text = "name = \"tiny\"; classes = 10;\n"
                                  "input = { channels = 3; height = 8; width = 8; signed = false; clip = 1.0; };\n"
                                  "layers = ( { name = \"pool\"; type = \"global_pool\"; input = \"image\"; },\n"
                                  "           { name = \"fc\"; type = \"linear\"; input = \"pool\"; out = 10; } );\n";

static void read_inputs(const char *config_text)
{
    status s = status_ok();
    if (rank == 0) {
        place = scratch_make();
        s = file_write_text(scratch_file(&place, "network.cfg"), network_text);
        if (!failed(s)) s = file_write_text(scratch_file(&place, "fake.cfg"), config_text);
        if (!failed(s)) s = inputs_read(&in, scratch_file(&place, "fake.cfg"), NULL, 0);
    }
    CHECK_OK(agree(world, s));
    CHECK_OK(agree_bytes(world, 0, &place, sizeof place));
    CHECK_OK(inputs_broadcast(&in, world));
    snprintf(in.data.content_checksum, sizeof in.data.content_checksum, "sha256:of-nothing");
    snprintf(in.data.name, sizeof in.data.name, "nothing");
}

static void open_bed(const char *config_text)
{
    world = check_start();
    rank = world_rank(world);
    size = world_size(world);
    read_inputs(config_text);
}

static int close_bed(void)
{
    inputs_free(&in);
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0) scratch_remove(&place);
    return check_end();
}

/* Runs (or resumes) the sweep in directory `name`. */
static status run_in(const char *name, int *failed_tasks)
{
    CHECK_OK(stop_by_wish());
    stop_forget();
    fake.world_rank = rank;
    sweep_options options = {.directory = scratch_file(&place, name),
                             .style = PROGRESS_PLAIN,
                             .volume = PROGRESS_QUIET,
                             .limits = limits,
                             .blas = "none",
                             .mpi = "test"};
    sweep_end end = {.failed_tasks = -1};
    status outcome = sweep_run(world, &in, &options, &end);
    *failed_tasks = end.failed_tasks;
    return outcome;
}

static void reset_fake(double step_seconds)
{
    memset(&fake, 0, sizeof fake);
    limits = (coordinator_limits){.deadline = 20, .end = INFINITY};
    fake.step_seconds = step_seconds;
}

static run run_at(const char *name)
{
    run r;
    memset(&r, 0, sizeof r);
    snprintf(r.directory, sizeof r.directory, "%s", scratch_file(&place, name));
    return r;
}

static const char *key_of(int id)
{
    return in.plan.tasks[id - 1].key;
}

/* By rank 0: how often `text` occurs in a file of the run. */
static int count_in_file(const char *name, const char *file, const char *text)
{
    char path[MAX_PATH_TEXT], *content;
    snprintf(path, sizeof path, "%s/%s", scratch_file(&place, name), file);
    if (failed(file_read_text(&content, path))) return -1;
    int count = 0;
    for (const char *at = content; (at = strstr(at, text)) != NULL; at++) count++;
    free(content);
    return count;
}

static long sum_over_ranks(long mine)
{
    long all = 0;
    MPI_Allreduce(&mine, &all, 1, MPI_LONG, MPI_SUM, MPI_COMM_WORLD);
    return all;
}

#endif
