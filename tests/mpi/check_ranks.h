/* check_ranks: checks in a program of several ranks. A failed check is printed and counted, and the rank goes on, so
 * that the others do not wait for it in vain; the end is common. */
#ifndef TESTS_MPI_CHECK_RANKS_H
#define TESTS_MPI_CHECK_RANKS_H

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

#include "mpi/link/runtime.h"

static int failed_checks = 0;

/* All ranks of the test, under mpirun also if there is one. */
static inline const link_world *check_start(void)
{
    const link_world *world;
    status started = runtime_start(&world, true, 3);
    if (!failed(started)) return world;
    fprintf(stderr, "%s\n", started.message);
    exit(1);
}

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            int check_rank_;                                                                                           \
            MPI_Comm_rank(MPI_COMM_WORLD, &check_rank_);                                                               \
            fprintf(stderr, "%s:%d: rank %d: not true: %s\n", __FILE__, __LINE__, check_rank_, #condition);            \
            failed_checks++;                                                                                           \
        }                                                                                                              \
    } while (0)

/* A status that must be OK. */
#define CHECK_OK(call)                                                                                                 \
    do {                                                                                                               \
        status check_status_ = (call);                                                                                 \
        if (failed(check_status_)) fprintf(stderr, "%s\n", check_status_.message);                                     \
        CHECK(!failed(check_status_));                                                                                 \
    } while (0)

/* Collective on MPI_COMM_WORLD: ends MPI; the exit code of the test. */
static inline int check_end(void)
{
    int all = 0;
    MPI_Allreduce(&failed_checks, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    int code = all > 0;
    status ended = runtime_agree_end(status_ok(), &code);
    if (failed(ended)) code = 1;
    runtime_finish(code);
    return code;
}

#endif
