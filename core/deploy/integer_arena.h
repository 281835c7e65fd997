/* integer_arena: one block of memory for all activations: tensors that are never needed at the same time share it. */
#ifndef CORE_DEPLOY_INTEGER_ARENA_H
#define CORE_DEPLOY_INTEGER_ARENA_H

#include "core/deploy/integer_network.h"

/* Sets the tensors' offsets and n->arena_bytes: tensors that live at the same time, from the layer that writes them to
 * the last one that reads them, do not overlap. Largest first, each at the lowest place that is free for all of its
 * life. */
void integer_arena_plan(integer_network *n);

#endif
