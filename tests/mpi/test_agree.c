/* links: bitfront_link */
/* All ranks come back from agree with the same status, whoever failed; texts and bytes arrive unchanged. */
#include <stdlib.h>
#include <string.h>

#include "mpi/link/agree.h"
#include "mpi/link/mpi_status.h"
#include "tests/mpi/check_ranks.h"

static const link_world *world;
static int rank, size;

static void test_all_well(void)
{
    CHECK_OK(agree(world, status_ok()));
}

static void test_every_single_failure_reaches_all(void)
{
    for (int culprit = 0; culprit < size; culprit++) {
        status local = rank == culprit ? status_fail(STATUS_IO, "disk of %d is full", culprit) : status_ok();
        status all = agree(world, local);
        char expected[64];
        if (culprit == 0)
            snprintf(expected, sizeof expected, "disk of 0 is full");
        else
            snprintf(expected, sizeof expected, "rank %d: disk of %d is full", culprit, culprit);
        CHECK(all.code == STATUS_IO);
        CHECK(strcmp(all.message, expected) == 0);
    }
}

static void test_lowest_failing_rank_is_heard(void)
{
    status all = agree(world, status_fail(STATUS_DATA, "words of %d", rank));
    CHECK(all.code == STATUS_DATA && strcmp(all.message, "words of 0") == 0);
}

static void test_failed_task_does_not_name_a_rank(void)
{
    int culprit = size - 1;
    status all = agree(world, rank == culprit ? status_fail(STATUS_NUMERIC, "loss not finite") : status_ok());
    CHECK(all.code == STATUS_NUMERIC && strcmp(all.message, "loss not finite") == 0);
}

static void test_text_and_bytes_arrive(void)
{
    char original[] = "network = \"x\";\n";
    char *text = rank == 0 ? original : NULL;
    CHECK_OK(agree_text(world, &text));
    CHECK(text != NULL && strcmp(text, original) == 0);
    if (rank != 0) free(text);
    for (int root = 0; root < size; root++) {
        unsigned char bytes[1000];
        for (int i = 0; i < 1000; i++) bytes[i] = (unsigned char)(rank == root ? i * 7 + root : 0);
        CHECK_OK(agree_bytes(world, root, bytes, sizeof bytes));
        bool same = true;
        for (int i = 0; i < 1000; i++) same = same && bytes[i] == (unsigned char)(i * 7 + root);
        CHECK(same);
    }
}

static void test_mpi_errors_become_statuses(void)
{
    int value = 0;
    status s = mpi_status(MPI_Send(&value, 1, MPI_INT, size + 5, 0, MPI_COMM_WORLD), "sending to nobody");
    CHECK(s.code == STATUS_MPI);
    CHECK(strstr(s.message, "sending to nobody: ") == s.message && strstr(s.message, "rank") != NULL);
}

int main(void)
{
    world = check_start();
    rank = world_rank(world);
    size = world_size(world);
    test_all_well();
    test_every_single_failure_reaches_all();
    test_lowest_failing_rank_is_heard();
    test_failed_task_does_not_name_a_rank();
    test_text_and_bytes_arrive();
    test_mpi_errors_become_statuses();
    return check_end();
}
