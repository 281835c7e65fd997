#include "core/strategy/sample_stage.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/cost/cost_budget.h"
#include "core/net/model/model_allocation.h"
#include "core/strategy/objective.h"
#include "core/train/trainer_discrete.h"
#include "core/train/trainer_epoch.h"

/* Second numbers of draws that are no samples of an update. */
enum { DRAW_FOR_STEP = 1 << 16, DRAW_FOR_POINT = 1 << 17 };

static const sweep_entry *entry_of(const trainer *t)
{
    return &t->in.settings->entries[t->in.task->entry];
}

void sample_space_of_entry(sample_space *out, const graph *g, const sweep_entry *e)
{
    const sample_options *o = sample_options_of(e);
    static const int usual[] = {2, 4, 8};
    sample_choice choice = {.family = (sample_family)o->family};
    if (o->width_count > 0) {
        choice.option_count = o->width_count;
        for (int i = 0; i < o->width_count; i++) {
            choice.kept[i] = o->widths[i];
            choice.bits[i] = o->bits;
        }
    } else {
        choice.option_count = e->precision_count > 0 ? e->precision_count : 3;
        for (int i = 0; i < choice.option_count; i++) {
            choice.kept[i] = 1;
            choice.bits[i] = e->precision_count > 0 ? e->precisions[i] : usual[i];
        }
    }
    sample_space_make(out, g, &choice);
}

/* ---- what it keeps ---- */

static size_t logit_reals(const trainer *t, const sample_space *s)
{
    return (size_t)s->logits * (size_t)(1 + t->in.settings->search_phase.epochs);
}

static size_t state_reals(const trainer *t)
{
    sample_space s;
    sample_space_of_entry(&s, t->in.graph, entry_of(t));
    size_t channels = 0;
    for (int i = 0; i < t->in.graph->group_count; i++) channels += (size_t)t->in.graph->groups[i].channels;
    return logit_reals(t, &s) + channels;
}

/* An option of 8 bit is half as probable as each other one. */
static status begin(trainer *t, real *own)
{
    sample_space s;
    sample_space_of_entry(&s, t->in.graph, entry_of(t));
    for (int f = 0; f < s.factor_count; f++)
        for (int i = 0; i < s.factors[f].options; i++)
            own[s.first[f] + i] =
                s.choice.bits[i] == 8 && sample_options_of(entry_of(t))->width_count == 0 ? -(real)log(2) : 0;
    return status_ok();
}

/* ---- ranks of channels ---- */

typedef struct {
    double worth;
    int channel;
} ranked;

static int by_worth(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    return x->worth != y->worth ? (x->worth > y->worth) - (x->worth < y->worth)
                                : (x->channel > y->channel) - (x->channel < y->channel);
}

/* Sums of magnitudes, or the place: of widths the first channels are kept, of precisions the first get the lowest. */
static void fill_worth(ranked *out, const trainer *t, int group, int first, bool widths)
{
    const graph *g = t->in.graph;
    for (int c = 0; c < g->groups[group].channels; c++)
        out[first + c] = (ranked){.channel = c, .worth = widths ? -c : c};
    if (sample_options_of(entry_of(t))->order == ORDER_INDEX) return;
    for (int c = 0; c < g->groups[group].channels; c++) out[first + c].worth = 0;
    for (int l = 0; l < g->layer_count; l++) {
        if (!layer_has_weights(&g->layers[l]) || g->layers[l].group != group) continue;
        const model_tensor *weight = &t->network.layout.tensors[t->network.nodes[l].weight];
        const size_t channels = (size_t)g->layers[l].out_channels;
        for (size_t k = 0; k < weight->count; k++)
            out[(size_t)first + k % channels].worth += fabs((double)t->values[weight->offset + k]);
    }
}

static void fill_ranks(int *rank, ranked *room, const trainer *t, const allocation *a, bool widths)
{
    for (int i = 0; i < t->in.graph->group_count; i++) {
        const int channels = t->in.graph->groups[i].channels;
        fill_worth(room, t, i, a->first[i], widths);
        qsort(room + a->first[i], (size_t)channels, sizeof *room, by_worth);
        for (int c = 0; c < channels; c++) rank[a->first[i] + room[a->first[i] + c].channel] = c;
    }
}

/* ---- networks ---- */

/* What draws need; owned. */
typedef struct {
    trainer *t;
    sample_space space;
    allocation at;
    int *rank, *counts; /* counts: (samples, logits) */
    ranked *room;
    double *gradient;
    double full; /* cost of the unpruned network at 8 bit times the base */
} drawing;

static void close_drawing(drawing *d)
{
    free(d->gradient);
    free(d->room);
    free(d->counts);
    free(d->rank);
    allocation_free(&d->at);
}

static status open_drawing(drawing *d, trainer *t)
{
    *d = (drawing){.t = t};
    sample_space_of_entry(&d->space, t->in.graph, entry_of(t));
    TRY(allocation_new(&d->at, t->in.graph));
    const size_t channels = (size_t)d->at.first[t->in.graph->group_count] + 1, logits = (size_t)d->space.logits + 1;
    d->rank = calloc(channels, sizeof *d->rank);
    d->room = calloc(channels, sizeof *d->room);
    d->counts = calloc(SAMPLE_MOST * logits, sizeof *d->counts);
    d->gradient = calloc(logits, sizeof *d->gradient);
    if (d->rank == NULL || d->room == NULL || d->counts == NULL || d->gradient == NULL) {
        close_drawing(d);
        return status_fail(STATUS_MEMORY, "no memory for draws of %s", t->in.graph->name);
    }
    model_prepare(&t->network, t->values, MODEL_HARD, 1, t->in.settings->search.keep_alive, 0);
    model_allocation_read(&d->at, &t->network);
    fill_ranks(d->rank, d->room, t, &d->at, sample_options_of(entry_of(t))->width_count > 0);
    d->full = t->full_cost * sample_options_of(entry_of(t))->base;
    return status_ok();
}

static void write_network(drawing *d)
{
    trainer *t = d->t;
    for (int i = 0; i < t->in.graph->group_count; i++)
        if (t->network.groups[i].precisions > 0)
            model_allocation_write_group(&t->network, t->values, i, allocation_of_group(&d->at, i));
}

static status evaluate_network(drawing *d, const ranks_view *g, double *loss, double *cost)
{
    evaluation found;
    write_network(d);
    TRY(trainer_evaluate_estimated(d->t, g, SPLIT_VALIDATION, &found));
    *loss = found.loss;
    *cost = cost_budget_value(d->t->cost, &d->at);
    if (isfinite(*loss) && isfinite(*cost)) return status_ok();
    return status_fail(STATUS_NUMERIC, "a drawn network has loss %g and cost %g", *loss, *cost);
}

/* ---- an update ---- */

/* Losses of homogeneous networks over their costs, of the objective `curve`. */
typedef struct {
    int count;
    double costs[SCORE_MOST_OPTIONS], losses[SCORE_MOST_OPTIONS];
} yardstick;

static status measure_homogeneous(yardstick *out, drawing *d, const ranks_view *g)
{
    out->count = 0;
    if (sample_options_of(entry_of(d->t))->objective != OBJECTIVE_CURVE) return status_ok();
    for (int i = 0; i < d->space.choice.option_count; i++) {
        sample_space_homogeneous(&d->at, &d->space, i, d->rank);
        TRY(evaluate_network(d, g, &out->losses[i], &out->costs[i]));
        out->count++;
    }
    objective_make_falling(out->losses, out->count);
    return status_ok();
}

static double worth_of(const drawing *d, const yardstick *y, double loss, double cost)
{
    const sample_options *o = sample_options_of(entry_of(d->t));
    if (o->objective == OBJECTIVE_CURVE)
        return objective_of_curve(loss, objective_interpolate(y->costs, y->losses, y->count, cost), o->leak);
    return objective_of_ratio((objective_kind)o->objective, loss, cost / d->full, d->t->in.task->strength);
}

static status update_logits(drawing *d, const ranks_view *g, const yardstick *y, real *logits, int number)
{
    const sample_options *o = sample_options_of(entry_of(d->t));
    const sample_space *s = &d->space;
    double worth[SAMPLE_MOST];
    for (int m = 0; m < o->samples; m++) {
        double loss, cost;
        int *counts = d->counts + m * s->logits;
        sample_space_draw(counts, s, logits, d->t->in.task->seed, (uint32_t)number, (uint32_t)m);
        sample_space_allocation(&d->at, s, counts, d->rank);
        TRY(evaluate_network(d, g, &loss, &cost));
        worth[m] = worth_of(d, y, loss, cost);
    }
    for (int f = 0; f < s->factor_count; f++) {
        double p[SCORE_MOST_OPTIONS];
        score_probabilities(p, logits + s->first[f], &s->factors[f]);
        score_gradient(d->gradient + s->first[f], worth, d->counts + s->first[f], s->logits, o->samples, p,
                       &s->factors[f], o->baseline == 0);
    }
    score_step(logits, d->gradient, s->logits, o->rate * pow(o->rate_decay, number), o->clip);
    return status_ok();
}

/* ---- the stage ---- */

/* The network of a step: a draw, or what the probabilities stand for. Allocates nothing. */
static void write_for_step(trainer *t, const real *own, bool mode)
{
    const graph *g = t->in.graph;
    sample_space s;
    int counts[GRAPH_MAX_LAYERS * SCORE_MOST_OPTIONS];
    sample_space_of_entry(&s, g, entry_of(t));
    const real *ranks = own + logit_reals(t, &s);
    if (mode)
        sample_space_mode(counts, &s, own);
    else
        sample_space_draw(counts, &s, own, t->in.task->seed, (uint32_t)t->counters.stage_steps, DRAW_FOR_STEP);
    for (int i = 0, group = 0; i < s.group_count; i++) {
        for (; group < s.groups[i]; group++) ranks += g->groups[group].channels;
        const model_weight_group *choice = &t->network.groups[group];
        real *logits = t->values + t->network.layout.tensors[choice->logits].offset;
        for (int c = 0; c < choice->columns; c++) {
            const int bits = sample_space_bits(&s, counts, i, (int)ranks[c]);
            for (int p = 0; p < choice->precisions; p++)
                logits[p * choice->columns + c] = choice->bits[p] == bits ? 1 : 0;
        }
    }
}

static status update_all(drawing *d, const ranks_view *g, real *own)
{
    const sample_options *o = sample_options_of(entry_of(d->t));
    const int epoch = d->t->counters.epoch;
    yardstick y;
    TRY(measure_homogeneous(&y, d, g));
    for (int u = 0; u < o->updates; u++) TRY(update_logits(d, g, &y, own, epoch * o->updates + u));
    memcpy(own + (size_t)(1 + epoch) * (size_t)d->space.logits, own, (size_t)d->space.logits * sizeof *own);
    real *ranks = own + logit_reals(d->t, &d->space);
    for (int c = 0; c < d->at.first[d->t->in.graph->group_count]; c++) ranks[c] = (real)d->rank[c];
    write_for_step(d->t, own, false);
    return status_ok();
}

static status epoch_begin(trainer *t, const ranks_view *g, real *own)
{
    drawing d;
    TRY(open_drawing(&d, t));
    status s = update_all(&d, g, own);
    close_drawing(&d);
    return s;
}

/* The network of the next step; behind the last one that of the epoch. */
static status updated(trainer *t, real *own)
{
    write_for_step(t, own, t->counters.step + 1 == trainer_steps_per_epoch(t));
    return status_ok();
}

status sample_write_draw(trainer *t, const real *logits, int number)
{
    drawing d;
    TRY(open_drawing(&d, t));
    if (number == 0)
        sample_space_mode(d.counts, &d.space, logits);
    else
        sample_space_draw(d.counts, &d.space, logits, t->in.task->seed, (uint32_t)number, DRAW_FOR_POINT);
    sample_space_allocation(&d.at, &d.space, d.counts, d.rank);
    write_network(&d);
    close_drawing(&d);
    return status_ok();
}

static const phase_settings *settings_of(const settings *s)
{
    return &s->search_phase;
}

const stage sample_stage = {.name = "sample",
                            .phase = PHASE_SEARCH,
                            .draws = 6,
                            .mode = MODEL_HARD,
                            .keeps_last = true,
                            .keeps_state = true,
                            .settings = settings_of,
                            .state_reals = state_reals,
                            .begin = begin,
                            .epoch_begin = epoch_begin,
                            .updated = updated};
