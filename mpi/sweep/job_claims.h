/* job_claims: this job's part in a run directory on which several jobs may work: its share of the tasks (job_part.h),
 * its claims (results/run/claim.h), who leads, and what the others have finished. It tells the queue which tasks are
 * away. By rank 0 alone.
 *
 * A task is claimed before it is handed out and released when it is left. What another job has claimed is away, until
 * it is finished there or the claim is given up or outlives its lease. A job ends when every task of its share is
 * finished, here or elsewhere: while the last of them are at work elsewhere it waits, ready to take over. */
#ifndef MPI_SWEEP_JOB_CLAIMS_H
#define MPI_SWEEP_JOB_CLAIMS_H

#include <stdbool.h>

#include "core/base/status.h"
#include "core/sweep/queue.h"
#include "core/sweep/job_part.h"
#include "results/run/claim.h"
#include "results/run/run.h"

typedef struct {
    run *run;              /* borrowed; its owner and its log are set */
    queue *queue;          /* borrowed */
    const task_plan *plan; /* borrowed */
    job_part part;
    bool *mine;                                   /* (tasks) the share of this job; owned */
    int share;                                    /* tasks in it */
    int awaited;                                  /* of them those that are away: at work elsewhere */
    claims claims;                                /* owned */
    bool alone;                                   /* nobody else can be there: no claims are made */
    bool leads;                                   /* this job keeps log.jsonl, status.json and the snapshots between */
    char name[CLAIM_HOLDER];                      /* of this job, for people */
    double last_renewal, last_look, look_seconds; /* clock_seconds; the last one: what a look takes */
} job_claims;

/* How the others' results reach the coordinator: it reads the task's file, if there is a sound one, and tells the
 * queue. */
typedef struct {
    status (*read_finished)(void *ctx, int id, bool *finished);
    void *ctx;
} job_claims_news;

/* Begins to share; leads unless another job does. `part`: what this job is to do. `lease`: seconds of silence after
 * which others may take a job's tasks. */
MUST_CHECK status job_claims_open(job_claims *out, run *r, const job_part *part, double lease);
/* For a directory that nobody else knows: the same without claims and without looking at others. */
job_claims job_claims_alone(run *r);
/* Releases everything. */
void job_claims_close(job_claims *s);

/* When the queue of the plan, neither of which is moved from now on, knows what is finished: sends away what is not in
 * this job's part. */
MUST_CHECK status job_claims_begin(job_claims *s, queue *q, const task_plan *plan);

/* Before the task, which the queue has marked running, is handed out. The token is what its publishers need; it is
 * empty when the task is not to be handed out: it is away, or finished. */
MUST_CHECK status job_claims_take(job_claims *s, int id, claim_token *token, const job_claims_news *news);

/* The task has ended here, or was left. */
void job_claims_leave(job_claims *s, int id);

/* The task, which waits, was taken over by another job. */
void job_claims_lose(job_claims *s, int id);

/* During longer work, several times a second: renews the claims when it is due. */
MUST_CHECK status job_claims_renew(job_claims *s);

/* Now and then, at least once a second: renews the claims, leads if nobody does, looks what the others do. */
MUST_CHECK status job_claims_tick(job_claims *s, const job_claims_news *news);

/* The same look at once, at the end; *found: there was something new. */
MUST_CHECK status job_claims_look(job_claims *s, bool *found, const job_claims_news *news);

/* Of the tasks of the share, those that are done and those that failed. */
void job_claims_count(const job_claims *s, int *done, int *failed_tasks);

/* Tasks at work in all jobs. */
int job_claims_at_work(const job_claims *s, int own);

#endif
