/* run_point: one point of a run directory with everything that is needed to use its network: for commands that evaluate
 * or export it. Changes nothing. */
#ifndef MPI_CLI_RUN_POINT_H
#define MPI_CLI_RUN_POINT_H

#include "core/data/dataset.h"
#include "core/task/record.h"
#include "core/train/trainer_inputs.h"
#include "mpi/cli/run_plan.h"

typedef struct {
    run_plan plan;
    record record;               /* of the task */
    dataset data;                /* a view of data_block */
    void *data_block;            /* owned */
    trainer_inputs inputs;       /* of the task, as far as its network needs them; borrows the members above */
    char title[TASK_LABEL + 64]; /* "task 7, key 0123abcd (joint size 0.5 seed 1)" */
} run_point;

/* point: an id, the start of a key (run_plan_task), or "best": of all finished points the one with the highest
 * validation accuracy, of equal ones the smallest. data: of the images, NULL: the data set of the run, which has to be
 * the one that it was made with. STATUS_CONFIG: there is no such point, it is not finished or failed, data and network
 * do not fit; the message says which. *out is to be closed also after a failure, and stays where it is. */
MUST_CHECK status run_point_open(run_point *out, const char *directory, const char *point, const char *data);
void run_point_close(run_point *p);

#endif
