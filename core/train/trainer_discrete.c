#include "core/train/trainer_discrete.h"

static void follow_stage(trainer *t)
{
    t->network.steps_learned = t->discrete.model.steps_learned = trainer_stage(t)->learns_steps;
}

static void prepare_choices(trainer *t, const real *values, model_mode mode)
{
    follow_stage(t);
    model_prepare(&t->network, values, mode, 1, 0);
}

status trainer_segment_begin(trainer *t)
{
    follow_stage(t);
    t->now = (trainer_block){
        .model = &t->network, .values = t->values, .first = t->first, .second = t->second, .average = t->average};
    if (!trainer_stage(t)->compact) return status_ok();
    t->now = t->small;
    if (t->small_ready) return status_ok();
    prepare_choices(t, t->values, MODEL_HARD);
    TRY(compact_choose(&t->discrete, MODEL_FOR_TRAINING));
    compact_gather(&t->discrete, t->small.values, t->values);
    compact_gather(&t->discrete, t->small.first, t->first);
    compact_gather(&t->discrete, t->small.second, t->second);
    if (t->average != NULL) compact_gather(&t->discrete, t->small.average, t->average);
    return status_ok();
}

void trainer_segment_end(trainer *t)
{
    if (t->now.model != &t->discrete.model) return;
    compact_scatter(&t->discrete, t->values, t->small.values);
    compact_scatter(&t->discrete, t->first, t->small.first);
    compact_scatter(&t->discrete, t->second, t->small.second);
    if (t->average != NULL) compact_scatter(&t->discrete, t->average, t->small.average);
    t->small_ready = true;
}

/* The compact form of the candidate, in this mode. */
static status prepare_candidate(trainer *t, model_mode mode)
{
    t->small_ready = false;
    prepare_choices(t, t->candidate, mode);
    TRY(compact_choose(&t->discrete, MODEL_FOR_EVALUATION));
    compact_gather(&t->discrete, t->small.values, t->candidate);
    model_prepare(&t->discrete.model, t->small.values, mode, 1, 0);
    return status_ok();
}

status trainer_prepare_discrete(trainer *t)
{
    const model_mode mode = t->network.options.quantized ? MODEL_EVAL_HARD : MODEL_EVAL_FLOAT;
    return prepare_candidate(t, mode);
}

status trainer_prepare_statistics(trainer *t)
{
    return prepare_candidate(t, t->network.options.quantized ? MODEL_HARD : MODEL_TRAIN_FLOAT);
}

void trainer_start_steps(trainer *t)
{
    if (!trainer_stage(t)->learns_steps) return;
    model_start_steps(&t->network, t->values);
}

void trainer_remove_pruned(trainer *t)
{
    prepare_choices(t, t->values, MODEL_HARD);
    compact_clear_removed(&t->network, t->values);
}

status trainer_take_integers(trainer *t, const model *m, bool every_layer)
{
    if (t->integers == NULL)
        return status_fail(STATUS_CONFIG, "finetune.integer needs the integer network, which nothing here computes");
    status s = t->in.integers->take(t->integers, m, t->in.data, every_layer);
    /* of this task alone: others may go on */
    return s.code == STATUS_CONFIG ? status_fail(STATUS_NUMERIC, "%s", s.message) : s;
}
