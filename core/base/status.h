/* status: the one error type. Returned by everything that can fail because of the outside world; fixed size, so that it
 * can travel between ranks. Who detects an error describes it (what was attempted, on what, what the system answered);
 * who passes it on adds context or nothing. Bugs are assertions, not statuses. A message may quote a file: it is made
 * printable (text.h), so that it can go to a terminal or a log. */
#ifndef CORE_BASE_STATUS_H
#define CORE_BASE_STATUS_H

#include <stdbool.h>

typedef enum {
    STATUS_OK = 0,
    STATUS_CONFIG,  /* usage, configuration or network file */
    STATUS_DATA,    /* a data set or result file holds something wrong */
    STATUS_MEMORY,  /* no memory */
    STATUS_IO,      /* the file system said no */
    STATUS_NUMERIC, /* a task failed: loss not finite, infeasible point */
    STATUS_MPI,     /* a message could not be passed */
    STATUS_STOPPED, /* asked to stop; run the same command again */
    STATUS_LOST     /* another job works on this task now: what was made for it is not published */
} status_code;

typedef struct {
    status_code code;
    char message[1020];
} status;

status status_ok(void);
status status_fail(status_code code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds context in front of the message ("context: message") and keeps the code. An OK status is returned unchanged. */
status status_in(status inner, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline bool failed(status s)
{
    return s.code != STATUS_OK;
}

#define MUST_CHECK __attribute__((warn_unused_result))
#define TRY(call)                                                                                                      \
    do {                                                                                                               \
        status try_ = (call);                                                                                          \
        if (failed(try_)) return try_;                                                                                 \
    } while (0)

#endif
