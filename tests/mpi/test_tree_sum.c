/* links: bitfront_sum */
/* The sum over shards has the same bits for 1, 2 and 4 ranks, through shared memory and by messages, in one part or in
 * several that are begun early: each group size that fits is compared with the tree computed by one process. A plain
 * sum in rank order would differ: that is checked too, so that the comparison can fail. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/rng.h"
#include "mpi/sum/tree_sum.h"
#include "tests/mpi/check_ranks.h"

/* LONG_COUNT: several chunks of the exchange; ENDLESS_COUNT: more than all slots in memory, the values repeat. */
enum { SHARDS = 8, LONG_COUNT = 300001, ENDLESS_COUNT = (SUM_SLOTS + 9) * SUM_SLOT_REALS + 1 };

static real shard_values[SHARDS][LONG_COUNT];

/* Values of very different size, so that the order of additions shows in the last bits. */
static void make_values(void)
{
    for (int shard = 0; shard < SHARDS; shard++)
        for (size_t i = 0; i < LONG_COUNT; i++) {
            rng_block b = rng_draw(99, RNG_INIT, (uint32_t)shard, (uint32_t)i, 0);
            shard_values[shard][i] = (real)ldexp(rng_uniform(b.word[0]) - 0.5, (int)rng_below(b.word[1], 24));
        }
}

/* The fixed tree over shards [first, first + count). */
static real tree(int first, int count, size_t i)
{
    if (count == 1) return shard_values[first][i];
    return tree(first, count / 2, i) + tree(first + count / 2, count / 2, i);
}

typedef struct {
    exchange link;
    tree_sum adder;
} adding_rank;

static const link_world *world;
static int assignment = 1; /* the same on all members, and growing */

static void open_adder(adding_rank *a, int first, int ranks, const sum_memory *memory)
{
    int members[SHARDS];
    for (int i = 0; i < ranks; i++) members[i] = first + i;
    CHECK_OK(exchange_open(&a->link, world, members, ranks, assignment++, NULL, NULL));
    tree_sum_open(&a->adder, &a->link, memory);
    CHECK(a->adder.in_memory == (memory != NULL && ranks > 1));
}

/* Early parts are begun from the end, with some of them advanced on the way. */
static void check_sum_of(int first, int ranks, const sum_memory *memory, size_t count, int early)
{
    adding_rank a;
    open_adder(&a, first, ranks, memory);
    real *values = malloc((count + 1) * sizeof *values);
    int own = SHARDS / ranks;
    for (int repeat = 0; repeat < 3; repeat++) { /* the same places in memory again */
        for (size_t i = 0; i < count; i++) values[i] = tree(a.link.rank * own, own, i % LONG_COUNT);
        for (int part = early; part >= 1; part--) {
            size_t from = count * (size_t)part / (size_t)(early + 1);
            size_t end = count * (size_t)(part + 1) / (size_t)(early + 1);
            tree_sum_begin(&a.adder, values + from, end - from);
            if ((part + a.link.rank) % 2 == 0) (void)tree_sum_advance(&a.adder);
        }
        /* What is summed last needs room for the failures behind it: it stands apart, as in a trainer. */
        size_t rest = count / (size_t)(early + 1);
        real *last = malloc((rest + 1) * sizeof *last);
        memcpy(last, values, rest * sizeof *last);
        CHECK_OK(tree_sum_end(&a.adder, last, rest, status_ok()));
        memcpy(values, last, rest * sizeof *last);
        free(last);
        size_t different = 0, plain_different = 0;
        for (size_t i = 0; i < count; i++) {
            real expected = tree(0, SHARDS, i % LONG_COUNT), plain = 0;
            for (int s = 0; s < SHARDS; s++) plain += shard_values[s][i % LONG_COUNT];
            different += memcmp(&values[i], &expected, sizeof expected) != 0;
            plain_different += plain != expected;
        }
        CHECK(different == 0);
        CHECK(count < 1000 || plain_different > 0);
    }
    free(values);
    exchange_close(&a.link);
}

static void check_failure_reaches_all(int first, int ranks, const sum_memory *memory, int culprit)
{
    adding_rank a;
    open_adder(&a, first, ranks, memory);
    real values[11] = {0};
    status local = a.link.rank == culprit ? status_fail(STATUS_NUMERIC, "loss not finite in shard 3") : status_ok();
    status all = tree_sum_end(&a.adder, values, 10, local);
    CHECK(all.code == STATUS_NUMERIC);
    CHECK(strcmp(all.message, "loss not finite in shard 3") == 0);
    /* The group is usable afterwards. */
    for (int i = 0; i < 10; i++) values[i] = 1;
    CHECK_OK(tree_sum_end(&a.adder, values, 10, status_ok()));
    CHECK(values[0] == (real)ranks && values[9] == (real)ranks);
    exchange_close(&a.link);
}

static double patience_end;

static bool is_late(void *ctx)
{
    (void)ctx;
    return clock_seconds() > patience_end;
}

/* A member that works on another assignment, and shows sums of it in its area, is not taken for one of this assignment.
 */
static void check_other_lot_is_not_taken(int rank, int size, const sum_memory *memory)
{
    adding_rank a;
    int members[SHARDS];
    for (int i = 0; i < size; i++) members[i] = i;
    patience_end = clock_seconds() + 0.2;
    CHECK_OK(exchange_open(&a.link, world, members, size, 5000 + (rank == size - 1), is_late, NULL));
    tree_sum_open(&a.adder, &a.link, memory);
    real values[5] = {1, 1, 1, 1, 0};
    status s = tree_sum_end(&a.adder, values, 4, status_ok());
    CHECK(s.code == STATUS_MPI && strstr(s.message, "given up") != NULL);
    exchange_close(&a.link);
    MPI_Barrier(MPI_COMM_WORLD);
}

static void check_all(int rank, int size, const sum_memory *memory)
{
    for (int ranks = 1; ranks <= size && ranks <= SHARDS; ranks *= 2) {
        /* Leave out rank 0 where possible: a group need not start there. */
        int first = size - ranks;
        assignment = assignment / 100 * 100 + 100;
        if (rank < first) continue;
        check_sum_of(first, ranks, memory, 1, 0);
        check_sum_of(first, ranks, memory, 1000, 0);
        check_sum_of(first, ranks, memory, LONG_COUNT, 0);
        check_sum_of(first, ranks, memory, LONG_COUNT, 5);
        if (memory != NULL) check_sum_of(first, ranks, memory, ENDLESS_COUNT, 2);
        check_sum_of(first, ranks, memory, 1000, RANKS_SUM_PARTS);
        for (int culprit = 0; culprit < ranks; culprit++) check_failure_reaches_all(first, ranks, memory, culprit);
    }
}

int main(void)
{
    world = check_start();
    const int rank = world_rank(world), size = world_size(world);
    sum_memory memory;
    make_values();
    CHECK_OK(sum_memory_open(&memory, world));
    CHECK((memory.areas != NULL) == (size > 1));
    check_all(rank, size, NULL);
    check_all(rank, size, &memory);
    MPI_Barrier(MPI_COMM_WORLD);
    if (size == 2 || size == 4) check_other_lot_is_not_taken(rank, size, &memory);
    sum_memory_close(&memory);
    return check_end();
}
