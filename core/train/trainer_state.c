#include "core/train/trainer_state.h"

#include <assert.h>

#include "core/train/task_kind.h"

enum { FINEST_BITS = 8, EPOCHS_PER_STAGE = 1000000 }; /* the second: larger than any number of epochs */

const stage *trainer_stage(const trainer *t)
{
    return t->in.kind->stages[t->counters.stage];
}

const phase_settings *trainer_settings(const trainer *t)
{
    return trainer_stage(t)->settings(t->in.settings);
}

bool trainer_runs_integers(const trainer *t)
{
    return trainer_stage(t)->integers && trainer_settings(t)->integer && t->network.options.quantized;
}

int trainer_draw_epoch(const trainer *t)
{
    return trainer_stage(t)->draws * EPOCHS_PER_STAGE + t->counters.epoch;
}

int trainer_epochs(const trainer *t)
{
    return stage_epochs(trainer_stage(t), t->in.settings, t->in.task);
}

int trainer_steps_per_epoch(const trainer *t)
{
    int count = t->in.data->split_count[SPLIT_TRAIN], batch = t->in.settings->batch;
    return (count + batch - 1) / batch;
}

int trainer_epochs_before(const trainer *t, int index)
{
    int epochs = 0;
    for (int i = 0; i < index; i++) epochs += stage_epochs(t->in.kind->stages[i], t->in.settings, t->in.task);
    return epochs;
}

double trainer_cost(trainer *t)
{
    if (t->cost == NULL) return 0;
    const stage *now = trainer_stage(t);
    if (now->cost != NULL) return now->cost(t, t->own[t->counters.stage]);
    cost_choice_read(t->choices, &t->network);
    return cost_total(t->cost, t->in.graph, t->choices, t->network.options.rules.published_costs, NULL);
}

void trainer_measure_cost(trainer *t)
{
    if (t->cost == NULL) return;
    cost_uniform(t->choices, t->in.graph, FINEST_BITS, FINEST_BITS);
    t->full_cost = cost_total(t->cost, t->in.graph, t->choices, t->network.options.rules.published_costs, NULL);
    if (t->in.settings->search.normalize_cost) t->cost_scale = 1 / t->full_cost;
}

static int stage_count(const trainer *t)
{
    int count = 0;
    while (t->in.kind->stages[count] != NULL) count++;
    assert(count > 0 && count <= TRAINER_MAX_STAGES);
    return count;
}

int trainer_shard_capacity(const trainer *t)
{
    const settings *s = t->in.settings;
    return (s->batch + s->shards - 1) / s->shards;
}

bool trainer_has_teacher(const trainer *t)
{
    for (int i = 0; t->in.kind->stages[i] != NULL; i++)
        if (t->in.kind->stages[i]->settings(t->in.settings)->distill > 0) return true;
    return false;
}

static bool has_average(const trainer *t)
{
    for (int i = 0; t->in.kind->stages[i] != NULL; i++)
        if (t->in.kind->stages[i]->settings(t->in.settings)->average > 0) return true;
    return false;
}

static bool has_estimates(const trainer *t)
{
    const bool running = t->network.layout.total > t->network.layout.choices;
    for (int i = 0; t->in.kind->stages[i] != NULL; i++)
        if (running && t->in.kind->stages[i]->settings(t->in.settings)->reestimate_batches > 0) return true;
    return false;
}

static bool watches_activations(const trainer *t)
{
    for (int i = 0; t->in.kind->stages[i] != NULL; i++) {
        const stage *s = t->in.kind->stages[i];
        if (s->watches != NULL && s->watches(t)) return true;
    }
    return false;
}

const real *trainer_activation_squares(const trainer *t, const real *gradients)
{
    return gradients + t->now.model->layout.total + EXTRA_COUNT;
}

static void carve_state(trainer *t)
{
    const model_layout *layout = &t->network.layout;
    t->values = arena_reals(&t->state, layout->total);
    t->best = arena_reals(&t->state, layout->total);
    t->first = arena_reals(&t->state, layout->total);
    t->second = arena_reals(&t->state, layout->total);
    t->velocity = arena_reals(&t->state, layout->choices - layout->clips);
    t->average = has_average(t) ? arena_reals(&t->state, layout->total) : NULL;
    for (int i = 0; t->in.kind->stages[i] != NULL; i++) {
        const stage *s = t->in.kind->stages[i];
        size_t own = s->state_reals != NULL ? s->state_reals(t) : 0;
        t->own[i] = own > 0 ? arena_reals(&t->state, own) : NULL;
    }
    t->curve = arena_bytes(&t->state, (size_t)t->curve_room * sizeof *t->curve);
}

size_t trainer_running_reals(const model *m)
{
    return m->layout.total - m->layout.choices;
}

/* A row for each shard, and one number more for the sum over ranks. */
static size_t statistics_reals(const trainer *t)
{
    return trainer_running_reals(&t->network) * (size_t)t->in.settings->shards + 1;
}

static void carve_work(trainer *t)
{
    const dataset *d = t->in.data;
    int depth = 1;
    for (int shards = t->in.settings->shards; shards > 1; shards /= 2) depth++;
    t->small.values = arena_reals(&t->work, t->network.layout.total);
    t->small.first = arena_reals(&t->work, t->network.layout.total);
    t->small.second = arena_reals(&t->work, t->network.layout.total);
    t->small.average = has_average(t) ? arena_reals(&t->work, t->network.layout.total) : NULL;
    t->candidate = arena_reals(&t->work, t->network.layout.total);
    if (trainer_has_teacher(t)) teacher_carve(&t->teacher, &t->work, trainer_shard_capacity(t));
    t->statistics = has_estimates(t) ? arena_reals(&t->work, statistics_reals(t)) : NULL;
    t->watched = watches_activations(t) ? (size_t)t->in.graph->group_count : 0;
    t->level_reals = t->network.layout.total + EXTRA_COUNT + t->watched + 1;
    t->levels = arena_reals(&t->work, t->level_reals * (size_t)depth);
    if (t->network.options.capacity < trainer_shard_capacity(t)) t->piece = arena_reals(&t->work, t->level_reals);
    t->order = arena_bytes(&t->work, (size_t)d->split_count[SPLIT_TRAIN] * sizeof *t->order);
    t->samples = arena_bytes(&t->work, (size_t)t->in.settings->batch * sizeof *t->samples);
    t->labels = arena_bytes(&t->work, (size_t)t->network.options.capacity * sizeof *t->labels);
    t->choices = arena_bytes(&t->work, (size_t)(t->in.graph->group_count + 1) * sizeof *t->choices);
    t->slopes = arena_bytes(&t->work, (size_t)(t->in.graph->group_count + 1) * sizeof *t->slopes);
    int largest = d->split_count[SPLIT_VALIDATION] > d->split_count[SPLIT_TEST] ? d->split_count[SPLIT_VALIDATION]
                                                                                : d->split_count[SPLIT_TEST];
    t->evaluation.pieces = arena_reals(&t->work, evaluate_piece_reals(largest, t->network.options.capacity));
    t->evaluation.labels = t->labels;
}

status trainer_reserve(trainer *t)
{
    t->curve_room = trainer_epochs_before(t, stage_count(t));
    carve_state(t);
    TRY(arena_reserve(&t->state));
    carve_state(t);
    carve_work(t);
    TRY(arena_reserve(&t->work));
    carve_work(t);
    return status_ok();
}
