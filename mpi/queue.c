#include "mpi/queue.h"

#include <assert.h>
#include <stdlib.h>

status queue_init(queue *out, const task *tasks, int count, int shards)
{
    queue q = {.tasks = tasks, .count = count, .shards = shards, .waiting = count};
    q.state = calloc(count > 0 ? (size_t)count : 1, sizeof *q.state);
    if (q.state == NULL) return status_fail(STATUS_MEMORY, "no memory for a queue of %d tasks", count);
    for (int i = 0; i < count; i++) assert(tasks[i].id == i + 1 && tasks[i].depends_on <= i);
    *out = q;
    return status_ok();
}

void queue_free(queue *q)
{
    free(q->state);
    q->state = NULL;
}

queue_state queue_task(const queue *q, int id)
{
    assert(id >= 1 && id <= q->count);
    return (queue_state)q->state[id - 1];
}

static int *counter(queue *q, queue_state state)
{
    switch (state) {
    case QUEUE_WAITING:
        return &q->waiting;
    case QUEUE_RUNNING:
        return &q->running;
    case QUEUE_DONE:
        return &q->done;
    default:
        return &q->failed;
    }
}

static void move(queue *q, int id, queue_state to)
{
    --*counter(q, queue_task(q, id));
    ++*counter(q, to);
    q->state[id - 1] = (unsigned char)to;
    if (to == QUEUE_WAITING && id - 1 < q->first) q->first = id - 1;
    while (q->first < q->count && q->state[q->first] != QUEUE_WAITING) q->first++;
}

static bool is_ready(const queue *q, int index)
{
    int needs = q->tasks[index].depends_on;
    return q->state[index] == QUEUE_WAITING && (needs == 0 || q->state[needs - 1] == QUEUE_DONE);
}

static int power_of_two_within(int limit)
{
    int power = 1;
    while (power <= limit / 2) power *= 2;
    return power;
}

bool queue_next(queue *q, int free_ranks, int *id, int *ranks)
{
    int warmup = -1, point = -1, ready_points = 0;
    for (int i = q->first; i < q->count && warmup < 0; i++) {
        if (!is_ready(q, i)) continue;
        if (q->tasks[i].kind == TASK_WARMUP) {
            warmup = i;
        } else {
            if (point < 0) point = i;
            ready_points++;
            /* Warm-ups come first in the list: with enough points for all ranks there is nothing more to learn. */
            if (ready_points >= free_ranks) break;
        }
    }
    int chosen = warmup >= 0 ? warmup : point;
    if (chosen < 0 || free_ranks < 1) return false;
    int share = warmup >= 0 ? free_ranks : free_ranks / ready_points;
    if (share > q->shards) share = q->shards;
    *ranks = power_of_two_within(share);
    *id = chosen + 1;
    move(q, *id, QUEUE_RUNNING);
    return true;
}

void queue_finished(queue *q, int id, bool ok)
{
    assert(queue_task(q, id) == QUEUE_RUNNING || queue_task(q, id) == QUEUE_WAITING);
    move(q, id, ok ? QUEUE_DONE : QUEUE_FAILED);
}

void queue_returned(queue *q, int id)
{
    assert(queue_task(q, id) == QUEUE_RUNNING);
    move(q, id, QUEUE_WAITING);
}

bool queue_hopeless(queue *q, int *id)
{
    for (int i = q->first; i < q->count; i++) {
        int needs = q->tasks[i].depends_on;
        if (q->state[i] != QUEUE_WAITING || needs == 0 || q->state[needs - 1] != QUEUE_FAILED) continue;
        *id = i + 1;
        move(q, *id, QUEUE_FAILED);
        return true;
    }
    return false;
}
