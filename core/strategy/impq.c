#include "core/strategy/impq.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/config/config.h"
#include "core/strategy/gain_keys.h"
#include "core/strategy/impq_leg.h"
#include "core/strategy/searched.h"
#include "core/strategy/targets.h"
#include "core/strategy/warmup.h"
#include "core/train/trainer_convert.h"

static const precision_choice usual = {.count = 4, .bits = {0, 2, 4, 8}};

static void options(model_options *o, const trainer_inputs *in)
{
    searched_entry_options(o, in, &usual);
    o->sampling = SAMPLING_ARGMAX; /* no candidate takes a part of another one's weights */
}

/* From the warm-up at the highest precisions, or where the leg before has ended. */
static status start(trainer *t, const record *const *parents, int count)
{
    assert(count >= 1);
    if (count == 1) return trainer_convert_warmup(t, parents[0]);
    TRY(trainer_take_teacher(t, parents[1]));
    return trainer_continue(t, parents[0]);
}

static const char *const sections[] = {"search", "finetune", NULL};
static const stage *const weights_stages[] = {&impq_weights_stage, NULL};
static const stage *const activations_stages[] = {&impq_activations_stage, NULL};
static const stage *const both_stages[] = {&impq_both_stage, NULL};

#define KIND(text, list)                                                                                               \
    {                                                                                                                  \
        .name = (text), .reads = {sections, true}, .options = options, .start = start, .stages = (list)                \
    }
static const task_kind weights_leg = KIND("impq_weights", weights_stages);
static const task_kind activations_leg = KIND("impq_activations", activations_stages);
static const task_kind both_leg = KIND("impq_both", both_stages);
static const task_kind *const kinds[] = {&weights_leg, &activations_leg, &both_leg, NULL};

/* ---- keys ---- */

static const char *const granularities[] = {"kernel", "layer", "network", NULL};
static const char *const metrics[] = {"error", "bound", "released", NULL};
static const char *const ranks[] = {"harm_per_cost", "harm", NULL};
static const char *const lowers[] = {"weights", "activations", "sequence", "together", NULL};

#define OWN(member) .offset = ENTRY_OPTION(impq_options, member)

static const settings_key own_keys[] = {
    {.path = "granularity",
     .type = KEY_CHOICE,
     OWN(granularity),
     .fallback = "\"kernel\"",
     .choices = granularities,
     .help = "Which weights are lowered together: each channel of a sharing group, all of a sharing group, all."},
    {.path = "activation_granularity",
     .type = KEY_CHOICE,
     OWN(activation_granularity),
     .fallback = "\"layer\"",
     .choices = granularities,
     .help = "The same of activations: those of a sharing group (layer), or all (network)."},
    {.path = "metric",
     .type = KEY_CHOICE,
     OWN(metric),
     .fallback = "\"error\"",
     .choices = metrics,
     .help = "What a step does to the decisions. error: by the rounding errors it adds; bound: by the noise of uniform "
             "quantisers (Sakr et al. 2017); released: as in the authors' program, linear in the step."},
    {.path = "rank",
     .type = KEY_CHOICE,
     OWN(rank),
     .fallback = "\"harm_per_cost\"",
     .choices = ranks,
     .help = "Which steps come first: those with the least harm for the cost they save, or with the least harm."},
    {.path = "lower",
     .type = KEY_CHOICE,
     OWN(lower),
     .fallback = "\"weights\"",
     .choices = lowers,
     .expands = true,
     .help = "Precisions of weights, of activations (their candidates: search.activation_bits), first the one and then "
             "the other (so many steps each), or both in one list."},
    {.path = "steps",
     .type = KEY_INTEGER,
     OWN(steps),
     .fallback = "0",
     .high = IMPQ_MOST_LEGS,
     .expands = true,
     .unit = "steps",
     .help = "Length of the trajectory without targets: a point each. More steps go on from the last one."},
    {.path = "fractions",
     .type = KEY_NUMBERS,
     .offset = ENTRY_OPTION(impq_options, fractions),
     .count_offset = ENTRY_OPTION(impq_options, fraction_count),
     .room = IMPQ_MOST_LEGS / 2,
     .fallback = "[0.57, 0.57, 0.57, 0.29, 0.21]",
     .high = 1.0,
     .above_low = true,
     .unit = "of what can be lowered",
     .help = "How much each step lowers; behind the last number all steps as the last. At least one channel."},
    GAIN_KEYS(impq_options),
    {.path = "top_classes",
     .type = KEY_INTEGER,
     OWN(runners_up),
     .fallback = "9",
     .low = 1,
     .high = 1000,
     .unit = "classes",
     .help = "Of each image, so many besides the one decided for, by logit."},
    {.path = "gap_percentile",
     .type = KEY_NUMBER,
     OWN(gap_percentile),
     .fallback = "5.0",
     .high = 100.0,
     .unit = "% of the images",
     .help = "Smaller gaps between two logits count as this percentile of the gaps to the second class."}};

static const settings_key *const keys[] = {&entry_cost_model, &entry_targets, &entry_precisions, &own_keys[0],
                                           &own_keys[1],      &own_keys[2],   &own_keys[3],      &own_keys[4],
                                           &own_keys[5],      &own_keys[6],   &own_keys[7],      &own_keys[8],
                                           &own_keys[9],      &own_keys[10],  &own_keys[11],     NULL};

static status check(const sweep_entry *e, const config_node *where)
{
    const impq_options *o = impq_options_of(e);
    if (strcmp(e->cost_model, "none") == 0)
        return config_fail(where, "needs a cost_model other than \"none\" for strategy \"impq\"");
    if (o->activation_granularity == IMPQ_KERNEL)
        return config_fail(where,
                           "has activation_granularity = \"kernel\", but activations have one precision a layer: "
                           "write \"layer\" or \"network\"");
    if (o->fraction_count == 0) return config_fail(where, "needs at least one number in fractions");
    if ((o->steps > 0) == (e->target_count > 0))
        return config_fail(where, "needs steps = 6 or targets = [\"32 kB\", \"16 kB\"] for strategy \"impq\", one of "
                                  "both");
    if (e->target_count > 0 && (o->lower == IMPQ_ACTIVATIONS || o->lower == IMPQ_SEQUENCE))
        return config_fail(where, "has targets, which need lower = \"weights\" or \"together\"");
    return status_ok();
}

/* ---- the plan ---- */

typedef struct {
    task_plan *plan;
    const plan_place *at;
    int last, warmup;
} trajectory;

static status add_leg(trajectory *j, const task *each, const task_kind *kind)
{
    task t = *each;
    t.point = true;
    t.entry = j->at->entry;
    t.network = j->at->network;
    t.kind = kind->name;
    t.strategy = "impq";
    return task_plan_add(j->plan, &j->last, &t, (const int[]){j->last, j->warmup}, j->last == j->warmup ? 1 : 2,
                         &kind->reads);
}

static status add_steps(trajectory *j, const sweep_entry *e, uint64_t seed)
{
    const impq_options *o = impq_options_of(e);
    const task_kind *first = o->lower == IMPQ_ACTIVATIONS ? &activations_leg
                             : o->lower == IMPQ_TOGETHER  ? &both_leg
                                                          : &weights_leg;
    for (int i = 0; i < (o->lower == IMPQ_SEQUENCE ? 2 : 1) * o->steps; i++) {
        const task t = {.seed = seed, .cost_model = e->cost_model, .step = 1 + i % o->steps};
        TRY(add_leg(j, &t, i < o->steps ? first : &activations_leg));
    }
    return status_ok();
}

static status add_targets(trajectory *j, const sweep_entry *e, const budget *targets, uint64_t seed)
{
    for (int i = 0; i < e->target_count; i++) {
        const task t = {.seed = seed, .cost_model = targets[i].cost_model, .step = i + 1, .target = targets[i].value};
        TRY(add_leg(j, &t, impq_options_of(e)->lower == IMPQ_TOGETHER ? &both_leg : &weights_leg));
    }
    return status_ok();
}

/* A trajectory only goes down, in one cost. */
static status check_falling(const settings *s, const plan_place *at, const budget *targets, int count)
{
    char place[ENTRY_PLACE];
    entry_place(place, s, at->entry);
    for (int i = 1; i < count; i++)
        if (strcmp(targets[i].cost_model, targets[0].cost_model) != 0 || targets[i].value >= targets[i - 1].value)
            return status_fail(STATUS_CONFIG,
                               "%.200s: sweep %s: targets[%d]: the targets of a trajectory must fall, in one cost "
                               "model",
                               s->path, place, i);
    return status_ok();
}

static status plan(task_plan *p, const plan_place *at)
{
    const settings *s = p->in.settings;
    const sweep_entry *e = &s->entries[at->entry];
    budget targets[MAX_TARGETS];
    TRY(targets_of_entry(targets, s, at, &usual));
    TRY(check_falling(s, at, targets, e->target_count));
    int warmups[MAX_SEEDS];
    TRY(warmup_plan(p, warmups, at->network));
    for (int k = 0; k < s->seed_count; k++) {
        trajectory j = {.plan = p, .at = at, .last = warmups[k], .warmup = warmups[k]};
        TRY(e->target_count > 0 ? add_targets(&j, e, targets, s->seeds[k]) : add_steps(&j, e, s->seeds[k]));
    }
    return status_ok();
}

const strategy strategy_impq = {
    .entry = {.name = "impq",
              .description = "precisions are lowered step by step where it harms decisions least: a falling curve",
              .keys = keys,
              .check = check},
    .plan = plan,
    .kinds = kinds};
