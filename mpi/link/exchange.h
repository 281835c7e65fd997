/* exchange: messages between the members of one assignment: point to point on the world, told apart from those of other
 * assignments by their tag, so that nothing collective has to be formed and a late message of an old assignment is
 * never taken for one of a new assignment. Every wait is polled and ends when the assignment is given up; after that
 * only exchange_close is allowed. */
#ifndef MPI_LINK_EXCHANGE_H
#define MPI_LINK_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/status.h"
#include "mpi/link/wire.h"
#include "mpi/link/world.h"

/* Bytes exchanged at a time: fits the second-level cache, far below the limit of MPI's int counts. */
enum { EXCHANGE_BYTES = 1 << 19 };

typedef struct exchange_traffic exchange_traffic;
typedef struct {
    const link_world *world; /* borrowed */
    int rank, size;          /* within the assignment; size is a power of two */
    int members[WIRE_MAX_MEMBERS];
    int assignment, tag;
    bool (*given_up)(void *ctx); /* asked again and again while waiting; NULL: never */
    void *ctx;                   /* borrowed */
    char *sent, *received;       /* (EXCHANGE_BYTES) what is on its way; owned; NULL when alone */
    exchange_traffic *traffic;   /* owned; NULL when alone */
} exchange;

/* Local. members[count] are world ranks, the same list on all of them; this rank is one of them. */
MUST_CHECK status exchange_open(exchange *out, const link_world *world, const int *members, int count, int assignment,
                                bool (*given_up)(void *ctx), void *ctx);
/* Local, also after a failed exchange_open. A swap that is under way is dropped. */
void exchange_close(exchange *x);

/* STATUS_MPI when the assignment is over, `what` then could not be done. To be asked by who waits. */
MUST_CHECK status exchange_check(const exchange *x, const char *what);

/* Both partners begin: `bytes` <= EXCHANGE_BYTES bytes at `data`, which are copied, go to `partner` (a rank within the
 * assignment), those of the partner are in x->received once exchange_swap_test says so. One at a time, and nothing else
 * of this assignment before it is complete. */
MUST_CHECK status exchange_swap_begin(exchange *x, int partner, const void *data, size_t bytes);
MUST_CHECK status exchange_swap_test(exchange *x, bool *complete);
/* Both, waiting. */
MUST_CHECK status exchange_swap(exchange *x, int partner, const void *data, size_t bytes);

/* Collective on the assignment. Copies `bytes` bytes at `data` from rank 0 to all. */
MUST_CHECK status exchange_share(exchange *x, void *data, size_t bytes);

/* Collective on the assignment. All return the same status: OK if all gave OK, else the one of the lowest failing rank.
 * The message names that rank unless it is rank 0 or the failure belongs to a task or to a wish to stop, whose words
 * must not depend on the number of ranks. */
MUST_CHECK status exchange_agree(exchange *x, status local);

#endif
