#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "core/sweep/queue_internal.h"

enum { NONE = -1 };

/* ---- the heap of tasks that can start ---- */

static int rank_of(const queue *q, int index)
{
    return (q->tasks[index].point ? 2 : 0) + (q->entries[index].begun ? 0 : 1);
}

bool queue_before(const queue *q, int a, int b)
{
    int first = rank_of(q, a), second = rank_of(q, b);
    if (first != second) return first < second;
    float left_a = q->entries[a].left, left_b = q->entries[b].left;
    return left_a > left_b || (left_a == left_b && a < b);
}

static void swap(queue *q, int a, int b)
{
    int index = q->heap[a];
    q->heap[a] = q->heap[b];
    q->heap[b] = index;
}

static void rise(queue *q, int place)
{
    for (; place > 0 && queue_before(q, q->heap[place], q->heap[(place - 1) / 2]); place = (place - 1) / 2)
        swap(q, place, (place - 1) / 2);
}

static void sink(queue *q, int place)
{
    while (true) {
        int best = place;
        for (int child = 2 * place + 1; child <= 2 * place + 2 && child < q->heap_count; child++)
            if (queue_before(q, q->heap[child], q->heap[best])) best = child;
        if (best == place) return;
        swap(q, place, best);
        place = best;
    }
}

void queue_put(queue *q, int index)
{
    assert(q->heap_count < q->count);
    q->heap[q->heap_count++] = index;
    rise(q, q->heap_count - 1);
}

int queue_take(queue *q, int place)
{
    assert(place < q->heap_count);
    int index = q->heap[place];
    q->heap[place] = q->heap[--q->heap_count];
    if (place < q->heap_count) {
        rise(q, place);
        sink(q, place);
    }
    return index;
}

/* ---- states ---- */

/* Children in the order of their ids: counted, placed, filled in. */
static status list_children(queue *q)
{
    int total = 0;
    for (int i = 0; i < q->count; i++) {
        for (int p = 0; p < q->tasks[i].parent_count; p++) {
            queue_entry *parent = &q->entries[q->parents[q->tasks[i].parents + p] - 1];
            parent->children++;
            parent->behind += q->entries[i].weight;
            total++;
        }
        q->entries[i].open_parents = q->tasks[i].parent_count;
    }
    q->children = calloc((size_t)total + 1, sizeof *q->children);
    if (q->children == NULL) return status_fail(STATUS_MEMORY, "no memory for a queue of %d tasks", q->count);
    for (int i = 0, end = 0; i <= q->count; i++) q->entries[i].children = end += q->entries[i].children;
    for (int i = q->count - 1; i >= 0; i--)
        for (int p = q->tasks[i].parent_count - 1; p >= 0; p--)
            q->children[--q->entries[q->parents[q->tasks[i].parents + p] - 1].children] = i;
    return status_ok();
}

status queue_init(queue *out, const task *tasks, const int *parents, const float *weights, int count, int shards,
                  int ranks)
{
    queue q = {.tasks = tasks,
               .parents = parents,
               .count = count,
               .shards = shards,
               .waiting = count,
               .hopeless = NONE,
               .deadline = INFINITY,
               .speed = speed_new(),
               .room = count < ranks ? count : ranks,
               .planned_for = NONE};
    size_t tasks_room = (size_t)count + 1, groups_room = (size_t)q.room + 1;
    q.entries = calloc(tasks_room, sizeof *q.entries);
    q.heap = calloc(tasks_room, sizeof *q.heap);
    q.groups = calloc(groups_room, sizeof *q.groups);
    q.shares = calloc(2 * groups_room, sizeof *q.shares); /* those that run, and fewer than there are ranks */
    if (q.entries == NULL || q.heap == NULL || q.groups == NULL || q.shares == NULL) {
        queue_free(&q);
        return status_fail(STATUS_MEMORY, "no memory for a queue of %d tasks", count);
    }
    for (int i = 0; i < count; i++) {
        assert(tasks[i].id == i + 1);
        float weight = weights != NULL ? weights[i] : 1;
        q.entries[i] = (queue_entry){.weight = weight, .left = weight, .next_hopeless = NONE, .group = NONE};
        q.work_left += weight;
        if (tasks[i].parent_count == 0) queue_put(&q, i);
    }
    status listed = list_children(&q);
    if (failed(listed)) {
        queue_free(&q);
        return listed;
    }
    *out = q;
    return status_ok();
}

void queue_free(queue *q)
{
    free(q->entries);
    free(q->children);
    free(q->heap);
    free(q->groups);
    free(q->shares);
    q->entries = NULL;
    q->children = NULL;
    q->heap = NULL;
    q->groups = NULL;
    q->shares = NULL;
}

queue_state queue_task(const queue *q, int id)
{
    assert(id >= 1 && id <= q->count);
    return (queue_state)q->entries[id - 1].state;
}

void queue_set_deadline(queue *q, double deadline)
{
    q->deadline = deadline;
    q->planned_for = NONE;
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
    case QUEUE_AWAY:
        return &q->away;
    case QUEUE_ASIDE:
        return &q->aside;
    case QUEUE_HELD:
        return &q->held;
    case QUEUE_STOPPED:
        return &q->stopped;
    default:
        return &q->failed;
    }
}

static void move(queue *q, int index, queue_state to)
{
    --*counter(q, queue_task(q, index + 1));
    ++*counter(q, to);
    q->entries[index].state = (unsigned char)to;
    q->planned_for = NONE;
}

queue_group *queue_group_of(queue *q, int id)
{
    assert(queue_task(q, id) == QUEUE_RUNNING);
    return &q->groups[q->entries[id - 1].group];
}

void queue_start(queue *q, int index, int level, double now)
{
    assert(q->running < q->room);
    queue_entry *e = &q->entries[index];
    e->group = q->running;
    e->begun = true;
    q->groups[q->running] =
        (queue_group){.index = index,
                      .ranks = 1 << level,
                      .level = level,
                      .since = now,
                      .phase = e->last.pace > 0 ? (phase_kind)e->last.phase : queue_first_phase(q, index)};
    q->busy_ranks += 1 << level;
    int planned = q->planned_for; /* what starts as planned leaves the plan as it is */
    move(q, index, QUEUE_RUNNING);
    q->planned_for = planned >= 0 && e->target == level ? planned - (1 << level) : NONE;
}

/* Gives the ranks back. */
static void end_group(queue *q, int index)
{
    queue_entry *e = &q->entries[index];
    q->busy_ranks -= q->groups[e->group].ranks;
    queue_group last = q->groups[q->running - 1];
    q->groups[e->group] = last;
    q->entries[last.index].group = e->group;
    e->group = NONE;
}

/* The hopeless are kept in the order of the ids. */
static void lose_hope(queue *q, int index)
{
    int *tail = &q->hopeless;
    while (*tail != NONE && *tail < index) tail = &q->entries[*tail].next_hopeless;
    if (*tail == index) return;
    q->entries[index].next_hopeless = *tail;
    *tail = index;
}

/* What waits for a task that has ended can start now, or never. */
static void release_children(queue *q, int index, bool ok)
{
    for (int k = q->entries[index].children; k < q->entries[index + 1].children; k++) {
        const int child = q->children[k];
        queue_entry *e = &q->entries[child];
        e->open_parents -= ok;
        e->orphaned = e->orphaned || !ok;
        if (e->state != QUEUE_WAITING) continue;
        if (e->orphaned)
            lose_hope(q, child);
        else if (e->open_parents == 0)
            queue_put(q, child);
    }
}

/* The work of a task that has ended, is another job's or set aside counts no more (sign -1); +1: it counts again. */
static void count_work(queue *q, int index, int sign)
{
    const queue_entry *e = &q->entries[index];
    for (int p = 0; p < q->tasks[index].parent_count; p++)
        q->entries[q->parents[q->tasks[index].parents + p] - 1].behind += (float)sign * e->weight;
    q->work_left += (float)sign * e->left;
}

static void end_task(queue *q, int index, bool ok)
{
    queue_entry *e = &q->entries[index];
    if (e->state != QUEUE_AWAY && e->state != QUEUE_ASIDE) count_work(q, index, -1);
    e->left = 0;
    move(q, index, ok ? QUEUE_DONE : QUEUE_FAILED);
    release_children(q, index, ok);
}

static int place_in_heap(const queue *q, int index)
{
    for (int place = 0; place < q->heap_count; place++)
        if (q->heap[place] == index) return place;
    return NONE;
}

/* Nothing here has to do with it any more. */
static void drop(queue *q, int index)
{
    if (q->entries[index].state == QUEUE_RUNNING) end_group(q, index);
    if (q->entries[index].state != QUEUE_WAITING) return;
    int place = place_in_heap(q, index);
    if (place != NONE) (void)queue_take(q, place);
}

void queue_finished(queue *q, int id, bool ok)
{
    queue_state before = queue_task(q, id);
    assert(before != QUEUE_DONE && before != QUEUE_FAILED);
    (void)before;
    drop(q, id - 1);
    end_task(q, id - 1, ok);
}

void queue_away(queue *q, int id)
{
    assert(queue_task(q, id) == QUEUE_RUNNING || queue_task(q, id) == QUEUE_WAITING);
    drop(q, id - 1);
    count_work(q, id - 1, -1);
    move(q, id - 1, QUEUE_AWAY);
}

static void wait_again(queue *q, int id)
{
    const queue_entry *e = &q->entries[id - 1];
    count_work(q, id - 1, +1);
    move(q, id - 1, QUEUE_WAITING);
    if (e->orphaned)
        lose_hope(q, id - 1);
    else if (e->open_parents == 0)
        queue_put(q, id - 1);
}

void queue_hold(queue *q, int id)
{
    assert(queue_task(q, id) == QUEUE_WAITING);
    drop(q, id - 1);
    count_work(q, id - 1, -1);
    move(q, id - 1, QUEUE_HELD);
}

void queue_release(queue *q, int id)
{
    assert(queue_task(q, id) == QUEUE_HELD);
    wait_again(q, id);
}

void queue_stop(queue *q, int id)
{
    if (queue_task(q, id) == QUEUE_WAITING) queue_hold(q, id);
    assert(queue_task(q, id) == QUEUE_HELD);
    q->entries[id - 1].left = 0;
    move(q, id - 1, QUEUE_STOPPED);
}

void queue_back(queue *q, int id)
{
    assert(queue_task(q, id) == QUEUE_AWAY);
    wait_again(q, id);
}

void queue_returned(queue *q, int id)
{
    assert(queue_task(q, id) == QUEUE_RUNNING);
    end_group(q, id - 1);
    move(q, id - 1, QUEUE_WAITING);
    queue_put(q, id - 1);
}

bool queue_broken(queue *q, int id)
{
    queue_entry *e = &q->entries[id - 1];
    if (++e->broken < QUEUE_ATTEMPTS) {
        queue_returned(q, id);
        return true;
    }
    drop(q, id - 1);
    count_work(q, id - 1, -1);
    move(q, id - 1, QUEUE_ASIDE);
    return false;
}

bool queue_hopeless(queue *q, int *id)
{
    int index = q->hopeless;
    while (index != NONE && q->entries[index].state != QUEUE_WAITING) index = q->entries[index].next_hopeless;
    q->hopeless = index != NONE ? q->entries[index].next_hopeless : NONE;
    if (index == NONE) return false;
    end_task(q, index, false);
    *id = index + 1;
    return true;
}
