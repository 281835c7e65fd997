/* allocation: the precision of everything in a network: of each channel of each sharing group its weights, 0 = pruned,
 * and of each activation quantiser. What strategies decide, cost models charge for, records store and exports take. */
#ifndef CORE_NET_GRAPH_ALLOCATION_H
#define CORE_NET_GRAPH_ALLOCATION_H

#include <stdint.h>

#include "core/base/status.h"
#include "core/net/graph/graph.h"

enum { ALLOCATION_MAX_WEIGHT_BITS = 8, ALLOCATION_MAX_ACTIVATION_BITS = 16 };

typedef struct {
    const graph *graph;      /* borrowed */
    int *first;              /* (group_count + 1) place of each group's channels in weight_bits; owned */
    int8_t *weight_bits;     /* channels of all sharing groups, group after group: 0 ... 8; owned */
    int8_t *activation_bits; /* (group_count + 1) of each group's outputs, then of the network input: 1 ... 16; owned */
} allocation;

/* All zero at first. */
MUST_CHECK status allocation_new(allocation *out, const graph *g);
void allocation_free(allocation *a);

/* The precision that kernels and processors hold `bits` in: the next of 0, 2, 4 and 8 bit; above 8 bit itself. */
static inline int allocation_carrier(int bits)
{
    return bits == 0 || bits > 8 ? bits : bits <= 2 ? 2 : bits <= 4 ? 4 : 8;
}

static inline int8_t *allocation_of_group(const allocation *a, int group)
{
    return a->weight_bits + a->first[group];
}

/* The same precision everywhere. */
void allocation_uniform(allocation *a, int weight_bits, int activation_bits);

#endif
