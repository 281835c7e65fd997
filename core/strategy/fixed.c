#include "core/strategy/fixed.h"

#include "core/strategy/searched.h"

static void options(model_options *o, const trainer_inputs *in)
{
    searched_options(o, in, &(precision_choice){.count = 1, .bits = {in->task->bits}});
}

static const task_kind kind = {.name = "fixed",
                               .reads = {searched_sections, true},
                               .options = options,
                               .start = searched_start,
                               .stages = searched_stages};
static const task_kind *const kinds[] = {&kind, NULL};
static const settings_key *const keys[] = {&entry_bits, NULL};

static status plan(task_plan *p, const plan_place *at)
{
    return searched_plan_bits(p, at, &kind);
}

const strategy strategy_fixed = {.entry = {.name = "fixed",
                                           .description = "the same precision everywhere: quantisation-aware training",
                                           .keys = keys},
                                 .plan = plan,
                                 .kinds = kinds};
