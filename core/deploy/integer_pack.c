#include "core/deploy/integer_pack.h"

#include <string.h>

size_t integer_pack_bytes(size_t count, int bits)
{
    return (count * (size_t)bits + 7) / 8;
}

void integer_pack(uint8_t *out, const int8_t *codes, size_t count, int bits)
{
    const unsigned mask = (1u << bits) - 1;
    memset(out, 0, integer_pack_bytes(count, bits));
    for (size_t e = 0; e < count; e++) {
        const size_t at = e * (size_t)bits;
        out[at / 8] = (uint8_t)(out[at / 8] | ((unsigned)codes[e] & mask) << at % 8);
    }
}
