/* links: core_strategy hw_models */
/* wraps: malloc calloc realloc aligned_alloc posix_memalign */
/* No step allocates: the memory of a task is planned when it is opened. Every step of warm-up, search and fine-tuning
 * and every evaluation is counted, with calls of all our code to the allocator passing through here. Only the change
 * from one phase to the next, once in a task, may allocate. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

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
    s.warmup = s.search_phase = s.finetune = phase;
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

/* Trains a task to its end; counts in `phases` how many segments stayed within each phase. */
static void train(trainer *t, int phases[3])
{
    const ranks_view g = ranks_alone();
    for (segment_end end = SEGMENT_MORE; end == SEGMENT_MORE;) {
        phase_kind phase = trainer_report(t).phase;
        calls = 0;
        status s = trainer_segment(t, &g, &end);
        long allocated = calls;
        if (failed(s)) fail_msg("%s", s.message);
        if (trainer_report(t).phase != phase) continue;
        phases[phase]++;
        if (allocated > 0) fail_msg("%ld allocations in a segment of phase %d", allocated, (int)phase);
    }
}

static void train_network(const char *path, const char *cost)
{
    graph g;
    assert_int_equal(graph_load(&g, path).code, STATUS_OK);
    dataset d = noise(&g);
    settings s = short_settings();
    task warmup = {.id = 1, .kind = "warmup", .entry = -1, .seed = 1, .strategy = "warmup", .cost_model = "none"};
    task point = {.id = 2, .point = true, .kind = "joint", .entry = -1, .seed = 1, .strategy = "joint", .strength = 1};
    point.cost_model = cost;
    trainer_inputs in = {.settings = &s,
                         .graph = &g,
                         .data = &d,
                         .kernels = kernels_choose(NULL),
                         .cost_models = cost_models(),
                         .task = &warmup,
                         .kind = strategies_task_kind("warmup")};
    int phases[3] = {0};
    trainer *t = NULL;
    record start;
    calls = 0;
    assert_int_equal(trainer_open(&t, &in).code, STATUS_OK);
    assert_true(calls > 0); /* they are seen */
    train(t, phases);
    assert_int_equal(trainer_record(&start, t).code, STATUS_OK);
    trainer_close(t);

    in.task = &point;
    const record *const parents[] = {&start};
    in.kind = strategies_task_kind("joint");
    in.parents = parents;
    in.parent_count = 1;
    assert_int_equal(trainer_open(&t, &in).code, STATUS_OK);
    train(t, phases);
    trainer_close(t);
    record_free(&start);
    graph_free(&g);
    const int steps = (TRAIN + 7) / 8; /* of an epoch; the last segment of the search changes the phase */
    assert_int_equal(phases[PHASE_WARMUP], EPOCHS * steps);
    assert_int_equal(phases[PHASE_SEARCH], EPOCHS * steps - 1);
    assert_int_equal(phases[PHASE_FINETUNE], EPOCHS * steps);
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
