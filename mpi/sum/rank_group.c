#include "mpi/sum/rank_group.h"

status rank_group_open(rank_group *out, const link_world *world, const int *members, int count, int assignment,
                       const sum_memory *memory, group_hooks hooks)
{
    out->hooks = hooks;
    TRY(exchange_open(&out->link, world, members, count, assignment, hooks.given_up, hooks.ctx));
    tree_sum_open(&out->adder, &out->link, memory);
    return status_ok();
}

void rank_group_close(rank_group *g)
{
    exchange_close(&g->link);
}

static status group_sum(void *ctx, real *values, size_t count, status local)
{
    rank_group *g = ctx;
    return tree_sum_end(&g->adder, values, count, local);
}

static void group_sum_begin(void *ctx, real *values, size_t count)
{
    rank_group *g = ctx;
    tree_sum_begin(&g->adder, values, count);
}

static bool group_should_stop(void *ctx)
{
    rank_group *g = ctx;
    return g->hooks.should_stop(g->hooks.ctx);
}

/* An answer is of no use in the middle of a step; asking keeps the messages moving, and the sums that have begun. */
static void group_show_life(void *ctx)
{
    rank_group *g = ctx;
    (void)g->hooks.given_up(g->hooks.ctx);
    (void)tree_sum_advance(&g->adder);
}

ranks_view rank_group_view(rank_group *g)
{
    return (ranks_view){
        .rank = g->link.rank,
        .size = g->link.size,
        .sum = g->link.size > 1 ? group_sum : NULL,
        .sum_begin = g->link.size > 1 ? group_sum_begin : NULL,
        .ctx = g,
        .should_stop = group_should_stop,
        .show_life = group_show_life,
    };
}
