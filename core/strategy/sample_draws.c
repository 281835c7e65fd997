#include "core/strategy/sample_draws.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/cost/cost_budget.h"
#include "core/net/model/model_allocation.h"

enum { DRAW_FOR_POINT = 1 << 17 }; /* second number of draws for points: no sample of an update has it */

static const sample_options *options_of(const trainer *t)
{
    return sample_options_of(&t->in.settings->entries[t->in.task->entry]);
}

static int by_worth(const void *a, const void *b)
{
    const sample_ranked *x = a, *y = b;
    return x->worth != y->worth ? (x->worth > y->worth) - (x->worth < y->worth)
                                : (x->channel > y->channel) - (x->channel < y->channel);
}

/* Sums of magnitudes, or the place: of widths the first channels are kept, of precisions the first get the lowest. */
static void fill_worth(sample_ranked *out, const trainer *t, int group, int first, bool widths)
{
    const graph *g = t->in.graph;
    for (int c = 0; c < g->groups[group].channels; c++)
        out[first + c] = (sample_ranked){.channel = c, .worth = widths ? -c : c};
    if (options_of(t)->order == ORDER_INDEX) return;
    for (int c = 0; c < g->groups[group].channels; c++) out[first + c].worth = 0;
    for (int l = 0; l < g->layer_count; l++) {
        if (!layer_has_weights(&g->layers[l]) || g->layers[l].group != group) continue;
        const model_tensor *weight = &t->network.layout.tensors[t->network.nodes[l].weight];
        const size_t channels = (size_t)g->layers[l].out_channels;
        for (size_t k = 0; k < weight->count; k++)
            out[(size_t)first + k % channels].worth += fabs((double)t->values[weight->offset + k]);
    }
}

static void fill_ranks(int *rank, sample_ranked *room, const trainer *t, const allocation *a, bool widths)
{
    for (int i = 0; i < t->in.graph->group_count; i++) {
        const int channels = t->in.graph->groups[i].channels;
        fill_worth(room, t, i, a->first[i], widths);
        qsort(room + a->first[i], (size_t)channels, sizeof *room, by_worth);
        for (int c = 0; c < channels; c++) rank[a->first[i] + room[a->first[i] + c].channel] = c;
    }
}

void sample_draws_close(sample_draws *d)
{
    free(d->room);
    free(d->rank);
    allocation_free(&d->at);
}

status sample_draws_open(sample_draws *d, trainer *t)
{
    *d = (sample_draws){.t = t, .options = options_of(t)};
    sample_space_of_entry(&d->space, t->in.graph, &t->in.settings->entries[t->in.task->entry]);
    TRY(allocation_new(&d->at, t->in.graph));
    const size_t channels = (size_t)d->at.first[t->in.graph->group_count] + 1;
    d->rank = calloc(channels, sizeof *d->rank);
    d->room = calloc(channels, sizeof *d->room);
    if (d->rank == NULL || d->room == NULL) {
        sample_draws_close(d);
        return status_fail(STATUS_MEMORY, "no memory for draws of %s", t->in.graph->name);
    }
    model_prepare(&t->network, t->values, MODEL_HARD, 1, 0);
    model_allocation_read(&d->at, &t->network);
    fill_ranks(d->rank, d->room, t, &d->at, d->options->width_count > 0);
    d->full = t->full_cost * d->options->base;
    return status_ok();
}

static void write_network(sample_draws *d)
{
    trainer *t = d->t;
    for (int i = 0; i < t->in.graph->group_count; i++)
        if (t->network.groups[i].precisions > 0)
            model_allocation_write_group(&t->network, t->values, i, allocation_of_group(&d->at, i));
}

void sample_draws_write(sample_draws *d, const int *counts)
{
    sample_space_allocation(&d->at, &d->space, counts, d->rank);
    write_network(d);
}

void sample_draws_write_homogeneous(sample_draws *d, int option)
{
    sample_space_homogeneous(&d->at, &d->space, option, d->rank);
    write_network(d);
}

double sample_draws_cost(const sample_draws *d)
{
    return cost_budget_value(d->t->cost, &d->at);
}

void sample_draws_point(int *counts, const sample_draws *d, const real *logits, int number)
{
    if (number == 0)
        sample_space_mode(counts, &d->space, logits);
    else
        sample_space_draw(counts, &d->space, logits, d->t->in.task->seed, (uint32_t)number, DRAW_FOR_POINT);
}
