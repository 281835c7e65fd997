/* exit_code: what the process ends with. The one place that knows which outcome is which code; documented in
 * `bitfront --help` and tested as a table in tests/e2e/exit_codes.sh. */
#ifndef MPI_CLI_EXIT_CODE_H
#define MPI_CLI_EXIT_CODE_H

#include "core/base/status.h"

enum {
    EXIT_DONE = 0,
    EXIT_TASKS_FAILED = 1, /* the sweep is done, but some of its tasks failed */
    EXIT_USAGE = 2,        /* usage, configuration or an input file: the same again will fail again */
    EXIT_MACHINE = 3,      /* file system, memory, descriptors, messages, a missing library */
    EXIT_STOPPED = 75      /* before the end, by a signal, the stop file or the time limit; the same again continues */
};

/* EXIT_DONE for OK. */
int exit_code_of(status outcome);

#endif
