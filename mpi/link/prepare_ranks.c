#include "mpi/link/prepare_ranks.h"

#include <stdint.h>

#include "mpi/link/agree.h"
#include "mpi/link/collect.h"

static status spread(void *ctx, int root, void *data, size_t bytes)
{
    return agree_bytes(ctx, root, data, bytes);
}

static status collect(void *ctx, int from, void *data, size_t bytes)
{
    return collect_bytes(ctx, from, data, bytes);
}

import_ranks prepare_ranks(const link_world *world)
{
    return (import_ranks){.rank = world_rank(world),
                          .size = world_size(world),
                          .ctx = (void *)(uintptr_t)world,
                          .spread = spread,
                          .collect = collect};
}
