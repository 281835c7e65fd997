/* environment: the variables BITFRONT_NAME that the program reads, in one table with what they may say. It is checked
 * first of all, in every command, so that a value that says nothing is never passed over. Empty is the same as not set.
 */
#ifndef CORE_BASE_ENVIRONMENT_H
#define CORE_BASE_ENVIRONMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/status.h"

typedef enum {
    ENVIRONMENT_ISA,         /* avx512, avx2, portable */
    ENVIRONMENT_SUMS,        /* memory, messages */
    ENVIRONMENT_DATA_MEMORY, /* whole number [MB] */
    ENVIRONMENT_START_LIMIT, /* whole number [s] */
    ENVIRONMENT_COMMAND,     /* any text */
    ENVIRONMENT_EXIT_FILE,   /* a path */
    ENVIRONMENT_FAIL,        /* fail_point.h checks it */
    ENVIRONMENT_FAIL_ONCE,   /* a path */
    ENVIRONMENT_FAIL_TRACE,  /* a path */
    ENVIRONMENT_VARIABLES
} environment_variable;

/* CONFIG, with the name and what it wants, for the first variable that says something else, and for a name that is
 * nearly one of these. */
MUST_CHECK status environment_check(void);

/* The text of a variable, borrowed; NULL: not set, or empty. */
const char *environment_text(environment_variable which);

/* True with the number of one that wants a number; else *out stays as it was. */
bool environment_whole(int64_t *out, environment_variable which);

#endif
