/* integer_pack: weight codes as they lie in a target's memory (the layout is that of target/int_kernels.h). */
#ifndef CORE_DEPLOY_INTEGER_PACK_H
#define CORE_DEPLOY_INTEGER_PACK_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of `count` codes of 8, 4 or 2 bit; the last one may have room left. */
size_t integer_pack_bytes(size_t count, int bits);

/* out[integer_pack_bytes(count, bits)]; room that is left is 0. Codes fit the precision. */
void integer_pack(uint8_t *out, const int8_t *codes, size_t count, int bits);

#endif
