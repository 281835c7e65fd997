#include "core/net/graph/allocation.h"

#include <stdlib.h>
#include <string.h>

status allocation_new(allocation *out, const graph *g)
{
    allocation a = {.graph = g};
    size_t channels = 1; /* never a request for nothing */
    for (int i = 0; i < g->group_count; i++) channels += (size_t)g->groups[i].channels;
    a.first = calloc((size_t)g->group_count + 1, sizeof *a.first);
    a.weight_bits = calloc(channels, sizeof *a.weight_bits);
    a.activation_bits = calloc((size_t)g->group_count + 1, sizeof *a.activation_bits);
    if (a.first == NULL || a.weight_bits == NULL || a.activation_bits == NULL) {
        allocation_free(&a);
        return status_fail(STATUS_MEMORY, "no memory for the precisions of %zu channels", channels - 1);
    }
    for (int i = 0; i < g->group_count; i++) a.first[i + 1] = a.first[i] + g->groups[i].channels;
    *out = a;
    return status_ok();
}

void allocation_free(allocation *a)
{
    free(a->first);
    free(a->weight_bits);
    free(a->activation_bits);
    *a = (allocation){.graph = NULL};
}

void allocation_uniform(allocation *a, int weight_bits, int activation_bits)
{
    memset(a->weight_bits, weight_bits, (size_t)a->first[a->graph->group_count]);
    memset(a->activation_bits, activation_bits, (size_t)a->graph->group_count + 1);
}
