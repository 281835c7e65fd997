#include "core/task/record.h"

#include <stdlib.h>
#include <string.h>

void record_free(record *r)
{
    free(r->parents);
    free(r->options);
    free(r->identity);
    free(r->curve);
    for (int i = 0; i < r->allocation_count; i++) {
        free(r->allocations[i].bits);
        free(r->allocations[i].steps);
    }
    free(r->allocations);
    free(r->layers);
    for (int i = 0; i < r->tensor_count; i++) free(r->tensors[i].data);
    free(r->tensors);
    memset(r, 0, sizeof *r);
}
