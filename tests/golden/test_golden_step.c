/* links: core_net core_cost hw_models */
/* sources: golden/steps.c golden/step_noise.c */
/* variants: float double */
/* A whole training step of ResNet-8 and DS-CNN in reference arithmetic against the published implementation: the float
 * warm-up, the conversion, the search with 8-bit and with searched activations, the fine-tuning, and evaluation.
 *
 * Built twice: in double, compared with the f64 vectors at 1e-6; in float, compared with the float32 vectors as far as
 * a network with floors and roundings can be compared. test_golden_layers.c takes the float steps apart and is tight.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cost/cost_choice.h"
#include "hw_models/registry.h"
#include "tests/golden/step_noise.h"
#include "tests/golden/steps.h"

static const double FLOAT_STEP_TOLERANCE = 1e-3; /* of the smooth float network */
static const double CONVERSION_TOLERANCE = 1e-6, STATISTICS_TOLERANCE = 1e-4;
#ifdef BITFRONT_DOUBLE
static const double DOUBLE_TOLERANCE = 1e-6, MOST_OF_LOGITS = 1e-6, MOST_OF_GRADIENTS = 1e-6;
#else
/* A last bit of an exponential function, or another order of summation (Winograd tiles), flips activation codes near
 * their borders, and each flipped code moves gradients. How far that goes is said by the vectors (rel_noise: two runs
 * of the published implementation, which shared the same mixed weights) and measured here (step_noise.h): a multiple of
 * the larger is allowed, within the limits. The double build has no such borders and is the strict one; in float,
 * test_golden_layers.c is. */
static const double LEAST_TOLERANCE = 1e-4, TIMES_REL_NOISE = 4, TIMES_OWN_NOISE = 3;
static const double MOST_OF_LOGITS = 2e-2, MOST_OF_GRADIENTS = 0.3;
#endif

static double loss_and_gradient(step_fixture *f, model *m)
{
    int correct;
    return m->kernels->softmax_cross_entropy(model_output_gradient(m), &correct, model_logits(m), f->labels,
                                             f->s->class_weights ? f->class_weight : NULL, (real)(1 / f->weight),
                                             f->images, f->g.classes) /
           f->weight;
}

static void check_values(step_fixture *f, const char *path, const real *values, double tolerance)
{
    char name[192];
    snprintf(name, sizeof name, "%s %s", f->s->file, path);
    golden_tensor wanted = golden_read(f->file, "%s", path);
    f->failures += golden_compare(name, values, &wanted, tolerance);
    free(wanted.data);
}

static void check_scalar(step_fixture *f, const char *path, double value, double tolerance)
{
    real as_real = (real)value;
    check_values(f, path, &as_real, tolerance);
}

static void check_warmup_gradients(step_fixture *f)
{
    const model *m = &f->float_model;
    for (int i = 0; i < STEP_LAYERS; i++) {
        const step_layer *n = &f->s->layers[i];
        const model_node *node = &m->nodes[step_layer_index(f, i)];
        step_check(f, m, f->gradients, node->weight, step_read_weight(f, i, "warmup/grad/%s.weight", n->conv),
                   FLOAT_STEP_TOLERANCE, "warm-up gradient");
        if (n->bn == NULL) { /* with batch-norm a bias has no gradient but rounding */
            step_check(f, m, f->gradients, node->bias, golden_read(f->file, "warmup/grad/%s.bias", n->conv),
                       FLOAT_STEP_TOLERANCE, "warm-up gradient");
            continue;
        }
        step_check(f, m, f->gradients, node->gamma, golden_read(f->file, "warmup/grad/%s.weight", n->bn),
                   FLOAT_STEP_TOLERANCE, "warm-up gradient");
        step_check(f, m, f->gradients, node->beta, golden_read(f->file, "warmup/grad/%s.bias", n->bn),
                   FLOAT_STEP_TOLERANCE, "warm-up gradient");
    }
}

static void check_running_statistics(step_fixture *f)
{
    const model *m = &f->float_model;
    real *values = malloc(m->layout.total * sizeof *values);
    memcpy(values, f->float_values, m->layout.total * sizeof *values);
    model_update_running(m, values, f->gradients);
    for (int i = 0; i < STEP_LAYERS; i++) {
        const char *bn = f->s->layers[i].bn;
        if (bn == NULL) continue;
        const model_node *node = &m->nodes[step_layer_index(f, i)];
        step_check(f, m, values, node->mean, golden_read(f->file, "warmup/running_after/%s.running_mean", bn),
                   STATISTICS_TOLERANCE, "after warm-up step");
        step_check(f, m, values, node->variance, golden_read(f->file, "warmup/running_after/%s.running_var", bn),
                   STATISTICS_TOLERANCE, "after warm-up step");
    }
    free(values);
}

static void check_warmup(step_fixture *f)
{
    model *m = &f->float_model;
    const model_pass pass = {.training = false}; /* dropout is off in the vectors */
    step_load_warmup(f);
    step_load_images(f, m);
    model_prepare(m, f->float_values, MODEL_EVAL_FLOAT, 1, 0);
    model_forward(m, f->float_values, f->images, pass);
    check_values(f, "warmup/logits_eval", model_logits(m), FLOAT_STEP_TOLERANCE);

    model_prepare(m, f->float_values, MODEL_TRAIN_FLOAT, 1, 0);
    model_forward(m, f->float_values, f->images, pass);
    check_values(f, "warmup/logits", model_logits(m), FLOAT_STEP_TOLERANCE);
    check_scalar(f, "warmup/loss", loss_and_gradient(f, m), FLOAT_STEP_TOLERANCE);
    model_backward(m, f->float_values, f->gradients, f->images, f->images, pass, NULL);
    check_warmup_gradients(f);
    check_running_statistics(f);
}

static void check_conversion(step_fixture *f)
{
    const model *m = &f->search_model;
    for (int i = 0; i < STEP_LAYERS; i++) {
        const char *conv = f->s->layers[i].conv;
        const model_node *node = &m->nodes[step_layer_index(f, i)];
        step_check(f, m, f->values, node->weight, step_read_weight(f, i, "converted/layers/%s/weight", conv),
                   CONVERSION_TOLERANCE, "converted");
        step_check(f, m, f->values, node->bias, golden_read(f->file, "converted/layers/%s/bias", conv),
                   CONVERSION_TOLERANCE, "converted");
    }
}

/* One stage of the vectors. */
typedef struct {
    const char *start, *name; /* groups of the start values and of the results */
    const char *gradients;    /* group */
    model_mode mode;
    const cost_model *cost; /* NULL: the task's loss alone */
    double largest_clip;    /* of the wanted gradients of all clips */
    step_noise noise;       /* of our step; in double all zero */
} stage;

/* What may lie between a tensor of ours and the published one, relative to `scale`. `moved`: what rounding has moved it
 * here. */
static double tolerance_of(const step_fixture *f, const char *path, double moved, double scale, double most)
{
#ifdef BITFRONT_DOUBLE
    (void)f, (void)path, (void)moved, (void)scale, (void)most;
    return DOUBLE_TOLERANCE;
#else
    double published = h5_has_attribute(f->file, path, "rel_noise") ? golden_number(f->file, path, "rel_noise") : 0;
    double own = scale > 0 ? moved / scale : 0;
    return fmin(fmax(fmax(LEAST_TOLERANCE, TIMES_REL_NOISE * published), TIMES_OWN_NOISE * own), most);
#endif
}

static void check_within(step_fixture *f, const char *path, const real *values, golden_tensor wanted, double moved,
                         double scale, double most)
{
    char name[192];
    snprintf(name, sizeof name, "%s %s", f->s->file, path);
    scale = fmax(scale, golden_largest(&wanted));
    f->failures += golden_compare_scaled(name, values, &wanted, tolerance_of(f, path, moved, scale, most), scale);
    free(wanted.data);
}

static bool is_clip(const char *place)
{
    return strstr(place, "/clip") != NULL;
}

static void find_largest_clip(step_fixture *f, int tensor, const char *place, void *context)
{
    (void)tensor;
    stage *now = context;
    if (!is_clip(place)) return;
    golden_tensor wanted = golden_read(f->file, "%s/%s", now->gradients, place);
    now->largest_clip = fmax(now->largest_clip, golden_largest(&wanted));
    free(wanted.data);
}

static void check_gradient(step_fixture *f, const stage *now, int tensor, const char *path, golden_tensor wanted,
                           double scale)
{
    const size_t offset = f->search_model.layout.tensors[tensor].offset;
    check_within(f, path, now->noise.gradients + offset, wanted, now->noise.gradient_noise[tensor], scale,
                 MOST_OF_GRADIENTS);
}

/* The gradient of a clip is one sum over the few elements above it: there is no larger element to compare with but
 * those of the other clips. */
static void check_choice_gradient(step_fixture *f, int tensor, const char *place, void *context)
{
    const stage *now = context;
    char path[192];
    snprintf(path, sizeof path, "%s/%s", now->gradients, place);
    check_gradient(f, now, tensor, path, golden_read(f->file, "%s", path), is_clip(place) ? now->largest_clip : 0);
}

static void check_gradients(step_fixture *f, stage *now)
{
    const model *m = &f->search_model;
    char path[192];
    for (int i = 0; i < STEP_LAYERS; i++) {
        const char *conv = f->s->layers[i].conv;
        const model_node *node = &m->nodes[step_layer_index(f, i)];
        snprintf(path, sizeof path, "%s/layers/%s/weight", now->gradients, conv);
        check_gradient(f, now, node->weight, path, step_read_weight(f, i, "%s", path), 0);
        snprintf(path, sizeof path, "%s/layers/%s/bias", now->gradients, conv);
        check_gradient(f, now, node->bias, path, golden_read(f->file, "%s", path), 0);
    }
    step_visit_choices(f, find_largest_clip, now);
    step_visit_choices(f, check_choice_gradient, now);
}

static void add_cost(step_fixture *f, const stage *now)
{
    const size_t entries = (size_t)f->g.group_count + 1;
    group_choice *groups = calloc(entries, sizeof *groups), *slopes = calloc(entries, sizeof *slopes);
    cost_choice_read(groups, &f->search_model);
    cost_total(now->cost, &f->g, groups, true, slopes);
    cost_choice_add_slope(&f->search_model, f->gradients, slopes, golden_number(f->file, now->name, "lambda"));
    free(slopes);
    free(groups);
}

/* The whole step, with the sums of its layers moved in a pattern, or as they are (NO_SHIFT); returns the loss. */
enum { NO_SHIFT = -1 };
static double make_step(step_fixture *f, const stage *now, model_mode mode, int pattern)
{
    model *m = &f->search_model;
    const model_pass pass = {.training = false};
    step_load_search(f, now->start);
    step_load_images(f, m);
    model_prepare(m, f->values, mode, (real)golden_number(f->file, now->name, "temperature"), 0);
    if (pattern != NO_SHIFT) step_noise_shift(&now->noise, m, pattern);
    model_forward(m, f->values, f->images, pass);
    const double loss = loss_and_gradient(f, m);
    model_backward(m, f->values, f->gradients, f->images, f->images, pass, NULL);
    model_choice_gradients(m, f->values, f->gradients);
    if (now->cost != NULL) add_cost(f, now);
    model_finish_gradients(m, f->gradients);
    return loss;
}

/* The step, and what rounding makes of it; step_noise_close is the caller's. */
static void measure_step(step_fixture *f, stage *now, model_mode mode)
{
    const double loss = make_step(f, now, mode, NO_SHIFT);
    step_noise_open(&now->noise, &f->search_model, f->images, f->gradients, loss);
#ifndef BITFRONT_DOUBLE
    for (int p = 0; p < STEP_NOISE_PATTERNS; p++) {
        const double moved = make_step(f, now, mode, p);
        step_noise_measure(&now->noise, &f->search_model, f->gradients, moved);
    }
#endif
}

static void check_logits(step_fixture *f, const stage *now, const char *path)
{
    check_within(f, path, now->noise.logits, golden_read(f->file, "%s", path), now->noise.logit_noise, 0,
                 MOST_OF_LOGITS);
}

/* `results`: group with logits and task_loss. */
static void check_step(step_fixture *f, stage *now, const char *results)
{
    char path[96];
    measure_step(f, now, now->mode);
    snprintf(path, sizeof path, "%s/logits", results);
    check_logits(f, now, path);
    snprintf(path, sizeof path, "%s/task_loss", results);
    const real loss = (real)now->noise.loss;
    check_within(f, path, &loss, golden_read(f->file, "%s", path), now->noise.loss_noise, 0, MOST_OF_LOGITS);
    if (golden_offers(f->file, now->gradients)) check_gradients(f, now);
    step_noise_close(&now->noise);
}

#ifdef BITFRONT_DOUBLE
static void check_searches(step_fixture *f)
{
    step_open_search(f, true);
    stage a248 = {
        .start = "search_a248", .name = "search_a248", .gradients = "search_a248/f64/grad", .mode = MODEL_SOFT};
    check_step(f, &a248, "search_a248/f64");
    step_close_search(f);
}
#else
/* A step, and the discrete network that its choices give. */
static void check_stage(step_fixture *f, stage now)
{
    char path[96];
    snprintf(path, sizeof path, "%s/logits", now.name);
    if (!golden_offers(f->file, path)) return;
    check_step(f, &now, now.name);
    snprintf(path, sizeof path, "%s/logits_eval", now.name);
    if (!golden_offers(f->file, path)) return;
    measure_step(f, &now, MODEL_HARD);
    check_logits(f, &now, path);
    step_noise_close(&now.noise);
}

static void check_searches(step_fixture *f)
{
    step_open_search(f, false);
    check_stage(f, (stage){.start = "search_a8",
                           .name = "search_a8",
                           .gradients = "search_a8/grad",
                           .mode = MODEL_SOFT,
                           .cost = cost_model_find("size")});
    step_close_search(f);
    step_open_search(f, true);
    check_stage(f, (stage){.start = "search_a248",
                           .name = "search_a248",
                           .gradients = "search_a248/grad",
                           .mode = MODEL_SOFT,
                           .cost = cost_model_find("mpic")});
    check_stage(
        f, (stage){
               .start = "search_a248", .name = "finetune_a248", .gradients = "finetune_a248/grad", .mode = MODEL_HARD});
    step_close_search(f);
}
#endif

static int run(const step_subject *s)
{
    step_fixture f;
    step_open(&f, s);
    if (golden_offers(f.file, "warmup")) {
        check_warmup(&f);
        step_open_search(&f, false);
        check_conversion(&f);
        step_close_search(&f);
    }
    check_searches(&f);
    step_close(&f);
    return f.failures;
}

int main(void)
{
    int failures = 0;
    for (int i = 0; i < STEP_SUBJECTS; i++) failures += run(&step_subjects[i]);
    return golden_report(failures);
}
