/* best_point: names of points on the command line. */
#ifndef MPI_CLI_BEST_POINT_H
#define MPI_CLI_BEST_POINT_H

#include "core/task/task.h"
#include "mpi/cli/run_plan.h"

/* The task of a point: "best" (of all finished points the one with the highest validation accuracy, of equal ones the
 * smallest), an id, or the start of a key. */
MUST_CHECK status best_point_find(const task **out, const run_plan *p, const char *text);

/* Its record, done and with precisions; the caller frees with record_free. STATUS_CONFIG: not finished, failed, no
 * point. */
MUST_CHECK status best_point_read(record *out, const run_plan *p, const task *t);

#endif
