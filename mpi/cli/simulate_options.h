/* simulate_options: what `bitfront plan --simulate` is told: "ranks=100,seconds_per_epoch=30". */
#ifndef MPI_CLI_SIMULATE_OPTIONS_H
#define MPI_CLI_SIMULATE_OPTIONS_H

#include "core/base/status.h"
#include "core/config/settings.h"
#include "core/sweep/simulate.h"

typedef struct {
    int ranks;                    /* as in mpirun -n; the first of several only coordinates */
    double seconds_per_epoch;     /* on one rank, where no time is recorded */
    double unequal;               /* the longest of these points over the shortest */
    double serial;                /* share of a segment's time that more ranks do not shorten */
    double speedup[SPEED_LEVELS]; /* of groups of 2, 4, ... ranks over one, in place of `serial` */
    int speedup_count;
    double regroup;  /* s */
    double walltime; /* s; INFINITY: none */
} simulate_options;

/* For the help: one line for each key. */
#define SIMULATE_OPTIONS_HELP                                                                                          \
    "  --simulate takes KEY=VALUE, separated by commas:\n"                                                             \
    "    ranks=N              as in mpirun -n N: with more than one, N - 1 compute (needed)\n"                         \
    "    seconds_per_epoch=X  on one rank, where no time is recorded (60)\n"                                           \
    "    unequal=F            points differ: the longest takes F times as long as the shortest (1)\n"                  \
    "    serial=S             share of the time of a segment that more ranks do not shorten (0.1)\n"                   \
    "    speedup=A:B:...      instead: groups of 2, 4, ... ranks are A, B, ... times as fast as one\n"                 \
    "    regroup=X            seconds until a group that was formed makes its first step (1)\n"                        \
    "    walltime=X           seconds after which nothing may be running (none)\n"

MUST_CHECK status simulate_options_read(simulate_options *out, const char *text);

/* Parts of a segment's time on groups of 2^level ranks. */
void simulate_parts(double part[SPEED_LEVELS], const simulate_options *o);

/* work (count): what the tasks take, as far as it is known from `times` (a run directory, or NULL), else assumed.
 * *recorded: how many times are known. */
MUST_CHECK status simulate_work(simulated_work *work, int *recorded, const simulate_options *o, const settings *s,
                                const task *tasks, int count, const char *times);

#endif
