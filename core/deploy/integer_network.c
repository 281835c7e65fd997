#include "core/deploy/integer_network.h"

#include <stdlib.h>

#include "core/net/graph/allocation.h"

void integer_network_free(integer_network *n)
{
    for (int i = 0; i < n->layer_count; i++) {
        integer_layer *l = &n->layers[i];
        free(l->blocks);
        free(l->codes);
        free(l->weight_bits);
        free(l->weight_step);
        free(l->packed);
        free(l->bias);
        free(l->multiplier);
        free(l->order);
    }
    for (int k = 0; k < n->tensor_count; k++) free(n->tensors[k].order);
    free(n->layers);
    free(n->tensors);
    *n = (integer_network){0};
}

size_t integer_type_bytes(int_type type)
{
    return type == INT_S32 ? 4 : type == INT_S16 ? 2 : 1;
}

int_type integer_type_of(int64_t low, int64_t high)
{
    if (low >= 0 && high <= UINT8_MAX) return INT_U8;
    if (low >= INT8_MIN && high <= INT8_MAX) return INT_S8;
    return low >= INT16_MIN && high <= INT16_MAX ? INT_S16 : INT_S32;
}

const char *integer_type_name(int_type type)
{
    static const char *const names[] = {"uint8", "int8", "int16", "int32"};
    return names[type];
}

integer_sizes integer_network_sizes(const integer_network *n)
{
    integer_sizes s = {.table_bytes = INTEGER_SAMPLES, .arena_bytes = n->arena_bytes};
    for (int i = 0; i < n->layer_count; i++) {
        const integer_layer *l = &n->layers[i];
        const size_t channels = l->kind == INTEGER_CONV     ? (size_t)l->run.conv.out_channels
                                : l->kind == INTEGER_OUTPUT ? (size_t)l->run.output.channels
                                                            : 0;
        if (l->multiplier != NULL) s.multiplier_bytes += channels * sizeof *l->multiplier;
        if (l->kind == INTEGER_OUTPUT) s.table_bytes += (size_t)l->run.output.count * sizeof *l->order;
        if (l->kind == INTEGER_INPUT && l->order != NULL)
            s.table_bytes += (size_t)l->run.input.channels * sizeof *l->order;
        if (l->kind != INTEGER_CONV) continue;
        s.bias_bytes += channels * sizeof *l->bias;
        s.weight_bytes += l->packed_bytes;
        size_t carried = 0;
        for (size_t c = 0; c < channels; c++) {
            s.weight_bits += l->rows * (size_t)l->weight_bits[c];
            carried += l->rows * (size_t)allocation_carrier(l->weight_bits[c]);
            s.carrier_bits += l->rows * (size_t)(allocation_carrier(l->weight_bits[c]) - l->weight_bits[c]);
        }
        s.padding_bits += 8 * l->packed_bytes - carried;
    }
    return s;
}
