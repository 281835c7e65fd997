#include "core/strategy/widths.h"

#include "core/config/config.h"
#include "core/strategy/sample_options.h"
#include "core/strategy/sample_probe.h"
#include "core/strategy/sampled.h"
#include "core/strategy/searched.h"

static void options(model_options *o, const trainer_inputs *in)
{
    const int bits = sample_options_of(&in->settings->entries[in->task->entry])->bits;
    searched_options(o, in, &(precision_choice){.count = 2, .bits = {0, bits}});
    o->sampling = SAMPLING_ARGMAX;
}

static const task_kind search = {.name = "widths_search",
                                 .reads = {sampled_sections, true},
                                 .options = options,
                                 .start = searched_start,
                                 .stages = sampled_search_stages};
static const task_kind point = {.name = "widths",
                                .reads = {sampled_sections, true},
                                .options = options,
                                .start = sampled_start_point,
                                .stages = sampled_point_stages};
static const task_kind probe = {.name = "widths_probe",
                                .reads = {sampled_sections, true},
                                .options = options,
                                .start = sample_probe_start,
                                .stages = sampled_probe_stages};
static const task_kind trained = {.name = "widths_trained",
                                  .reads = {sampled_sections, true},
                                  .options = options,
                                  .start = sample_probe_start_point,
                                  .stages = sampled_point_stages};
static const task_kind *const kinds[] = {&search, &point, &probe, &trained, NULL};

/* Named by sample_family. */
static const char *const families[] = {"filter_multinomial", "layer_categorical", "net_multinomial",
                                       "layer_binomial",     "block_binomial",    NULL};
static const settings_key key_family = {
    .path = "family",
    .type = KEY_CHOICE,
    .offset = ENTRY_OPTION(sample_options, family),
    .fallback = "\"layer_binomial\"",
    .choices = families,
    .help =
        "What is drawn: how many channels each layer keeps (layer_binomial), the same for layers of one width "
        "(block_binomial), one of `ratios` for each layer (layer_categorical), how many layers have each of them, in "
        "their order (net_multinomial)."};
static const settings_key key_ratios = {
    .path = "ratios",
    .type = KEY_NUMBERS,
    .offset = ENTRY_OPTION(sample_options, widths),
    .count_offset = ENTRY_OPTION(sample_options, width_count),
    .room = SAMPLE_MOST_WIDTHS,
    .fallback = "[0.25, 0.5, 0.75, 1.0]",
    .high = 1.0,
    .above_low = true,
    .unit = "of the channels",
    .help = "Widths to choose from, and those of the homogeneous networks of objective = \"curve\"."};
static const settings_key key_bits = {.path = "weight_bits",
                                      .type = KEY_INTEGER,
                                      .offset = ENTRY_OPTION(sample_options, bits),
                                      .fallback = "8",
                                      .low = 1,
                                      .high = 8,
                                      .unit = "bit",
                                      .help = "Precision of what is kept."};
static const settings_key *const keys[] = {&entry_cost_model, &entry_strengths, &key_family, &key_ratios,
                                           &key_bits,         SAMPLED_KEYS,     NULL};

static status check(const sweep_entry *e, const config_node *where)
{
    const sample_options *o = sample_options_of(e);
    if (o->family == FILTER_MULTINOMIAL)
        return config_fail(where, "has family = \"filter_multinomial\", which is of precisions: write "
                                  "\"layer_binomial\", or take strategy \"sample\"");
    if (o->width_count < 2) return config_fail(where, "needs at least two ratios");
    for (int i = 1; i < o->width_count; i++)
        if (o->widths[i] <= o->widths[i - 1]) return config_fail(where, "has ratios that do not rise");
    return sampled_check(e, where);
}

static status plan(task_plan *p, const plan_place *at)
{
    return sampled_plan(p, at, &(const sampled_kinds){&search, &point, &probe, &trained});
}

const strategy strategy_widths = {.entry = {.name = "widths",
                                            .description = "how many channels each layer keeps, by score functions",
                                            .keys = keys,
                                            .check = check},
                                  .plan = plan,
                                  .kinds = kinds};
