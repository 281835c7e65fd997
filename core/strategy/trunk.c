#include "core/strategy/trunk.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/config/config.h"
#include "core/strategy/searched.h"
#include "core/strategy/targets.h"
#include "core/strategy/trunk_bits_leg.h"
#include "core/strategy/trunk_leg.h"
#include "core/strategy/trunk_options.h"
#include "core/strategy/warmup.h"
#include "core/train/stage_finetune.h"
#include "core/train/trainer_convert.h"
#include "core/train/trainer_discrete.h"

static const precision_choice usual = {.count = 4, .bits = {0, 2, 4, 8}};

static precision_choice choice_of(const sweep_entry *e)
{
    precision_choice choice = usual;
    choice.activation_count = trunk_options_of(e)->activation_count;
    memcpy(choice.activation_bits, trunk_options_of(e)->activation_bits, sizeof choice.activation_bits);
    return choice;
}

static void common_options(model_options *o, const trainer_inputs *in)
{
    const precision_choice choice = in->task->entry >= 0 ? choice_of(&in->settings->entries[in->task->entry]) : usual;
    searched_entry_options(o, in, &choice);
}

/* Precisions are chosen, not mixed: no candidate takes a part of another one's weights. */
static void options(model_options *o, const trainer_inputs *in)
{
    common_options(o, in);
    o->sampling = SAMPLING_ARGMAX;
}

/* ---- precisions by sensitivity ---- */

/* From the warm-up, or where the leg before has ended. */
static status start_leg(trainer *t, const record *const *parents, int count)
{
    assert(count >= 1);
    (void)count;
    if (parents[0]->task.step > 0) {
        trunk_leg_start(t, parents[0]->task.target);
        TRY(trainer_take_teacher(t, parents[1]));
        return trainer_continue(t, parents[0]);
    }
    trunk_leg_start(t, t->full_cost);
    return trainer_convert_warmup(t, parents[0]);
}

static status start_branch(trainer *t, const record *const *parents, int count)
{
    assert(count == 2);
    (void)count;
    TRY(trainer_take_teacher(t, parents[1]));
    TRY(trainer_continue(t, parents[0]));
    trainer_remove_pruned(t);
    return status_ok();
}

/* ---- precisions by gradient descent on numbers of bits ---- */

static void bits_options(model_options *o, const trainer_inputs *in)
{
    common_options(o, in);
    o->sampling = SAMPLING_BITS;
    o->activation_numbers = trunk_moves_activations(in->settings, in->task);
}

static status start_bits_leg(trainer *t, const record *const *parents, int count)
{
    assert(count >= 1);
    (void)count;
    if (parents[0]->task.step == 0) {
        trunk_bits_leg_start(t, t->full_cost);
        return trainer_convert_warmup(t, parents[0]);
    }
    TRY(trainer_take_teacher(t, parents[1]));
    TRY(trainer_continue(t, parents[0]));
    TRY(trainer_continue_state(t, parents[0]));
    trunk_bits_leg_start(t, parents[0]->task.target);
    return status_ok();
}

static status start_bits_branch(trainer *t, const record *const *parents, int count)
{
    assert(count == 2);
    (void)count;
    TRY(trainer_take_teacher(t, parents[1]));
    TRY(trainer_continue(t, parents[0]));
    TRY(trunk_bits_round(t));
    trainer_remove_pruned(t);
    return status_ok();
}

/* ---- kinds and keys ---- */

static const char *const leg_sections[] = {"search", "trunk", NULL};
static const char *const branch_sections[] = {"search", "finetune", NULL};
static const stage *const leg_stages[] = {&trunk_leg_stage, NULL};
static const stage *const bits_leg_stages[] = {&trunk_bits_leg_stage, NULL};
static const stage *const branch_stages[] = {&stage_finetune, NULL};

static const task_kind leg = {
    .name = "trunk_leg", .reads = {leg_sections, true}, .options = options, .start = start_leg, .stages = leg_stages};
/* The same with precisions that are chosen by sharing groups, too (cost_budget.h: by_groups), under costs that rise in
 * steps. A kind of its own, as results from before that was so are others. */
static const task_kind groups_leg = {.name = "trunk_leg_by_groups",
                                     .reads = {leg_sections, true},
                                     .options = options,
                                     .start = start_leg,
                                     .stages = leg_stages};
static const task_kind branch = {.name = "trunk_branch",
                                 .reads = {branch_sections, true},
                                 .options = options,
                                 .start = start_branch,
                                 .stages = branch_stages};
static const task_kind bits_leg = {.name = "trunk_bits_leg",
                                   .reads = {leg_sections, true},
                                   .options = bits_options,
                                   .start = start_bits_leg,
                                   .stages = bits_leg_stages};
static const task_kind bits_branch = {.name = "trunk_bits_branch",
                                      .reads = {branch_sections, true},
                                      .options = bits_options,
                                      .start = start_bits_branch,
                                      .stages = branch_stages};
static const task_kind *const kinds[] = {&leg, &groups_leg, &branch, &bits_leg, &bits_branch, NULL};

static const char *const allocation_rules[] = {"sensitivity", "gradient", NULL};
static const settings_key key_allocation = {
    .path = "allocation",
    .type = KEY_CHOICE,
    .offset = ENTRY_OPTION(trunk_options, allocation),
    .fallback = "\"sensitivity\"",
    .choices = allocation_rules,
    .expands = true,
    .help =
        "How precisions follow the falling budget. sensitivity: chosen anew after each epoch, by what the error of "
        "each channel at each precision costs in loss (Fisher's diagonal); gradient: a real number of bits for each "
        "channel, trained with the weights."};
static const char *const prunings[] = {"apart", "together", NULL};
static const settings_key key_pruned = {
    .path = "pruned",
    .type = KEY_CHOICE,
    .later = true,
    .offset = ENTRY_OPTION(trunk_options, pruned),
    .fallback = "\"apart\"",
    .choices = prunings,
    .help =
        "Of allocation = \"sensitivity\": what the pruned channels of a sharing group lose. apart: the sum of what "
        "each loses alone; together: the most that it can be when they matter to the same images, the square of the "
        "sum of square roots, so that no group is pruned away early."};
static const int activation_precisions[] = {2, 4, 8, 0};
static const settings_key key_activation_bits = {
    .path = "activation_bits",
    .type = KEY_INTEGERS,
    .offset = ENTRY_OPTION(trunk_options, activation_bits),
    .count_offset = ENTRY_OPTION(trunk_options, activation_count),
    .room = MAX_PRECISIONS,
    .optional = true,
    .allowed = activation_precisions,
    .ascending = true,
    .unit = "bit",
    .help = "Candidate precisions of activations, which the falling budget lowers as it does those of weights, one of "
            "each sharing group; those of the network input stay. Not given: search.activation_bits, of which "
            "precisions by sensitivity keep the highest."};
static const settings_key *const keys[] = {
    &entry_cost_model, &entry_targets, &entry_precisions, &key_allocation, &key_pruned, &key_activation_bits, NULL};

static status check(const sweep_entry *e, const config_node *where)
{
    if (e->target_count > 0) return status_ok();
    return config_fail(where, "needs targets for strategy \"trunk\", for example targets = [\"32 kB\", \"16 kB\"]");
}

/* ---- the plan ---- */

static int by_value(const void *a, const void *b)
{
    const budget *x = a, *y = b;
    return (x->value < y->value) - (x->value > y->value);
}

/* Budgets of one cost model, the largest first, each once. */
static int select_budgets(budget *out, const budget *all, int all_count, const char *model_name)
{
    int count = 0, kept = 0;
    for (int i = 0; i < all_count; i++)
        if (strcmp(all[i].cost_model, model_name) == 0) out[count++] = all[i];
    qsort(out, (size_t)count, sizeof *out, by_value);
    for (int i = 0; i < count; i++)
        if (kept == 0 || out[i].value != out[kept - 1].value) out[kept++] = out[i];
    return kept;
}

static int leg_epochs(const settings *s, double from, double to)
{
    const double halvings = from > to ? log2(from / to) : 0;
    return (int)fmax(1, round(s->trunk.epochs * halvings));
}

/* Legs and branches of one cost model and seed. */
static status add_trunk(task_plan *p, const plan_place *at, const budget *budgets, int count, int warmup, uint64_t seed)
{
    const settings *s = p->in.settings;
    const bool gradient = trunk_options_of(&s->entries[at->entry])->allocation == TRUNK_BY_GRADIENT;
    task t = {.strategy = "trunk", .entry = at->entry, .network = at->network, .seed = seed};
    t.cost_model = budgets[0].cost_model;
    const cost_model *judge = cost_list_find(at->cost_models, t.cost_model);
    const bool together = trunk_options_of(&s->entries[at->entry])->pruned == TRUNK_PRUNED_TOGETHER;
    const task_kind *leg_kind = gradient ? &bits_leg : judge->stepped || together ? &groups_leg : &leg;
    const task_kind *branch_kind = gradient ? &bits_branch : &branch;
    double before;
    TRY(targets_full_cost(&before, judge, at->graph));
    int last = warmup;
    for (int i = 0; i < count; i++) {
        t.step = i + 1;
        t.target = budgets[i].value;
        t.epochs = leg_epochs(s, before, t.target);
        t.point = false;
        t.kind = leg_kind->name;
        TRY(task_plan_add(p, &last, &t, (const int[]){last, warmup}, last == warmup ? 1 : 2, &leg_kind->reads));
        before = t.target;

        int id;
        t.epochs = 0;
        t.point = true;
        t.kind = branch_kind->name;
        TRY(task_plan_add(p, &id, &t, (const int[]){last, warmup}, 2, &branch_kind->reads));
    }
    return status_ok();
}

static status plan(task_plan *p, const plan_place *at)
{
    const settings *s = p->in.settings;
    const int target_count = s->entries[at->entry].target_count;
    if (s->trunk.average > 0)
        return status_fail(STATUS_CONFIG, "%.200s: trunk.average must be 0: a leg goes on from its last step", s->path);
    if (s->trunk.optimizer != OPTIMIZER_SGD || s->trunk.schedule != SCHEDULE_CONSTANT)
        return status_fail(
            STATUS_CONFIG,
            "%.200s: strategy \"trunk\" needs trunk = { optimizer = \"sgd\"; schedule = \"constant\"; ... }", s->path);
    budget all[MAX_TARGETS];
    precision_choice choice = choice_of(&s->entries[at->entry]);
    if (choice.activation_count == 0 && trunk_options_of(&s->entries[at->entry])->allocation == TRUNK_BY_SENSITIVITY) {
        choice.activation_count = 1;
        choice.activation_bits[0] = s->search.activation_bits[s->search.activation_count - 1];
    }
    TRY(targets_of_entry(all, s, at, &choice));
    int warmups[MAX_SEEDS];
    TRY(warmup_plan(p, warmups, at->network));
    for (int i = 0; i < target_count; i++) {
        bool earlier = false;
        for (int k = 0; k < i; k++) earlier = earlier || strcmp(all[k].cost_model, all[i].cost_model) == 0;
        if (earlier) continue;
        budget budgets[MAX_TARGETS];
        const int count = select_budgets(budgets, all, target_count, all[i].cost_model);
        for (int k = 0; k < s->seed_count; k++) TRY(add_trunk(p, at, budgets, count, warmups[k], s->seeds[k]));
    }
    return status_ok();
}

const strategy strategy_trunk = {
    .entry = {.name = "trunk",
              .description = "one trajectory under a falling budget, with a branch for each target: a whole front",
              .keys = keys,
              .check = check},
    .plan = plan,
    .kinds = kinds};
