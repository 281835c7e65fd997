/* claim_holder: who has a claim, as text (lines "key value"), and whether that process still lives. */
#ifndef RESULTS_RUN_CLAIM_HOLDER_H
#define RESULTS_RUN_CLAIM_HOLDER_H

#include <stdbool.h>
#include <stddef.h>

enum { CLAIM_HOLDER = 160, CLAIM_HOLDER_TEXT = 512 };

/* This process: job, host, pid, its start, and the start of the machine. */
void claim_holder_self(char out[CLAIM_HOLDER_TEXT]);

/* For people: "job 4711_3 on node7". */
void claim_holder_name(char out[CLAIM_HOLDER], const char *text);

/* True only when it is certain: a process of this start of this machine that is gone. */
bool claim_holder_is_dead(const char *text);

#endif
