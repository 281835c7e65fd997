/* checksum: SHA-256 of bytes fed in pieces, as text. */
#ifndef CORE_BASE_CHECKSUM_H
#define CORE_BASE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/status.h"

enum { CHECKSUM_TEXT = 72 }; /* "sha256:", 64 hexadecimal digits, NUL */

typedef struct {
    void *context; /* owned from begin to end; NULL after a failure, which checksum_end reports */
} checksum;

checksum checksum_begin(void);
void checksum_add(checksum *sum, const void *bytes, size_t size);
/* Adds the numbers as little-endian bytes, so that the text is the same on every machine. */
void checksum_add_int32(checksum *sum, const int32_t *values, size_t count);
/* Writes the text and frees the context. */
MUST_CHECK status checksum_end(checksum *sum, char text[CHECKSUM_TEXT]);

#endif
