/* world: the ranks that talk to each other, as a handle: those of the whole program, or those of one node. What MPI
 * makes of it is seen in mpi/link only. A rank that is alone needs no MPI. */
#ifndef MPI_LINK_WORLD_H
#define MPI_LINK_WORLD_H

#include "core/base/status.h"

typedef struct link_world link_world;

int world_rank(const link_world *world); /* of this process, from 0 */
int world_size(const link_world *world);

/* A world of this process alone; the caller closes it. */
MUST_CHECK status world_alone(link_world **out);

/* Collective. The ranks of this node, of a world of two or more; the caller closes it. *out is NULL after a failure. */
MUST_CHECK status world_of_node(link_world **out, const link_world *world);

/* Local. out[i] := the rank in `world` of rank i of `node`, for all ranks of `node`, a part of `world`. */
MUST_CHECK status world_translate(int *out, const link_world *node, const link_world *world);

/* Collective on `world` itself; NULL is none. */
void world_close(link_world *world);

#endif
