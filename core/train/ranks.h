/* ranks: those that train one task together, as the engine sees them. Filled in by mpi/tree_sum; the default is one
 * rank. The engine makes no other communication. */
#ifndef CORE_TRAIN_RANKS_H
#define CORE_TRAIN_RANKS_H

#include <stddef.h>

#include "core/base/real.h"
#include "core/base/status.h"

/* Parts of a sum that may be begun early. */
enum { RANKS_SUM_PARTS = 24 };

typedef struct {
    int rank,
        size; /* size is a power of two, at most `shards`; rank r owns shards [r*shards/size, (r+1)*shards/size) */

    /* Collective on the group. values[count] := sum over ranks by recursive doubling in a fixed order: all ranks hold
     * the same bits, equal to those of any other group size. A failure of `local` on any rank comes back as the same
     * status on all (values are then undefined). `values` has room for count + 1 elements. NULL: alone, returns local.
     */
    status (*sum)(void *ctx, real *values, size_t count, status local);

    /* Begins the same sum of values[count], count >= 1, which goes on while this rank computes; the values are not to
     * be touched until `sum` (of other values) has returned and so completed it. All ranks begin the same parts in the
     * same order, at most RANKS_SUM_PARTS before a `sum`. NULL with `sum`. */
    void (*sum_begin)(void *ctx, real *values, size_t count);
    void *ctx;

    /* Asked after every step on every rank; true on any rank makes all of them stop at the same step. NULL: never. */
    bool (*should_stop)(void *ctx);

    /* Called on every rank after every shard and every piece of an evaluation, and layer by layer while sums are on
     * their way, so that the process can show that it lives during long steps. NULL: nothing. */
    void (*show_life)(void *ctx);
} ranks_view;

static inline void ranks_show_life(const ranks_view *g)
{
    if (g->show_life != NULL) g->show_life(g->ctx);
}

static inline ranks_view ranks_alone(void)
{
    return (ranks_view){.rank = 0, .size = 1};
}

#endif
