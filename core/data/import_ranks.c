#include "core/data/import_ranks.h"

static status copy_nothing(void *ctx, int rank, void *data, size_t bytes)
{
    (void)ctx;
    (void)rank;
    (void)data;
    (void)bytes;
    return status_ok();
}

const import_ranks import_alone = {.size = 1, .spread = copy_nothing, .collect = copy_nothing};

status import_ranks_agree(const import_ranks *r, status local)
{
    status agreed = local;
    for (int from = 1; from < r->size; from++) {
        status theirs = local;
        TRY(r->collect(r->ctx, from, &theirs, sizeof theirs));
        if (r->rank == 0 && !failed(agreed)) agreed = theirs;
    }
    TRY(r->spread(r->ctx, 0, &agreed, sizeof agreed));
    return agreed;
}
