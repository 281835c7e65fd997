#include "core/train/search_refine.h"

#include <stdlib.h>

#include "core/cost/cost_refine.h"
#include "core/net/model/model_allocation.h"

/* Overwrites the logits of one group by the refined choice, as 0 and 1. choices[group] holds the present counts. */
static status refine_group(trainer *t, const allocation *present, int index)
{
    const model_weight_group *choice = &t->network.groups[index];
    const int channels = choice->columns;
    const real *logits = t->values + t->network.layout.tensors[choice->logits].offset;
    bool allowed[COST_WEIGHT_BITS] = {false};
    for (int p = 0; p < choice->precisions; p++) allowed[choice->bits[p]] = true;
    double saved;
    TRY(cost_refine_group(&saved, t->cost, t->in.graph, t->choices, index, allowed,
                          t->network.options.rules.published_costs));
    if (saved <= 0) return status_ok();

    int8_t *bits = allocation_of_group(present, index);
    int *chosen = malloc((size_t)channels * sizeof *chosen);
    double *preference = calloc((size_t)channels * COST_WEIGHT_BITS, sizeof *preference);
    status s = status_fail(STATUS_MEMORY, "no memory for refining %d channels", channels);
    if (chosen != NULL && preference != NULL) {
        for (int k = 0; k < choice->precisions * channels; k++)
            preference[choice->bits[k / channels] * channels + k % channels] = (double)logits[k];
        for (int c = 0; c < channels; c++) chosen[c] = bits[c];
        cost_refine_assign(chosen, channels, t->choices[index].channels, preference);
        for (int c = 0; c < channels; c++) bits[c] = (int8_t)chosen[c];
        model_allocation_write_group(&t->network, t->values, index, bits);
        s = status_ok();
    }
    free(preference);
    free(chosen);
    return s;
}

static status refine_all(trainer *t, const allocation *present)
{
    for (int i = 0; i < t->in.graph->group_count; i++) {
        const model_weight_group *choice = &t->network.groups[i];
        if (choice->precisions > 1 && choice->columns > 1)
            TRY(refine_group(t, present, i)); /* one choice for all: nothing to move */
    }
    return status_ok();
}

status search_refine(trainer *t)
{
    if (!t->in.settings->search.refine || t->cost == NULL || !t->cost->stepped) return status_ok();
    model_prepare(&t->network, t->values, MODEL_HARD, 1, 0);
    cost_choice_read(t->choices, &t->network);
    allocation present;
    TRY(allocation_new(&present, t->in.graph));
    model_allocation_read(&present, &t->network);
    status s = refine_all(t, &present);
    allocation_free(&present);
    return s;
}
