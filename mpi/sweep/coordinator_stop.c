#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdio.h>
#include <sys/stat.h>

#include "core/base/clock.h"
#include "mpi/sweep/coordinator_internal.h"

static const char *stop_file = "stop";

static void begin_stop(coordinator *c, stop_wish wish)
{
    if (wish <= c->stop) return;
    c->stop = wish;
    /* At the boundary the leaders ask anyway. */
    if (wish == STOP_NOW) members_tell_all(&c->members, &(wire_order){.kind = ORDER_STOP});
}

status coordinator_note(coordinator *c, status fault)
{
    if (!failed(fault)) return status_ok();
    if (fault.code == STATUS_MPI) return fault;
    if (!failed(c->fault)) {
        c->fault = fault;
        progress_say(c->progress, "stopping: %s", fault.message);
    }
    begin_stop(c, STOP_NOW);
    return status_ok();
}

void coordinator_take_signal(coordinator *c, stop_wish wish)
{
    if (wish <= c->signalled) return;
    c->signalled = wish;
    if (wish > c->stop)
        progress_say(c->progress, "stopping at the next %s of every group", wish == STOP_NOW ? "step" : "segment");
    begin_stop(c, wish);
}

void coordinator_tell_time_is_up(coordinator *c)
{
    if (c->time_is_up) return;
    c->time_is_up = true;
    progress_say(c->progress, "the time is nearly up: no group begins what cannot reach its next checkpoint");
}

void coordinator_look_at_the_clock(coordinator *c)
{
    if (clock_seconds() < c->limits.end) return;
    coordinator_tell_time_is_up(c);
    begin_stop(c, STOP_NOW);
}

/* When the stop file was made or touched; minus infinity: there is none. */
static double stop_file_time(const coordinator *c, char path[MAX_PATH_TEXT + 8])
{
    struct stat info;
    snprintf(path, MAX_PATH_TEXT + 8, "%s/%s", c->run->directory, stop_file);
    return stat(path, &info) == 0 ? (double)info.st_mtim.tv_sec + 1e-9 * (double)info.st_mtim.tv_nsec : -INFINITY;
}

void coordinator_forget_old_stop(coordinator *c)
{
    char path[MAX_PATH_TEXT + 8];
    c->old_stop = stop_file_time(c, path);
}

void coordinator_look_for_stop(coordinator *c)
{
    char path[MAX_PATH_TEXT + 8];
    double made = stop_file_time(c, path);
    if (c->stop != STOP_NOT || made == -INFINITY || made == c->old_stop) return;
    progress_say(c->progress, "stopping at the next segment of every group: found the file %s", path);
    begin_stop(c, STOP_AT_BOUNDARY);
}
