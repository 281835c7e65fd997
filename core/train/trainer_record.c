/* trainer_record: the outcome of a finished task as a record. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/net/model/producer.h"
#include "core/train/trainer.h"
#include "core/train/trainer_state.h"

static const status no_memory = {.code = STATUS_MEMORY, .message = "no memory for a record"};

static status copy_tensors(record *out, const trainer *t)
{
    const model_layout *layout = &t->network.layout;
    out->tensors = calloc((size_t)layout->tensor_count, sizeof *out->tensors);
    if (out->tensors == NULL) return no_memory;
    for (int i = 0; i < layout->tensor_count; i++) {
        const model_tensor *from = &layout->tensors[i];
        record_tensor *to = &out->tensors[i];
        snprintf(to->name, sizeof to->name, "%s", from->name);
        to->rank = from->rank;
        memcpy(to->dims, from->dims, sizeof to->dims);
        to->data = malloc(from->count * sizeof *to->data);
        if (to->data == NULL) return no_memory;
        out->tensor_count++;
        for (size_t k = 0; k < from->count; k++) to->data[k] = (float)t->values[from->offset + k];
    }
    return status_ok();
}

/* The precision of the one probability that is 1. */
static int chosen_bits(const int *bits, const real *probability, int precisions, int columns, int column)
{
    for (int p = 0; p < precisions; p++)
        if (probability[p * columns + column] > 0) return bits[p];
    return 0;
}

static status copy_allocations(record *out, const trainer *t)
{
    const graph *g = t->in.graph;
    const model *m = &t->network;
    out->allocations = calloc((size_t)g->layer_count, sizeof *out->allocations);
    if (out->allocations == NULL) return no_memory;
    for (int i = 0; i < g->layer_count; i++) {
        const layer_spec *l = &g->layers[i];
        if (!layer_has_weights(l)) continue;
        record_allocation *to = &out->allocations[out->allocation_count];
        const model_weight_group *choice = &m->groups[l->group];
        to->bits = malloc((size_t)l->out_channels);
        if (to->bits == NULL) return no_memory;
        out->allocation_count++;
        snprintf(to->layer, sizeof to->layer, "%s", l->name);
        to->channels = l->out_channels;
        for (int c = 0; c < l->out_channels; c++)
            to->bits[c] = (int8_t)chosen_bits(choice->bits, choice->probability, choice->precisions, choice->columns,
                                              choice->columns == 1 ? 0 : c);
        int q = m->nodes[i].input_quantizer;
        if (q >= 0)
            to->input_bits =
                chosen_bits(m->quantizers[q].bits, m->quantizers[q].probability, m->quantizers[q].precisions, 1, 0);
    }
    return status_ok();
}

/* The plain formulas in both arithmetics: how a network was trained does not change what it costs. */
static void copy_costs(record *out, const trainer *t)
{
    cost_choice_read(t->choices, &t->network);
    for (const cost_model *const *m = t->in.cost_models; *m != NULL && out->cost_count < RECORD_MAX_COSTS; m++) {
        record_cost *to = &out->costs[out->cost_count++];
        snprintf(to->name, sizeof to->name, "%s_%s", (*m)->name, (*m)->unit);
        snprintf(to->unit, sizeof to->unit, "%s", (*m)->unit);
        snprintf(to->description, sizeof to->description, "%s", (*m)->description);
        to->value = cost_total(*m, t->in.graph, t->choices, false, NULL);
    }
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
                .epochs = (int)n->curve_count,
                .seconds = n->seconds};
    status s = copy_tensors(&r, t);
    if (!failed(s) && t->network.options.quantized) {
        s = copy_allocations(&r, t);
        copy_costs(&r, t);
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
