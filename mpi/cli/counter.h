/* counter: how far one long piece of work is. On a terminal a bar with the time that is left, redrawn in place and
 * cleared at the end; elsewhere a plain line now and then, none for what is over soon. */
#ifndef MPI_CLI_COUNTER_H
#define MPI_CLI_COUNTER_H

#include <stdbool.h>
#include <stdio.h>

typedef struct {
    FILE *out; /* borrowed */
    bool live, colour, drawn;
    int width;             /* columns of the terminal */
    char what[40];         /* that is counted */
    double started, shown; /* clock_seconds: of this work, of the last line */
    long first;            /* done when it was started: of an earlier run */
} counter;

counter counter_new(FILE *out);

/* `done` of `of` things (0: unknown) are done. Another `what` is another piece of work. */
void counter_show(counter *c, const char *what, long done, long of);
/* Clears the line. */
void counter_end(counter *c);

#endif
