/* searched: what the strategies have in common that search among given precisions with soft choices and then fine-tune
 * what was found (Risso et al. 2024, arXiv 2407.01054): each point starts from the warm-up of its seed, converted. They
 * differ in the candidates alone. */
#ifndef CORE_STRATEGY_SEARCHED_H
#define CORE_STRATEGY_SEARCHED_H

#include "core/config/settings_keys.h"
#include "core/strategy/precision_choice.h"
#include "core/strategy/strategy.h"

/* A quantised network with these candidates; the input as the settings say. */
void searched_options(model_options *o, const trainer_inputs *in, const precision_choice *choice);

/* The same with the precisions of the task's entry, or the usual ones when it gives none. */
void searched_entry_options(model_options *o, const trainer_inputs *in, const precision_choice *usual);

/* task_kind.start: the one parent is a warm-up. */
MUST_CHECK status searched_start(trainer *t, const record *const *parents, int count);

/* task_kind.stages: search, fine-tuning; the same with a search that ends at a budget; and the sections of the settings
 * they read. */
extern const stage *const searched_stages[];
extern const stage *const searched_budget_stages[];
extern const char *const searched_sections[];

/* Adds a point for each strength of the entry and each seed, then one for each of its targets and each seed. */
MUST_CHECK status searched_plan_points(task_plan *p, const plan_place *at, const precision_choice *usual,
                                       const task_kind *kind, const task_kind *to_budget);

/* Adds a point for each of the entry's bits and each seed. */
MUST_CHECK status searched_plan_bits(task_plan *p, const plan_place *at, const task_kind *kind);

/* The keys of entries with strengths or targets, and what they must fulfil together. */
extern const settings_key *const searched_keys[];
MUST_CHECK status searched_check(const sweep_entry *e, const config_node *where);

/* All that a strategy of this family is besides its entry, from a constant `usual`: kinds of tasks NAME and
 * NAME_budget, and how they are planned. */
#define SEARCHED_KINDS(name_)                                                                                          \
    static void options(model_options *o, const trainer_inputs *in)                                                    \
    {                                                                                                                  \
        searched_entry_options(o, in, &usual);                                                                         \
    }                                                                                                                  \
    static const task_kind to_strength = {.name = name_,                                                               \
                                          .reads = {searched_sections, true},                                          \
                                          .options = options,                                                          \
                                          .start = searched_start,                                                     \
                                          .stages = searched_stages};                                                  \
    static const task_kind to_budget = {.name = name_ "_budget",                                                       \
                                        .reads = {searched_sections, true},                                            \
                                        .options = options,                                                            \
                                        .start = searched_start,                                                       \
                                        .stages = searched_budget_stages};                                             \
    static const task_kind *const kinds[] = {&to_strength, &to_budget, NULL};                                          \
    static status plan(task_plan *p, const plan_place *at)                                                             \
    {                                                                                                                  \
        return searched_plan_points(p, at, &usual, &to_strength, &to_budget);                                          \
    }

#endif
