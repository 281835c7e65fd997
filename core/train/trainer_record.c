/* trainer_record: the outcome of a finished task as a record. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cost/cost_deploy.h"
#include "core/net/model/model_allocation.h"
#include "core/train/allocation_record.h"
#include "core/train/record_network.h"
#include "core/train/trainer.h"
#include "core/train/trainer_state.h"

static const status no_memory = {.code = STATUS_MEMORY, .message = "no memory for a record"};

static status copy_tensors(record *out, const trainer *t)
{
    const model_layout *layout = &t->network.layout;
    out->tensors = calloc((size_t)layout->tensor_count + 1, sizeof *out->tensors);
    if (out->tensors == NULL) return no_memory;
    for (int i = 0; i < layout->tensor_count; i++) {
        const model_tensor *from = &layout->tensors[i];
        record_tensor *to = &out->tensors[i];
        snprintf(to->name, sizeof to->name, "%s", from->name);
        to->rank = from->rank;
        memcpy(to->dims, from->dims, sizeof to->dims);
        record_network_describe(to, &t->network, i);
        to->data = malloc(from->count * sizeof *to->data);
        if (to->data == NULL) return no_memory;
        out->tensor_count++;
        for (size_t k = 0; k < from->count; k++) to->data[k] = (float)t->values[from->offset + k];
    }
    return status_ok();
}

/* Behind the tensors of the network. */
static status copy_state(record *out, const trainer *t)
{
    const stage *last = trainer_stage(t);
    if (!last->keeps_state) return status_ok();
    record_tensor *to = &out->tensors[out->tensor_count];
    *to = (record_tensor){.name = TRAINER_STATE_TENSOR, .rank = 1, .dims = {last->state_reals(t)}, .axes = "value"};
    to->data = malloc(to->dims[0] * sizeof *to->data);
    if (to->data == NULL) return no_memory;
    out->tensor_count++;
    for (size_t k = 0; k < to->dims[0]; k++) to->data[k] = (float)t->own[t->counters.stage][k];
    return status_ok();
}

static status copy_allocation(record *out, const trainer *t)
{
    allocation a;
    TRY(allocation_new(&a, t->in.graph));
    model_allocation_read(&a, &t->network);
    status s = allocation_record_write(out, &a);
    allocation_free(&a);
    return s;
}

/* `prefix`, `note`: before the name, behind the description. */
static void copy_costs(record *out, const trainer *t, const char *prefix, const char *note)
{
    for (const cost_model *const *m = t->in.cost_models; *m != NULL && out->cost_count < RECORD_MAX_COSTS; m++) {
        record_cost *to = &out->costs[out->cost_count++];
        snprintf(to->name, sizeof to->name, "%s%s_%s", prefix, (*m)->name, (*m)->unit);
        snprintf(to->unit, sizeof to->unit, "%s", (*m)->unit);
        snprintf(to->description, sizeof to->description, "%s%s", (*m)->description, note);
        to->value = cost_total(*m, t->in.graph, t->choices, false, NULL);
    }
}

/* The plain formulas in both arithmetics: how a network was trained does not change what it costs. */
static void take_costs(record *out, const trainer *t)
{
    cost_choice_read(t->choices, &t->network);
    copy_costs(out, t, "", "");
    cost_deploy_round(t->choices, t->in.graph);
    copy_costs(out, t, RECORD_DEPLOY, " (next of 0, 2, 4, 8 bit)");
}

status trainer_record(record *out, const trainer *t)
{
    const trainer_counters *n = &t->counters;
    record r = {.task = *t->in.task,
                .state = RECORD_DONE,
                .validation_accuracy = n->best_accuracy,
                .validation_loss = n->best_loss,
                .test_accuracy = n->test_accuracy,
                .test_loss = n->test_loss,
                .integer_accuracy = n->integer_accuracy,
                .epochs = (int)n->curve_count,
                .seconds = n->seconds};
    memcpy(r.integer_reason, n->integer_reason, sizeof r.integer_reason);
    status s = copy_tensors(&r, t);
    if (!failed(s)) s = copy_state(&r, t);
    if (!failed(s)) s = record_network_write(&r, &t->network);
    if (!failed(s) && t->network.options.quantized) {
        s = copy_allocation(&r, t);
        if (!failed(s)) s = record_network_steps(&r, &t->network, t->values);
        take_costs(&r, t);
    }
    if (!failed(s)) {
        r.curve = malloc((size_t)n->curve_count * sizeof *r.curve);
        if (r.curve == NULL)
            s = no_memory;
        else
            memcpy(r.curve, t->curve, (size_t)n->curve_count * sizeof *r.curve);
        r.epoch_count = r.curve == NULL ? 0 : (int)n->curve_count;
    }
    if (failed(s)) {
        record_free(&r);
        return s;
    }
    *out = r;
    return status_ok();
}
