/* links: core_strategy hw_models core_deploy */
/* Tasks and integers: the accuracy by integers that a record holds, and fine-tuning by integers, of which the evaluated
 * network is the exported one. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/deploy/integer_engine.h"
#include "core/deploy/integer_training.h"
#include "core/deploy/point_network.h"
#include "core/deploy/predict.h"
#include "core/net/graph/graph_build.h"
#include "core/strategy/strategies.h"
#include "core/train/trainer.h"
#include "hw_models/registry.h"
#include "tests/support/integer_case.h"
#include "tests/support/stripes.h"

enum { CAPACITY = 8 };

static settings small_settings(bool kept)
{
    settings s;
    memset(&s, 0, sizeof s);
    const phase_settings phase = {
        .epochs = 3, .learning_rate = 1e-2, .learning_rate_decay = 1, .first_candidate_epoch = 0};
    s.batch = 16;
    s.shards = 2;
    s.warmup = s.search_phase = s.finetune = phase;
    s.finetune.learning_rate = 5e-3;
    s.finetune.epochs = 8;
    s.finetune.average = 0.2;
    s.finetune.reestimate_batches = 2;
    s.augment.flip = true;
    s.search = (search_settings){.activation_count = 1,
                                 .activation_bits = {8},
                                 .input_count = 1,
                                 .input_bits = {8},
                                 .logit_learning_rate = 1,
                                 .logit_momentum = 0.9,
                                 .temperature = 1,
                                 .temperature_factor = 0.5,
                                 .normalize_cost = true};
    if (kept)
        s.quantizer = (quantizer_rules){.weight_step_2 = WEIGHT_STEP_LEARNED,
                                        .weight_step_4 = WEIGHT_STEP_LEARNED,
                                        .batchnorm = BATCHNORM_KEPT,
                                        .before_add = BEFORE_ADD_SIGNED,
                                        .rounding = ROUNDING_NEAREST};
    return s;
}

typedef struct {
    graph graph;
    dataset data;
    settings settings;
    task warmup, point;
    record start;
    trainer_inputs inputs; /* of the point */
    const record *parents[1];
} world;

static bool stops(void *ctx)
{
    int *left = ctx;
    return (*left)-- == 0;
}

/* stop_after: steps between two stops, each of which continues in a fresh trainer; 0: none. */
static record train(const trainer_inputs *in, int stop_after)
{
    trainer *t, *next;
    int left = stop_after > 0 ? stop_after : -1;
    ranks_view alone = ranks_alone();
    alone.should_stop = stops;
    alone.ctx = &left;
    segment_end end = SEGMENT_MORE;
    check_ok(trainer_open(&t, in));
    while (end != SEGMENT_FINISHED) {
        check_ok(trainer_segment(t, &alone, &end));
        if (end != SEGMENT_STOPPED) continue;
        check_ok(trainer_open(&next, in));
        span from[8], to[8];
        const int count = trainer_spans(t, from, 8);
        trainer_spans(next, to, 8);
        for (int i = 0; i < count; i++) memcpy(to[i].data, from[i].data, from[i].bytes);
        check_ok(trainer_restored(next));
        trainer_close(t);
        t = next;
        left = stop_after;
    }
    record out;
    check_ok(trainer_record(&out, t));
    trainer_close(t);
    return out;
}

static void open_world(world *w, bool kept, bool integer)
{
    *w = (world){.data = stripes(), .settings = small_settings(kept)};
    check_ok(graph_load(&w->graph, "tests/support/networks/small.cfg"));
    w->settings.finetune.integer = integer;
    w->warmup = (task){.id = 1, .kind = "warmup", .entry = -1, .seed = 3, .strategy = "warmup", .cost_model = "none"};
    w->point = (task){.id = 2,
                      .point = true,
                      .kind = "joint",
                      .entry = -1,
                      .seed = 3,
                      .strategy = "joint",
                      .cost_model = "size",
                      .strength = 1};
    static cost_registry registry;
    trainer_inputs in = {.settings = &w->settings,
                         .graph = &w->graph,
                         .data = &w->data,
                         .kernels = kernels_choose(NULL),
                         .cost_models = cost_registry_make(&registry, &w->settings.cost),
                         .task = &w->warmup,
                         .kind = strategies_task_kind("warmup"),
                         .integers = &integer_training};
    w->start = train(&in, 0);
    w->parents[0] = &w->start;
    w->inputs = in;
    w->inputs.task = &w->point;
    w->inputs.kind = strategies_task_kind("joint");
    w->inputs.parents = w->parents;
    w->inputs.parent_count = 1;
}

static void close_world(world *w)
{
    record_free(&w->start);
    graph_free(&w->graph);
}

/* What the exported network of a record gives for the test images: accuracy, and mean cross-entropy. */
static void run_exported(double *accuracy, double *loss, const world *w, const record *r)
{
    point_network p;
    integer_network n;
    integer_engine *e;
    check_ok(point_network_open(&p, &w->inputs, r, CAPACITY, MODEL_FOR_EVALUATION));
    check_ok(integer_build(&n, point_network_model(&p), (integer_samples){.scale = w->data.scale}));
    check_ok(integer_engine_open(&e, &n, NULL, false)); /* the kernels of exported C */
    const int count = w->data.split_count[SPLIT_TEST];
    *accuracy = *loss = 0;
    for (int i = 0; i < count; i++) {
        const int32_t sample = w->data.split_index[SPLIT_TEST][i];
        int32_t logits[CLASSES];
        double sum = 0;
        integer_engine_run(e, logits, predict_samples(&w->data, sample));
        for (int c = 0; c < CLASSES; c++) sum += exp((logits[c] - logits[labels[sample]]) * n.logit_step);
        *accuracy += predict_first_largest(logits, CLASSES) == labels[sample];
        *loss += log(sum);
    }
    *accuracy /= count;
    *loss /= count;
    integer_engine_close(e);
    integer_network_free(&n);
    point_network_close(&p);
}

static void test_records_hold_the_accuracy_of_the_exported_integers(void **state)
{
    (void)state;
    for (int kept = 0; kept < 2; kept++) {
        world w;
        double accuracy, loss;
        open_world(&w, kept == 1, false);
        record r = train(&w.inputs, 0);
        run_exported(&accuracy, &loss, &w, &r);
        assert_true(r.integer_accuracy == accuracy);
        assert_string_equal(r.integer_reason, "");
        assert_true(isnan(w.start.integer_accuracy));
        assert_string_equal(w.start.integer_reason, "a network in float has no integers");
        record_free(&r);
        close_world(&w);
    }
}

static void test_what_has_no_integers_says_why_and_is_done(void **state)
{
    (void)state;
    world w;
    open_world(&w, false, false);
    w.inputs.integers = NULL;
    record r = train(&w.inputs, 0);
    assert_true(isnan(r.integer_accuracy));
    assert_string_equal(r.integer_reason, "nothing here computes with integers");
    record_free(&r);
    close_world(&w);
}

static void test_fine_tuning_by_integers_evaluates_what_is_exported(void **state)
{
    (void)state;
    for (int kept = 0; kept < 2; kept++) {
        world w;
        double accuracy, loss;
        open_world(&w, kept == 1, true);
        record r = train(&w.inputs, 0);
        run_exported(&accuracy, &loss, &w, &r);
        assert_true(r.test_accuracy == accuracy && r.integer_accuracy == accuracy);
        assert_true(fabs(r.test_loss - loss) <= 1e-6 * (1 + loss));
        const record_epoch *first = NULL, *last = &r.curve[r.epoch_count - 1];
        for (int i = r.epoch_count - 1; i >= 0 && strcmp(r.curve[i].stage, "finetune") == 0; i--) first = &r.curve[i];
        assert_non_null(first);
        assert_true(last->train_loss < first->train_loss); /* gradients go through the integers */
        record_free(&r);
        close_world(&w);
    }
}

static void test_stops_change_nothing(void **state)
{
    (void)state;
    world w;
    open_world(&w, true, true);
    record whole = train(&w.inputs, 0), pieces = train(&w.inputs, 4);
    assert_true(whole.test_loss == pieces.test_loss && whole.integer_accuracy == pieces.integer_accuracy);
    assert_int_equal(whole.tensor_count, pieces.tensor_count);
    for (int i = 0; i < whole.tensor_count; i++) {
        size_t count = 1;
        for (int d = 0; d < whole.tensors[i].rank; d++) count *= whole.tensors[i].dims[d];
        assert_memory_equal(whole.tensors[i].data, pieces.tensors[i].data, count * sizeof(float));
    }
    record_free(&whole);
    record_free(&pieces);
    close_world(&w);
}

/* ---- the values that a forward pass by integers leaves behind ---- */

static const int usual_bits[] = {0, 2, 4, 8, -1};
static const quantizer_rules kept_rules = {.weight_step_2 = WEIGHT_STEP_MSE,
                                           .batchnorm = BATCHNORM_KEPT,
                                           .before_add = BEFORE_ADD_SIGNED,
                                           .rounding = ROUNDING_NEAREST},
                             published_rules = {.clip_percentile = 99.9};
static const integer_case_options cases[] = {
    {"tests/support/networks/every_layer.cfg", usual_bits, 8, ARITHMETIC_EXACT, &kept_rules, 2, false, NULL},
    {"tests/support/networks/every_layer.cfg", usual_bits, 4, ARITHMETIC_EXACT, &published_rules, 3, false, NULL},
    {"configs/networks/resnet8.cfg", usual_bits, 8, ARITHMETIC_EXACT, &kept_rules, 7, false, NULL},
    {"configs/networks/dscnn.cfg", usual_bits, 8, ARITHMETIC_EXACT, &kept_rules, 9, false, NULL},
};

static size_t values_of(const layer_spec *l)
{
    return (size_t)CASE_IMAGES * (size_t)l->out_height * (size_t)l->out_width * (size_t)l->out_channels;
}

/* Of all values of hidden layers: how many are not those that the float network had there. */
static double changed(const model *m, real *const *before)
{
    size_t others = 0, all = 0;
    for (int i = 1; i < m->graph->layer_count - 1; i++) {
        const size_t count = values_of(&m->graph->layers[i]);
        for (size_t k = 0; k < count; k++)
            others += fabs((double)(m->nodes[i].out[k] - before[i][k])) > 1e-4 * (1 + fabs((double)before[i][k]));
        all += count;
    }
    return (double)others / (double)all;
}

static void test_a_forward_pass_by_integers_puts_every_value_in_its_place(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        integer_case c;
        integer_case_open(&c, &cases[k]);
        model *m = &c.pruned.model;
        uint8_t *samples = case_samples(&c);
        case_run_float(&c, samples);
        real *before[GRAPH_MAX_LAYERS] = {NULL};
        for (int i = 0; i < m->graph->layer_count; i++) {
            const size_t bytes = values_of(&m->graph->layers[i]) * sizeof(real);
            before[i] = malloc(bytes);
            memcpy(before[i], m->nodes[i].out, bytes);
        }
        const dataset d = {.is_signed = c.samples_signed, .scale = (float)c.network.sample_scale};
        integer_path *p;
        integer_engine *e;
        check_ok(integer_training.open(&p));
        check_ok(integer_training.take(p, m, &d, true));
        integer_training.forward(p, m, CASE_IMAGES);
        check_ok(integer_engine_open(&e, &c.network, NULL, false));
        for (int image = 0; image < CASE_IMAGES; image++) {
            int32_t logits[64];
            integer_engine_run(e, logits, samples + (size_t)image * case_image_size(&c));
            for (int i = 0; i < c.network.classes; i++)
                assert_true(model_logits(m)[image * c.network.classes + i] == (real)(logits[i] * c.network.logit_step));
        }
        assert_true(changed(m, before) <= 0.002);
        for (int i = 0; i < m->graph->layer_count; i++) free(before[i]);
        integer_engine_close(e);
        integer_training.close(p);
        free(samples);
        integer_case_close(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records_hold_the_accuracy_of_the_exported_integers),
        cmocka_unit_test(test_what_has_no_integers_says_why_and_is_done),
        cmocka_unit_test(test_fine_tuning_by_integers_evaluates_what_is_exported),
        cmocka_unit_test(test_stops_change_nothing),
        cmocka_unit_test(test_a_forward_pass_by_integers_puts_every_value_in_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
