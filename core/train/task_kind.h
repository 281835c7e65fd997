/* task_kind: what a task is, as its strategy says: the network it trains, what that starts from, its stages. */
#ifndef CORE_TRAIN_TASK_KIND_H
#define CORE_TRAIN_TASK_KIND_H

#include "core/task/identity.h"
#include "core/task/record.h"
#include "core/train/stage.h"

/* What a task is: which network it trains, from what, in which stages. Its strategy lists it (core/strategy). */
typedef struct task_kind {
    const char *name;     /* "joint": what task.kind names */
    identity_reads reads; /* what of the settings its stages follow */

    /* Which network: float, or quantised with these candidates. The trainer has set seed, capacity, sampling and rules
     * before. */
    void (*options)(model_options *o, const trainer_inputs *in);

    /* The state at the start, a pure function of settings, seed and the parents' records. */
    status (*start)(trainer *t, const record *const *parents, int count);

    const stage *const *stages; /* NULL-terminated, at least one */
} task_kind;

/* Epochs of all stages of a task of this kind, at full length, by phase. */
void task_kind_epochs(int epochs[PHASE_COUNT], const task_kind *kind, const settings *s, const task *t);

#endif
