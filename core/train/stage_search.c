#include "core/train/stage_search.h"

#include "core/train/schedule.h"
#include "core/train/search_refine.h"
#include "core/train/trainer_discrete.h"
#include "core/train/trainer_state.h"

static const phase_settings *settings_of(const settings *s)
{
    return &s->search_phase;
}

static double temperature(const trainer *t)
{
    return schedule_temperature(&t->in.settings->search, t->counters.epoch);
}

double stage_search_strength(const trainer *t)
{
    if (t->cost == NULL) return 0;
    const settings *s = t->in.settings;
    return t->cost_scale * schedule_strength(t->in.task->strength, s->search.strength_incremental, t->counters.epoch,
                                             s->search_phase.epochs);
}

static double penalty(const trainer *t, double cost)
{
    return stage_search_strength(t) * cost;
}

static void add_cost(trainer *t, real *own, real *gradients)
{
    (void)own;
    if (t->cost == NULL) return;
    model *m = t->now.model;
    cost_choice_read(t->choices, m);
    cost_total(t->cost, t->in.graph, t->choices, m->options.rules.published_costs, t->slopes);
    cost_choice_add_slope(m, gradients, t->slopes, stage_search_strength(t));
}

static status discretise(trainer *t, real *own)
{
    (void)own;
    TRY(search_refine(t));
    trainer_remove_pruned(t);
    return status_ok();
}

const stage stage_search = {.name = "search",
                            .phase = PHASE_SEARCH,
                            .draws = 1,
                            .mode = MODEL_SOFT,
                            .choices_move = true,
                            .settings = settings_of,
                            .temperature = temperature,
                            .gradient = add_cost,
                            .penalty = penalty,
                            .end = discretise};
