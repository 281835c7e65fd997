#include "core/strategy/sample_stage.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/strategy/objective.h"
#include "core/strategy/sample_draws.h"
#include "core/strategy/sample_update.h"
#include "core/train/trainer_discrete.h"
#include "core/train/trainer_epoch.h"

enum { DRAW_FOR_STEP = 1 << 16 }; /* second number of draws that are no samples of an update */

static const sweep_entry *entry_of(const trainer *t)
{
    return &t->in.settings->entries[t->in.task->entry];
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

static status begin(trainer *t, real *own)
{
    sample_space s;
    sample_space_of_entry(&s, t->in.graph, entry_of(t));
    sample_first_logits(own, &s, sample_options_of(entry_of(t)));
    return status_ok();
}

/* ---- an update ---- */

/* Of the network that stands in the choices. */
static status evaluate_network(sample_draws *d, const ranks_view *g, double *loss, double *cost)
{
    evaluation found;
    TRY(trainer_evaluate_estimated(d->t, g, SPLIT_VALIDATION, &found));
    *loss = found.loss;
    *cost = sample_draws_cost(d);
    if (isfinite(*loss) && isfinite(*cost)) return status_ok();
    return status_fail(STATUS_NUMERIC, "a drawn network has loss %g and cost %g", *loss, *cost);
}

static status measure_homogeneous(sample_yardstick *out, sample_draws *d, const ranks_view *g)
{
    out->count = 0;
    if (d->options->objective != OBJECTIVE_CURVE) return status_ok();
    for (int i = 0; i < d->space.choice.option_count; i++) {
        sample_draws_write_homogeneous(d, i);
        TRY(evaluate_network(d, g, &out->losses[i], &out->costs[i]));
        out->count++;
    }
    objective_make_falling(out->losses, out->count);
    return status_ok();
}

static status update_logits(sample_draws *d, const ranks_view *g, const sample_yardstick *y, real *logits, int *counts,
                            int number)
{
    const task *now = d->t->in.task;
    const sample_space *s = &d->space;
    double worth[SAMPLE_MOST];
    for (int m = 0; m < d->options->samples; m++) {
        double loss, cost;
        sample_space_draw(counts + m * s->logits, s, logits, now->seed, (uint32_t)number, (uint32_t)m);
        sample_draws_write(d, counts + m * s->logits);
        TRY(evaluate_network(d, g, &loss, &cost));
        worth[m] = sample_worth(d->options, y, loss, cost, d->full, now->strength);
    }
    sample_update(logits, s, d->options, counts, worth, number);
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

static status update_all(sample_draws *d, const ranks_view *g, real *own)
{
    trainer *t = d->t;
    const int epoch = t->counters.epoch, logits = d->space.logits;
    sample_yardstick y;
    int *counts = calloc((size_t)d->options->samples * (size_t)logits + 1, sizeof *counts);
    status s = counts == NULL ? status_fail(STATUS_MEMORY, "no memory for draws of %s", t->in.graph->name)
                              : measure_homogeneous(&y, d, g);
    for (int u = 0; u < d->options->updates && !failed(s); u++)
        s = update_logits(d, g, &y, own, counts, epoch * d->options->updates + u);
    free(counts);
    TRY(s);
    memcpy(own + (size_t)(1 + epoch) * (size_t)logits, own, (size_t)logits * sizeof *own);
    real *ranks = own + logit_reals(t, &d->space);
    for (int c = 0; c < d->at.first[t->in.graph->group_count]; c++) ranks[c] = (real)d->rank[c];
    write_for_step(t, own, false);
    return status_ok();
}

static status epoch_begin(trainer *t, const ranks_view *g, real *own)
{
    sample_draws d;
    TRY(sample_draws_open(&d, t));
    status s = update_all(&d, g, own);
    sample_draws_close(&d);
    return s;
}

/* The network of the next step; behind the last one that of the epoch. */
static status updated(trainer *t, real *own)
{
    write_for_step(t, own, t->counters.step + 1 == trainer_steps_per_epoch(t));
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
