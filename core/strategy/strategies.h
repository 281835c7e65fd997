/* strategies: the list of all strategies, and what follows from it. */
#ifndef CORE_STRATEGY_STRATEGIES_H
#define CORE_STRATEGY_STRATEGIES_H

#include "core/strategy/networks.h"
#include "core/strategy/strategy.h"

/* NULL-terminated, in the order of the documentation; and a look-up by name (NULL when unknown). */
const strategy *const *strategies(void);
const strategy *strategies_find(const char *name);

/* What entries of a configuration may be, for core/config: NULL-terminated. */
const entry_kind *const *strategies_entry_kinds(void);

/* What a task of this kind is, whichever strategy lists it; NULL when unknown. */
const task_kind *strategies_task_kind(const char *name);

/* The whole graph of a sweep, of which *out borrows settings, networks and checksum ("" while it is unknown).
 * *out is to be freed with task_plan_free, also after a failure. */
MUST_CHECK status strategies_plan(task_plan *out, const settings *s, const sweep_networks *networks,
                                  const cost_model *const *cost_models, const char *data_checksum);

#endif
