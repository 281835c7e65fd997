/* queue_state: what Slurm says about jobs of a run that went back into its queue. */
#ifndef MPI_CLI_QUEUE_STATE_H
#define MPI_CLI_QUEUE_STATE_H

#include <stdbool.h>
#include <stdio.h>

#include "results/run/run_look.h"

typedef struct {
    char jobs[RUN_LOOK_QUEUED][160]; /* "Slurm job 4711 waits: PENDING (Resources)" */
    int count;
    bool any; /* at least one waits there, as far as is known */
} queue_state;

/* Asks squeue, two seconds at most. Jobs that it does not know any more are taken out of `look`: they will not come. */
queue_state queue_state_ask(run_look *look);

void queue_state_print(FILE *out, const queue_state *q);

#endif
