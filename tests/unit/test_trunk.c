/* links: core_strategy hw_models */
/* The trunk: its graph of legs and branches, what legs do to the precisions, and that every point meets its budget. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/config/settings_load.h"
#include "core/cost/cost_budget.h"
#include "core/net/model/model_allocation.h"
#include "core/strategy/targets.h"
#include "core/strategy/trunk_bits_leg.h"
#include "core/strategy/trunk_leg.h"
#include "core/train/trainer_discrete.h"
#include "tests/support/noise_world.h"
#include "tests/support/one_network.h"

static settings read_settings;

static const char TRUNK[] = "trunk = { epochs = 10; optimizer = \"sgd\"; schedule = \"constant\"; };\n";

static void read_sweep(const char *top, const char *entry)
{
    char text[1200];
    snprintf(text, sizeof text, "network = \"n.cfg\"; data = \"d.h5\"; seeds = [3, 4];\n%ssweep = ( { %s } );\n", top,
             entry);
    memset(&read_settings, 0, sizeof read_settings);
    check_ok(settings_parse(&read_settings, text, "x.cfg", strategies_entry_kinds()));
}

/* ---- the plan ---- */

static status plan(task_plan *p, const char *top, const char *entry)
{
    static identity_network identity = {.name = "small", .checksum = "sha256:network"};
    static sweep_networks networks;
    read_sweep(top, entry);
    networks = one_network(&identity, &read_settings);
    networks.graphs = &world.graph;
    return strategies_plan(p, &read_settings, &networks, cost_models(), "sha256:data");
}

static int find_task(const task_plan *p, const char *kind, uint64_t seed, const char *named, int step)
{
    int found = 0;
    for (int i = 0; i < p->count; i++) {
        const task *t = &p->tasks[i];
        if (strcmp(t->kind, kind) != 0 || t->seed != seed || t->step != step) continue;
        if (strcmp(t->cost_model, named) != 0) continue;
        assert_int_equal(found, 0);
        found = i + 1;
    }
    if (found == 0) fail_msg("no task %s %s seed %d step %d", kind, named, (int)seed, step);
    return found;
}

static void check_trajectory(const task_plan *p, uint64_t seed, const char *named, const double *budgets, int count,
                             double full)
{
    const int warmup = find_task(p, "warmup", seed, "none", 0);
    int last = warmup;
    double before = full;
    for (int k = 0; k < count; k++) {
        const int leg = find_task(p, "trunk_leg", seed, named, k + 1);
        const int branch = find_task(p, "trunk_branch", seed, named, k + 1);
        const task *l = &p->tasks[leg - 1], *b = &p->tasks[branch - 1];
        assert_true(!l->point && b->point);
        assert_float_equal(l->target, budgets[k], 1e-6 * full);
        assert_true(b->target == l->target);
        assert_int_equal(l->epochs, (int)fmax(1, round(10 * log2(before / budgets[k])))); /* 10 while it halves */
        assert_int_equal(b->epochs, 0);
        assert_int_equal(l->parent_count, k == 0 ? 1 : 2);
        assert_int_equal(task_plan_parent(p, l, 0), last);
        if (k > 0) assert_int_equal(task_plan_parent(p, l, 1), warmup); /* the teacher */
        assert_int_equal(b->parent_count, 2);
        assert_int_equal(task_plan_parent(p, b, 0), leg);
        assert_int_equal(task_plan_parent(p, b, 1), warmup);
        last = leg;
        before = budgets[k];
    }
}

static void test_legs_follow_each_other_and_every_budget_has_a_branch(void **state)
{
    (void)state;
    task_plan p;
    check_ok(plan(&p, TRUNK,
                  "strategy = \"trunk\"; cost_model = \"size\"; targets = [\"50 % of w4\", \"8000 bits\", "
                  "\"20 % of w8 mpic\", \"1 kB\", \"90 % of w8\", \"60 % of w8 mpic\"];"));
    double size, mpic;
    check_ok(targets_full_cost(&size, cost_model_find("size"), &world.graph));
    check_ok(targets_full_cost(&mpic, cost_model_find("mpic"), &world.graph));
    assert_int_equal(p.count, 2 * (1 + 3 * 2 + 2 * 2)); /* 1 kB is 8000 bits */
    for (uint64_t seed = 3; seed <= 4; seed++) {
        check_trajectory(&p, seed, "size", (const double[]){0.9 * size, 8000, size / 4}, 3, size);
        check_trajectory(&p, seed, "mpic", (const double[]){0.6 * mpic, 0.2 * mpic}, 2, mpic);
    }
    task_plan_free(&p);
}

static void list_keys(char keys[16][TASK_KEY], const char *top, const char *entry)
{
    task_plan p;
    check_ok(plan(&p, top, entry));
    assert_in_range(p.count, 1, 16);
    memset(keys, 0, 16 * TASK_KEY);
    for (int i = 0; i < p.count; i++) strcpy(keys[i], p.tasks[i].key);
    task_plan_free(&p);
}

static int common(char (*a)[TASK_KEY], char (*b)[TASK_KEY])
{
    int same = 0;
    for (int i = 0; i < 16; i++)
        for (int k = 0; k < 16; k++) same += a[i][0] != '\0' && strcmp(a[i], b[k]) == 0;
    return same;
}

static void test_a_smaller_target_goes_on_from_the_trunk_that_is_there(void **state)
{
    (void)state;
    char two[16][TASK_KEY], three[16][TASK_KEY], between[16][TASK_KEY], gradient[16][TASK_KEY];
    list_keys(two, TRUNK, "strategy = \"trunk\"; cost_model = \"size\"; targets = [\"1 kB\", \"400 B\"];");
    list_keys(three, TRUNK, "strategy = \"trunk\"; cost_model = \"size\"; targets = [\"1 kB\", \"400 B\", \"200 B\"];");
    list_keys(between, TRUNK,
              "strategy = \"trunk\"; cost_model = \"size\"; targets = [\"1 kB\", \"600 B\", \"400 B\"];");
    list_keys(gradient, TRUNK,
              "strategy = \"trunk\"; cost_model = \"size\"; allocation = \"gradient\"; targets = [\"1 kB\", \"400 "
              "B\"];");
    assert_int_equal(common(two, three), 2 * 5);   /* all of them */
    assert_int_equal(common(two, between), 2 * 3); /* warm-up, first leg, first branch */
    assert_int_equal(common(two, gradient), 2 * 1);
}

static void test_what_a_trunk_cannot_do_is_refused(void **state)
{
    (void)state;
    static const char entry[] = "strategy = \"trunk\"; cost_model = \"size\"; targets = [\"1 kB\"];";
    task_plan p;
    check_says(plan(&p, "trunk = { optimizer = \"adam\"; schedule = \"constant\"; };\n", entry), "needs trunk = {");
    task_plan_free(&p);
    check_says(plan(&p, "trunk = { optimizer = \"sgd\"; schedule = \"cosine\"; };\n", entry), "needs trunk = {");
    task_plan_free(&p);
    check_says(plan(&p, "trunk = { optimizer = \"sgd\"; schedule = \"constant\"; average = 0.5; };\n", entry),
               "trunk.average must be 0");
    task_plan_free(&p);
    settings s;
    memset(&s, 0, sizeof s);
    status none = settings_parse(&s,
                                 "network = \"n.cfg\"; data = \"d.h5\"; sweep = ( { strategy = \"trunk\"; cost_model = "
                                 "\"size\"; } );\n",
                                 "x.cfg", strategies_entry_kinds());
    check_says(none, "needs targets for strategy \"trunk\"");
}

/* ---- legs and branches ---- */

enum { EPOCHS = 3 }; /* of a leg */

static status try_kind(trainer **out, const char *kind, int step, double target, const record *first,
                       const record *second)
{
    const record *const parents[] = {first, second};
    world.task.step = step;
    world.task.target = target;
    world.task.epochs = EPOCHS;
    world.task.kind = kind;
    const trainer_inputs in = {.settings = &world.settings,
                               .graph = &world.graph,
                               .data = &world.data,
                               .kernels = kernels_choose(NULL),
                               .cost_models = cost_models(),
                               .task = &world.task,
                               .kind = strategies_task_kind(kind),
                               .parents = parents,
                               .parent_count = second != NULL ? 2 : 1};
    return trainer_open(out, &in);
}

static trainer *open_kind(const char *kind, int step, double target, const record *first, const record *second)
{
    trainer *t = NULL;
    check_ok(try_kind(&t, kind, step, target, first, second));
    return t;
}

static void use_trunk(const char *rule)
{
    char entry[200];
    snprintf(entry, sizeof entry,
             "strategy = \"trunk\"; cost_model = \"size\"; allocation = \"%s\"; targets = [\"1 kB\"];", rule);
    read_sweep(TRUNK, entry);
    world.settings.entries[0] = read_settings.entries[0];
    world.settings.trunk.optimizer = OPTIMIZER_SGD;
    world.settings.trunk.schedule = SCHEDULE_CONSTANT;
    world.settings.trunk.learning_rate = 1e-2;
}

static allocation allocation_of(trainer *t)
{
    allocation a;
    check_ok(allocation_new(&a, t->in.graph));
    model_prepare(&t->network, t->values, MODEL_HARD, 1, 0);
    model_allocation_read(&a, &t->network);
    return a;
}

static double cost_of(trainer *t)
{
    allocation a = allocation_of(t);
    const double cost = cost_budget_value(t->cost, &a);
    allocation_free(&a);
    return cost;
}

static record train(trainer *t)
{
    record r;
    noise_world_train(t);
    check_ok(trainer_record(&r, t));
    return r;
}

/* Warm-up, two legs, a branch from the second; the budget of each is met, and nearly used. */
static void check_chain(const char *rule, const char *leg_kind, const char *branch_kind)
{
    use_trunk(rule);
    trainer *t = open_kind(leg_kind, 1, 1, &world.start, NULL);
    const double full = t->full_cost;
    trainer_close(t);
    t = open_kind(leg_kind, 1, full / 2, &world.start, NULL);
    record first = train(t);
    trainer_close(t);
    t = open_kind(leg_kind, 2, full / 4, &first, &world.start);
    record second = train(t);
    trainer_close(t);
    t = open_kind(branch_kind, 2, full / 4, &second, &world.start);
    assert_true(cost_of(t) <= full / 4 && cost_of(t) > 0.98 * full / 4);
    allocation start = allocation_of(t);
    record branch = train(t);
    allocation end = allocation_of(t);
    assert_memory_equal(start.weight_bits, end.weight_bits, (size_t)start.first[world.graph.group_count]);
    assert_string_equal(branch.costs[0].name, "size_bits");
    assert_float_equal(branch.costs[0].value, cost_budget_value(t->cost, &end), 1e-9);
    for (int i = 0; i < world.graph.layer_count; i++) {
        if (!layer_has_weights(&world.graph.layers[i])) continue;
        const real *weight = t->values + t->network.layout.tensors[t->network.nodes[i].weight].offset;
        for (int c = 0; c < world.graph.layers[i].out_channels; c++)
            if (allocation_of_group(&end, world.graph.layers[i].group)[c] == 0) assert_true(weight[c] == 0);
    }
    trainer_close(t);
    allocation_free(&start);
    allocation_free(&end);
    record_free(&branch);
    record_free(&second);
    record_free(&first);
}

static void test_a_branch_meets_its_budget_by_sensitivity(void **state)
{
    (void)state;
    check_chain("sensitivity", "trunk_leg", "trunk_branch");
}

static void test_a_branch_meets_its_budget_by_gradient(void **state)
{
    (void)state;
    check_chain("gradient", "trunk_bits_leg", "trunk_bits_branch");
}

/* After each epoch the network costs what the falling budget of that moment allows. */
static void test_the_precisions_follow_the_falling_budget(void **state)
{
    (void)state;
    use_trunk("sensitivity");
    trainer *t = open_kind("trunk_leg", 1, 1, &world.start, NULL);
    const double full = t->full_cost;
    trainer_close(t);
    t = open_kind("trunk_leg", 1, full / 4, &world.start, NULL);
    const ranks_view alone = ranks_alone();
    segment_end end;
    assert_float_equal(cost_of(t), full, 1e-9); /* all at 8 bit */
    for (int epoch = 1; epoch <= EPOCHS; epoch++) {
        const double allowed = full * pow(0.25, (double)epoch / EPOCHS);
        check_ok(trainer_segment(t, &alone, &end));
        assert_true(cost_of(t) <= allowed && cost_of(t) > 0.98 * allowed);
    }
    assert_int_equal(end, SEGMENT_FINISHED);
    trainer_close(t);
}

/* What hardly changes the loss loses its bits first: moments that single out one layer keep that layer. */
static void test_sensitive_channels_keep_their_bits(void **state)
{
    (void)state;
    use_trunk("sensitivity");
    for (int chosen = 0; chosen < 2; chosen++) {
        trainer *t = open_kind("trunk_leg", 1, 1, &world.start, NULL);
        world.task.target = t->full_cost / 4;
        const int layer = graph_find(&world.graph, chosen == 0 ? "b.c1" : "last");
        const model_tensor *tensors = t->network.layout.tensors;
        for (int i = 0; i < world.graph.layer_count; i++) {
            const model_node *node = &t->network.nodes[i];
            if (node->weight < 0) continue;
            const real moment = i == layer ? 1 : (real)1e-6;
            const int gate = node->gamma >= 0 ? node->beta : node->bias;
            for (size_t k = 0; k < tensors[node->weight].count; k++)
                t->second[tensors[node->weight].offset + k] = moment;
            for (size_t k = 0; k < tensors[gate].count; k++) t->second[tensors[gate].offset + k] = moment;
        }
        model_prepare(&t->network, t->values, MODEL_HARD, 1, 0);
        check_ok(trunk_leg_stage.end(t, t->own[0]));
        allocation a = allocation_of(t);
        double mean = 0, others = 0;
        int count = 0, other_count = 0;
        for (int i = 0; i < world.graph.group_count; i++)
            for (int c = 0; c < world.graph.groups[i].channels; c++) {
                if (t->network.groups[i].precisions == 0) continue;
                const bool is_chosen = i == world.graph.layers[layer].group;
                *(is_chosen ? &mean : &others) += allocation_of_group(&a, i)[c];
                *(is_chosen ? &count : &other_count) += 1;
            }
        mean /= count;
        others /= other_count;
        if (mean < others + 1.5) fail_msg("%.2f bits where it matters, %.2f elsewhere", mean, others);
        allocation_free(&a);
        trainer_close(t);
    }
}

/* A teacher is asked for, but what stands in its place is another network, or one that was not trained in float. */
static void test_a_teacher_that_does_not_fit_is_refused(void **state)
{
    (void)state;
    use_trunk("sensitivity");
    trainer *t = open_kind("trunk_leg", 1, 9000, &world.start, NULL);
    record leg = train(t), wrong = world.start;
    trainer_close(t);
    world.settings.finetune.distill = 1;
    world.settings.finetune.distill_temperature = 4;
    check_ok(try_kind(&t, "trunk_branch", 1, 9000, &leg, &world.start));
    trainer_close(t);
    check_says(try_kind(&t, "trunk_branch", 1, 9000, &leg, &leg), "has no fitting tensor");
    record_tensor *tensors = malloc((size_t)wrong.tensor_count * sizeof *tensors);
    assert_non_null(tensors);
    memcpy(tensors, wrong.tensors, (size_t)wrong.tensor_count * sizeof *tensors);
    wrong.tensors = tensors;
    tensors[0].dims[tensors[0].rank - 1]++; /* wider */
    check_says(try_kind(&t, "trunk_branch", 1, 9000, &leg, &wrong), "has no fitting tensor");
    world.settings.finetune.distill = 0;
    free(tensors);
    record_free(&leg);
}

/* ---- numbers of bits ---- */

static void scatter_bits(trainer *t)
{
    uint32_t generator = 17;
    for (int i = 0; i < world.graph.group_count; i++) {
        const model_weight_group *group = &t->network.groups[i];
        if (group->precisions == 0) continue;
        real *numbers = t->values + t->network.layout.tensors[group->logits].offset;
        for (int c = 0; c < group->columns; c++) {
            generator = generator * 1664525u + 1013904223u;
            numbers[c] = (real)(2.2 + 5.6 * (generator >> 8) / 16777216.0);
        }
    }
}

/* Cost of the mixture, by the numbers in the state. */
static double soft_cost(trainer *t)
{
    model_prepare(&t->network, t->values, MODEL_SOFT, 1, 0);
    cost_choice_read(t->choices, &t->network);
    return cost_total(t->cost, t->in.graph, t->choices, false, NULL);
}

static void test_the_gradient_of_bits_is_that_of_the_weighted_cost(void **state)
{
    (void)state;
    use_trunk("gradient");
    trainer *t = open_kind("trunk_bits_leg", 1, 1, &world.start, NULL);
    world.task.target = t->full_cost / 8;
    scatter_bits(t);
    enum { STEPS = EPOCHS * NOISE_TRAIN / 16, AT = STEPS / 2 };
    t->counters.stage_steps = AT; /* half of the way down: sqrt(8) */
    real own[2] = {0, (real)t->full_cost}, *gradients = calloc(t->network.layout.total, sizeof *gradients);
    assert_non_null(gradients);
    const double cost = soft_cost(t), error = log10(cost / (t->full_cost / sqrt(8)));
    check_ok(trainer_segment_begin(t));
    model_choice_gradients(&t->network, t->values, gradients); /* the network's own part is 0 */
    trunk_bits_leg_stage.gradient(t, own, gradients);
    model_finish_gradients(&t->network, gradients);
    trainer_segment_end(t);
    assert_float_equal((double)own[0], error, 1e-5);
    const double strength = pow(10, 1.002 * error) / t->full_cost;
    for (int i = 0; i < world.graph.group_count; i++) {
        const model_weight_group *group = &t->network.groups[i];
        if (group->precisions == 0) continue;
        const size_t at = t->network.layout.tensors[group->logits].offset;
        for (int c = 0; c < group->columns; c++) {
            const real before = t->values[at + (size_t)c], step = (real)0.0625;
            if (floor((double)(before + step) / 2) != floor((double)before / 2)) continue; /* a candidate between */
            t->values[at + (size_t)c] = before + step;
            const double slope = (soft_cost(t) - cost) / (double)step;
            t->values[at + (size_t)c] = before;
            const double wanted = strength * slope, found = (double)gradients[at + (size_t)c];
            if (fabs(found - wanted) > 0.01 * fabs(wanted) + 1e-9) fail_msg("%g is not %g", found, wanted);
            assert_true(found > 0);
        }
    }
    free(gradients);
    trainer_close(t);
}

static void test_numbers_become_precisions_within_the_budget(void **state)
{
    (void)state;
    use_trunk("gradient");
    trainer *t = open_kind("trunk_bits_leg", 1, 1, &world.start, NULL);
    scatter_bits(t);
    world.task.target = 0.45 * t->full_cost;
    allocation wanted = allocation_of(t);
    double *bits = calloc((size_t)wanted.first[world.graph.group_count], sizeof *bits);
    for (int i = 0; i < world.graph.group_count; i++)
        for (int c = 0; c < t->network.groups[i].columns && t->network.groups[i].precisions > 0; c++)
            bits[wanted.first[i] + c] =
                (double)t->values[t->network.layout.tensors[t->network.groups[i].logits].offset + (size_t)c];
    check_ok(cost_budget_round(&wanted, bits,
                               &(cost_budget){.model = t->cost,
                                              .target = world.task.target,
                                              .candidates = (const int[]){0, 2, 4, 8},
                                              .candidate_count = 4,
                                              .activation_bits = wanted.activation_bits,
                                              .keep_alive = true}));
    check_ok(trunk_bits_round(t));
    allocation found = allocation_of(t);
    assert_true(cost_budget_value(t->cost, &found) <= world.task.target);
    for (int i = 0; i < world.graph.group_count; i++)
        if (t->network.groups[i].precisions > 0)
            assert_memory_equal(allocation_of_group(&found, i), allocation_of_group(&wanted, i),
                                (size_t)world.graph.groups[i].channels);
    free(bits);
    allocation_free(&found);
    allocation_free(&wanted);
    trainer_close(t);
}

/* The numbers and the sum of errors go on where the leg before has ended, from its budget. */
static void test_the_next_leg_goes_on_with_what_was_kept(void **state)
{
    (void)state;
    use_trunk("gradient");
    trainer *t = open_kind("trunk_bits_leg", 1, 9000, &world.start, NULL);
    assert_float_equal((double)t->own[0][1], t->full_cost, 1);
    record first = train(t);
    const real sum = t->own[0][0];
    const int group = world.graph.layers[graph_find(&world.graph, "last")].group;
    const size_t at = t->network.layout.tensors[t->network.groups[group].logits].offset;
    real numbers[16];
    memcpy(numbers, t->values + at, sizeof numbers);
    int between = 0;
    for (int c = 0; c < 16; c++) between += numbers[c] != 0 && numbers[c] != 2 && numbers[c] != 4 && numbers[c] != 8;
    assert_true(between > 0 && sum > 0);
    trainer_close(t);
    t = open_kind("trunk_bits_leg", 2, 5000, &first, &world.start);
    assert_true(t->own[0][0] == sum);
    assert_float_equal((double)t->own[0][1], 9000, 1e-3);
    assert_memory_equal(t->values + at, numbers, sizeof numbers);
    trainer_close(t);
    check_says(try_kind(&t, "trunk_branch", 1, 9000, &world.start, &first),
               "has no fitting tensor"); /* no leg at all */
    first.tensor_count--;                /* what a record without it is good for */
    check_says(try_kind(&t, "trunk_bits_leg", 2, 5000, &first, &world.start), "has kept no state that fits");
    first.tensor_count++;
    record_free(&first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_legs_follow_each_other_and_every_budget_has_a_branch),
        cmocka_unit_test(test_a_smaller_target_goes_on_from_the_trunk_that_is_there),
        cmocka_unit_test(test_what_a_trunk_cannot_do_is_refused),
        cmocka_unit_test(test_a_branch_meets_its_budget_by_sensitivity),
        cmocka_unit_test(test_a_branch_meets_its_budget_by_gradient),
        cmocka_unit_test(test_the_precisions_follow_the_falling_budget),
        cmocka_unit_test(test_sensitive_channels_keep_their_bits),
        cmocka_unit_test(test_a_teacher_that_does_not_fit_is_refused),
        cmocka_unit_test(test_the_gradient_of_bits_is_that_of_the_weighted_cost),
        cmocka_unit_test(test_numbers_become_precisions_within_the_budget),
        cmocka_unit_test(test_the_next_leg_goes_on_with_what_was_kept),
    };
    return cmocka_run_group_tests(tests, make_world, free_world);
}
