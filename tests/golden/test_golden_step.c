/* links: core_net core_cost hw_models */
/* sources: golden/steps.c */
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
#include "tests/golden/steps.h"

static const double FLOAT_STEP_TOLERANCE = 1e-3; /* of the smooth float network */
static const double CONVERSION_TOLERANCE = 1e-6, STATISTICS_TOLERANCE = 1e-4;
#ifdef BITFRONT_DOUBLE
static const double DOUBLE_TOLERANCE = 1e-6;
#else
/* A last bit of an exponential function, or another order of summation (Winograd tiles), flips activation codes near
 * their borders, and each flipped code moves gradients. Seen over three instruction sets: logits 6e-4, gradients 5e-2
 * (the rel_noise of the vectors is often smaller: its two runs shared the same mixed weights). The double build has no
 * such borders and is the strict one; in float, test_golden_layers.c is. */
static const double LOGIT_TOLERANCE = 2e-3, GRADIENT_TOLERANCE = 6e-2;
#endif

static double loss_and_gradient(step_fixture *f, model *m)
{
    int correct;
    return m->kernels->softmax_cross_entropy(model_output_gradient(m), &correct, model_logits(m), f->labels,
                                             f->s->class_weights ? f->class_weight : NULL, (real)(1 / f->weight),
                                             STEP_IMAGES, f->g.classes) /
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
    model_prepare(m, f->float_values, MODEL_EVAL_FLOAT, 1, false, 0);
    model_forward(m, f->float_values, STEP_IMAGES, pass);
    check_values(f, "warmup/logits_eval", model_logits(m), FLOAT_STEP_TOLERANCE);

    model_prepare(m, f->float_values, MODEL_TRAIN_FLOAT, 1, false, 0);
    model_forward(m, f->float_values, STEP_IMAGES, pass);
    check_values(f, "warmup/logits", model_logits(m), FLOAT_STEP_TOLERANCE);
    check_scalar(f, "warmup/loss", loss_and_gradient(f, m), FLOAT_STEP_TOLERANCE);
    model_backward(m, f->float_values, f->gradients, STEP_IMAGES, STEP_IMAGES, pass, NULL);
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
    double tolerance;       /* of gradients */
    double largest_clip;    /* of the wanted gradients of all clips */
} stage;

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

/* The gradient of a clip is one sum over the few elements above it: there is no larger element to compare with but
 * those of the other clips. */
static void check_choice_gradient(step_fixture *f, int tensor, const char *place, void *context)
{
    const stage *now = context;
    char name[192];
    golden_tensor wanted = golden_read(f->file, "%s/%s", now->gradients, place);
    const model_tensor *ours = &f->search_model.layout.tensors[tensor];
    snprintf(name, sizeof name, "%s %s %s", f->s->file, now->name, ours->name);
    f->failures += golden_compare_scaled(name, f->gradients + ours->offset, &wanted, now->tolerance,
                                         is_clip(place) ? now->largest_clip : 0);
    free(wanted.data);
}

static void check_gradients(step_fixture *f, stage *now)
{
    const model *m = &f->search_model;
    for (int i = 0; i < STEP_LAYERS; i++) {
        const char *conv = f->s->layers[i].conv;
        const model_node *node = &m->nodes[step_layer_index(f, i)];
        step_check(f, m, f->gradients, node->weight,
                   step_read_weight(f, i, "%s/layers/%s/weight", now->gradients, conv), now->tolerance, now->name);
        step_check(f, m, f->gradients, node->bias, golden_read(f->file, "%s/layers/%s/bias", now->gradients, conv),
                   now->tolerance, now->name);
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

static void forward(step_fixture *f, const stage *now, model_mode mode)
{
    model *m = &f->search_model;
    step_load_search(f, now->start);
    step_load_images(f, m);
    model_prepare(m, f->values, mode, (real)golden_number(f->file, now->name, "temperature"), false, 0);
    model_forward(m, f->values, STEP_IMAGES, (model_pass){.training = false});
}

/* `results`: group with logits and task_loss. */
static void check_step(step_fixture *f, stage *now, const char *results, double logit_tolerance)
{
    model *m = &f->search_model;
    char path[96];
    forward(f, now, now->mode);
    snprintf(path, sizeof path, "%s/logits", results);
    check_values(f, path, model_logits(m), logit_tolerance);
    snprintf(path, sizeof path, "%s/task_loss", results);
    check_scalar(f, path, loss_and_gradient(f, m), logit_tolerance);
    if (!golden_offers(f->file, now->gradients)) return;

    model_backward(m, f->values, f->gradients, STEP_IMAGES, STEP_IMAGES, (model_pass){.training = false}, NULL);
    model_choice_gradients(m, f->values, f->gradients);
    if (now->cost != NULL) add_cost(f, now);
    model_finish_gradients(m, f->gradients);
    check_gradients(f, now);
}

#ifdef BITFRONT_DOUBLE
static void check_searches(step_fixture *f)
{
    step_open_search(f, true);
    stage a248 = {.start = "search_a248",
                  .name = "search_a248",
                  .gradients = "search_a248/f64/grad",
                  .mode = MODEL_SOFT,
                  .tolerance = DOUBLE_TOLERANCE};
    check_step(f, &a248, "search_a248/f64", DOUBLE_TOLERANCE);
    step_close_search(f);
}
#else
/* A step, and the discrete network that its choices give. */
static void check_stage(step_fixture *f, stage now)
{
    char path[96];
    snprintf(path, sizeof path, "%s/logits", now.name);
    if (!golden_offers(f->file, path)) return;
    check_step(f, &now, now.name, LOGIT_TOLERANCE);
    snprintf(path, sizeof path, "%s/logits_eval", now.name);
    if (!golden_offers(f->file, path)) return;
    forward(f, &now, MODEL_HARD);
    check_values(f, path, model_logits(&f->search_model), LOGIT_TOLERANCE);
}

static void check_searches(step_fixture *f)
{
    step_open_search(f, false);
    check_stage(f, (stage){"search_a8", "search_a8", "search_a8/grad", MODEL_SOFT, cost_model_find("size"),
                           GRADIENT_TOLERANCE, 0});
    step_close_search(f);
    step_open_search(f, true);
    check_stage(f, (stage){"search_a248", "search_a248", "search_a248/grad", MODEL_SOFT, cost_model_find("mpic"),
                           GRADIENT_TOLERANCE, 0});
    check_stage(f,
                (stage){"search_a248", "finetune_a248", "finetune_a248/grad", MODEL_HARD, NULL, GRADIENT_TOLERANCE, 0});
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
