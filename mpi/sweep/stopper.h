/* stopper: the coordinator's part in stopping hopeless points (core/sweep/rungs.h): what reports and finished records
 * say goes to the rungs, what they decide to the queue, the log, people and RUN/stopping.csv. A point that came to a
 * rung waits at its checkpoint until all of its pool are there; one that is stopped keeps its checkpoint, so that
 * without stopping, or where another plan decides otherwise, it goes on from there. */
#ifndef MPI_SWEEP_STOPPER_H
#define MPI_SWEEP_STOPPER_H

#include "mpi/sweep/coordinator.h"

/* Knows what earlier jobs have seen; nothing without settings.stopping. Before what is finished is looked for. */
MUST_CHECK status stopper_open(coordinator *c);

/* At a report of a task. */
void stopper_take_report(coordinator *c, const wire_report *r);

/* The queue knows that a task has ended. */
MUST_CHECK status stopper_take_end(coordinator *c, int id, bool ok);

/* The task is at a checkpoint: is it to be left? */
bool stopper_leaves(const coordinator *c, int id);

/* Decides what can be decided; then nothing that waits or is stopped is in the queue. */
MUST_CHECK status stopper_tend(coordinator *c);

#endif
