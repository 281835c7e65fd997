#include "core/strategy/sample_probe.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/strategy/objective.h"
#include "core/strategy/sample_draws.h"
#include "core/strategy/sample_state.h"
#include "core/strategy/sample_update.h"
#include "core/train/trainer_convert.h"
#include "core/train/trainer_discrete.h"

int sample_probe_homogeneous(const sample_space *space, const sample_options *o)
{
    return o->objective == OBJECTIVE_CURVE ? space->choice.option_count : 0;
}

/* Validation loss and cost of a finished probe. */
static status read_outcome(double *loss, double *cost, const sample_draws *d, const record *probe)
{
    char column[RECORD_NAME];
    const cost_model *cost_of = d->t->cost;
    snprintf(column, sizeof column, "%s_%s", cost_of->name, cost_of->unit);
    *loss = probe->validation_loss;
    *cost = NAN;
    for (int i = 0; i < probe->cost_count; i++)
        if (strcmp(probe->costs[i].name, column) == 0) *cost = probe->costs[i].value;
    if (isfinite(*loss) && isfinite(*cost)) return status_ok();
    return status_fail(STATUS_NUMERIC, "task %.8s, a probe, has loss %g and cost %g", probe->task.key, *loss, *cost);
}

static status read_yardstick(sample_yardstick *out, const sample_draws *d, const record *const *homogeneous)
{
    out->count = sample_probe_homogeneous(&d->space, d->options);
    for (int i = 0; i < out->count; i++) TRY(read_outcome(&out->losses[i], &out->costs[i], d, homogeneous[i]));
    objective_make_falling(out->losses, out->count);
    return status_ok();
}

/* The logits from which round `round` is drawn, from those of the round before and the outcomes of its probes. */
static status advance(real *logits, int *counts, const sample_draws *d, const record *const *parents, int count,
                      int round)
{
    const sample_options *o = d->options;
    const sample_space *s = &d->space;
    const task *now = d->t->in.task;
    const record *const *homogeneous = parents + 1, *const *probes = parents + count - o->samples;
    sample_yardstick y;
    double worth[SAMPLE_MOST];
    assert(count == 1 + sample_probe_homogeneous(s, o) + o->samples);
    TRY(read_yardstick(&y, d, homogeneous));
    TRY(sample_read_logits(logits, s->logits, probes[0]));
    for (int m = 0; m < o->samples; m++) {
        double loss, cost;
        TRY(read_outcome(&loss, &cost, d, probes[m]));
        worth[m] = sample_worth(o, &y, loss, cost, d->full, now->strength);
        sample_space_draw(counts + m * s->logits, s, logits, now->seed, (uint32_t)(round - 1), (uint32_t)m);
    }
    sample_update(logits, s, o, counts, worth, round - 1);
    return status_ok();
}

/* counts: room for a round. */
static status write_probe(sample_draws *d, int *counts, const record *const *parents, int count)
{
    trainer *t = d->t;
    const sample_options *o = d->options;
    const int number = t->in.task->step - 1, homogeneous = sample_probe_homogeneous(&d->space, o);
    const int round = (number - homogeneous) / o->samples, sample = (number - homogeneous) % o->samples;
    real *logits = t->own[0];
    sample_first_logits(logits, &d->space, o);
    if (number < homogeneous) {
        sample_draws_write_homogeneous(d, number);
        return status_ok();
    }
    if (round > 0) TRY(advance(logits, counts, d, parents, count, round));
    sample_space_draw(counts, &d->space, logits, t->in.task->seed, (uint32_t)round, (uint32_t)sample);
    sample_draws_write(d, counts);
    return status_ok();
}

static status write_point(sample_draws *d, int *counts, const record *const *parents, int count)
{
    real logits[GRAPH_MAX_LAYERS * SCORE_MOST_OPTIONS];
    TRY(advance(logits, counts, d, parents, count, d->options->rounds));
    sample_draws_point(counts, d, logits, d->t->in.task->step - 1);
    sample_draws_write(d, counts);
    return status_ok();
}

static status start(trainer *t, const record *const *parents, int count,
                    status (*write)(sample_draws *d, int *counts, const record *const *parents, int count))
{
    sample_draws d;
    TRY(trainer_convert_warmup(t, parents[0]));
    TRY(sample_draws_open(&d, t));
    int *counts = calloc((size_t)d.options->samples * (size_t)d.space.logits + 1, sizeof *counts);
    status s = counts == NULL ? status_fail(STATUS_MEMORY, "no memory for draws of %s", t->in.graph->name)
                              : write(&d, counts, parents, count);
    free(counts);
    sample_draws_close(&d);
    TRY(s);
    trainer_remove_pruned(t);
    return status_ok();
}

status sample_probe_start(trainer *t, const record *const *parents, int count)
{
    return start(t, parents, count, write_probe);
}

status sample_probe_start_point(trainer *t, const record *const *parents, int count)
{
    return start(t, parents, count, write_point);
}

static size_t state_reals(const trainer *t)
{
    sample_space s;
    sample_space_of_entry(&s, t->in.graph, &t->in.settings->entries[t->in.task->entry]);
    return (size_t)s.logits;
}

static const phase_settings *settings_of(const settings *s)
{
    return &s->finetune;
}

const stage sample_probe_stage = {.name = "probe",
                                  .phase = PHASE_FINETUNE,
                                  .draws = 2,
                                  .mode = MODEL_HARD,
                                  .compact = true,
                                  .learns_steps = true,
                                  .keeps_state = true,
                                  .task_length = true,
                                  .settings = settings_of,
                                  .state_reals = state_reals};
