/* links: bitfront_mpi */
/* The sum over shards has the same bits for 1, 2 and 4 ranks: each group size that fits is compared with the tree
 * computed by one process. A plain sum in rank order would differ: that is checked too, so that the comparison can
 * fail. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/rng.h"
#include "mpi/tree_sum.h"
#include "tests/mpi/check_ranks.h"

enum { SHARDS = 8, LONG_COUNT = 300001 }; /* longer than two chunks of the exchange */

/* Values of very different size, so that the order of additions shows in the last bits. */
static real shard_value(int shard, size_t i)
{
    rng_block b = rng_draw(99, RNG_INIT, (uint32_t)shard, (uint32_t)i, 0);
    return (real)ldexp(rng_uniform(b.word[0]) - 0.5, (int)rng_below(b.word[1], 24));
}

/* The fixed tree over shards [first, first + count). */
static real tree(int first, int count, size_t i)
{
    if (count == 1) return shard_value(first, i);
    return tree(first, count / 2, i) + tree(first + count / 2, count / 2, i);
}

static exchange adder_of(int first, int ranks)
{
    static int uses[SHARDS + 1]; /* the same on all of them, whatever other groups a rank was in */
    int members[SHARDS];
    for (int i = 0; i < ranks; i++) members[i] = first + i;
    exchange x;
    CHECK_OK(exchange_open(&x, MPI_COMM_WORLD, members, ranks, 1000 * ranks + uses[ranks]++, NULL, NULL));
    return x;
}

static void check_sum_of(int first, int ranks, size_t count)
{
    exchange adder = adder_of(first, ranks);
    real *values = malloc((count + 1) * sizeof *values);
    int own = SHARDS / adder.size;
    for (size_t i = 0; i < count; i++) values[i] = tree(adder.rank * own, own, i);
    CHECK_OK(tree_sum_values(&adder, values, count, status_ok()));
    size_t different = 0, plain_different = 0;
    for (size_t i = 0; i < count; i++) {
        real expected = tree(0, SHARDS, i), plain = 0;
        for (int s = 0; s < SHARDS; s++) plain += shard_value(s, i);
        different += memcmp(&values[i], &expected, sizeof expected) != 0;
        plain_different += plain != expected;
    }
    CHECK(different == 0);
    CHECK(count < 1000 || plain_different > 0);
    free(values);
    exchange_close(&adder);
}

static void check_failure_reaches_all(int first, int ranks, int culprit)
{
    exchange adder = adder_of(first, ranks);
    real values[11] = {0};
    status local = adder.rank == culprit ? status_fail(STATUS_NUMERIC, "loss not finite in shard 3") : status_ok();
    status all = tree_sum_values(&adder, values, 10, local);
    CHECK(all.code == STATUS_NUMERIC);
    CHECK(strcmp(all.message, "loss not finite in shard 3") == 0);
    /* The group is usable afterwards. */
    for (int i = 0; i < 10; i++) values[i] = 1;
    CHECK_OK(tree_sum_values(&adder, values, 10, status_ok()));
    CHECK(values[0] == (real)adder.size && values[9] == (real)adder.size);
    exchange_close(&adder);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    int rank, size;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    for (int ranks = 1; ranks <= size && ranks <= SHARDS; ranks *= 2) {
        /* Leave out rank 0 where possible: a group need not start there. */
        int first = size - ranks;
        if (rank < first) continue;
        check_sum_of(first, ranks, 1);
        check_sum_of(first, ranks, 1000);
        check_sum_of(first, ranks, LONG_COUNT);
        for (int culprit = 0; culprit < ranks; culprit++) check_failure_reaches_all(first, ranks, culprit);
    }
    return check_end();
}
