/* links: core_strategy hw_models */
/* Rules for activation clips: what they start at, against the definition by hand, and what training does to them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "core/data/batch.h"
#include "core/train/clips/clip_rule.h"
#include "core/train/record_values.h"
#include "tests/support/noise_world.h"

static int group_of(const char *layer)
{
    return world.graph.layers[graph_find(&world.graph, layer)].group;
}

static double clip_of(const trainer *t, int group)
{
    return (double)t->values[t->network.layout.tensors[t->network.quantizers[group].clips].offset];
}

static trainer *opened(clips_rule rule, before_add_rule before_add)
{
    world.settings.quantizer = (quantizer_rules){
        .batchnorm = BATCHNORM_KEPT, .before_add = before_add, .clips = rule, .clip_percentile = 99.9};
    noise_world_use_entry(&world, "strategy = \"fixed\"; bits = [4];");
    world.task.bits = 4;
    return noise_world_open(&world, "fixed");
}

/* max over channels (beta + 6 |gamma|) */
static double norm_clip(const trainer *t, const char *layer)
{
    const model_node *node = &t->network.nodes[graph_find(&world.graph, layer)];
    const real *gamma = t->values + t->network.layout.tensors[node->gamma].offset;
    const real *beta = t->values + t->network.layout.tensors[node->beta].offset;
    double clip = 0;
    for (int c = 0; c < world.graph.layers[graph_find(&world.graph, layer)].out_channels; c++)
        clip = fmax(clip, (double)beta[c] + 6 * fabs((double)gamma[c]));
    return clip;
}

static void check_norm_clips(const trainer *t)
{
    assert_float_equal(clip_of(t, group_of("last")), norm_clip(t, "last"), 1e-5);
    assert_float_equal(clip_of(t, group_of("b.c1")), norm_clip(t, "b.c1"), 1e-5);
    /* one group: the largest */
    assert_int_equal(group_of("first"), group_of("b.c2"));
    assert_float_equal(clip_of(t, group_of("sum")), fmax(norm_clip(t, "first"), norm_clip(t, "b.c2")), 1e-5);
}

static void test_clips_follow_batchnorm(void **state)
{
    (void)state;
    trainer *t = opened(CLIPS_BATCHNORM, BEFORE_ADD_SIGNED);
    model_node *last = &t->network.nodes[graph_find(&world.graph, "last")];
    t->values[t->network.layout.tensors[last->beta].offset + 5] = (real)0.75;
    clip_rule_follow(&t->network, t->values, 7, 9); /* neither a hundred steps nor the end */
    assert_true(clip_of(t, group_of("last")) < norm_clip(t, "last"));
    clip_rule_follow(&t->network, t->values, 100, 900);
    check_norm_clips(t);
    t->values[t->network.layout.tensors[last->beta].offset + 5] = 0;
    clip_rule_follow(&t->network, t->values, 9, 9);
    check_norm_clips(t);
    const double before = clip_of(t, group_of("last"));
    noise_world_train(t);
    check_norm_clips(t);
    assert_true(clip_of(t, group_of("last")) != before); /* batch-norm has moved */
    trainer_close(t);
}

/* 4 where no batch-norm stands in front of the quantiser. */
static void test_clips_without_batchnorm(void **state)
{
    (void)state;
    trainer *t = opened(CLIPS_BATCHNORM, BEFORE_ADD_SIGNED);
    t->network.nodes[graph_find(&world.graph, "last")].gamma = -1;
    clip_rule_follow(&t->network, t->values, 1, 1);
    assert_true(clip_of(t, group_of("last")) == 4);
    assert_float_equal(clip_of(t, group_of("b.c1")), norm_clip(t, "b.c1"), 1e-5);
    trainer_close(t);
}

/* |mean| + 3 deviations of what the float network puts out for the training images. */
static double spread(const model *m, const real *values, const char *layer, bool is_signed)
{
    const int index = graph_find(&world.graph, layer);
    const layer_spec *l = &world.graph.layers[index];
    const int count = l->out_height * l->out_width * l->out_channels;
    double sum = 0, squares = 0;
    int32_t labels[1];
    for (int i = 0; i < NOISE_TRAIN; i++) {
        batch_load(model_input(m), labels, &world.data, &world.numbers[i], 1, NULL, 0, 0);
        model_forward((model *)m, values, 1, (model_pass){.training = false});
        for (int k = 0; k < count; k++) {
            sum += (double)m->nodes[index].out[k] / count / NOISE_TRAIN;
            squares += pow((double)m->nodes[index].out[k], 2) / count / NOISE_TRAIN;
        }
    }
    return (is_signed ? fabs(sum) : sum) + 3 * sqrt(squares - sum * sum);
}

static void test_clips_of_the_spread(void **state)
{
    (void)state;
    for (int is_signed = 0; is_signed < 2; is_signed++) {
        trainer *t = opened(CLIPS_SPREAD, is_signed == 1 ? BEFORE_ADD_SIGNED : BEFORE_ADD_RECTIFIED);
        model_options options = t->network.options;
        options.quantized = false;
        options.capacity = 1;
        model m;
        check_ok(model_open(&m, &world.graph, kernels_choose(NULL), &options));
        real *values = calloc(m.layout.total, sizeof *values);
        assert_non_null(values);
        check_ok(record_values_read(values, &m.layout, &world.start));
        model_prepare(&m, values, MODEL_EVAL_FLOAT, 1, 0);
        assert_float_equal(clip_of(t, group_of("last")), spread(&m, values, "last", false), 1e-4);
        assert_float_equal(clip_of(t, group_of("b.c1")), spread(&m, values, "b.c1", false), 1e-4);
        const double widest = fmax(fmax(spread(&m, values, "first", false), spread(&m, values, "sum", false)),
                                   spread(&m, values, "b.c2", is_signed == 1));
        assert_float_equal(clip_of(t, group_of("sum")), widest, 1e-4);
        free(values);
        model_close(&m);
        trainer_close(t);
    }
}

/* A gradient moves clips of the rules that train them, and of no other. */
static void test_clips_are_trained_or_not(void **state)
{
    (void)state;
    const struct {
        clips_rule rule;
        bool moves;
    } cases[] = {{CLIPS_CONSTANT, true}, {CLIPS_DATA, true}, {CLIPS_SPREAD, false}};
    world.settings.finetune.learning_rate = 0.1;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        trainer *t = opened(cases[i].rule, BEFORE_ADD_SIGNED);
        double before[3], moved = 0;
        const int groups[3] = {group_of("last"), group_of("b.c1"), group_of("sum")};
        for (int k = 0; k < 3; k++) before[k] = clip_of(t, groups[k]);
        noise_world_train(t);
        for (int k = 0; k < 3; k++) moved += fabs(clip_of(t, groups[k]) - before[k]);
        assert_true(cases[i].moves == (moved > 0));
        trainer_close(t);
    }
    world.settings.finetune.learning_rate = 1e-3;
}

/* Levels and rounding of every group's quantiser are those of the rules; the image's levels are closed always. */
static void test_grids_follow_the_rules(void **state)
{
    (void)state;
    for (int open = 0; open < 2; open++) {
        trainer *t = opened(CLIPS_SPREAD, BEFORE_ADD_SIGNED);
        model *m = &t->network;
        m->options.quantizer.levels = open == 1 ? LEVELS_OPEN : LEVELS_CLOSED;
        m->options.quantizer.rounding = open == 1 ? ROUNDING_EVEN : ROUNDING_NEAREST;
        model_prepare(m, t->values, MODEL_HARD, 1, 0);
        for (int i = 0; i <= world.graph.group_count; i++) {
            const model_quantizer *q = &m->quantizers[i];
            if (!q->used) continue;
            const double clip = (double)t->values[m->layout.tensors[q->clips].offset];
            const double levels = open == 1 && i < world.graph.group_count ? 256 : 255;
            assert_float_equal(q->behind_layer.step[0], clip / levels, 1e-6);
            assert_float_equal(q->behind_add.step[0], clip / levels, 1e-6);
            assert_float_equal(q->step, clip / levels, 1e-6);
            assert_float_equal(q->before_add.step[0], 2 * clip / (255 + open), 1e-6);
            assert_true((q->behind_layer.back > 0) == (open == 1) && pact_border(&q->behind_layer) == (real)0.5);
        }
        trainer_close(t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clips_follow_batchnorm), cmocka_unit_test(test_clips_without_batchnorm),
        cmocka_unit_test(test_clips_of_the_spread),    cmocka_unit_test(test_clips_are_trained_or_not),
        cmocka_unit_test(test_grids_follow_the_rules),
    };
    return cmocka_run_group_tests_name("clips", tests, make_world, free_world);
}
