#define _POSIX_C_SOURCE 200809L
#include "mpi/link/patience.h"

#include <sched.h>

#include "core/base/clock.h"

/* A message between ranks of one node takes a few microseconds; who waits longer waits for computation. */
static const double SPIN_SECONDS = 50e-6;
static const double FIRST_NAP_SECONDS = 20e-6;
static const double NAP_GROWTH = 1.5;

void patience_pause(patience *p)
{
    double now = clock_seconds();
    if (p->started <= 0) p->started = now;
    if (now - p->started < SPIN_SECONDS) {
        sched_yield(); /* the rank we wait for may need this very core */
        return;
    }
    p->nap = p->nap <= 0 ? FIRST_NAP_SECONDS : p->nap * NAP_GROWTH;
    if (p->nap > p->longest_nap) p->nap = p->longest_nap;
    clock_sleep(p->nap);
}
