#include "core/strategy/layerwise.h"

#include "core/strategy/searched.h"

static void options(model_options *o, const trainer_inputs *in)
{
    static const int bits[] = {2, 4, 8};
    searched_options(o, in, bits, 3, true);
}

static const task_kind kind = {
    .name = "layerwise", .options = options, .start = searched_start, .stages = searched_stages};
static const task_kind *const kinds[] = {&kind, NULL};

const strategy strategy_layerwise = {.name = "layerwise",
                                     .description = "one precision for each sharing group, no pruning (EdMIPS-like)",
                                     .kinds = kinds};
