/* links: core_train core_net core_quant core_kernels core_cost hw_models */
/* sources: golden/steps.c */
/* The steps of ResNet-8 and DS-CNN taken apart, in float: every layer fed with the published output of the layer before
 * it, the optimisers fed with the published gradients, the costs of the search's start. Nothing can flip before it is
 * compared, so this is tight where test_golden_step.c cannot be. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cost/cost_choice.h"
#include "core/net/model/producer.h"
#include "core/train/update.h"
#include "hw_models/registry.h"
#include "tests/golden/steps.h"

/* In units in the last place of the largest number: a sum of up to 576 float32 products in another order (seen: 9);
 * softmax probabilities (seen: 2); parameters after one step, whose change is a small part of them (seen: 1). */
static const double SUM_TOLERANCE = 32 * GOLDEN_ULP, MIX_TOLERANCE = 8 * GOLDEN_ULP, STEP_TOLERANCE = 3 * GOLDEN_ULP;
static const double COST_TOLERANCE = 2e-5, COST_GRADIENT_TOLERANCE = 2e-4; /* those the vectors suggest */
static const double COST_GRADIENT_NOISE = 1e-6; /* of the largest gradient of the network: float32 rounding */

/* The trace's name of the tensor behind a node: of its convolution, "input", or "add_K" for the K-th add. */
static void trace_name(const step_fixture *f, int node, char *out, size_t room)
{
    if (f->g.layers[node].kind == LAYER_IMAGE) snprintf(out, room, "input");
    int adds = 0;
    for (int i = 0; i < node; i++) adds += f->g.layers[i].kind == LAYER_ADD;
    if (f->g.layers[node].kind == LAYER_ADD) snprintf(out, room, "add_%d", adds);
    for (int i = 0; i < STEP_LAYERS; i++)
        if (step_layer_index(f, i) == node) snprintf(out, room, "%s", f->s->layers[i].conv);
}

static golden_tensor read_trace(const step_fixture *f, int node, const char *what)
{
    char name[64];
    trace_name(f, node, name, sizeof name);
    golden_tensor t = golden_read(f->file, "%s/trace/%s/%s", f->s->traced, name, what);
    if (t.rank == 3) golden_activation_order(&t);
    return t;
}

static void compare(step_fixture *f, int node, const char *what, const real *values, double tolerance)
{
    char name[160];
    snprintf(name, sizeof name, "%s trace %s %s", f->s->file, f->g.layers[node].name, what);
    golden_tensor wanted = read_trace(f, node, what);
    f->failures += golden_compare(name, values, &wanted, tolerance);
    free(wanted.data);
}

/* The quantiser alone: from the published values before it, to the last bit when one precision is in use. */
static void check_quantizer(step_fixture *f, int node, const real *before, size_t count)
{
    const model *m = &f->search_model;
    const model_quantizer *q = &m->quantizers[m->nodes[node].quantizer];
    real *after = malloc(count * sizeof *after);
    m->kernels->pact_forward(after, before, f->g.layers[node].kind == LAYER_ADD ? &q->behind_add : &q->behind_layer,
                             count);
    compare(f, node, "q", after, q->precisions == 1 ? 0 : MIX_TOLERANCE);
    free(after);
}

static void check_layer(step_fixture *f, int i)
{
    const model *m = &f->search_model;
    const int index = step_layer_index(f, i);
    const layer_spec *l = &f->g.layers[index];
    const model_node *node = &m->nodes[index];
    const char *conv = f->s->layers[i].conv;
    char path[128];
    if (node->quantizer < 0) return; /* the classifier: its output is the logits */

    golden_tensor in = read_trace(f, graph_producer(&f->g, l->inputs[0]), "q");
    conv_shape shape = node->shape;
    shape.batch = 1;
    const size_t count = (size_t)l->out_height * (size_t)l->out_width * (size_t)l->out_channels;
    real *input = golden_reals(in), *raw = malloc(count * sizeof *raw);
    if (l->kind == LAYER_DEPTHWISE)
        m->kernels->depthwise_forward(raw, input, node->effective_weight, node->effective_bias, &shape, m->scratch);
    else
        m->kernels->conv_forward(raw, input, node->effective_weight, node->effective_bias, &shape, m->scratch);
    compare(f, index, "raw", raw, SUM_TOLERANCE);
    free(raw);
    free(input);

    compare(f, index, "b_eff", node->effective_bias, MIX_TOLERANCE);
    snprintf(path, sizeof path, "%s/trace/%s/w_eff", f->s->traced, conv);
    if (h5_exists(f->file, path)) { /* ResNet-8 has none */
        golden_tensor wanted = step_read_weight(f, i, "%s", path);
        f->failures += golden_compare(path, node->effective_weight, &wanted, MIX_TOLERANCE);
        free(wanted.data);
    }
    real *before = golden_reals(read_trace(f, index, "raw"));
    check_quantizer(f, index, before, count);
    free(before);
}

/* The sum of two published tensors, cut to the grid again. */
static void check_add(step_fixture *f, int index)
{
    const layer_spec *l = &f->g.layers[index];
    golden_tensor first = read_trace(f, graph_producer(&f->g, l->inputs[0]), "q");
    const size_t count = first.count;
    real *sum = golden_reals(first), *other = golden_reals(read_trace(f, graph_producer(&f->g, l->inputs[1]), "q"));
    for (size_t i = 0; i < count; i++) sum[i] += other[i];
    check_quantizer(f, index, sum, count);
    free(other);
    free(sum);
}

static void check_trace(step_fixture *f)
{
    model *m = &f->search_model;
    step_load_search(f, f->s->traced);
    model_prepare(m, f->values, MODEL_SOFT, (real)golden_number(f->file, f->s->traced, "temperature"), 0);
    step_load_images(f, m);
    const layer_spec *image = &f->g.layers[0];
    check_quantizer(f, 0, model_input(m),
                    (size_t)image->out_height * (size_t)image->out_width * (size_t)image->out_channels);
    for (int i = 0; i < STEP_LAYERS; i++) check_layer(f, i);
    for (int i = 0; i < f->g.layer_count; i++)
        if (f->g.layers[i].kind == LAYER_ADD) check_add(f, i);
}

/* ---- optimisers ---- */

static const phase_settings published_phase = {
    .optimizer = OPTIMIZER_ADAM, .learning_rate = 1e-3, .weight_decay = 1e-4, .decay_norm = true};
static const search_settings published_search = {.logit_learning_rate = 1e-2, .logit_momentum = 0.9};

static void step_once(const model *m, real *values, const real *gradients, const search_settings *search)
{
    real *zeros = calloc(3 * m->layout.total, sizeof *zeros);
    const update_moments moments = {zeros, zeros + m->layout.total, zeros + 2 * m->layout.total};
    update_values(m, values, &moments, gradients, &published_phase, search, 1, 1);
    free(zeros);
}

static void check_search_update(step_fixture *f)
{
    const model *m = &f->search_model;
    real *wanted = malloc(m->layout.total * sizeof *wanted);
    step_load_search(f, "search_a248");
    step_load_block(f, f->gradients, "search_a248/grad");
    step_once(m, f->values, f->gradients, &published_search);
    step_load_block(f, wanted, "search_a248/after_step");
    for (int i = 0; i < m->layout.tensor_count; i++) {
        const model_tensor *t = &m->layout.tensors[i];
        golden_tensor tensor = {.rank = 1, .count = t->count, .data = malloc(t->count * sizeof(double))};
        for (size_t k = 0; k < t->count; k++) tensor.data[k] = (double)wanted[t->offset + k];
        step_check(f, m, f->values, i, tensor, STEP_TOLERANCE, "after search step");
    }
    free(wanted);
}

static void load_warmup_gradients(step_fixture *f)
{
    const model *m = &f->float_model;
    memset(f->gradients, 0, m->layout.total * sizeof *f->gradients);
    for (int i = 0; i < STEP_LAYERS; i++) {
        const step_layer *n = &f->s->layers[i];
        const model_node *node = &m->nodes[step_layer_index(f, i)];
        step_put(f->gradients, m, node->weight, step_read_weight(f, i, "warmup/grad/%s.weight", n->conv));
        if (node->bias >= 0)
            step_put(f->gradients, m, node->bias, golden_read(f->file, "warmup/grad/%s.bias", n->conv));
        if (n->bn == NULL) continue;
        step_put(f->gradients, m, node->gamma, golden_read(f->file, "warmup/grad/%s.weight", n->bn));
        step_put(f->gradients, m, node->beta, golden_read(f->file, "warmup/grad/%s.bias", n->bn));
    }
}

static void check_warmup_update(step_fixture *f)
{
    const model *m = &f->float_model;
    step_load_warmup(f);
    load_warmup_gradients(f);
    step_once(m, f->float_values, f->gradients, NULL);
    for (int i = 0; i < STEP_LAYERS; i++) {
        const step_layer *n = &f->s->layers[i];
        const model_node *node = &m->nodes[step_layer_index(f, i)];
        step_check(f, m, f->float_values, node->weight, step_read_weight(f, i, "warmup/param_after/%s.weight", n->conv),
                   STEP_TOLERANCE, "after warm-up step");
        if (node->bias >= 0)
            step_check(f, m, f->float_values, node->bias, golden_read(f->file, "warmup/param_after/%s.bias", n->conv),
                       STEP_TOLERANCE, "after warm-up step");
        if (n->bn == NULL) continue;
        step_check(f, m, f->float_values, node->gamma, golden_read(f->file, "warmup/param_after/%s.weight", n->bn),
                   STEP_TOLERANCE, "after warm-up step");
        step_check(f, m, f->float_values, node->beta, golden_read(f->file, "warmup/param_after/%s.bias", n->bn),
                   STEP_TOLERANCE, "after warm-up step");
    }
}

/* ---- costs ---- */

typedef struct {
    const char *stage, *name;
    double largest; /* of the wanted gradients of all choices */
} cost_context;

static golden_tensor read_cost_gradient(const step_fixture *f, const cost_context *c, const char *place)
{
    return golden_read(f->file, "%s/cost/%s/grad/%s", c->stage, c->name, place);
}

static void find_largest(step_fixture *f, int tensor, const char *place, void *context)
{
    (void)tensor;
    cost_context *c = context;
    if (strstr(place, "/alpha") == NULL) return;
    golden_tensor wanted = read_cost_gradient(f, c, place);
    c->largest = fmax(c->largest, golden_largest(&wanted));
    free(wanted.data);
}

/* Where all precisions cost the same, such as the classifier on NE16, the gradient is nothing but rounding. */
static void check_cost_gradient(step_fixture *f, int tensor, const char *place, void *context)
{
    const cost_context *c = context;
    char name[192];
    if (strstr(place, "/alpha") == NULL) return;
    golden_tensor wanted = read_cost_gradient(f, c, place);
    const double noise = c->largest * COST_GRADIENT_NOISE / COST_GRADIENT_TOLERANCE;
    snprintf(name, sizeof name, "%s %s/cost/%s/grad/%s", f->s->file, c->stage, c->name, place);
    f->failures += golden_compare_scaled(name, f->gradients + f->search_model.layout.tensors[tensor].offset, &wanted,
                                         COST_GRADIENT_TOLERANCE, noise);
    free(wanted.data);
}

static void check_number(step_fixture *f, const char *path, double value)
{
    char name[192];
    snprintf(name, sizeof name, "%s %s", f->s->file, path);
    golden_tensor wanted = golden_read(f->file, "%s", path);
    const real as_real = (real)value;
    f->failures += golden_compare(name, &as_real, &wanted, COST_TOLERANCE);
    free(wanted.data);
}

static void check_cost_per_layer(step_fixture *f, const cost_model *cost, const char *stage, const group_choice *groups)
{
    char path[96];
    real values[STEP_LAYERS];
    for (int i = 0; i < STEP_LAYERS; i++)
        values[i] = (real)cost_of_layer(cost, &f->g, step_layer_index(f, i), groups, true, NULL);
    snprintf(path, sizeof path, "%s/cost/%s/per_layer", stage, cost->name);
    golden_tensor wanted = golden_read(f->file, "%s", path);
    f->failures += golden_compare(path, values, &wanted, COST_TOLERANCE);
    free(wanted.data);
}

/* Value, layers and gradient of one cost at the start of a stage, and its value for the discrete network. */
static void check_cost(step_fixture *f, const cost_model *cost, const char *stage)
{
    model *m = &f->search_model;
    const size_t entries = (size_t)f->g.group_count + 1;
    group_choice *groups = calloc(entries, sizeof *groups), *slopes = calloc(entries, sizeof *slopes);
    char path[96];
    model_prepare(m, f->values, MODEL_SOFT, (real)golden_number(f->file, stage, "temperature"), 0);
    cost_choice_read(groups, m);
    snprintf(path, sizeof path, "%s/cost/%s/total", stage, cost->name);
    check_number(f, path, cost_total(cost, &f->g, groups, true, slopes));
    check_cost_per_layer(f, cost, stage, groups);

    memset(f->gradients, 0, m->layout.total * sizeof *f->gradients);
    for (int i = 0; i < f->g.group_count; i++)
        memset(m->groups[i].dprobability, 0,
               (size_t)m->groups[i].precisions * (size_t)m->groups[i].columns * sizeof(real));
    cost_choice_add_slope(m, f->gradients, slopes, 1);
    model_finish_gradients(m, f->gradients);
    cost_context context = {stage, cost->name, 0};
    step_visit_choices(f, find_largest, &context);
    step_visit_choices(f, check_cost_gradient, &context);

    model_prepare(m, f->values, MODEL_HARD, 1, 0);
    cost_choice_read(groups, m);
    snprintf(path, sizeof path, "%s/cost_eval/%s", stage, cost->name);
    check_number(f, path, cost_total(cost, &f->g, groups, true, NULL));
    free(slopes);
    free(groups);
}

static void check_costs(step_fixture *f, const char *stage)
{
    static const char *const names[] = {"size", "mpic", "bitops", "ne16"};
    step_load_search(f, stage);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const cost_model *cost = cost_model_find(names[i]);
        if (cost == NULL) step_must(status_fail(STATUS_CONFIG, "there is no cost model %s", names[i]));
        check_cost(f, cost, stage);
    }
}

static int run(const step_subject *s)
{
    step_fixture f;
    char group[64];
    step_open(&f, s);
    if (golden_offers(f.file, "warmup/grad") && s->class_weights) check_warmup_update(&f); /* ResNet-8 has no after */
    snprintf(group, sizeof group, "%s/trace", s->traced);
    if (golden_offers(f.file, group)) {
        step_open_search(&f, strcmp(s->traced, "search_a248") == 0);
        check_trace(&f);
        step_close_search(&f);
    }
    if (golden_offers(f.file, "search_a248/grad")) {
        step_open_search(&f, true);
        check_search_update(&f);
        step_close_search(&f);
    }
    if (golden_offers(f.file, "search_a8/cost")) {
        step_open_search(&f, false);
        check_costs(&f, "search_a8");
        step_close_search(&f);
        step_open_search(&f, true);
        check_costs(&f, "search_a248");
        step_close_search(&f);
    }
    step_close(&f);
    return f.failures;
}

int main(void)
{
    int failures = 0;
    for (int i = 0; i < STEP_SUBJECTS; i++) failures += run(&step_subjects[i]);
    return golden_report(failures);
}
