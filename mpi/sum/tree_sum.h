/* tree_sum: the sum of the engine's core/train/ranks.h over the ranks of a group by a fixed binary tree over the group
 * rank: rank r brings the finished sum of its subtree of shards, so the result equals that of any other group size
 * (core/README.md, first promise). It can be begun part by part, as the backward pass completes them, and goes on
 * whenever it is advanced.
 *
 * Two ways, with the same bits:
 * - Through shared memory (sum_memory.h), when all members are of one node. Every rank lays its values into its area,
 *   adds one part of the chunk over all ranks, and fetches the other parts from those who have added them.
 * - By messages: recursive doubling. At level l, ranks that differ in bit l exchange their values and both add them;
 *   a+b and b+a are the same bits, so all ranks hold the same result. */
#ifndef MPI_SUM_TREE_SUM_H
#define MPI_SUM_TREE_SUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/real.h"
#include "core/base/status.h"
#include "core/train/ranks.h"
#include "mpi/link/exchange.h"
#include "mpi/sum/sum_memory.h"

/* A place in the values that were begun, at the start of a chunk. */
typedef struct {
    int part;
    size_t offset;   /* within the part */
    uint32_t number; /* of the chunk, from the start of the assignment */
} sum_place;

typedef struct {
    exchange *link; /* borrowed */
    int part_count;
    struct {
        real *values; /* borrowed until tree_sum_end */
        size_t count;
    } parts[RANKS_SUM_PARTS + 1];
    status fault; /* of a message; told by tree_sum_end */

    bool in_memory;
    sum_area *areas[WIRE_MAX_MEMBERS];
    sum_place given, added, taken; /* this rank's next ones */
    uint32_t first;                /* chunk of this sum: in the first slot */

    sum_place sent; /* being summed by messages, */
    int bit;        /* at this level of the tree */
    bool under_way; /* the exchange of this level has begun */
} tree_sum;

/* Local. Borrows link; `memory` (its areas stay borrowed) may be none, or NULL. */
void tree_sum_open(tree_sum *out, exchange *link, const sum_memory *memory);

/* Begins the sum of values[count], count >= 1. Every member begins the same parts in the same order; at most
 * RANKS_SUM_PARTS before tree_sum_end. */
void tree_sum_begin(tree_sum *s, real *values, size_t count);

/* Does what can be done without waiting. True when something was done. */
bool tree_sum_advance(tree_sum *s);

/* Collective on the assignment. Sums values[count] and completes what was begun; values[count] is room for the number
 * of failures. All ranks return the same status for `local`; the sums are undefined after a failure. */
MUST_CHECK status tree_sum_end(tree_sum *s, real *values, size_t count, status local);

/* ---- for the two ways: mpi/sum/sum_by_memory.c and mpi/sum/sum_by_messages.c ---- */

/* The chunk at a place, of at most `most` values: NULL when everything begun so far lies before it. */
real *tree_sum_chunk(const tree_sum *s, const sum_place *place, size_t most, size_t *count);
/* The place behind that chunk. */
void tree_sum_pass(const tree_sum *s, sum_place *place, size_t count);

void sum_by_memory_begin_assignment(tree_sum *s);
bool sum_by_memory_advance(tree_sum *s);
bool sum_by_memory_complete(const tree_sum *s);
bool sum_by_messages_advance(tree_sum *s);

#endif
