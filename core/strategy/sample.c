#include "core/strategy/sample.h"

#include "core/config/config.h"
#include "core/strategy/sample_options.h"
#include "core/strategy/sample_probe.h"
#include "core/strategy/sampled.h"
#include "core/strategy/searched.h"

static const precision_choice usual = {.count = 3, .bits = {2, 4, 8}};

static void options(model_options *o, const trainer_inputs *in)
{
    searched_entry_options(o, in, &usual);
    o->sampling = SAMPLING_ARGMAX;
}

static const task_kind search = {.name = "sample_search",
                                 .reads = {sampled_sections, true},
                                 .options = options,
                                 .start = searched_start,
                                 .stages = sampled_search_stages};
static const task_kind point = {.name = "sample",
                                .reads = {sampled_sections, true},
                                .options = options,
                                .start = sampled_start_point,
                                .stages = sampled_point_stages};
static const task_kind probe = {.name = "sample_probe",
                                .reads = {sampled_sections, true},
                                .options = options,
                                .start = sample_probe_start,
                                .stages = sampled_probe_stages};
static const task_kind trained = {.name = "sample_trained",
                                  .reads = {sampled_sections, true},
                                  .options = options,
                                  .start = sample_probe_start_point,
                                  .stages = sampled_point_stages};
static const task_kind *const kinds[] = {&search, &point, &probe, &trained, NULL};

static const char *const families[] = {"filter_multinomial", "layer_categorical", "net_multinomial", NULL};
static const settings_key key_family = {
    .path = "family",
    .type = KEY_CHOICE,
    .offset = ENTRY_OPTION(sample_options, family),
    .fallback = "\"filter_multinomial\"",
    .choices = families,
    .help = "What is drawn: for each layer how many channels have each precision; a precision for each layer; how many "
            "layers have each precision, in their order."};
static const settings_key *const keys[] = {&entry_cost_model, &entry_strengths, &entry_precisions,
                                           &key_family,       SAMPLED_KEYS,     NULL};

static status check(const sweep_entry *e, const config_node *where)
{
    if (e->precision_count == 1) return config_fail(where, "has one precision: there is nothing to search");
    if (e->precision_count > 0 && e->precisions[0] == 0 && sample_options_of(e)->family != FILTER_MULTINOMIAL)
        return config_fail(where, "has precision 0, which needs family = \"filter_multinomial\"");
    return sampled_check(e, where);
}

static status plan(task_plan *p, const plan_place *at)
{
    return sampled_plan(p, at, &(const sampled_kinds){&search, &point, &probe, &trained});
}

const strategy strategy_sample = {
    .entry = {.name = "sample",
              .description = "precisions drawn and judged by score functions, no gradient",
              .keys = keys,
              .check = check},
    .plan = plan,
    .kinds = kinds};
