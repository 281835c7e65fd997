/* A strategy with a stage of its own, for test_added.c: a search that only counts its steps. */
#include "core/strategy/searched.h"
#include "core/train/stage_finetune.h"

static const phase_settings *settings_of(const settings *s)
{
    return &s->search_phase;
}

static const stage stage_added = {
    .name = "counting", .phase = PHASE_SEARCH, .draws = 9, .mode = MODEL_SOFT, .settings = settings_of};

static const stage *const stages[] = {&stage_added, &stage_finetune, NULL};
static const precision_choice usual = {.count = 3, .bits = {1, 3, 6}};

static void options(model_options *o, const trainer_inputs *in)
{
    searched_entry_options(o, in, &usual);
}

static const task_kind kind = {
    .name = "added", .reads = {searched_sections, true}, .options = options, .start = searched_start, .stages = stages};
static const task_kind *const kinds[] = {&kind, NULL};

static status plan(task_plan *p, const plan_place *at)
{
    return searched_plan_points(p, at, &usual, &kind, &kind);
}

const strategy strategy_added = {
    .entry = {.name = "added", .description = "of a test", .keys = searched_keys, .check = searched_check},
    .plan = plan,
    .kinds = kinds};
