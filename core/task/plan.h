/* plan: the graph of a sweep's tasks, a pure function of the settings, the networks and the data set. Strategies add
 * their tasks (core/strategy); two that ask for the same state, such as a warm-up, get the same task. */
#ifndef CORE_TASK_PLAN_H
#define CORE_TASK_PLAN_H

#include <stdio.h>

#include "core/base/status.h"
#include "core/config/entry.h"
#include "core/config/settings.h"
#include "core/task/identity.h"
#include "core/task/record.h"
#include "core/task/task.h"

/* What tasks depend on besides themselves; borrowed by the plan. */
typedef struct {
    const settings *settings;
    const entry_kind *const *entry_kinds; /* NULL-terminated */
    const identity_network *networks;     /* (network_count) */
    int network_count;
    const char
        *data_checksum; /* of the prepared data set's content; "" while it is unknown: then keys are provisional */
} plan_inputs;

/* What of the settings some tasks read, in lines. */
typedef struct {
    const identity_reads *reads; /* NULL: nothing is written down */
    int network;
    const char *cost_model; /* borrowed from a task */
    char *text;             /* owned */
} settings_read;

typedef struct {
    plan_inputs in;
    task *tasks; /* (count), owned: id i at i - 1; parents come before children */
    int count;
    int *parents; /* (parent_total) ids, owned: of each task task.parent_count from task.parents on */
    int parent_total;

    int task_room, parent_room;
    int *slots; /* (slot_count) hash table from keys to ids, 0: free; owned */
    int slot_count;
    char **options; /* (entry_count of the settings) of each entry that has tasks, in lines; owned, as are the texts */
    settings_read lines; /* of the latest task */
} task_plan;

/* Nothing is planned yet. */
task_plan task_plan_new(const plan_inputs *in);
void task_plan_free(task_plan *p);

/* Adds a task, for whose kind `reads` says what of the settings counts. Set in *wanted: point, kind, strategy, entry,
 * network, seed, cost_model (names that outlive the plan) and what tells the task from others of its entry.
 * parents[parent_count]: ids. *id is its id, or that of the same task when the plan has it already, which is an error
 * for points (STATUS_CONFIG, naming the lines): they would be trained twice for one result. At most TASK_MOST_PARENTS
 * parents (STATUS_CONFIG). */
MUST_CHECK status task_plan_add(task_plan *p, int *id, const task *wanted, const int *parents, int parent_count,
                                const identity_reads *reads);

/* Parent i of a task, as id. */
static inline int task_plan_parent(const task_plan *p, const task *t, int i)
{
    return p->parents[t->parents + i];
}

/* The task with this key, as id; 0: none. */
int task_plan_find(const task_plan *p, const char *key);

/* Where a record comes from: sets out->task, parents, options and identity, which have to be NULL before; reads: of the
 * task's kind. *out is to be freed also after a failure. */
MUST_CHECK status task_plan_describe(record *out, const task_plan *p, const task *t, const identity_reads *reads);

/* Table for `bitfront plan`. */
void task_plan_print(FILE *out, const task_plan *p);

#endif
