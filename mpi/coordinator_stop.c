#include <stdio.h>
#include <unistd.h>

#include "core/base/file.h"
#include "mpi/coordinator_internal.h"

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
    progress_say(c->progress, "no time for another segment: the groups stop, one by one, at a checkpoint");
}

void coordinator_look_for_stop(coordinator *c)
{
    if (c->stop != STOP_NOT) return;
    char path[MAX_PATH_TEXT + 8];
    snprintf(path, sizeof path, "%s/%s", c->run->directory, stop_file);
    if (!file_exists(path)) return;
    unlink(path); /* it has been understood; left behind it would stop the next start, too */
    progress_say(c->progress, "stopping at the next segment of every group: found the file %s", path);
    begin_stop(c, STOP_AT_BOUNDARY);
}
