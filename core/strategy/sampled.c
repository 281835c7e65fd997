#include "core/strategy/sampled.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/config/config.h"
#include "core/strategy/cost_defined.h"
#include "core/strategy/sample_draws.h"
#include "core/strategy/sample_probe.h"
#include "core/strategy/sample_stage.h"
#include "core/strategy/sample_state.h"
#include "core/strategy/warmup.h"
#include "core/train/stage_finetune.h"
#include "core/train/trainer_convert.h"
#include "core/train/trainer_discrete.h"

const char *const sampled_sections[] = {"search", "finetune", NULL};
const stage *const sampled_search_stages[] = {&sample_stage, NULL};
const stage *const sampled_point_stages[] = {&stage_finetune, NULL};
const stage *const sampled_probe_stages[] = {&sample_probe_stage, NULL};

status sampled_start_point(trainer *t, const record *const *parents, int count)
{
    assert(count == 2);
    (void)count;
    sample_draws d;
    real logits[GRAPH_MAX_LAYERS * SCORE_MOST_OPTIONS];
    int counts[GRAPH_MAX_LAYERS * SCORE_MOST_OPTIONS];
    TRY(trainer_take_teacher(t, parents[1]));
    TRY(trainer_continue(t, parents[0]));
    TRY(sample_draws_open(&d, t));
    status s = sample_read_logits(logits, d.space.logits, parents[0]);
    if (!failed(s)) {
        sample_draws_point(counts, &d, logits, t->in.task->step - 1);
        sample_draws_write(&d, counts);
    }
    sample_draws_close(&d);
    TRY(s);
    trainer_remove_pruned(t);
    return status_ok();
}

/* ---- keys ---- */

static const char *const orders[] = {"magnitude", "index", NULL};
static const char *const objectives[] = {"ratio2", "ratio", "tanh", "curve", NULL};
static const char *const baselines[] = {"leave_one_out", "none", NULL};
static const char *const evaluations[] = {"shared", "trained", NULL};

#define OWN(member) .offset = ENTRY_OPTION(sample_options, member)

const settings_key sampled_key_order = {
    .path = "order",
    .type = KEY_CHOICE,
    OWN(order),
    .fallback = "\"magnitude\"",
    .choices = orders,
    .help = "Which channels get less: those with the smallest weights, or, as published, by their place."};
const settings_key sampled_key_objective = {
    .path = "objective",
    .type = KEY_CHOICE,
    OWN(objective),
    .fallback = "\"ratio2\"",
    .choices = objectives,
    .help =
        "What a draw is worth: cross-entropy + strength * r^2 with r the cost as a part of `base`; + strength * r; + "
        "strength * a step at r = 1 (tanh); or how far below the homogeneous networks it lies (curve; the strength "
        "does not count)."};
const settings_key sampled_key_baseline = {.path = "baseline",
                                           .type = KEY_CHOICE,
                                           OWN(baseline),
                                           .fallback = "\"leave_one_out\"",
                                           .choices = baselines,
                                           .help =
                                               "Subtracted from a draw's worth: the mean of the others, or nothing, "
                                               "as published."};
const settings_key sampled_key_samples = {.path = "samples",
                                          .type = KEY_INTEGER,
                                          OWN(samples),
                                          .fallback = "8",
                                          .low = 1,
                                          .high = SAMPLE_MOST,
                                          .unit = "networks",
                                          .help = "Drawn and evaluated for each update of the probabilities."};
const settings_key sampled_key_updates = {.path = "updates",
                                          .type = KEY_INTEGER,
                                          OWN(updates),
                                          .fallback = "4",
                                          .low = 1,
                                          .high = 10000,
                                          .help = "Of the probabilities, before each epoch of the search."};
const settings_key sampled_key_draws = {.path = "draws",
                                        .type = KEY_INTEGER,
                                        OWN(draws),
                                        .fallback = "1",
                                        .high = 1000,
                                        .expands = true,
                                        .unit = "points",
                                        .help =
                                            "Networks that are drawn at the end and fine-tuned, besides the one that "
                                            "the probabilities stand for."};
const settings_key sampled_key_rate = {.path = "logit_rate",
                                       .type = KEY_NUMBER,
                                       OWN(rate),
                                       .fallback = "0.1",
                                       .high = 1e3,
                                       .above_low = true,
                                       .help = "Learning rate of the logits."};
const settings_key sampled_key_rate_decay = {.path = "logit_rate_decay",
                                             .type = KEY_NUMBER,
                                             OWN(rate_decay),
                                             .fallback = "0.999",
                                             .high = 1.0,
                                             .above_low = true,
                                             .help = "After each update the rate is multiplied by it."};
const settings_key sampled_key_clip = {.path = "logit_clip",
                                       .type = KEY_NUMBER,
                                       OWN(clip),
                                       .fallback = "10.0",
                                       .high = 1e9,
                                       .above_low = true,
                                       .help = "Largest norm of their gradient."};
const settings_key sampled_key_base = {.path = "base",
                                       .type = KEY_NUMBER,
                                       OWN(base),
                                       .fallback = "0.5",
                                       .high = 1e6,
                                       .above_low = true,
                                       .unit = "of the unpruned 8-bit network's cost",
                                       .help = "What r = 1 means. 0.5 is w4 in size."};
const settings_key sampled_key_leak = {.path = "curve_leak",
                                       .type = KEY_NUMBER,
                                       OWN(leak),
                                       .fallback = "0.1",
                                       .high = 1.0,
                                       .help = "With objective = \"curve\": how much counts what is better."};

const settings_key sampled_key_evaluate = {
    .path = "evaluate",
    .type = KEY_CHOICE,
    .later = true,
    OWN(evaluate),
    .fallback = "\"shared\"",
    .choices = evaluations,
    .help =
        "How a draw is judged: with weights that all draws share, trained by turns (shared); or after a training of "
        "its own from the warm-up (trained): each draw is a task, `rounds` times `samples` of them, and updates, "
        "search.epochs and curves of the search do not count."};
const settings_key sampled_key_rounds = {.path = "rounds",
                                         .type = KEY_INTEGER,
                                         .later = true,
                                         OWN(rounds),
                                         .fallback = "10",
                                         .low = 1,
                                         .high = 1000,
                                         .help = "With evaluate = \"trained\": updates of the probabilities."};
const settings_key sampled_key_probe_epochs = {.path = "probe_epochs",
                                               .type = KEY_INTEGER,
                                               .later = true,
                                               OWN(probe_epochs),
                                               .fallback = "5",
                                               .low = 1,
                                               .high = 100000,
                                               .unit = "epochs",
                                               .help =
                                                   "With evaluate = \"trained\": training of a draw, as fine-tuning."};

status sampled_check(const sweep_entry *e, const config_node *where)
{
    if (strcmp(e->cost_model, "none") == 0)
        return config_fail(where, "needs a cost_model other than \"none\" for strategy \"%s\"", e->strategy);
    if (e->strength_count > 0) return status_ok();
    return config_fail(where, "needs strengths for strategy \"%s\": strengths = [0.5, 1.0]", e->strategy);
}

/* ---- the plan ---- */

static task task_of(const sweep_entry *e, const plan_place *at, const task_kind *kind, double strength, uint64_t seed)
{
    return (task){.kind = kind->name,
                  .strategy = e->strategy,
                  .entry = at->entry,
                  .network = at->network,
                  .seed = seed,
                  .cost_model = e->cost_model,
                  .strength = strength};
}

static status check_place(const settings *s, const plan_place *at)
{
    const sweep_entry *e = &s->entries[at->entry];
    sample_space space;
    char place[ENTRY_PLACE];
    entry_place(place, s, at->entry);
    sample_space_of_entry(&space, at->graph, e);
    if (space.group_count == 0)
        return status_fail(STATUS_CONFIG, "%.200s: sweep %s: %s has no layer between image and output to search",
                           s->path, place, at->graph->name);
    if (s->search_phase.average > 0 && sample_options_of(e)->evaluate == EVALUATE_SHARED)
        return status_fail(STATUS_CONFIG,
                           "%.200s: search.average must be 0 for strategy \"%s\": each step has another "
                           "network",
                           s->path, e->strategy);
    precision_choice choice = {.count = 0};
    for (int i = 0; i < space.choice.option_count; i++) {
        const int bits = space.choice.bits[i];
        if (choice.count == 0 || choice.bits[choice.count - 1] != bits) choice.bits[choice.count++] = bits;
    }
    return cost_defined_check(s, at, &choice);
}

/* Points from the parents. */
static status add_points(task_plan *p, const plan_place *at, const task_kind *kind, const task *like,
                         const int *parents, int count)
{
    const sweep_entry *e = &p->in.settings->entries[at->entry];
    for (int d = 0, id; d <= sample_options_of(e)->draws; d++) {
        task t = task_of(e, at, kind, like->strength, like->seed);
        t.point = true;
        t.step = d + 1;
        TRY(task_plan_add(p, &id, &t, parents, count, &kind->reads));
    }
    return status_ok();
}

/* A search with shared weights. */
static status plan_shared(task_plan *p, const plan_place *at, const sampled_kinds *kinds, const task *like, int warmup)
{
    const sweep_entry *e = &p->in.settings->entries[at->entry];
    int found;
    task t = task_of(e, at, kinds->search, like->strength, like->seed);
    TRY(task_plan_add(p, &found, &t, &warmup, 1, &kinds->search->reads));
    return add_points(p, at, kinds->point, like, (const int[]){found, warmup}, 2);
}

/* A search whose draws are trained. */
static status plan_trained(task_plan *p, const plan_place *at, const sampled_kinds *kinds, const task *like, int warmup)
{
    const sweep_entry *e = &p->in.settings->entries[at->entry];
    const sample_options *o = sample_options_of(e);
    sample_space space;
    sample_space_of_entry(&space, at->graph, e);
    const int homogeneous = sample_probe_homogeneous(&space, o);
    int parents[1 + SCORE_MOST_OPTIONS + SAMPLE_MOST] = {warmup}, now[SAMPLE_MOST], count = 1;
    task t = task_of(e, at, kinds->probe, like->strength, like->seed);
    t.epochs = o->probe_epochs;
    for (int i = 0; i < homogeneous; i++) {
        t.step++;
        TRY(task_plan_add(p, &parents[1 + i], &t, parents, 1, &kinds->probe->reads));
    }
    for (int round = 0; round < o->rounds; round++) {
        count = 1 + homogeneous + (round > 0 ? o->samples : 0);
        for (int m = 0; m < o->samples; m++) {
            t.step++;
            TRY(task_plan_add(p, &now[m], &t, parents, count, &kinds->probe->reads));
        }
        memcpy(parents + 1 + homogeneous, now, (size_t)o->samples * sizeof *now);
    }
    return add_points(p, at, kinds->trained, like, parents, 1 + homogeneous + o->samples);
}

status sampled_plan(task_plan *p, const plan_place *at, const sampled_kinds *kinds)
{
    const settings *s = p->in.settings;
    const sweep_entry *e = &s->entries[at->entry];
    const bool trained = sample_options_of(e)->evaluate == EVALUATE_TRAINED;
    int warmups[MAX_SEEDS];
    TRY(check_place(s, at));
    TRY(warmup_plan(p, warmups, at->network));
    for (int i = 0; i < e->strength_count; i++)
        for (int k = 0; k < s->seed_count; k++) {
            const task like = {.strength = e->strengths[i], .seed = s->seeds[k]};
            TRY(trained ? plan_trained(p, at, kinds, &like, warmups[k]) : plan_shared(p, at, kinds, &like, warmups[k]));
        }
    return status_ok();
}
