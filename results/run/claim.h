/* claim: who works on what, when several jobs share a run directory. One file per claim in RUN/claims, named after what
 * is claimed (the key for a task). Right on NFS: no advisory locks; a claim is made by link(), of which exactly one
 * succeeds, and the time is the file system's own, so that the clocks of the hosts do not matter.
 *
 *   take     a complete file of our own is linked to the claim's name
 *   renew    its mtime is set to now, every few seconds (claims_renew)
 *   break    a claim whose mtime is older than `lease` seconds, or that has not changed while we watched it for as long
 * by our own monotonic clock (its mtime may lie in the future: a clock was wrong), or whose owner is known to be dead
 * (a process of this machine that is gone), is renamed to a name of our own - exactly one breaker can - and, if it is
 * the one that was judged, removed; else put back. Then it is taken as if it were free.
 *   release  the same with our own
 *
 * Every taking has a token that never occurs again: OWNER.N, OWNER random per job, N counting. The token is the fence:
 * whoever publishes for a claim asks claim_fence_check first, and a job that was thought dead and comes back finds
 * another token there. Between that question and the publication a claim can still be lost; therefore publications must
 * be safe by themselves: results are linked, never replaced, and equal whoever made them (run.h); of checkpoints any is
 * a valid state of the same task (checkpoint.h).
 *
 * Local: no call waits for another process. Not thread-safe. */
#ifndef RESULTS_RUN_CLAIM_H
#define RESULTS_RUN_CLAIM_H

#include <stdbool.h>

#include "core/base/status.h"
#include "core/config/settings.h"
#include "core/task/task.h"
#include "results/file/claim_file.h"
#include "results/run/claim_holder.h"

enum { CLAIM_OWNER = 17 };

/* The claims of one job. */
typedef struct {
    char directory[MAX_PATH_TEXT + 8]; /* RUN/claims */
    char owner[CLAIM_OWNER];           /* 16 random hexadecimal digits */
    char head[CLAIM_HOLDER_TEXT];      /* who we are: the lines below the token */
    double lease;                      /* seconds without renewal after which anybody may break a claim */
    unsigned long next;                /* the next token's number */
    struct claim_held {
        char name[CLAIM_NAME];
        claim_token token;
    } * held; /* (held_count), owned */
    int held_count, held_room;
    struct claim_watch *watch; /* claims of others, as seen last; owned */
} claims;

/* Makes RUN/claims if it is missing. */
MUST_CHECK status claims_open(claims *out, const char *run_directory, double lease);
/* Who this job is, as others see it. */
void claims_describe(char out[CLAIM_HOLDER], const claims *c);
/* Releases what is still held. */
void claims_close(claims *c);

/* Takes `name` (letters and digits). token->text is empty when somebody else has it; then `holder` says who, for
 * people: "job 4711_3 on node7". What we hold already gets a new token: the old one no longer holds. */
MUST_CHECK status claims_take(claim_token *token, char holder[CLAIM_HOLDER], claims *c, const char *name);

/* Could `name` be taken now? By the next moment it may be different. */
MUST_CHECK status claims_is_free(bool *out, const claims *c, const char *name);

/* Renews everything held, and forgets what was lost; call it several times per lease. */
MUST_CHECK status claims_renew(claims *c);

/* True while this job holds `name`, as far as claims_renew knows. */
bool claims_has(const claims *c, const char *name);

/* Gives it back; nothing happens if it is not ours (any more). */
void claims_release(claims *c, const char *name);

/* Removes the claims of jobs that are known to be dead, and temporary files that killed jobs have left in the run
 * directory: those named after a token (NAME.tmp-TOKEN) that does not hold any more, and others that are older than a
 * lease. */
MUST_CHECK status claims_clean(const claims *c);

/* How many tasks are claimed now, by any job. */
MUST_CHECK status claims_count_tasks(int *count, const claims *c);

#endif
