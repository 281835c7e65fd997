/* import_ranks: the ranks that make a data set together, as callbacks, so that an importer knows nothing of messages. A
 * process that is alone has import_alone. */
#ifndef CORE_DATA_IMPORT_RANKS_H
#define CORE_DATA_IMPORT_RANKS_H

#include <stddef.h>

#include "core/base/status.h"

/* Both calls are collective: all ranks make the same ones, in the same order, and leave out none after a failure of
 * their own (import_ranks_agree). */
typedef struct {
    int rank, size;
    void *ctx; /* borrowed */
    /* Copies `bytes` bytes at `data` from rank `root` to all. */
    status (*spread)(void *ctx, int root, void *data, size_t bytes);
    /* Copies `bytes` bytes at `data` of rank `from` to `data` of rank 0; the others return at once. */
    status (*collect)(void *ctx, int from, void *data, size_t bytes);
} import_ranks;

extern const import_ranks import_alone;

/* Collective. All ranks return the same status: OK if all gave OK, else the one of the lowest failing rank, in its own
 * words: they must not depend on the number of ranks. */
MUST_CHECK status import_ranks_agree(const import_ranks *ranks, status local);

#endif
