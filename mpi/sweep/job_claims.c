#define _POSIX_C_SOURCE 200809L
#include "mpi/sweep/job_claims.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"

static const double RENEWALS_PER_LEASE = 8;
static const double LOOK_SECONDS = 1.0; /* between looks at the others, at least ... */
static const double LOOK_SHARE = 0.05;  /* ... and at most this share of the time */

/* Leads if nobody does. */
static status try_to_lead(job_claims *s)
{
    if (s->leads && claims_has(&s->claims, RUN_LEAD)) return status_ok();
    claim_token token;
    char holder[CLAIM_HOLDER];
    TRY(claims_take(&token, holder, &s->claims, RUN_LEAD));
    s->leads = token.text[0] != '\0';
    if (s->leads) run_forget_jobs(s->run);
    return status_ok();
}

status job_claims_open(job_claims *out, run *r, const job_part *part, double lease)
{
    job_claims s = {.run = r, .part = *part};
    TRY(claims_open(&s.claims, r->directory, lease));
    snprintf(r->owner, sizeof r->owner, "%s", s.claims.owner);
    claims_describe(s.name, &s.claims);
    status result = try_to_lead(&s);
    if (!failed(result)) result = claims_clean(&s.claims);
    if (failed(result)) {
        claims_close(&s.claims);
        return result;
    }
    r->own_log = !s.leads;
    s.last_renewal = s.last_look = clock_seconds();
    *out = s;
    return status_ok();
}

job_claims job_claims_alone(run *r)
{
    return (job_claims){.run = r, .part = {0, 1}, .alone = true, .leads = true};
}

void job_claims_close(job_claims *s)
{
    if (!s->alone) {
        status tidied = claims_clean(&s->claims); /* what ranks that died here have left half written */
        (void)tidied;                             /* the next start tries again */
        claims_close(&s->claims);
    }
    free(s->mine);
    s->mine = NULL;
}

status job_claims_begin(job_claims *s, queue *q, const task_plan *plan)
{
    s->queue = q;
    s->plan = plan;
    s->mine = malloc((size_t)q->count + 1);
    if (s->mine == NULL) return status_fail(STATUS_MEMORY, "no memory to share %d tasks", q->count);
    s->share = job_part_mark(s->mine, &s->part, q->tasks, q->parents, q->count);
    for (int id = 1; id <= q->count; id++)
        if (!s->mine[id - 1] && queue_task(q, id) == QUEUE_WAITING) queue_away(q, id);
    return status_ok();
}

static status pick_up(job_claims *s, int id, bool *found, const job_claims_news *news)
{
    bool awaited = s->mine[id - 1] && queue_task(s->queue, id) == QUEUE_AWAY;
    TRY(news->read_finished(news->ctx, id, found));
    s->awaited -= *found && awaited;
    return status_ok();
}

void job_claims_lose(job_claims *s, int id)
{
    queue_away(s->queue, id);
    s->awaited += s->mine[id - 1];
}

status job_claims_take(job_claims *s, int id, claim_token *token, const job_claims_news *news)
{
    char holder[CLAIM_HOLDER];
    const char *name = s->queue->tasks[id - 1].key;
    if (s->alone) {
        snprintf(token->text, sizeof token->text, "alone");
        return status_ok();
    }
    TRY(claims_take(token, holder, &s->claims, name));
    if (token->text[0] == '\0') {
        job_claims_lose(s, id);
        return status_ok();
    }
    bool finished; /* between our last look and the claim */
    TRY(pick_up(s, id, &finished, news));
    if (!finished) return status_ok();
    claims_release(&s->claims, name);
    token->text[0] = '\0';
    return status_ok();
}

void job_claims_leave(job_claims *s, int id)
{
    claims_release(&s->claims, s->queue->tasks[id - 1].key);
}

/* The task of the plan that the file "KEY.h5" is of, as id; 0: none. */
static int task_of(const job_claims *s, const char *name)
{
    char key[TASK_KEY];
    if (strlen(name) != TASK_KEY - 1 + strlen(".h5") || strcmp(name + TASK_KEY - 1, ".h5") != 0) return 0;
    snprintf(key, sizeof key, "%.32s", name);
    return task_plan_find(s->plan, key);
}

/* Results that appeared since the last look. */
static status find_results(job_claims *s, const job_claims_news *news)
{
    char path[MAX_PATH_TEXT + 8];
    snprintf(path, sizeof path, "%s/tasks", s->run->directory);
    DIR *listing = opendir(path);
    if (listing == NULL) return status_fail(STATUS_IO, "cannot list %s: %s", path, strerror(errno));
    status result = status_ok();
    for (const struct dirent *entry; !failed(result) && (entry = readdir(listing)) != NULL;) {
        int id = task_of(s, entry->d_name);
        if (id == 0) continue;
        queue_state state = queue_task(s->queue, id);
        bool found;
        if (state == QUEUE_WAITING || state == QUEUE_AWAY || state == QUEUE_ASIDE)
            result = pick_up(s, id, &found, news);
    }
    closedir(listing);
    return result;
}

/* Tasks of the share that nobody works on any more. */
static status find_free(job_claims *s)
{
    for (int id = 1; id <= s->queue->count && s->awaited > 0; id++) {
        if (!s->mine[id - 1] || queue_task(s->queue, id) != QUEUE_AWAY) continue;
        bool vacant;
        TRY(claims_is_free(&vacant, &s->claims, s->queue->tasks[id - 1].key));
        if (!vacant) continue;
        queue_back(s->queue, id);
        s->awaited--;
    }
    return status_ok();
}

status job_claims_look(job_claims *s, bool *found, const job_claims_news *news)
{
    int before = s->queue->done + s->queue->failed;
    *found = false;
    if (s->alone) return status_ok();
    TRY(try_to_lead(s));
    TRY(find_results(s, news));
    TRY(find_free(s));
    *found = s->queue->done + s->queue->failed > before;
    return status_ok();
}

status job_claims_renew(job_claims *s)
{
    double now = clock_seconds();
    if (s->alone || now - s->last_renewal < s->claims.lease / RENEWALS_PER_LEASE) return status_ok();
    s->last_renewal = now;
    return claims_renew(&s->claims);
}

status job_claims_tick(job_claims *s, const job_claims_news *news)
{
    if (s->alone) return status_ok();
    TRY(job_claims_renew(s));
    double now = clock_seconds();
    double shortest = s->claims.lease < LOOK_SECONDS ? s->claims.lease : LOOK_SECONDS;
    double pause = s->look_seconds / LOOK_SHARE > shortest ? s->look_seconds / LOOK_SHARE : shortest;
    if (now - s->last_look < pause) return status_ok();
    bool found;
    TRY(job_claims_look(s, &found, news));
    s->last_look = clock_seconds();
    s->look_seconds = s->last_look - now;
    return status_ok();
}

void job_claims_count(const job_claims *s, int *done, int *failed_tasks)
{
    *done = *failed_tasks = 0;
    for (int id = 1; id <= s->queue->count; id++) {
        queue_state state = queue_task(s->queue, id);
        *done += s->mine[id - 1] && state == QUEUE_DONE;
        *failed_tasks += s->mine[id - 1] && state == QUEUE_FAILED;
    }
}

int job_claims_at_work(const job_claims *s, int own)
{
    int all;
    return s->alone || failed(claims_count_tasks(&all, &s->claims)) || all < own ? own : all;
}
