#include "core/strategy/grid.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/config/config.h"
#include "core/cost/cost_budget.h"
#include "core/net/model/model_allocation.h"
#include "core/strategy/grid_space.h"
#include "core/strategy/searched.h"
#include "core/strategy/targets.h"
#include "core/strategy/warmup.h"
#include "core/train/stage_finetune.h"
#include "core/train/trainer_convert.h"
#include "core/train/trainer_discrete.h"

enum { MOST_POINTS = 10000 }; /* of a target: more is a slip of the pen */

static const precision_choice usual = {.count = 3, .bits = {2, 4, 8}};

typedef struct {
    int layer_count;
    char layers[GRID_MOST_LAYERS][MAX_NAME];
    int base_bits, step, draws;
    int window_count;
    double window[2];
} grid_options;

static const grid_options *options_of(const sweep_entry *e)
{
    return (const grid_options *)(const void *)e->options;
}

/* ---- the allocation of a task ---- */

static int group_of_layer(const graph *g, const char *name)
{
    const int layer = graph_find(g, name);
    return layer >= 0 && layer_has_weights(&g->layers[layer]) ? g->layers[layer].group : -1;
}

static status read_space(grid_space *out, const sweep_entry *e, const graph *g)
{
    const grid_options *o = options_of(e);
    *out =
        (grid_space){.graph = g, .choice = precision_choice_of(e, &usual), .base_bits = o->base_bits, .step = o->step};
    for (int i = 0; i < o->layer_count; i++) {
        const int group = group_of_layer(g, o->layers[i]);
        if (group < 0)
            return status_fail(STATUS_CONFIG, "layers[%d] is \"%.40s\": %s has no layer with weights of this name", i,
                               o->layers[i], g->name);
        for (int k = 0; k < out->group_count; k++)
            if (out->groups[k] == group)
                return status_fail(STATUS_CONFIG, "layers[%d] is \"%.40s\", of the same sharing group as layers[%d]", i,
                                   o->layers[i], k);
        out->groups[out->group_count++] = group;
    }
    return status_ok();
}

/* The candidates of an entry, with the precision of the layers that do not vary. */
static precision_choice candidates_of(const sweep_entry *e)
{
    const precision_choice given = precision_choice_of(e, &usual);
    const int base = options_of(e)->layer_count > 0 ? options_of(e)->base_bits : given.bits[0];
    precision_choice out = {.count = 0};
    for (int bits = 0; bits <= ALLOCATION_MAX_WEIGHT_BITS; bits++) {
        bool wanted = bits == base;
        for (int p = 0; p < given.count; p++) wanted = wanted || given.bits[p] == bits;
        if (wanted) out.bits[out.count++] = bits;
    }
    return out;
}

static void options(model_options *o, const trainer_inputs *in)
{
    const precision_choice choice = candidates_of(&in->settings->entries[in->task->entry]);
    searched_options(o, in, &choice);
    o->sampling = SAMPLING_ARGMAX; /* no candidate takes a part of another one's weights */
}

static status start(trainer *t, const record *const *parents, int count)
{
    assert(count == 1);
    (void)count;
    const task *of = t->in.task;
    grid_space space;
    allocation a;
    TRY(trainer_convert_warmup(t, parents[0]));
    TRY(read_space(&space, &t->in.settings->entries[of->entry], t->in.graph));
    TRY(allocation_new(&a, t->in.graph));
    if (of->step > 0)
        (void)grid_space_allocation(&a, &space, of->step - 1); /* the plan has only those of their own */
    else
        allocation_uniform(&a, of->bits, 0);
    for (int i = 0; i < t->in.graph->group_count; i++)
        if (t->network.groups[i].precisions > 0)
            model_allocation_write_group(&t->network, t->values, i, allocation_of_group(&a, i));
    allocation_free(&a);
    trainer_remove_pruned(t);
    return status_ok();
}

static const char *const sections[] = {"search", "finetune", NULL};
static const stage *const stages[] = {&stage_finetune, NULL};
static const task_kind kind = {
    .name = "grid", .reads = {sections, true}, .options = options, .start = start, .stages = stages};
static const task_kind *const kinds[] = {&kind, NULL};

/* ---- keys ---- */

#define OWN(member) .offset = ENTRY_OPTION(grid_options, member)
#define OWN_LIST(member, number, most) OWN(member), .count_offset = ENTRY_OPTION(grid_options, number), .room = most

static const settings_key key_layers = {
    .path = "layers",
    .type = KEY_TEXTS,
    OWN_LIST(layers, layer_count, GRID_MOST_LAYERS),
    .optional = true,
    .help = "Every composition of these layers (with all of their sharing groups): how many channels have each "
            "precision. Not given: random allocations of all layers."};
static const settings_key key_base_bits = {.path = "base_bits",
                                           .type = KEY_INTEGER,
                                           OWN(base_bits),
                                           .fallback = "4",
                                           .low = 1,
                                           .high = 8,
                                           .unit = "bit",
                                           .help = "With layers: precision of all other layers."};
static const settings_key key_step = {.path = "step",
                                      .type = KEY_INTEGER,
                                      OWN(step),
                                      .fallback = "2",
                                      .low = 1,
                                      .high = 65536,
                                      .unit = "channels",
                                      .help = "With layers: channels change their precision in steps of so many."};
static const settings_key key_draws = {
    .path = "draws",
    .type = KEY_INTEGER,
    OWN(draws),
    .fallback = "0",
    .high = MOST_POINTS,
    .expands = true,
    .unit = "allocations",
    .help = "So many for each target, by chance; with layers also 0: all. More draws keep those that were drawn."};
static const settings_key key_window = {
    .path = "window",
    .type = KEY_NUMBERS,
    OWN_LIST(window, window_count, 2),
    .fallback = "[0.98, 1.02]",
    .high = 1e6,
    .above_low = true,
    .expands = true,
    .unit = "of the target",
    .help = "An allocation counts when it costs between the first and the second part of a target."};
static const settings_key *const keys[] = {&entry_cost_model, &entry_targets, &entry_precisions,
                                           &key_layers,       &key_base_bits, &key_step,
                                           &key_draws,        &key_window,    NULL};

static status check(const sweep_entry *e, const config_node *where)
{
    const grid_options *o = options_of(e);
    if (e->target_count == 0)
        return config_fail(where, "needs targets for strategy \"grid\", for example targets = [\"100 %% of w4\"]");
    if (o->window_count != 2 || o->window[0] > o->window[1])
        return config_fail(where, "needs window = [from, to], parts of a target, for example [0.98, 1.02]");
    if (o->layer_count > 0 || o->draws > 0) return status_ok();
    return config_fail(where, "needs draws = 12 (random allocations), or layers = [\"c1\"] (their compositions)");
}

/* ---- the plan ---- */

typedef struct {
    task_plan *plan;
    const plan_place *at;
    const sweep_entry *entry;
    const cost_model *model;
    double low, target, high;
    const int *warmups;
    bool *taken;                                  /* (numbers) by an earlier target */
    bool uniform[ALLOCATION_MAX_WEIGHT_BITS + 1]; /* likewise, by precision */
} grid_plan;

/* One point for each seed: allocation `step` - 1, or all channels with so many bits. */
static status add_points(const grid_plan *g, int step, int bits)
{
    const settings *s = g->plan->in.settings;
    for (int k = 0; k < s->seed_count; k++) {
        task t = {.point = true,
                  .kind = "grid",
                  .strategy = "grid",
                  .entry = g->at->entry,
                  .network = g->at->network,
                  .seed = s->seeds[k],
                  .cost_model = g->model->name,
                  .step = step,
                  .bits = bits};
        int id;
        TRY(task_plan_add(g->plan, &id, &t, &g->warmups[k], 1, &kind.reads));
    }
    return status_ok();
}

static void set_activations(allocation *a, const search_settings *s)
{
    memset(a->activation_bits, s->activation_bits[s->activation_count - 1], (size_t)a->graph->group_count + 1);
    a->activation_bits[a->graph->group_count] = (int8_t)s->input_bits[s->input_count - 1];
}

/* Homogeneous allocations in the window, and the nearest ones below and above the target. */
static status add_uniform(grid_plan *g, allocation *a)
{
    const precision_choice choice = precision_choice_of(g->entry, &usual);
    double costs[MAX_PRECISIONS];
    int below = -1, above = -1;
    for (int p = 0; p < choice.count; p++) {
        memset(a->weight_bits, choice.bits[p], (size_t)a->first[a->graph->group_count]);
        costs[p] = choice.bits[p] > 0 ? cost_budget_value(g->model, a) : NAN;
        if (costs[p] <= g->target && (below < 0 || costs[p] > costs[below])) below = p;
        if (costs[p] >= g->target && (above < 0 || costs[p] < costs[above])) above = p;
    }
    for (int p = 0; p < choice.count; p++) {
        const bool inside = costs[p] >= g->low && costs[p] <= g->high;
        if ((!inside && p != below && p != above) || g->uniform[choice.bits[p]]) continue;
        g->uniform[choice.bits[p]] = true;
        TRY(add_points(g, 0, choice.bits[p]));
    }
    return status_ok();
}

static int by_turn(const void *a, const void *b)
{
    const int x = *(const int *)a, y = *(const int *)b;
    const uint32_t first = grid_space_turn(x), second = grid_space_turn(y);
    return first != second ? (first > second) - (first < second) : (x > y) - (x < y);
}

/* The numbers of the allocations that count. *kept = -1: the model does not say what one costs. */
static void select_numbers(int *out, int *kept, const grid_plan *g, const grid_space *space, int count, allocation *a)
{
    const int draws = options_of(g->entry)->draws;
    *kept = 0;
    for (int n = 0; n < count; n++) {
        if (space->group_count == 0 && *kept == draws) return;
        if (!grid_space_allocation(a, space, n)) continue;
        const double cost = cost_budget_value(g->model, a);
        if (isnan(cost)) {
            *kept = -1;
            return;
        }
        if (cost >= g->low && cost <= g->high) out[(*kept)++] = n;
    }
    if (draws == 0 || *kept <= draws) return;
    qsort(out, (size_t)*kept, sizeof *out, by_turn);
    *kept = draws;
}

static status check_numbers(const grid_plan *g, const grid_space *space, int kept)
{
    const int draws = options_of(g->entry)->draws;
    if (kept < 0)
        return status_fail(STATUS_CONFIG, "cost_model: %s does not say what these precisions cost", g->model->name);
    if (kept == 0 || (space->group_count == 0 && kept < draws))
        return status_fail(STATUS_CONFIG,
                           "window: only %d allocations cost between %.6g and %.6g %s: widen it, or change the targets",
                           kept, g->low, g->high, g->model->unit);
    if (kept > MOST_POINTS)
        return status_fail(STATUS_CONFIG, "window: %d allocations cost between %.6g and %.6g %s: set draws", kept,
                           g->low, g->high, g->model->unit);
    return status_ok();
}

static status add_target(grid_plan *g, const grid_space *space, int count, int *numbers, allocation *a)
{
    int kept;
    select_numbers(numbers, &kept, g, space, count, a);
    TRY(check_numbers(g, space, kept));
    TRY(add_uniform(g, a));
    for (int i = 0; i < kept; i++) {
        if (g->taken[numbers[i]]) continue;
        g->taken[numbers[i]] = true;
        TRY(add_points(g, numbers[i] + 1, 0));
    }
    return status_ok();
}

static status add_targets(grid_plan *g, const budget *targets, const grid_space *space, int count, int *numbers,
                          allocation *a)
{
    const grid_options *o = options_of(g->entry);
    for (int i = 0; i < g->entry->target_count; i++) {
        if (i > 0 && strcmp(targets[i].cost_model, targets[0].cost_model) != 0)
            return status_fail(STATUS_CONFIG, "targets[%d] is one of %s, targets[0] of %s: make an entry for each", i,
                               targets[i].cost_model, targets[0].cost_model);
        g->model = cost_list_find(g->at->cost_models, targets[i].cost_model);
        g->target = targets[i].value;
        g->low = o->window[0] * g->target;
        g->high = o->window[1] * g->target;
        TRY(add_target(g, space, count, numbers, a));
    }
    return status_ok();
}

static status add_entry(grid_plan *g, const budget *targets, const grid_space *space)
{
    int count;
    TRY(grid_space_count(&count, space));
    allocation a;
    TRY(allocation_new(&a, space->graph));
    set_activations(&a, &g->plan->in.settings->search);
    int *numbers = malloc((size_t)count * sizeof *numbers);
    g->taken = calloc((size_t)count, sizeof *g->taken);
    status s = numbers != NULL && g->taken != NULL ? add_targets(g, targets, space, count, numbers, &a)
                                                   : status_fail(STATUS_MEMORY, "no memory for %d allocations", count);
    free(g->taken);
    free(numbers);
    allocation_free(&a);
    return s;
}

static status plan(task_plan *p, const plan_place *at)
{
    const settings *s = p->in.settings;
    const sweep_entry *e = &s->entries[at->entry];
    budget targets[MAX_TARGETS];
    TRY(targets_of_entry(targets, s, at, &usual));
    grid_space space;
    int warmups[MAX_SEEDS];
    TRY(warmup_plan(p, warmups, at->network));
    grid_plan g = {.plan = p, .at = at, .entry = e, .warmups = warmups};
    status read = read_space(&space, e, at->graph);
    if (!failed(read)) read = add_entry(&g, targets, &space);
    char place[ENTRY_PLACE];
    entry_place(place, s, at->entry);
    return status_in(read, "%.200s: sweep %s", s->path, place);
}

const strategy strategy_grid = {
    .entry = {.name = "grid",
              .description = "allocations that nobody searched, of about the same cost: how much is noise",
              .keys = keys,
              .check = check},
    .plan = plan,
    .kinds = kinds};
