/* links: bitfront_mpi */
/* Groups are formed by their members only, several at the same time, with ranks in the order of the list. */
#include <string.h>

#include "mpi/group.h"
#include "tests/mpi/check_ranks.h"

static int rank, size;

static bool ask(void *ctx)
{
    ++*(int *)ctx;
    return true;
}

static void use_group(const int *members, int count, int lot, int expected_rank)
{
    rank_group g;
    CHECK_OK(rank_group_form(&g, MPI_COMM_WORLD, members, count, lot));
    CHECK(g.rank == expected_rank && g.size == count);
    int asked = 0;
    group view = rank_group_view(&g, ask, &asked);
    CHECK(view.rank == expected_rank && view.size == count);
    CHECK(view.should_stop(view.ctx) && asked == 1);
    real values[3] = {(real)(expected_rank + 1), 10, 0};
    if (count == 1)
        CHECK(view.sum == NULL);
    else
        CHECK_OK(view.sum(view.ctx, values, 2, status_ok()));
    CHECK(values[0] == (real)(count * (count + 1) / 2) && values[1] == (real)(10 * count));
    int shared = expected_rank == 0 ? lot : -1;
    CHECK_OK(rank_group_share(&g, &shared, sizeof shared));
    CHECK(shared == lot);
    status one = expected_rank == count - 1 ? status_fail(STATUS_IO, "x") : status_ok();
    CHECK(rank_group_agree(&g, one).code == STATUS_IO);
    rank_group_free(&g);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    /* Everybody alone; then pairs (0,1), (2,3) at the same time, listed backwards; then all, if that is a power of two.
     */
    use_group(&rank, 1, 1, 0);
    for (int repeat = 0; repeat < 20; repeat++) {
        int pair = rank / 2, members[2] = {2 * pair + 1, 2 * pair};
        if (2 * pair + 1 < size) use_group(members, 2, 2 + repeat * 2 + pair, 1 - rank % 2);
    }
    int all[4] = {0, 1, 2, 3};
    if (size == 2 || size == 4) use_group(all, size, 2000, rank);
    return check_end();
}
