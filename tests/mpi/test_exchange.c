/* links: bitfront_link */
/* Members of a assignment share, agree, and leave a wait when the assignment is given up, whatever the others do; what
 * they left behind does not disturb the next assignment. */
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "mpi/link/exchange.h"
#include "tests/mpi/check_ranks.h"

enum { LONG = EXCHANGE_BYTES + 12345 };

static const link_world *world;
static int rank, size, next_assignment = 1;
static const int members[4] = {0, 1, 2, 3};

static void test_share_brings_the_bytes_of_rank_0(exchange *x)
{
    char *bytes = malloc(LONG);
    for (int i = 0; i < LONG; i++) bytes[i] = (char)(rank == 0 ? i * 7 + 3 : 0);
    CHECK_OK(exchange_share(x, bytes, LONG));
    int wrong = 0;
    for (int i = 0; i < LONG; i++) wrong += bytes[i] != (char)(i * 7 + 3);
    CHECK(wrong == 0);
    free(bytes);
}

static void test_every_failure_reaches_all(exchange *x)
{
    CHECK_OK(exchange_agree(x, status_ok()));
    for (int culprit = 0; culprit < size; culprit++) {
        status all = exchange_agree(x, rank >= culprit ? status_fail(STATUS_IO, "disk of %d", rank) : status_ok());
        char expected[64];
        snprintf(expected, sizeof expected, culprit == 0 ? "disk of 0" : "rank %d: disk of %d", culprit, culprit);
        CHECK(all.code == STATUS_IO && strcmp(all.message, expected) == 0);
        all = exchange_agree(x, rank == culprit ? status_fail(STATUS_NUMERIC, "not finite") : status_ok());
        CHECK(all.code == STATUS_NUMERIC && strcmp(all.message, "not finite") == 0);
    }
}

static double patience_end;

static bool is_late(void *ctx)
{
    (void)ctx;
    return clock_seconds() > patience_end;
}

/* The last rank never comes; the others have sent it messages of every length, which nobody will take. */
static void test_missing_partner_is_left_behind(size_t bytes)
{
    exchange x;
    patience_end = clock_seconds() + 0.1;
    CHECK_OK(exchange_open(&x, world, members, size, next_assignment++, is_late, NULL));
    char *content = calloc(1, bytes);
    if (rank < size - 1) {
        status s = status_ok();
        for (int bit = 1; bit < size && !failed(s); bit *= 2) s = exchange_swap(&x, rank ^ bit, content, bytes);
        CHECK(s.code == STATUS_MPI);
        CHECK(strstr(s.message, "given up") != NULL);
    }
    free(content);
    exchange_close(&x);
}

int main(void)
{
    world = check_start();
    rank = world_rank(world);
    size = world_size(world);
    if (size == 2 || size == 4) {
        for (int repeat = 0; repeat < 3; repeat++) {
            exchange x;
            CHECK_OK(exchange_open(&x, world, members, size, next_assignment++, NULL, NULL));
            test_share_brings_the_bytes_of_rank_0(&x);
            test_every_failure_reaches_all(&x);
            exchange_close(&x);
            test_missing_partner_is_left_behind(repeat == 0 ? 64 : EXCHANGE_BYTES);
        }
    }
    return check_end();
}
