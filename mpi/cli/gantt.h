/* gantt: who worked on what and when, as a picture in the terminal: time from left to right, one row a rank, or one for
 * several ranks when there are many. */
#ifndef MPI_CLI_GANTT_H
#define MPI_CLI_GANTT_H

#include <stdbool.h>
#include <stdio.h>

#include "core/base/status.h"
#include "core/sweep/simulate.h"

/* `width` columns in all. The first rank is called rank `first_rank`. */
MUST_CHECK status gantt_print(FILE *out, const simulated_sweep *s, const task *tasks, int workers, int first_rank,
                              int width, bool unicode);

#endif
