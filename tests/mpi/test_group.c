/* links: bitfront_sum */
/* Groups are formed by their members only, several at the same time, with ranks in the order of the list. */
#include <string.h>

#include "mpi/sum/rank_group.h"
#include "tests/mpi/check_ranks.h"

static const link_world *world;
static int rank, size;
static sum_memory memory;

static bool never(void *ctx)
{
    (void)ctx;
    return false;
}

static bool ask(void *ctx)
{
    ++*(int *)ctx;
    return true;
}

static void use_group(const int *members, int count, int assignment, int expected_rank)
{
    rank_group g;
    int asked = 0;
    group_hooks hooks = {.should_stop = ask, .given_up = never, .ctx = &asked};
    CHECK_OK(rank_group_open(&g, world, members, count, assignment, &memory, hooks));
    ranks_view view = rank_group_view(&g);
    CHECK(view.rank == expected_rank && view.size == count);
    CHECK(view.should_stop(view.ctx) && asked == 1);
    real values[3] = {(real)(expected_rank + 1), 10, 0};
    real early[2] = {1, (real)expected_rank};
    if (count == 1) {
        CHECK(view.sum == NULL && view.sum_begin == NULL);
    } else {
        view.sum_begin(view.ctx, early, 2);
        view.show_life(view.ctx);
        CHECK_OK(view.sum(view.ctx, values, 2, status_ok()));
        CHECK(early[0] == (real)count && early[1] == (real)(count * (count - 1) / 2));
    }
    CHECK(values[0] == (real)(count * (count + 1) / 2) && values[1] == (real)(10 * count));
    rank_group_close(&g);
}

int main(void)
{
    world = check_start();
    rank = world_rank(world);
    size = world_size(world);
    CHECK_OK(sum_memory_open(&memory, world));
    /* Everybody alone; then pairs (0,1), (2,3) at the same time, listed backwards; then all, if that is a power of two.
     */
    use_group(&rank, 1, 1, 0);
    for (int repeat = 0; repeat < 20; repeat++) {
        int pair = rank / 2, members[2] = {2 * pair + 1, 2 * pair};
        if (2 * pair + 1 < size) use_group(members, 2, 2 + repeat * 2 + pair, 1 - rank % 2);
    }
    int all[4] = {0, 1, 2, 3};
    if (size == 2 || size == 4) use_group(all, size, 2000, rank);
    sum_memory_close(&memory);
    return check_end();
}
