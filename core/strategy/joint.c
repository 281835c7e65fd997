#include "core/strategy/joint.h"

#include "core/strategy/searched.h"

static const precision_choice usual = {.count = 4, .bits = {0, 2, 4, 8}};

static void options(model_options *o, const trainer_inputs *in)
{
    searched_entry_options(o, in, &usual);
}

static const task_kind kind = {.name = "joint",
                               .reads = {searched_sections, true},
                               .options = options,
                               .start = searched_start,
                               .stages = searched_stages};
static const task_kind to_budget = {.name = "joint_budget",
                                    .reads = {searched_sections, true},
                                    .options = options,
                                    .start = searched_start,
                                    .stages = searched_budget_stages};
static const task_kind *const kinds[] = {&kind, &to_budget, NULL};

static status plan(task_plan *p, const plan_place *at)
{
    return searched_plan_points(p, at, &usual, &kind, &to_budget);
}

const strategy strategy_joint = {
    .entry = {.name = "joint",
              .description = "each channel 0 (pruned), 2, 4 or 8 bit: pruning and precision together (the method)",
              .keys = searched_keys,
              .check = searched_check},
    .plan = plan,
    .kinds = kinds};
