#include "core/strategy/fixed.h"

#include "core/strategy/searched.h"

static void options(model_options *o, const trainer_inputs *in)
{
    searched_options(o, in, &in->task->bits, 1, false);
}

static const task_kind kind = {.name = "fixed", .options = options, .start = searched_start, .stages = searched_stages};
static const task_kind *const kinds[] = {&kind, NULL};

const strategy strategy_fixed = {
    .name = "fixed", .description = "one given precision everywhere: quantisation-aware training", .kinds = kinds};
