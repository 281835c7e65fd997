#include "core/strategy/joint.h"

#include "core/strategy/searched.h"

static void options(model_options *o, const trainer_inputs *in)
{
    static const int bits[] = {0, 2, 4, 8};
    searched_options(o, in, bits, 4, false);
}

static const task_kind kind = {.name = "joint", .options = options, .start = searched_start, .stages = searched_stages};
static const task_kind *const kinds[] = {&kind, NULL};

const strategy strategy_joint = {
    .name = "joint", .description = "pruning and precision of every channel together (the method)", .kinds = kinds};
