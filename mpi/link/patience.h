/* patience: waiting that leaves the core to others. */
#ifndef MPI_LINK_PATIENCE_H
#define MPI_LINK_PATIENCE_H

/* Waiting in growing steps: a short spin that yields the core, then naps up to `longest_nap` seconds. Start from
 * {.longest_nap = ...} and pause until what is waited for has come. */
typedef struct {
    double longest_nap;  /* s */
    double started, nap; /* s; 0 at first */
} patience;

void patience_pause(patience *p);

#endif
