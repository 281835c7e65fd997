/* queue: which task next, on how many ranks, and who has to give its ranks back. Pure policy: no message, no clock, no
 * file; the coordinator asks and tells. Times are seconds on any clock of the caller that does not go back.
 * Deterministic in the order of the questions and answers. The result of a task does not depend on its ranks
 * (core/README.md, first promise), so all of this is about time only.
 *
 * Policy:
 * - Order: states that others start from, such as warm-ups, then points; among them those that were begun and given
 * back before fresh ones; among these the longest remaining work first, then the lowest id.
 * - One rank for each task as long as there are as many ready tasks as ranks: nothing is more efficient. A warm-up that
 *   would hold up the sweep gets as many as it needs.
 * - With fewer tasks than ranks, groups are doubled (powers of two up to `shards`) one after the other, the one that
 * ends last first, while that makes it faster: by the measured speed-up, or an assumed one until there is a measured
 * one.
 * - A live group never changes. At a segment boundary, where the task was checkpointed anyway, the queue may send it
 * away: to come back larger when ranks are idle, or smaller when tasks wait; if what that gains is more than what it
 * costs.
 * - Nothing begins, and no segment is begun, that cannot reach its next checkpoint before the deadline.
 * - A task whose group broke waits again; when that has happened QUEUE_ATTEMPTS times it is set aside, so that a task
 *   that kills its ranks (memory) cannot take all of them: it is not handed out any more, and has not failed either, as
 *   ranks also die of other causes.
 *
 * Cost: queue_next and queue_boundary take O(log tasks) while at least as many tasks are ready as ranks are free, else
 * O(running log running). */
#ifndef CORE_SWEEP_QUEUE_H
#define CORE_SWEEP_QUEUE_H

#include <stdbool.h>

#include "core/base/status.h"
#include "core/task/task.h"
#include "core/sweep/speed.h"

enum { QUEUE_ATTEMPTS = 3 };

typedef enum {
    QUEUE_WAITING, /* not started, or given back */
    QUEUE_RUNNING,
    QUEUE_DONE,
    QUEUE_FAILED,
    QUEUE_AWAY,   /* another job's: not handed out until it comes back */
    QUEUE_ASIDE,  /* its groups broke too often */
    QUEUE_HELD,   /* waits at a checkpoint until the caller knows whether it goes on */
    QUEUE_STOPPED /* will have no result */
} queue_state;

/* What a group does at a segment boundary. */
typedef enum {
    QUEUE_GO_ON,
    QUEUE_GROW,    /* leave: idle ranks can join this task */
    QUEUE_SHRINK,  /* leave: tasks wait for ranks that bring little here */
    QUEUE_DEADLINE /* leave: another segment would not end in time */
} queue_verdict;

typedef struct {
    float weight, left;   /* units of work; what was left at the last boundary */
    float behind;         /* work of the unfinished tasks that start from this one */
    speed_sample last;    /* measured of this task */
    int children;         /* place of the first one in queue.children; they end where those of the next task begin */
    int next_hopeless;    /* in the list of hopeless tasks; index, -1: the end */
    int open_parents;     /* that are not done */
    int group;            /* while running: index in queue.groups */
    unsigned char state;  /* queue_state */
    unsigned char broken; /* times its group broke */
    unsigned char target; /* level in the plan of queue_policy.c */
    bool begun : 1;       /* was handed out before */
    bool orphaned : 1;    /* a parent failed */
} queue_entry;

/* A running task. */
typedef struct {
    int index; /* of the task */
    int ranks, level;
    double since;  /* end of the last segment, or handed out */
    bool stepping; /* `since` is the start of a segment, not of the preparations */
    phase_kind phase;
} queue_group;

typedef struct {
    const task *tasks;    /* (count), ids 1 ... count; borrowed */
    const int *parents;   /* of all tasks, as ids; borrowed */
    queue_entry *entries; /* (count + 1), owned */
    int *children;        /* of all tasks, as indices, in increasing order; owned */
    int count, shards;
    int waiting, running, done, failed, away, aside, held, stopped; /* tasks in each state */
    int *heap; /* (heap_count), room for `count`: indices of tasks that can start, best first; owned */
    int heap_count;
    int hopeless;               /* first of the waiting tasks of which a parent failed; index, -1: none */
    queue_group *groups;        /* (running), owned */
    struct queue_share *shares; /* room for planning; owned */
    int room;                   /* most groups there can be */
    int busy_ranks;             /* of all groups */
    double work_left;           /* weight of everything unfinished */
    double deadline;            /* INFINITY: none */
    speed_table speed;
    int planned_for; /* the targets are valid for that many free ranks; -1: for none */
    int regroups;    /* verdicts to grow or to shrink */
} queue;

/* parents: what task.parents counts in, ids smaller than those of the children. `weights` (count) says how much work
 * each task is, in units of which a segment is a part (epochs); copied; NULL: all alike. There are at most `ranks`
 * ranks. */
MUST_CHECK status queue_init(queue *out, const task *tasks, const int *parents, const float *weights, int count,
                             int shards, int ranks);
void queue_free(queue *q);

queue_state queue_task(const queue *q, int id);

/* From now on nothing may be running at or after `deadline`. */
void queue_set_deadline(queue *q, double deadline);

/* Picks the next task for `free_ranks` idle ranks (with the busy ones at most `ranks`) and marks it running on *ranks
 * of them (a power of two). False when nothing can start now. */
bool queue_next(queue *q, double now, int free_ranks, int *id, int *ranks);

/* The group of a running task is formed, its state read: the first segment begins, with `fraction` of the task done.
 * May be left out; then the preparations count as part of the first segment. */
void queue_begun(queue *q, int id, double now, double fraction, phase_kind phase);

/* A running task ended a segment: `fraction` of it is done, `phase` is what comes next. What is its group to do? It
 * must leave if it is told so; queue_returned then says that it has. */
queue_verdict queue_boundary(queue *q, int id, double now, double fraction, phase_kind phase, int free_ranks);

/* Reports the end of a running task, or of another one that an earlier run or another job has finished. */
void queue_finished(queue *q, int id, bool ok);

/* A running task was left at a checkpoint: it waits again. */
void queue_returned(queue *q, int id);

/* A waiting task, or one that was picked but not handed out or was lost, is another job's now. */
void queue_away(queue *q, int id);
/* It waits here again. */
void queue_back(queue *q, int id);

/* A waiting task is not handed out until it is released, or stopped for good. Nothing starts from it. */
void queue_hold(queue *q, int id);
void queue_release(queue *q, int id);
void queue_stop(queue *q, int id);

/* The group of a running task broke. True: it waits again. False: it is set aside; the caller says so. */
bool queue_broken(queue *q, int id);

/* Finds a waiting task of which a parent failed and marks it failed. The caller records the reason. False: there is
 * none.
 */
bool queue_hopeless(queue *q, int *id);

#endif
