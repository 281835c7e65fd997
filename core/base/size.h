/* size: sums and products of sizes that saturate. A size that a file or a setting claims can wrap 2^64; SIZE_MAX
 * instead is a size that no allocation and no file has, so that the request fails where it is made. */
#ifndef CORE_BASE_SIZE_H
#define CORE_BASE_SIZE_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

static inline size_t size_sum(size_t a, size_t b)
{
    return a > SIZE_MAX - b ? SIZE_MAX : a + b;
}

static inline size_t size_product(size_t a, size_t b)
{
    return b != 0 && a > SIZE_MAX / b ? SIZE_MAX : a * b;
}

/* malloc that knows a saturated size for what it is. */
static inline void *size_allocate(size_t bytes)
{
    return bytes <= PTRDIFF_MAX ? malloc(bytes) : NULL;
}

#endif
