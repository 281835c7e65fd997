/* queue: which task next, on how many ranks. Pure policy: no message, no clock, no file; the coordinator asks and
 * tells. Deterministic in the order of the questions and answers.
 *
 * Policy: a warm-up that is ready goes first, on the largest power of two of ranks that is free (at most `shards`):
 * many points wait for it. Points get one rank each as long as there are at least as many ready points as free ranks;
 * when there are fewer, the free ranks are dealt out in powers of two. The result of a task does not depend on its
 * ranks (architecture.md 2), so this is about time only. */
#ifndef MPI_QUEUE_H
#define MPI_QUEUE_H

#include <stdbool.h>

#include "core/base/status.h"
#include "core/task/task.h"

typedef enum {
    QUEUE_WAITING, /* not started, or given back */
    QUEUE_RUNNING,
    QUEUE_DONE,
    QUEUE_FAILED
} queue_state;

typedef struct {
    const task *tasks;    /* (count), ids 1 ... count; borrowed */
    unsigned char *state; /* (count) queue_state; owned */
    int count, shards;
    int waiting, running, done, failed;
    int first; /* no task before this index is waiting */
} queue;

MUST_CHECK status queue_init(queue *out, const task *tasks, int count, int shards);
void queue_free(queue *q);

queue_state queue_task(const queue *q, int id);

/* Picks the next task for `free_ranks` >= 1 idle ranks and marks it running. False when nothing can start now. */
bool queue_next(queue *q, int free_ranks, int *id, int *ranks);

/* Reports the end of a running task, or of a waiting one that an earlier run has finished. */
void queue_finished(queue *q, int id, bool ok);

/* A running task was left at a checkpoint: it waits again. */
void queue_returned(queue *q, int id);

/* Finds a waiting task whose warm-up failed and marks it failed. The caller records the reason. False: there is none.
 */
bool queue_hopeless(queue *q, int *id);

#endif
