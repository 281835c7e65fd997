#include "core/strategy/searched.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/config/config.h"
#include "core/config/entry.h"
#include "core/strategy/targets.h"
#include "core/strategy/warmup.h"
#include "core/train/stage_finetune.h"
#include "core/train/stage_search.h"
#include "core/train/stage_to_budget.h"
#include "core/train/trainer_convert.h"

void searched_options(model_options *o, const trainer_inputs *in, const precision_choice *choice)
{
    const search_settings *s = &in->settings->search;
    o->quantized = true;
    o->per_layer = choice->whole_groups;
    o->weight_count = choice->count;
    for (int i = 0; i < choice->count; i++) o->weight_bits[i] = choice->bits[i];
    const bool own = choice->activation_count > 0;
    o->activation_count = own ? choice->activation_count : s->activation_count;
    o->input_count = s->input_count;
    for (int i = 0; i < o->activation_count; i++)
        o->activation_bits[i] = own ? choice->activation_bits[i] : s->activation_bits[i];
    for (int i = 0; i < s->input_count; i++) o->input_bits[i] = s->input_bits[i];
}

void searched_entry_options(model_options *o, const trainer_inputs *in, const precision_choice *usual)
{
    const sweep_entry *e = in->task->entry >= 0 ? &in->settings->entries[in->task->entry] : NULL;
    const precision_choice choice = precision_choice_of(e, usual);
    searched_options(o, in, &choice);
}

status searched_start(trainer *t, const record *const *parents, int count)
{
    assert(count == 1);
    (void)count;
    return trainer_convert_warmup(t, parents[0]);
}

const stage *const searched_stages[] = {&stage_search, &stage_finetune, NULL};
const stage *const searched_budget_stages[] = {&stage_to_budget, &stage_finetune, NULL};

const char *const searched_sections[] = {"search", "finetune", NULL};

const settings_key *const searched_keys[] = {&entry_cost_model, &entry_strengths, &entry_targets, &entry_precisions,
                                             NULL};

status searched_check(const sweep_entry *e, const config_node *where)
{
    if (e->strength_count + e->target_count > 0) return status_ok();
    return config_fail(where,
                       "needs strengths or targets for strategy \"%s\": strengths = [0.5, 1.0], or targets = "
                       "[\"32 kB\", \"16 kB\"]",
                       e->strategy);
}

/* One point for each seed. */
static status add_points(task_plan *p, const task *each, const int *warmups, const task_kind *kind)
{
    const settings *s = p->in.settings;
    for (int k = 0; k < s->seed_count; k++) {
        task t = *each;
        t.seed = s->seeds[k];
        int id;
        TRY(task_plan_add(p, &id, &t, &warmups[k], 1, &kind->reads));
    }
    return status_ok();
}

static task point_of(const sweep_entry *e, const plan_place *at, const task_kind *kind)
{
    return (task){.point = true,
                  .kind = kind->name,
                  .strategy = e->strategy,
                  .entry = at->entry,
                  .network = at->network,
                  .cost_model = e->cost_model};
}

status searched_plan_points(task_plan *p, const plan_place *at, const precision_choice *usual, const task_kind *kind,
                            const task_kind *to_budget)
{
    const sweep_entry *e = &p->in.settings->entries[at->entry];
    int warmups[MAX_SEEDS];
    TRY(warmup_plan(p, warmups, at->network));
    for (int i = 0; i < e->strength_count; i++) {
        task t = point_of(e, at, kind);
        t.strength = e->strengths[i];
        TRY(add_points(p, &t, warmups, kind));
    }
    budget targets[MAX_TARGETS];
    TRY(targets_of_entry(targets, p->in.settings, at, usual));
    for (int i = 0; i < e->target_count; i++) {
        task t = point_of(e, at, to_budget);
        t.cost_model = targets[i].cost_model;
        t.target = targets[i].value;
        TRY(add_points(p, &t, warmups, to_budget));
    }
    return status_ok();
}

status searched_plan_bits(task_plan *p, const plan_place *at, const task_kind *kind)
{
    const sweep_entry *e = &p->in.settings->entries[at->entry];
    int warmups[MAX_SEEDS];
    TRY(warmup_plan(p, warmups, at->network));
    for (int i = 0; i < e->bits_count; i++) {
        task t = point_of(e, at, kind);
        t.bits = e->bits[i];
        TRY(add_points(p, &t, warmups, kind));
    }
    return status_ok();
}
