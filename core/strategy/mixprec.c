#include "core/strategy/mixprec.h"

#include "core/strategy/searched.h"

static const precision_choice usual = {.count = 3, .bits = {2, 4, 8}};

static void options(model_options *o, const trainer_inputs *in)
{
    searched_entry_options(o, in, &usual);
}

static const task_kind kind = {.name = "mixprec",
                               .reads = {searched_sections, true},
                               .options = options,
                               .start = searched_start,
                               .stages = searched_stages};
static const task_kind to_budget = {.name = "mixprec_budget",
                                    .reads = {searched_sections, true},
                                    .options = options,
                                    .start = searched_start,
                                    .stages = searched_budget_stages};
static const task_kind *const kinds[] = {&kind, &to_budget, NULL};

static status plan(task_plan *p, const plan_place *at)
{
    return searched_plan_points(p, at, &usual, &kind, &to_budget);
}

const strategy strategy_mixprec = {.entry = {.name = "mixprec",
                                             .description = "each channel 2, 4 or 8 bit, no pruning",
                                             .keys = searched_keys,
                                             .check = searched_check},
                                   .plan = plan,
                                   .kinds = kinds};
