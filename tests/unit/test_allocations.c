/* links: core_strategy hw_models */
/* wraps: malloc calloc realloc aligned_alloc posix_memalign */
/* No step allocates: the memory of a task is planned when it is opened. Every step of warm-up, search, fine-tuning and
 * the legs of a trunk, also with a teacher and an average, and every evaluation is counted, with calls of all our code
 * to the allocator passing through here. Only the change from one phase to the next, once in a task, may allocate, and
 * the choice of precisions at the end of an epoch of a leg. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/net/graph/graph_build.h"
#include "core/strategy/strategies.h"
#include "core/train/trainer.h"
#include "hw_models/registry.h"

static long calls;

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
void *__real_aligned_alloc(size_t alignment, size_t bytes);
int __real_posix_memalign(void **out, size_t alignment, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);
void *__wrap_aligned_alloc(size_t alignment, size_t bytes);
int __wrap_posix_memalign(void **out, size_t alignment, size_t bytes);

void *__wrap_malloc(size_t bytes)
{
    calls++;
    return __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    calls++;
    return __real_calloc(count, bytes);
}

void *__wrap_realloc(void *old, size_t bytes)
{
    calls++;
    return __real_realloc(old, bytes);
}

void *__wrap_aligned_alloc(size_t alignment, size_t bytes)
{
    calls++;
    return __real_aligned_alloc(alignment, bytes);
}

int __wrap_posix_memalign(void **out, size_t alignment, size_t bytes)
{
    calls++;
    return __real_posix_memalign(out, alignment, bytes);
}

enum { SAMPLES = 28, TRAIN = 20, EPOCHS = 2 };

static uint8_t pixels[SAMPLES * 32 * 32 * 3];
static int32_t labels[SAMPLES], numbers[SAMPLES];
static char class_names[16 * DATASET_NAME];

static dataset noise(const graph *g)
{
    for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (uint8_t)(i * 2654435761u >> 13);
    for (int i = 0; i < SAMPLES; i++) {
        labels[i] = i % g->classes;
        numbers[i] = i;
    }
    const layer_spec *image = &g->layers[0];
    dataset d = {.name = "noise",
                 .height = image->out_height,
                 .width = image->out_width,
                 .channels = image->out_channels,
                 .classes = g->classes,
                 .count = SAMPLES,
                 .is_signed = g->input_signed,
                 .scale = 1.0f / 255,
                 .split_count = {TRAIN, 4, 4},
                 .split_index = {numbers, numbers + TRAIN, numbers + TRAIN + 4},
                 .labels = labels,
                 .samples = pixels,
                 .class_names = class_names};
    return d;
}

static settings short_settings(void)
{
    settings s;
    memset(&s, 0, sizeof s);
    phase_settings phase = {.epochs = EPOCHS, .learning_rate = 1e-3, .learning_rate_decay = 1};
    s.batch = 8;
    s.shards = 2;
    s.segment_steps = 1;
    s.augment = (augment_settings){.rotate_degrees = 15, .shift_fraction = 0.1, .flip = true};
    s.warmup = s.search_phase = s.trunk = s.finetune = phase;
    s.trunk.optimizer = OPTIMIZER_SGD;
    s.trunk.schedule = SCHEDULE_CONSTANT;
    s.entry_count = 1;
    s.search = (search_settings){.activation_count = 3,
                                 .activation_bits = {2, 4, 8},
                                 .input_count = 1,
                                 .input_bits = {8},
                                 .logit_learning_rate = 1e-2,
                                 .temperature = 1,
                                 .temperature_factor = 0.9,
                                 .sampling = SAMPLING_GUMBEL,
                                 .normalize_cost = true,
                                 .keep_alive = true};
    return s;
}

/* Trains a task to its end; counts in `phases` how many segments stayed within each phase. chooses: ends of epochs may
 * allocate. */
static void train(trainer *t, int phases[3], bool chooses)
{
    const ranks_view g = ranks_alone();
    for (segment_end end = SEGMENT_MORE; end == SEGMENT_MORE;) {
        const phase_kind phase = trainer_report(t).phase;
        const int epoch = trainer_report(t).epoch;
        calls = 0;
        status s = trainer_segment(t, &g, &end);
        long allocated = calls;
        if (failed(s)) fail_msg("%s", s.message);
        if (trainer_report(t).phase != phase || (chooses && trainer_report(t).epoch != epoch)) continue;
        phases[phase]++;
        if (allocated > 0) fail_msg("%ld allocations in a segment of phase %d", allocated, (int)phase);
    }
}

/* What all tasks have in common. */
typedef struct {
    graph graph;
    dataset data;
    settings settings;
    record start; /* of the warm-up */
} world;

static trainer *open_task(const world *w, const task *t, const record *first, const record *second)
{
    const record *const parents[] = {first, second};
    const trainer_inputs in = {.settings = &w->settings,
                               .graph = &w->graph,
                               .data = &w->data,
                               .kernels = kernels_choose(NULL),
                               .cost_models = cost_models(),
                               .task = t,
                               .kind = strategies_task_kind(t->kind),
                               .parents = parents,
                               .parent_count = (first != NULL) + (second != NULL)};
    trainer *out = NULL;
    calls = 0;
    assert_int_equal(trainer_open(&out, &in).code, STATUS_OK);
    assert_true(calls > 0); /* they are seen */
    return out;
}

enum { STEPS = (TRAIN + 7) / 8 }; /* of an epoch */

static world make_world(const char *path)
{
    world w = {.settings = short_settings()};
    assert_int_equal(graph_load(&w.graph, path).code, STATUS_OK);
    w.data = noise(&w.graph);
    const task warmup = {.id = 1, .kind = "warmup", .entry = -1, .seed = 1, .strategy = "warmup", .cost_model = "none"};
    int phases[3] = {0};
    trainer *t = open_task(&w, &warmup, NULL, NULL);
    train(t, phases, false);
    assert_int_equal(trainer_record(&w.start, t).code, STATUS_OK);
    trainer_close(t);
    assert_int_equal(phases[PHASE_WARMUP], EPOCHS * STEPS);
    return w;
}

static void free_world(world *w)
{
    record_free(&w->start);
    graph_free(&w->graph);
}

static void train_network(const char *path, const char *cost)
{
    world w = make_world(path);
    const task point = {.id = 2,
                        .point = true,
                        .kind = "joint",
                        .entry = -1,
                        .seed = 1,
                        .strategy = "joint",
                        .cost_model = cost,
                        .strength = 1};
    int phases[3] = {0};
    trainer *t = open_task(&w, &point, &w.start, NULL);
    train(t, phases, false);
    trainer_close(t);
    free_world(&w);
    assert_int_equal(phases[PHASE_SEARCH], EPOCHS * STEPS - 1); /* the last segment changes the phase */
    assert_int_equal(phases[PHASE_FINETUNE], EPOCHS * STEPS);
}

/* A leg, the next one, and a branch that learns from the warm-up network and is averaged. */
static void train_trunk(const char *leg_kind, const char *branch_kind, bool chooses)
{
    world w = make_world("configs/networks/resnet8.cfg");
    w.settings.finetune.average = 0.5;
    w.settings.finetune.distill = 0.7;
    w.settings.finetune.distill_temperature = 4;
    w.settings.finetune.reestimate_batches = 2;
    w.settings.search_phase.label_smoothing = 0.1;
    record legs[2];
    const record *before = &w.start;
    for (int i = 0; i < 2; i++) {
        const task leg = {.id = 2 + i,
                          .kind = leg_kind,
                          .seed = 1,
                          .strategy = "trunk",
                          .cost_model = "size",
                          .step = i + 1,
                          .target = 3e5 / (i + 1),
                          .epochs = EPOCHS};
        int phases[3] = {0};
        trainer *t = open_task(&w, &leg, before, i > 0 ? &w.start : NULL);
        train(t, phases, chooses);
        assert_int_equal(trainer_record(&legs[i], t).code, STATUS_OK);
        trainer_close(t);
        before = &legs[i];
        assert_int_equal(phases[PHASE_SEARCH] + phases[PHASE_FINETUNE], EPOCHS * (STEPS - chooses));
    }
    const task branch = {.id = 4,
                         .point = true,
                         .kind = branch_kind,
                         .seed = 1,
                         .strategy = "trunk",
                         .cost_model = "size",
                         .step = 2,
                         .target = 1.5e5};
    int phases[3] = {0};
    trainer *t = open_task(&w, &branch, before, &w.start);
    train(t, phases, false);
    trainer_close(t);
    assert_int_equal(phases[PHASE_FINETUNE], EPOCHS * STEPS);
    record_free(&legs[0]);
    record_free(&legs[1]);
    free_world(&w);
}

static void test_trunk_by_sensitivity(void **state)
{
    (void)state;
    train_trunk("trunk_leg", "trunk_branch", true);
}

static void test_trunk_by_gradient(void **state)
{
    (void)state;
    train_trunk("trunk_bits_leg", "trunk_bits_branch", false);
}

/* The search learns from the teacher, too. */
static void test_search_with_a_teacher(void **state)
{
    (void)state;
    world w = make_world("configs/networks/resnet8.cfg");
    w.settings.search_phase.distill = w.settings.finetune.distill = 1;
    w.settings.search_phase.distill_temperature = w.settings.finetune.distill_temperature = 4;
    const task point = {.id = 2,
                        .point = true,
                        .kind = "joint_budget",
                        .seed = 1,
                        .strategy = "joint",
                        .cost_model = "size",
                        .target = 2e5};
    int phases[3] = {0};
    trainer *t = open_task(&w, &point, &w.start, NULL);
    train(t, phases, false);
    trainer_close(t);
    free_world(&w);
    assert_int_equal(phases[PHASE_SEARCH], EPOCHS * STEPS - 1);
    assert_int_equal(phases[PHASE_FINETUNE], EPOCHS * STEPS);
}

static void test_resnet8(void **state)
{
    (void)state;
    train_network("configs/networks/resnet8.cfg", "mpic");
}

static void test_dscnn(void **state)
{
    (void)state;
    train_network("configs/networks/dscnn.cfg", "ne16");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resnet8),
        cmocka_unit_test(test_dscnn),
        cmocka_unit_test(test_trunk_by_sensitivity),
        cmocka_unit_test(test_trunk_by_gradient),
        cmocka_unit_test(test_search_with_a_teacher),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
