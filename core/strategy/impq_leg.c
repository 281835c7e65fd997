#include "core/strategy/impq_leg.h"

#include <math.h>
#include <stdlib.h>

#include "core/cost/cost_budget.h"
#include "core/net/model/model_allocation.h"
#include "core/strategy/impq_harm.h"
#include "core/train/trainer_discrete.h"

/* Channels or activation quantisers whose precision is lowered together. */
typedef struct {
    double rank; /* the smaller, the earlier; equal ones by number */
    int moves;   /* made in this leg */
    bool open;   /* it has a lower precision left */
} unit;

typedef struct {
    trainer *t;
    const impq_options *options;
    gains gains;
    allocation at;
    int channels, quantizers; /* as they lie in unit_of: channels first */
    int8_t *next;             /* (channels) the next lower precision, or -1 */
    double *loss;             /* impq_harm_fill */
    int *unit_of;             /* (channels + quantizers) or -1 */
    unit *units;              /* (unit_count) */
    int unit_count;           /* those of weights come first */
} lowering;

static const impq_options *options_of(const trainer *t)
{
    return impq_options_of(&t->in.settings->entries[t->in.task->entry]);
}

/* ---- what may be lowered together ---- */

static int number_of_unit(int granularity, int group, int channel)
{
    return granularity == IMPQ_KERNEL ? channel : granularity == IMPQ_LAYER ? group : 0;
}

/* Gives numbers without gaps to the units of weights, then to those of activations. */
static void number_units(lowering *l, impq_lower what)
{
    const graph *g = l->t->in.graph;
    const model *m = &l->t->network;
    int *known = l->unit_of + l->channels + l->quantizers; /* room for the numbers with gaps */
    const int numbers = l->channels + l->quantizers;
    for (int i = 0; i <= numbers; i++) known[i] = -1;
    for (int i = 0; i < numbers; i++) l->unit_of[i] = -1;
    for (int i = 0; i < g->group_count && what != IMPQ_ACTIVATIONS; i++)
        for (int c = l->at.first[i]; c < l->at.first[i + 1] && m->groups[i].precisions > 0; c++) {
            int *number = &known[number_of_unit(l->options->granularity, i, c)];
            if (*number < 0) *number = l->unit_count++;
            l->unit_of[c] = *number;
        }
    for (int i = 0; i <= numbers; i++) known[i] = -1;
    for (int q = 0; q < g->group_count && what != IMPQ_WEIGHTS; q++) {
        if (!m->quantizers[q].used) continue;
        int *number = &known[number_of_unit(l->options->activation_granularity, q, 0)];
        if (*number < 0) *number = l->unit_count++;
        l->unit_of[l->channels + q] = *number;
    }
}

/* ---- the next precision of each ---- */

static int below(const int *bits, int count, int present)
{
    int next = -1;
    for (int p = 0; p < count; p++)
        if (bits[p] < present) next = bits[p];
    return next;
}

static int kept_of_group(const lowering *l, int group)
{
    int kept = 0;
    for (int c = l->at.first[group]; c < l->at.first[group + 1]; c++) kept += l->at.weight_bits[c] > 0;
    return kept;
}

static int next_of_quantizer(const lowering *l, int q)
{
    const model_quantizer *quantizer = &l->t->network.quantizers[q];
    return below(quantizer->bits, quantizer->precisions, l->at.activation_bits[q]);
}

/* A unit is open when every member has a lower precision, and no group would be pruned as a whole. */
static void look_ahead(lowering *l)
{
    const graph *g = l->t->in.graph;
    for (int u = 0; u < l->unit_count; u++) l->units[u].open = true;
    for (int i = 0; i < g->group_count; i++) {
        const model_weight_group *group = &l->t->network.groups[i];
        const bool last = l->options->granularity != IMPQ_KERNEL || kept_of_group(l, i) <= 1;
        for (int c = l->at.first[i]; c < l->at.first[i + 1]; c++) {
            l->next[c] = (int8_t)below(group->bits, group->precisions, l->at.weight_bits[c]);
            if (l->next[c] == 0 && last) l->next[c] = -1;
            if (l->unit_of[c] >= 0 && l->next[c] < 0) l->units[l->unit_of[c]].open = false;
        }
    }
    for (int q = 0; q < l->quantizers; q++)
        if (l->unit_of[l->channels + q] >= 0 && next_of_quantizer(l, q) < 0)
            l->units[l->unit_of[l->channels + q]].open = false;
}

static void move(lowering *l, int u)
{
    for (int c = 0; c < l->channels; c++)
        if (l->unit_of[c] == u) l->at.weight_bits[c] = l->next[c];
    for (int q = 0; q < l->quantizers; q++)
        if (l->unit_of[l->channels + q] == u) l->at.activation_bits[q] = (int8_t)next_of_quantizer(l, q);
}

/* ---- what a step does ---- */

/* The cost that a step saves, when it is made alone. */
static double saving_of(lowering *l, int u, double now, allocation *spare)
{
    allocation kept = l->at;
    for (int c = 0; c < l->channels; c++) spare->weight_bits[c] = kept.weight_bits[c];
    for (int q = 0; q <= l->quantizers; q++) spare->activation_bits[q] = kept.activation_bits[q];
    l->at = *spare;
    move(l, u);
    const double then = cost_budget_value(l->t->cost, &l->at);
    l->at = kept;
    return now - then;
}

/* Ranks the open units, all or just one (u >= 0). */
static status rank_units(lowering *l, int only, allocation *spare)
{
    const trainer *t = l->t;
    const impq_metric metric = (impq_metric)l->options->metric;
    const double now = cost_budget_value(t->cost, &l->at);
    for (int u = 0; u < l->unit_count; u++)
        if (only < 0 || only == u) l->units[u].rank = 0;
    for (int c = 0; c < l->channels; c++) {
        const int u = l->unit_of[c];
        if (u >= 0 && l->units[u].open && (only < 0 || only == u))
            l->units[u].rank +=
                impq_harm_of_step(l->loss, &l->gains, l->channels, c, l->at.weight_bits[c], l->next[c], metric);
    }
    for (int q = 0; q < l->quantizers; q++) {
        const int u = l->unit_of[l->channels + q];
        if (u < 0 || !l->units[u].open || (only >= 0 && only != u)) continue;
        l->units[u].rank += impq_harm_of_activation(&t->network, t->values, &l->gains, q, l->at.activation_bits[q],
                                                    next_of_quantizer(l, q), metric);
    }
    for (int u = 0; u < l->unit_count && l->options->rank == IMPQ_HARM_PER_COST; u++) {
        if (!l->units[u].open || (only >= 0 && only != u)) continue;
        const double saved = saving_of(l, u, now, spare);
        if (isnan(saved))
            return status_fail(STATUS_CONFIG, "%s does not say what these precisions cost", t->cost->name);
        l->units[u].rank = saved > 0 ? l->units[u].rank / saved : INFINITY;
    }
    return status_ok();
}

static int best_unit(const lowering *l, bool once)
{
    int best = -1;
    for (int u = 0; u < l->unit_count; u++)
        if (l->units[u].open && (!once || l->units[u].moves == 0) &&
            (best < 0 || l->units[u].rank < l->units[best].rank))
            best = u;
    return best;
}

static double fraction_of(const impq_options *o, int step)
{
    const int at = step <= o->fraction_count ? step - 1 : o->fraction_count - 1;
    return o->fractions[at];
}

/* This fraction of the open units, each one step; their order is that at the start. */
static status lower_fraction(lowering *l, int leg, allocation *spare)
{
    look_ahead(l);
    TRY(rank_units(l, -1, spare));
    int open = 0;
    for (int u = 0; u < l->unit_count; u++) open += l->units[u].open;
    const int wanted = (int)fmax(1, rint(fraction_of(l->options, leg) * open));
    for (int done = 0; done < wanted; done++) {
        const int u = best_unit(l, true);
        if (u < 0) break;
        move(l, u);
        l->units[u].moves++;
        look_ahead(l); /* the last channel of a group stays */
    }
    return status_ok();
}

/* Step by step, ranked anew after each, until the cost is within the target. */
static status lower_to_target(lowering *l, double target, allocation *spare)
{
    look_ahead(l);
    TRY(rank_units(l, -1, spare));
    double cost;
    while ((cost = cost_budget_value(l->t->cost, &l->at)) > target) {
        const int u = best_unit(l, false);
        if (u < 0)
            return status_fail(STATUS_NUMERIC, "nothing is left to lower at %.6g %s, above the target of %.6g", cost,
                               l->t->cost->unit, target);
        move(l, u);
        l->units[u].moves++;
        look_ahead(l);
        TRY(rank_units(l, u, spare));
    }
    return status_ok();
}

/* ---- the leg ---- */

static status lower(lowering *l, impq_lower what)
{
    trainer *t = l->t;
    allocation spare;
    number_units(l, what);
    TRY(allocation_new(&spare, t->in.graph));
    const task *of = t->in.task;
    status s = of->target > 0 ? lower_to_target(l, of->target, &spare) : lower_fraction(l, of->step, &spare);
    allocation_free(&spare);
    TRY(s);
    for (int i = 0; i < t->in.graph->group_count; i++)
        if (t->network.groups[i].precisions > 0)
            model_allocation_write_group(&t->network, t->values, i, allocation_of_group(&l->at, i));
    model_allocation_write_activations(&t->network, t->values, l->at.activation_bits);
    trainer_remove_pruned(t);
    trainer_start_steps(t);
    return status_ok();
}

static status open_lowering(lowering *l)
{
    const graph *g = l->t->in.graph;
    TRY(allocation_new(&l->at, g));
    model_allocation_read(&l->at, &l->t->network);
    l->channels = l->at.first[g->group_count];
    l->quantizers = g->group_count;
    const size_t numbers = (size_t)(l->channels + l->quantizers + 1);
    l->next = calloc(numbers, sizeof *l->next);
    l->loss = calloc((ALLOCATION_MAX_WEIGHT_BITS + 1) * numbers, sizeof *l->loss);
    l->unit_of = calloc(2 * numbers, sizeof *l->unit_of);
    l->units = calloc(numbers, sizeof *l->units);
    if (l->next == NULL || l->loss == NULL || l->unit_of == NULL || l->units == NULL)
        return status_fail(STATUS_MEMORY, "no memory for lowering the precisions of %s", g->name);
    return impq_harm_fill(l->loss, &l->t->network, l->t->values, &l->gains, &l->at, (impq_metric)l->options->metric);
}

static void close_lowering(lowering *l)
{
    free(l->units);
    free(l->unit_of);
    free(l->loss);
    free(l->next);
    allocation_free(&l->at);
    gains_free(&l->gains);
}

static status begin_leg(trainer *t, const ranks_view *g, impq_lower what)
{
    if (t->counters.epoch > 0) return status_ok();
    lowering l = {.t = t, .options = options_of(t)};
    const gains_rules rules = {.images = l.options->samples,
                               .runners_up = l.options->runners_up,
                               .exact = l.options->exact != 0,
                               .repeats = l.options->repeats,
                               .percentile = l.options->gap_percentile};
    TRY(gains_measure(&l.gains, t, g, &rules));
    status s = open_lowering(&l);
    if (!failed(s)) s = lower(&l, what);
    close_lowering(&l);
    return s;
}

static status lower_weights(trainer *t, const ranks_view *g, real *own)
{
    (void)own;
    return begin_leg(t, g, IMPQ_WEIGHTS);
}

static status lower_activations(trainer *t, const ranks_view *g, real *own)
{
    (void)own;
    return begin_leg(t, g, IMPQ_ACTIVATIONS);
}

static status lower_both(trainer *t, const ranks_view *g, real *own)
{
    (void)own;
    return begin_leg(t, g, IMPQ_TOGETHER);
}

static const phase_settings *settings_of(const settings *s)
{
    return &s->finetune;
}

#define LEG(hook)                                                                                                      \
    {                                                                                                                  \
        .name = "impq", .phase = PHASE_FINETUNE, .draws = 4, .mode = MODEL_HARD, .compact = true,                      \
        .learns_steps = true, .settings = settings_of, .epoch_begin = (hook)                                           \
    }

const stage impq_weights_stage = LEG(lower_weights);
const stage impq_activations_stage = LEG(lower_activations);
const stage impq_both_stage = LEG(lower_both);
