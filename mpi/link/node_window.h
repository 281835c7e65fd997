/* node_window: memory that the ranks of one node share, through an MPI window. */
#ifndef MPI_LINK_NODE_WINDOW_H
#define MPI_LINK_NODE_WINDOW_H

#include <stddef.h>

#include "core/base/status.h"
#include "mpi/link/world.h"

typedef struct node_window node_window;

/* To be called before MPI starts. Open MPI keeps windows in files in /dev/shm; where that is tiny, as in many
 * containers, this chooses the directory for temporary files instead. What the user has chosen stays. */
void node_window_choose_place(void);

/* Collective on world, of two ranks or more. Finds the ranks of this node. *out is NULL after a failure. */
MUST_CHECK status node_window_open(node_window **out, const link_world *world);

/* The ranks of this node. Borrowed. */
const link_world *node_window_ranks(const node_window *w);

/* Collective on the node, once. This rank brings `bytes` bytes, for `what` in words. STATUS_MEMORY, on all, when there
 * is no room for those of all ranks. */
MUST_CHECK status node_window_reserve(node_window *w, size_t bytes, const char *what);

/* What a rank of the node has brought. */
MUST_CHECK status node_window_part(void **out, const node_window *w, int rank);

/* Collective on the node. What any rank has written before, all ranks can read afterwards. */
MUST_CHECK status node_window_sync(node_window *w);

/* Collective on the world it was opened on; NULL is none. */
void node_window_close(node_window *w);

#endif
