/* The only list of strategies: a new one is a file and a line here. */
#include "core/strategy/strategies.h"

#include <string.h>

#include "core/strategy/cost_defined.h"
#include "core/strategy/fixed.h"
#include "core/strategy/gradual.h"
#include "core/strategy/grid.h"
#include "core/strategy/impq.h"
#include "core/strategy/joint.h"
#include "core/strategy/layerwise.h"
#include "core/strategy/mixprec.h"
#include "core/strategy/pit.h"
#include "core/strategy/sample.h"
#include "core/strategy/sensitivity.h"
#include "core/strategy/trunk.h"
#include "core/strategy/warmup.h"
#include "core/strategy/widths.h"

static const strategy *const table[] = {&strategy_joint,
                                        &strategy_mixprec,
                                        &strategy_layerwise,
                                        &strategy_fixed,
                                        &strategy_trunk,
                                        &strategy_grid,
                                        &strategy_impq,
                                        &strategy_pit,
                                        &strategy_pit_mixprec,
                                        &strategy_sample,
                                        &strategy_widths,
                                        &strategy_sensitivity,
                                        NULL};

/* Kinds of tasks that several strategies share. */
static const task_kind *const shared_kinds[] = {&warmup_kind, NULL};

enum { STRATEGIES = sizeof table / sizeof table[0] - 1 };

const strategy *const *strategies(void)
{
    return table;
}

const strategy *strategies_find(const char *name)
{
    for (const strategy *const *s = table; *s != NULL; s++)
        if (strcmp((*s)->entry.name, name) == 0) return *s;
    return NULL;
}

const entry_kind *const *strategies_entry_kinds(void)
{
    static const entry_kind *kinds[STRATEGIES + 1];
    for (int i = 0; i < STRATEGIES; i++) kinds[i] = &table[i]->entry;
    return kinds;
}

static const task_kind *find_kind(const task_kind *const *kinds, const char *name)
{
    for (; *kinds != NULL; kinds++)
        if (strcmp((*kinds)->name, name) == 0) return *kinds;
    return NULL;
}

const task_kind *strategies_task_kind(const char *name)
{
    const task_kind *found = find_kind(shared_kinds, name);
    for (const strategy *const *s = table; *s != NULL && found == NULL; s++) found = find_kind((*s)->kinds, name);
    return found;
}

status strategies_plan(task_plan *out, const settings *s, const sweep_networks *networks,
                       const cost_model *const *cost_models, const char *data_checksum)
{
    *out = task_plan_new(&(plan_inputs){.settings = s,
                                        .entry_kinds = strategies_entry_kinds(),
                                        .networks = networks->identities,
                                        .network_count = networks->count,
                                        .data_checksum = data_checksum});
    for (int e = 0; e < s->entry_count; e++) {
        const precision_choice none = {.count = 0}, given = precision_choice_of(&s->entries[e], &none);
        int list[ENTRY_MOST_NETWORKS];
        const int count = networks_of_entry(list, networks, s, e);
        for (int i = 0; i < count; i++) {
            const plan_place at = {.entry = (int16_t)e,
                                   .network = (int16_t)list[i],
                                   .graph = &networks->graphs[list[i]],
                                   .cost_models = cost_models};
            TRY(cost_defined_check(s, &at, &given));
            TRY(warmup_check(s, at.graph));
            TRY(strategies_find(s->entries[e].strategy)->plan(out, &at));
        }
    }
    for (int i = 0; i < out->count && s->finetune.gradual > 0; i++) {
        const task *t = &out->tasks[i];
        TRY(gradual_check(s, t, strategies_task_kind(t->kind), &networks->graphs[t->network]));
    }
    return status_ok();
}
