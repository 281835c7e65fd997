/* stop: what signals ask of this process. A command ends at once when it is told to, unless it has said that it will
 * ask (stop_wished) soon and often. */
#ifndef MPI_CLI_STOP_H
#define MPI_CLI_STOP_H

#include "core/base/status.h"

typedef enum { STOP_NOT, STOP_AT_BOUNDARY, STOP_NOW } stop_wish;

/* TERM and INT end the process with exit code 75. For every command, from the start. */
MUST_CHECK status stop_at_once(void);

/* For a command that can stop at a checkpoint. USR1 becomes the wish to stop at the next segment boundary; USR2 (what
 * bitfront-run makes of a TERM: mpirun answers TERM by killing), TERM and INT still end the process at once, as long as
 * it has begun nothing. To be called again after MPI has started, which may install handlers of its own. */
MUST_CHECK status stop_by_wish(void);

/* From now on somebody asks often: USR2, TERM and INT become the wish to stop at the next step, and only a second INT
 * ends the process. */
void stop_polled(void);

/* The strongest wish so far. */
stop_wish stop_wished(void);
/* As if no signal had come: for several sweeps in one process. */
void stop_forget(void);

#endif
