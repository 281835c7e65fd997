#include "core/config/settings_check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/faults.h"

config_node *sources_find(const settings_sources *sources, const char *path)
{
    config_node *found = NULL;
    for (int i = 0; i < sources->count; i++) { /* all of them, so that a replaced setting counts as read */
        config_node *node = config_find(config_root(sources->layers[i]), path);
        if (node != NULL) found = node;
    }
    return found;
}

status sources_fail(const settings_sources *sources, const settings *s, const char *path, const char *format, ...)
{
    char text[300];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    const config_node *node = sources_find(sources, path);
    if (node != NULL) return config_fail(node, "%s", text);
    return status_fail(STATUS_CONFIG, "%.180s: %s %s", s->path, path, text);
}

static status check_phase(const settings *s, const phase_settings *phase, const char *section,
                          const settings_sources *sources)
{
    char path[64], other[64];
    snprintf(path, sizeof path, "%s.momentum", section);
    if (phase->optimizer == OPTIMIZER_ADAM && phase->momentum != 0)
        return sources_fail(sources, s, path, "is for optimizer = \"sgd\"; adam has its own");

    snprintf(path, sizeof path, "%s.nesterov", section);
    if (phase->nesterov && (phase->optimizer == OPTIMIZER_ADAM || phase->momentum == 0))
        return sources_fail(sources, s, path, "is for optimizer = \"sgd\" with momentum above 0");

    snprintf(path, sizeof path, "%s.drop_factors", section);
    snprintf(other, sizeof other, "%s.drop_epochs", section);
    const config_node *factors = sources_find(sources, path), *epochs = sources_find(sources, other);
    int factor_count = factors == NULL ? 0 : config_count(factors),
        epoch_count = epochs == NULL ? 0 : config_count(epochs);
    if (factor_count != epoch_count)
        return sources_fail(sources, s, factors == NULL ? other : path,
                            "%s has %d elements and %s has %d; they belong together", factors == NULL ? other : path,
                            factors == NULL ? epoch_count : factor_count, factors == NULL ? path : other,
                            factors == NULL ? factor_count : epoch_count);

    snprintf(path, sizeof path, "%s.first_candidate_epoch", section);
    if (phase->first_candidate_epoch >= phase->epochs)
        return sources_fail(sources, s, path, "is %d, but the last of %d epochs is %d: no epoch could be kept",
                            phase->first_candidate_epoch, phase->epochs, phase->epochs - 1);
    return status_ok();
}

static bool all_exact(const settings *s)
{
    return s->arithmetic == ARITHMETIC_EXACT && s->published_rule_count == 0;
}

/* The other rules of quantisers are made for exact grids. */
static status check_quantizer(const settings *s, const settings_sources *sources)
{
    const quantizer_rules *q = &s->quantizer;
    if (q->clips == CLIPS_BATCHNORM && q->batchnorm != BATCHNORM_KEPT)
        return sources_fail(sources, s, "quantizer.clips",
                            "= \"batchnorm\" needs quantizer.batchnorm = \"kept\": clips follow it in training");
    if (all_exact(s)) return status_ok();
    const struct {
        const char *path;
        bool changed;
    } rules[] = {{"quantizer.weight_step_2", q->weight_step_2 != WEIGHT_STEP_MINMAX},
                 {"quantizer.weight_step_4", q->weight_step_4 != WEIGHT_STEP_MINMAX},
                 {"quantizer.weight_step_8", q->weight_step_8 != WEIGHT_STEP_MINMAX},
                 {"quantizer.batchnorm", q->batchnorm != BATCHNORM_FOLDED},
                 {"quantizer.before_add", q->before_add != BEFORE_ADD_RECTIFIED},
                 {"quantizer.clips", q->clips != CLIPS_CONSTANT},
                 {"quantizer.rounding", q->rounding != ROUNDING_FLOOR},
                 {"quantizer.levels", q->levels != LEVELS_CLOSED},
                 {"finetune.weight_noise", s->finetune.weight_noise > 0},
                 {"finetune.gradual", s->finetune.gradual > 0}};
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (rules[i].changed)
            return sources_fail(sources, s, rules[i].path,
                                "is for arithmetic = \"exact\" without published_rules; leave it at its default");
    return status_ok();
}

/* The table of a processor stands or falls with its convolutions. */
static status check_lut(const settings *s, const settings_sources *sources)
{
    const throughput_settings *lut = &s->cost.lut;
    if (lut->conv_rows > 0) return status_ok();
    const struct {
        const char *path;
        bool given;
    } parts[] = {{"lut.name", lut->name[0] != '\0'},
                 {"lut.depthwise", lut->depthwise_rows > 0},
                 {"lut.linear", lut->linear_rows > 0},
                 {"lut.clock_hz", lut->clock_hz > 0}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (parts[i].given) return sources_fail(sources, s, parts[i].path, "needs lut.conv, the table of convolutions");
    for (int i = 0; i < s->entry_count; i++)
        if (strcmp(s->entries[i].cost_model, "lut") == 0)
            return status_fail(STATUS_CONFIG,
                               "%.180s:%d: cost_model = \"lut\" needs lut = { conv = ( [ ... ], ... ); }", s->path,
                               s->entries[i].line);
    return status_ok();
}

static status check_sizes(const settings *s, const settings_sources *sources)
{
    if ((s->shards & (s->shards - 1)) != 0)
        return sources_fail(sources, s, "shards", "must be a power of two (1, 2, 4, ... 256), not %d", s->shards);
    if (s->batch < s->shards)
        return sources_fail(sources, s, "batch", "must be at least shards = %d, not %d: every shard needs an image",
                            s->shards, s->batch);
    return status_ok();
}

static status check_lists(const settings *s, const settings_sources *sources)
{
    if (s->seed_count == 0) return sources_fail(sources, s, "seeds", "must hold at least one seed");
    if (s->search.activation_count == 0)
        return sources_fail(sources, s, "search.activation_bits", "must hold at least one precision");
    if (s->search.input_count == 0)
        return sources_fail(sources, s, "search.input_bits", "must hold at least one precision");
    if (s->augment.flip && s->augment.alternating_flip)
        return sources_fail(sources, s, "augment.alternating_flip", "stands in place of augment.flip: set one of both");
    if (s->stopping.eta == 1)
        return sources_fail(sources, s, "stopping.eta", "must be 0 (nothing is stopped) or at least 2, not 1");
    if (s->arithmetic == ARITHMETIC_REFERENCE && s->published_rule_count > 0)
        return sources_fail(sources, s, "published_rules", "is for arithmetic = \"exact\"; in \"reference\" all are");
    if (s->finetune.integer && !all_exact(s))
        return sources_fail(sources, s, "finetune.integer",
                            "is for arithmetic = \"exact\" without published_rules: the published one is not that of "
                            "integers");
    const quantizer_rules *q = &s->quantizer;
    const bool midrise = q->weight_step_2 == WEIGHT_STEP_MIDRISE || q->weight_step_4 == WEIGHT_STEP_MIDRISE ||
                         q->weight_step_8 == WEIGHT_STEP_MIDRISE;
    if (s->finetune.integer && midrise)
        return sources_fail(sources, s, "finetune.integer",
                            "needs weights on whole codes, which the weight steps \"midrise\" are not");
    if (s->finetune.weight_noise > 0 && (s->finetune.integer || midrise))
        return sources_fail(sources, s, "finetune.weight_noise",
                            "is noise between whole codes: it needs finetune.integer = false and weight steps other "
                            "than \"midrise\"");
    if (s->finetune.gradual > 0 && s->finetune.integer)
        return sources_fail(sources, s, "finetune.gradual",
                            "trains layers in float, which finetune.integer = true cannot: set one of both");
    return status_ok();
}

status settings_check(const settings *s, const settings_sources *sources)
{
    faults found = {.untold = 0};
    faults_add(&found, check_sizes(s, sources));
    faults_add(&found, check_lists(s, sources));
    faults_add(&found, check_quantizer(s, sources));
    faults_add(&found, check_lut(s, sources));
    faults_add(&found, check_phase(s, &s->warmup, "warmup", sources));
    faults_add(&found, check_phase(s, &s->search_phase, "search", sources));
    faults_add(&found, check_phase(s, &s->trunk, "trunk", sources));
    faults_add(&found, check_phase(s, &s->finetune, "finetune", sources));
    return faults_end(&found);
}
