/* arena: one block of memory per kind of data, carved twice by the same code: first counting (base == NULL), then for
 * real. A training step never allocates; a checkpoint, an update or a clear is one pass over one block. */
#ifndef CORE_BASE_ARENA_H
#define CORE_BASE_ARENA_H

#include <stddef.h>

#include "core/base/real.h"
#include "core/base/size.h"
#include "core/base/status.h"

typedef struct {
    char *base;            /* NULL while counting; owned after arena_reserve */
    size_t used, capacity; /* bytes; SIZE_MAX: more than can be counted */
} arena;

/* `bytes`, 64-byte aligned, zeroed by arena_reserve. NULL while counting. */
void *arena_bytes(arena *a, size_t bytes);

/* The same for `count` values. */
static inline real *arena_reals(arena *a, size_t count)
{
    return arena_bytes(a, size_product(count, sizeof(real)));
}

MUST_CHECK status arena_reserve(arena *a); /* allocate what was counted, zeroed, and rewind; large pages */
void arena_free(arena *a);

#endif
