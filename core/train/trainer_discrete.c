#include "core/train/trainer_discrete.h"

static void prepare_choices(trainer *t, model_mode mode)
{
    model_prepare(&t->network, t->values, mode, 1, t->in.settings->search.keep_alive, 0);
}

void trainer_segment_begin(trainer *t)
{
    t->now = (trainer_block){.model = &t->network, .values = t->values, .first = t->first, .second = t->second};
    if (!trainer_stage(t)->compact) return;
    t->now = t->small;
    if (t->small_ready) return;
    prepare_choices(t, MODEL_HARD);
    compact_choose(&t->discrete, MODEL_FOR_TRAINING);
    compact_gather(&t->discrete, t->small.values, t->values);
    compact_gather(&t->discrete, t->small.first, t->first);
    compact_gather(&t->discrete, t->small.second, t->second);
}

void trainer_segment_end(trainer *t)
{
    if (t->now.model != &t->discrete.model) return;
    compact_scatter(&t->discrete, t->values, t->small.values);
    compact_scatter(&t->discrete, t->first, t->small.first);
    compact_scatter(&t->discrete, t->second, t->small.second);
    t->small_ready = true;
}

void trainer_prepare_discrete(trainer *t)
{
    model_mode mode = t->network.options.quantized ? MODEL_HARD : MODEL_EVAL_FLOAT;
    t->small_ready = false;
    prepare_choices(t, mode);
    compact_choose(&t->discrete, MODEL_FOR_EVALUATION);
    compact_gather(&t->discrete, t->small.values, t->values);
    model_prepare(&t->discrete.model, t->small.values, mode, 1, t->in.settings->search.keep_alive, 0);
}

void trainer_remove_pruned(trainer *t)
{
    prepare_choices(t, MODEL_HARD);
    compact_clear_removed(&t->network, t->values);
}
