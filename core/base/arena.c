#include "core/base/arena.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/size.h"

enum { ALIGNMENT = 64 }; /* a cache line, and the widest vector register */

void *arena_bytes(arena *a, size_t bytes)
{
    size_t rounded = size_sum(bytes, ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    void *out = a->base == NULL ? NULL : a->base + a->used;
    a->used = size_sum(a->used, bytes > SIZE_MAX - ALIGNMENT ? SIZE_MAX : rounded);
    assert(a->base == NULL || a->used <= a->capacity);
    return out;
}

status arena_reserve(arena *a)
{
    size_t bytes = a->used > 0 ? a->used : ALIGNMENT;
    /* PTRDIFF_MAX: what no allocation has, whatever the library makes of it. */
    char *base = bytes <= PTRDIFF_MAX ? aligned_alloc(ALIGNMENT, bytes) : NULL;
    if (base == NULL) return status_fail(STATUS_MEMORY, "no memory for %zu bytes", bytes);
    memset(base, 0, bytes);
    *a = (arena){.base = base, .capacity = bytes};
    return status_ok();
}

void arena_free(arena *a)
{
    free(a->base);
    *a = (arena){0};
}
