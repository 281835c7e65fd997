/* sampled: what the strategies sample and widths have in common: a search by score functions for each strength and seed
 * (sample_stage.h, sample_probe.h), and the networks that come of it, fine-tuned: what the probabilities stand for, and
 * draws. */
#ifndef CORE_STRATEGY_SAMPLED_H
#define CORE_STRATEGY_SAMPLED_H

#include "core/strategy/strategy.h"

/* task_kind.start of the points: parents are the search and the warm-up. */
MUST_CHECK status sampled_start_point(trainer *t, const record *const *parents, int count);

extern const stage *const sampled_search_stages[];
extern const stage *const sampled_point_stages[];
extern const stage *const sampled_probe_stages[];
extern const char *const sampled_sections[];

/* What the tasks of such a strategy are: a search with shared weights and its points; probes of a search whose draws
 * are trained (sample_probe.h) and its points. */
typedef struct {
    const task_kind *search, *point, *probe, *trained;
} sampled_kinds;

/* Adds a search for each strength and seed, and its points. */
MUST_CHECK status sampled_plan(task_plan *p, const plan_place *at, const sampled_kinds *kinds);

/* Keys that both take; and what an entry must fulfil. */
extern const settings_key sampled_key_order, sampled_key_objective, sampled_key_baseline, sampled_key_samples,
    sampled_key_updates, sampled_key_draws, sampled_key_rate, sampled_key_rate_decay, sampled_key_clip,
    sampled_key_base, sampled_key_leak, sampled_key_evaluate, sampled_key_rounds, sampled_key_probe_epochs;
#define SAMPLED_KEYS                                                                                                   \
    &sampled_key_order, &sampled_key_objective, &sampled_key_baseline, &sampled_key_samples, &sampled_key_updates,     \
        &sampled_key_draws, &sampled_key_rate, &sampled_key_rate_decay, &sampled_key_clip, &sampled_key_base,          \
        &sampled_key_leak, &sampled_key_evaluate, &sampled_key_rounds, &sampled_key_probe_epochs
MUST_CHECK status sampled_check(const sweep_entry *e, const config_node *where);

#endif
