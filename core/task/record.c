#include "core/task/record.h"

#include <math.h>
#include <stdio.h>
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

record record_of_failure(const char *reason)
{
    record out = record_empty(RECORD_FAILED);
    snprintf(out.reason, sizeof out.reason, "%s", reason);
    return out;
}

bool record_accuracy_is_possible(double value)
{
    return isnan(value) || (value >= 0 && value <= 1);
}

bool record_cost_is_possible(double value)
{
    static const double MOST = 1e100;
    return isnan(value) || (value >= 0 && value <= MOST);
}

static status impossible(const record *r, const char *what, double value)
{
    return status_fail(STATUS_DATA, "task %.8s is done with the impossible %.60s of %g", r->task.key, what, value);
}

static status check_accuracies(const record *r)
{
    const struct {
        const char *name;
        double value;
        bool needed;
    } all[] = {{"validation_accuracy", r->validation_accuracy, r->task.point},
               {"test_accuracy", r->test_accuracy, r->task.point},
               {"integer_accuracy", r->integer_accuracy, false}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (!record_accuracy_is_possible(all[i].value) || (all[i].needed && isnan(all[i].value)))
            return impossible(r, all[i].name, all[i].value);
    return status_ok();
}

static status check_tensor(const record *r, const record_tensor *t)
{
    size_t count = 1;
    for (int d = 0; d < t->rank; d++) count *= t->dims[d];
    for (size_t i = 0; i < count; i++)
        if (isnan(t->data[i])) return impossible(r, t->name, (double)t->data[i]);
    return status_ok();
}

status record_check(const record *r)
{
    if (r->state != RECORD_DONE) return status_ok();
    TRY(check_accuracies(r));
    for (int i = 0; i < r->cost_count; i++)
        if (!record_cost_is_possible(r->costs[i].value)) return impossible(r, r->costs[i].name, r->costs[i].value);
    for (int i = 0; i < r->tensor_count; i++) TRY(check_tensor(r, &r->tensors[i]));
    return status_ok();
}
