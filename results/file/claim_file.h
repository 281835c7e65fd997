/* claim_file: one claim as it lies in RUN/claims, and the fence of whoever publishes under it. How claims are taken,
 * renewed and broken is in results/run/claim.h. */
#ifndef RESULTS_FILE_CLAIM_FILE_H
#define RESULTS_FILE_CLAIM_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#include "core/base/status.h"
#include "core/config/settings.h"
#include "core/task/task.h"

enum { CLAIM_NAME = TASK_KEY, CLAIM_TOKEN = 40, CLAIM_TEXT = 640 };

/* One taking, as text; empty: none. */
typedef struct {
    char text[CLAIM_TOKEN];
} claim_token;

/* What a publisher holds against being late: a token and the file to compare it with. */
typedef struct {
    char path[MAX_PATH_TEXT + CLAIM_NAME + 8];
    claim_token token;
} claim_fence;

/* A claim as found: its text and its place in time. */
typedef struct {
    char text[CLAIM_TEXT];
    struct timespec renewed;
    ino_t inode;
} claim_file;

MUST_CHECK status claim_file_read(bool *there, claim_file *out, const char *path);

/* The value of "key value" in a claim's text; empty when it is missing. */
void claim_file_value(char *out, size_t room, const char *text, const char *key);

/* An empty token is that of a file that a crash of the machine has left empty. */
bool claim_file_has_token(const char *text, const char *token);

claim_fence claim_fence_of(const char *run_directory, const char *name, const claim_token *token);

/* Asks the file: does the token still hold? STATUS_LOST: it does not; IO: nobody can tell. NULL (a run without claims)
 * always holds. For any process of any rank. */
MUST_CHECK status claim_fence_check(const claim_fence *fence);

#endif
