#define _DEFAULT_SOURCE /* madvise */
#include "core/base/arena.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/base/size.h"

enum { ALIGNMENT = 64 };       /* a cache line, and the widest vector register */
enum { LARGE_PAGE = 1 << 21 }; /* of x86-64 and most of Arm */

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
    const size_t large = bytes - bytes % LARGE_PAGE; /* in large pages, where the system has them for who asks */
    /* C11 wants whole multiples of the alignment; what is behind `bytes` is never touched. */
    const size_t alignment = large > 0 ? LARGE_PAGE : ALIGNMENT, room = large > 0 ? large + LARGE_PAGE : bytes;
    /* PTRDIFF_MAX: what no allocation has, whatever the library makes of it. */
    char *base = bytes <= PTRDIFF_MAX ? aligned_alloc(alignment, room) : NULL;
    if (base == NULL) return status_fail(STATUS_MEMORY, "no memory for %zu bytes", bytes);
    if (large > 0) (void)madvise(base, large, MADV_HUGEPAGE); /* small ones serve as well */
    memset(base, 0, bytes);
    *a = (arena){.base = base, .capacity = bytes};
    return status_ok();
}

void arena_free(arena *a)
{
    free(a->base);
    *a = (arena){0};
}
