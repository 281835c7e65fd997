#include "core/strategy/sensitivity.h"

#include "core/config/config.h"
#include "core/strategy/gain_keys.h"
#include "core/strategy/searched.h"
#include "core/strategy/sensitivity_stage.h"
#include "core/strategy/warmup.h"
#include "core/train/stage_finetune.h"

static const precision_choice usual = {.count = 2, .bits = {3, 4}};

static void options(model_options *o, const trainer_inputs *in)
{
    searched_entry_options(o, in, &usual);
    o->sampling = SAMPLING_ARGMAX; /* the highest precision at first */
}

static const char *const sections[] = {"search", "finetune", NULL};
static const stage *const stages[] = {&stage_finetune, &sensitivity_stage, NULL};
static const task_kind kind = {
    .name = "sensitivity", .reads = {sections, true}, .options = options, .start = searched_start, .stages = stages};
static const task_kind *const kinds[] = {&kind, NULL};

#define OWN(member) .offset = ENTRY_OPTION(sensitivity_options, member)

static const settings_key own_keys[] = {{.path = "kernels",
                                         .type = KEY_INTEGER,
                                         OWN(kernels),
                                         .fallback = "200",
                                         .low = 3,
                                         .high = 100000,
                                         .unit = "channels",
                                         .help = "Lowered one at a time, at random; at most all that can be lowered."},
                                        GAIN_KEYS(sensitivity_options)};

static const settings_key *const keys[] = {&entry_precisions, &own_keys[0], &own_keys[1],
                                           &own_keys[2],      &own_keys[3], NULL};

static status check(const sweep_entry *e, const config_node *where)
{
    if (e->precision_count == 1)
        return config_fail(where, "needs at least two precisions for strategy \"sensitivity\": precisions = [3, 4]");
    return status_ok();
}

static status plan(task_plan *p, const plan_place *at)
{
    const settings *s = p->in.settings;
    int warmups[MAX_SEEDS], id;
    TRY(warmup_plan(p, warmups, at->network));
    for (int k = 0; k < s->seed_count; k++) {
        const task t = {.kind = kind.name,
                        .strategy = "sensitivity",
                        .entry = at->entry,
                        .network = at->network,
                        .seed = s->seeds[k],
                        .cost_model = "none",
                        .epochs = 1};
        TRY(task_plan_add(p, &id, &t, &warmups[k], 1, &kind.reads));
    }
    return status_ok();
}

const strategy strategy_sensitivity = {
    .entry = {.name = "sensitivity",
              .description = "an experiment: does the metric of impq predict what lowering a precision does?",
              .keys = keys,
              .check = check},
    .plan = plan,
    .kinds = kinds};
