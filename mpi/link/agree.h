/* agree: agreement on a status, so that no rank waits for ever for one that failed, and bytes from one rank for all.
 * Between two meeting points a rank may fail on its own; it must not leave out a collective call that the others will
 * make. Everything here is collective on the world and waits without burning a core. */
#ifndef MPI_LINK_AGREE_H
#define MPI_LINK_AGREE_H

#include <stddef.h>

#include "core/base/status.h"
#include "mpi/link/world.h"

/* All ranks return the same status: OK if all gave OK, else the one of the lowest failing rank. The message names that
 * rank unless it is rank 0 or the failure belongs to a task or to a wish to stop, whose words must not depend on the
 * number of ranks. */
MUST_CHECK status agree(const link_world *world, status local);

/* Copies `bytes` bytes at `data` from rank `root` to all. `bytes` is equal on all ranks. */
MUST_CHECK status agree_bytes(const link_world *world, int root, void *data, size_t bytes);

/* Copies a text from rank 0 to all; *text is read on rank 0 and allocated on the others (the caller frees). All ranks
 * return the same status. */
MUST_CHECK status agree_text(const link_world *world, char **text);

/* Checks that all ranks hold the same text of less than AGREE_SAME_LENGTH bytes. CONFIG on all ranks if not: the
 * message says "`what`: TEXT on HOST, TEXT on HOST (rank 0)" with the lowest rank that differs from rank 0. */
enum { AGREE_SAME_LENGTH = 160 };
MUST_CHECK status agree_same(const link_world *world, const char *what, const char *text);

#endif
