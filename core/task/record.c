#include "core/task/record.h"

#include <math.h>
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

const record_epoch *record_find_epoch(const record_epoch *curve, int count, const char *stage, int epochs)
{
    for (int i = 0; i < count; i++)
        if (strcmp(curve[i].stage, stage) == 0 && --epochs == 0) return &curve[i];
    return NULL;
}

record record_empty(record_state state)
{
    return (record){.state = state,
                    .validation_accuracy = NAN,
                    .validation_loss = NAN,
                    .test_accuracy = NAN,
                    .test_loss = NAN,
                    .integer_accuracy = NAN,
                    .integer_reason = "the task has no result"};
}
