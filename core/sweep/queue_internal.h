/* queue_internal: what the two halves of the queue share: queue.c keeps the books, queue_policy.c decides. */
#ifndef CORE_SWEEP_QUEUE_INTERNAL_H
#define CORE_SWEEP_QUEUE_INTERNAL_H

#include "core/sweep/queue.h"

queue_group *queue_group_of(queue *q, int id);

/* True when the task at `a` is to start before the one at `b`. */
bool queue_before(const queue *q, int a, int b);

/* The best task that can start is at the root of the heap, and it can be taken from any place. */
void queue_put(queue *q, int index);
int queue_take(queue *q, int place);

/* What a task that has not been measured is taken for. */
static inline phase_kind queue_first_phase(const queue *q, int index)
{
    return q->tasks[index].parent_count == 0 ? PHASE_WARMUP : PHASE_SEARCH;
}

/* A task in a plan. */
typedef struct queue_share {
    int index, level;
    double end; /* s from now; for a warm-up with the time its points take */
} queue_share;

/* Marks the task running, on a group of that level. */
void queue_start(queue *q, int index, int level, double now);

#endif
