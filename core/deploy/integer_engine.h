/* integer_engine: runs an integer network. Whatever kernels it takes, the bits are those of target/int_kernels.c: sums
 * of integers do not depend on their order. */
#ifndef CORE_DEPLOY_INTEGER_ENGINE_H
#define CORE_DEPLOY_INTEGER_ENGINE_H

#include "core/deploy/integer_network.h"
#include "core/deploy/kernels/int_table.h"

typedef struct integer_engine integer_engine;

/* n: borrowed until integer_engine_close. table: kernels of an instruction set; NULL: target/int_kernels.c itself.
 * keep: every tensor has memory of its own, and can be looked at. */
MUST_CHECK status integer_engine_open(integer_engine **out, const integer_network *n, const int_table *table,
                                      bool keep);
void integer_engine_close(integer_engine *e);

/* One image: samples (H, W, C) as bytes, int8 or uint8 as the network says; logits[classes]. */
void integer_engine_run(integer_engine *e, int32_t *logits, const void *samples);

/* The same of codes (H, W, C) of the input's tensor, channels in its order. */
void integer_engine_run_codes(integer_engine *e, int32_t *logits, const uint8_t *codes);

/* Codes of tensor t of the last image; of an engine that keeps them. */
const void *integer_engine_tensor(const integer_engine *e, int t);

/* Code i of a tensor of this type. */
static inline int32_t integer_code_at(const void *codes, int_type type, size_t i)
{
    switch (type) {
    case INT_U8:
        return ((const uint8_t *)codes)[i];
    case INT_S8:
        return ((const int8_t *)codes)[i];
    case INT_S16:
        return ((const int16_t *)codes)[i];
    default:
        return ((const int32_t *)codes)[i];
    }
}

#endif
