#include "core/strategy/mixprec.h"

#include "core/strategy/searched.h"

static void options(model_options *o, const trainer_inputs *in)
{
    static const int bits[] = {2, 4, 8};
    searched_options(o, in, bits, 3, false);
}

static const task_kind kind = {
    .name = "mixprec", .options = options, .start = searched_start, .stages = searched_stages};
static const task_kind *const kinds[] = {&kind, NULL};

const strategy strategy_mixprec = {
    .name = "mixprec", .description = "precision of every channel, no pruning", .kinds = kinds};
