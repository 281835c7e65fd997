#include "core/strategy/warmup.h"

#include "core/train/stage_warmup.h"
#include "core/train/trainer_state.h"

static void options(model_options *o, const trainer_inputs *in)
{
    (void)in;
    o->quantized = false;
}

static status start(trainer *t, const record *const *parents, int count)
{
    (void)parents;
    (void)count;
    model_initialize(&t->network, t->values, t->in.task->seed);
    return status_ok();
}

static const stage *const stages[] = {&stage_warmup, NULL};

const task_kind warmup_kind = {.name = "warmup", .options = options, .start = start, .stages = stages};
