#include "core/strategy/pit.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/config/config.h"
#include "core/strategy/pit_mask.h"
#include "core/strategy/searched.h"
#include "core/strategy/targets.h"
#include "core/strategy/warmup.h"
#include "core/train/stage_finetune.h"
#include "core/train/trainer_convert.h"
#include "core/train/trainer_discrete.h"

/* Above all logits that a search reaches, and far enough below: probabilities are exactly 1 and 0. */
static const real CERTAIN = (real)1000;

static const precision_choice usual = {.count = 4, .bits = {0, 2, 4, 8}};

enum { MOST_STRENGTHS = 16 };

/* pit_options come first. */
typedef struct {
    pit_options masks;
    int strength_count;
    double strengths[MOST_STRENGTHS];
} mixprec_options;

/* ---- the pruned float network ---- */

static void float_options(model_options *o, const trainer_inputs *in)
{
    (void)in;
    o->quantized = false;
}

static status start_masks(trainer *t, const record *const *parents, int count)
{
    assert(count == 1);
    (void)count;
    TRY(trainer_continue(t, parents[0]));
    return trainer_take_teacher(t, parents[0]);
}

/* ---- at a fixed precision ---- */

static void fixed_options(model_options *o, const trainer_inputs *in)
{
    searched_options(o, in, &(precision_choice){.count = 2, .bits = {0, in->task->bits}});
    o->sampling = SAMPLING_ARGMAX;
}

/* What is pruned stays so, and nothing else will be. */
static void write_choices(trainer *t, const bool *pruned)
{
    const graph *g = t->in.graph;
    for (int i = 0, first = 0; i < g->group_count; first += g->groups[i++].channels) {
        const model_weight_group *group = &t->network.groups[i];
        if (group->precisions == 0 || group->bits[0] != 0) continue;
        real *logits = t->values + t->network.layout.tensors[group->logits].offset; /* of 0 bit first */
        for (int c = 0; c < group->columns; c++) logits[c] = pruned[first + c] ? CERTAIN : -CERTAIN;
    }
}

static status start_pruned(trainer *t, const record *const *parents, int count)
{
    assert(count == 1);
    (void)count;
    size_t channels = 0;
    for (int i = 0; i < t->in.graph->group_count; i++) channels += (size_t)t->in.graph->groups[i].channels;
    bool *pruned = calloc(channels + 1, sizeof *pruned);
    if (pruned == NULL) return status_fail(STATUS_MEMORY, "no memory for the masks of %s", t->in.graph->name);
    status s = trainer_convert_warmup(t, parents[0]);
    if (!failed(s)) s = pit_pruned_read(pruned, t, parents[0]);
    if (!failed(s)) write_choices(t, pruned);
    free(pruned);
    TRY(s);
    trainer_remove_pruned(t);
    return status_ok();
}

/* ---- searched again ---- */

static void mixprec_model(model_options *o, const trainer_inputs *in)
{
    searched_entry_options(o, in, &usual);
    o->pruning_decided = true;
}

/* ---- kinds ---- */

static const char *const search_sections[] = {"search", "finetune", NULL};
static const stage *const mask_stages[] = {&pit_search_stage, &pit_tune_stage, NULL};
static const stage *const tune_stages[] = {&stage_finetune, NULL};

static const task_kind masked = {.name = "pit",
                                 .reads = {search_sections, true},
                                 .options = float_options,
                                 .start = start_masks,
                                 .stages = mask_stages};
static const task_kind fixed = {.name = "pit_fixed",
                                .reads = {search_sections, true},
                                .options = fixed_options,
                                .start = start_pruned,
                                .stages = tune_stages};
static const task_kind mixprec = {.name = "pit_mixprec",
                                  .reads = {search_sections, true},
                                  .options = mixprec_model,
                                  .start = start_pruned,
                                  .stages = searched_stages};
static const task_kind mixprec_budget = {.name = "pit_mixprec_budget",
                                         .reads = {search_sections, true},
                                         .options = mixprec_model,
                                         .start = start_pruned,
                                         .stages = searched_budget_stages};
static const task_kind *const pit_kinds[] = {&masked, &fixed, NULL};
static const task_kind *const mixprec_kinds[] = {&mixprec, &mixprec_budget, NULL};

/* ---- keys ---- */

static const char *const masked_names[] = {"all", "weights", NULL};
static const settings_key key_mask_learning_rate = {.path = "mask_learning_rate",
                                                    .type = KEY_NUMBER,
                                                    .offset = ENTRY_OPTION(pit_options, mask_learning_rate),
                                                    .fallback = "1e-3",
                                                    .high = 1e3,
                                                    .above_low = true,
                                                    .help = "Of Adam, for the masks."};
static const settings_key key_masked = {
    .path = "masked",
    .type = KEY_CHOICE,
    .offset = ENTRY_OPTION(pit_options, masked),
    .fallback = "\"all\"",
    .choices = masked_names,
    .help = "What a closed mask takes away while masks are trained: all of a channel, or, as published, its weights "
            "(scale of batch-norm), so that its bias (shift) goes on."};
static const settings_key key_pit_strengths = {
    .path = "pit_strengths",
    .type = KEY_STRENGTHS,
    .offset = ENTRY_OPTION(mixprec_options, strengths),
    .count_offset = ENTRY_OPTION(mixprec_options, strength_count),
    .room = MOST_STRENGTHS,
    .expands = true,
    .high = 1e15,
    .help = "Strengths of the pruning; each pruned network is searched at every strength or target of the entry."};
static const settings_key *const pit_keys[] = {&entry_cost_model,       &entry_strengths, &entry_bits,
                                               &key_mask_learning_rate, &key_masked,      NULL};
static const settings_key *const mixprec_keys[] = {
    &entry_cost_model,       &entry_strengths, &entry_targets,     &entry_precisions,
    &key_mask_learning_rate, &key_masked,      &key_pit_strengths, NULL};

static status check_pit(const sweep_entry *e, const config_node *where)
{
    if (strcmp(e->cost_model, "none") == 0)
        return config_fail(where, "needs a cost_model other than \"none\" for strategy \"pit\"");
    if (e->strength_count > 0) return status_ok();
    return config_fail(where, "needs strengths for strategy \"pit\": strengths = [0.5, 1.0]");
}

static status check_mixprec(const sweep_entry *e, const config_node *where)
{
    const mixprec_options *o = (const mixprec_options *)(const void *)e->options;
    if (strcmp(e->cost_model, "none") == 0)
        return config_fail(where, "needs a cost_model other than \"none\" for strategy \"pit_mixprec\"");
    if (o->strength_count == 0)
        return config_fail(where, "needs pit_strengths, of the pruning: pit_strengths = [0.5, 1.0]");
    if (e->precision_count == 0 || e->precisions[0] == 0) return searched_check(e, where);
    return config_fail(where, "has precisions without 0, which pruned channels keep: write [0, 2, 4, 8]");
}

/* ---- plans ---- */

static task task_of(const sweep_entry *e, const plan_place *at, const task_kind *kind, uint64_t seed)
{
    return (task){.kind = kind->name,
                  .strategy = e->strategy,
                  .entry = at->entry,
                  .network = at->network,
                  .seed = seed,
                  .cost_model = e->cost_model};
}

static status check_phase(const settings *s)
{
    if (s->search_phase.average == 0) return status_ok();
    return status_fail(STATUS_CONFIG,
                       "%.200s: search.average must be 0 for strategies \"pit\" and \"pit_mixprec\": an "
                       "average of masks is no mask",
                       s->path);
}

/* The pruned network at one strength and seed. */
static status add_pruned(task_plan *p, int *id, const plan_place *at, double strength, uint64_t seed, int warmup)
{
    task t = task_of(&p->in.settings->entries[at->entry], at, &masked, seed);
    t.strength = strength;
    return task_plan_add(p, id, &t, &warmup, 1, &masked.reads);
}

static status plan_pit(task_plan *p, const plan_place *at)
{
    const settings *s = p->in.settings;
    const sweep_entry *e = &s->entries[at->entry];
    int warmups[MAX_SEEDS], pruned, id;
    TRY(check_phase(s));
    TRY(warmup_plan(p, warmups, at->network));
    for (int i = 0; i < e->strength_count; i++)
        for (int k = 0; k < s->seed_count; k++) {
            TRY(add_pruned(p, &pruned, at, e->strengths[i], s->seeds[k], warmups[k]));
            for (int b = 0; b < e->bits_count; b++) {
                task t = task_of(e, at, &fixed, s->seeds[k]);
                t.point = true;
                t.strength = e->strengths[i];
                t.bits = e->bits[b];
                TRY(task_plan_add(p, &id, &t, &pruned, 1, &fixed.reads));
            }
        }
    return status_ok();
}

static status add_searches(task_plan *p, const plan_place *at, const budget *targets, int pruned, uint64_t seed)
{
    const sweep_entry *e = &p->in.settings->entries[at->entry];
    int id;
    for (int i = 0; i < e->strength_count + e->target_count; i++) {
        const bool to_target = i >= e->strength_count;
        const task_kind *kind = to_target ? &mixprec_budget : &mixprec;
        task t = task_of(e, at, kind, seed);
        t.point = true;
        if (to_target) {
            t.target = targets[i - e->strength_count].value;
            t.cost_model = targets[i - e->strength_count].cost_model;
        } else {
            t.strength = e->strengths[i];
        }
        TRY(task_plan_add(p, &id, &t, &pruned, 1, &kind->reads));
    }
    return status_ok();
}

static status plan_mixprec(task_plan *p, const plan_place *at)
{
    const settings *s = p->in.settings;
    const sweep_entry *e = &s->entries[at->entry];
    const mixprec_options *o = (const mixprec_options *)(const void *)e->options;
    budget targets[MAX_TARGETS];
    int warmups[MAX_SEEDS], pruned;
    TRY(check_phase(s));
    TRY(targets_of_entry(targets, s, at, &usual));
    TRY(warmup_plan(p, warmups, at->network));
    for (int i = 0; i < o->strength_count; i++)
        for (int k = 0; k < s->seed_count; k++) {
            TRY(add_pruned(p, &pruned, at, o->strengths[i], s->seeds[k], warmups[k]));
            TRY(add_searches(p, at, targets, pruned, s->seeds[k]));
        }
    return status_ok();
}

const strategy strategy_pit = {
    .entry = {.name = "pit",
              .description = "structured pruning of the float network by masks, then a fixed precision",
              .keys = pit_keys,
              .check = check_pit},
    .plan = plan_pit,
    .kinds = pit_kinds};

const strategy strategy_pit_mixprec = {
    .entry = {.name = "pit_mixprec",
              .description = "pruning first (pit), then a search among 2, 4 and 8 bit: the sequential flow",
              .keys = mixprec_keys,
              .check = check_mixprec},
    .plan = plan_mixprec,
    .kinds = mixprec_kinds};
