/* links: test_support results core_strategy hw_models */
/* A checkpoint with a right seal, edited through HDF5, of a trainer, which then trains a segment from it. */
#include <stdlib.h>
#include <string.h>

#include "core/io/seal.h"
#include "core/net/graph/graph_build.h"
#include "core/net/graph/network_file.h"
#include "core/strategy/strategies.h"
#include "core/train/trainer.h"
#include "hw_models/registry.h"
#include "results/file/checkpoint.h"
#include "tests/fuzz/fuzz_h5.h"

enum { SIDE = 4, CLASSES = 2, SAMPLES = 12, MOST_SPANS = 16 };

static const char network_text[] =
    "name = \"n\"; classes = 2; input = { channels = 1; height = 4; width = 4; clip = 1.0; };"
    "layers = ( { name = \"c\"; type = \"conv\"; out = 4; kernel = 3; batchnorm = true; relu = true; },"
    "{ name = \"p\"; type = \"global_pool\"; }, { name = \"fc\"; type = \"linear\"; out = 2; } );";

typedef struct {
    graph graph;
    dataset data;
    settings settings;
    task task;
    trainer_inputs inputs;
    fuzz_h5 state; /* after a segment */
} world;

static dataset small_data(void)
{
    static uint8_t pixels[SAMPLES * SIDE * SIDE];
    static int32_t labels[SAMPLES], numbers[SAMPLES];
    static char names[CLASSES * DATASET_NAME];
    for (int n = 0; n < SAMPLES; n++) {
        numbers[n] = n;
        labels[n] = n % CLASSES;
        for (int i = 0; i < SIDE * SIDE; i++) pixels[n * SIDE * SIDE + i] = (uint8_t)(n * 37 + i * 11);
    }
    return (dataset){.name = "small",
                     .height = SIDE,
                     .width = SIDE,
                     .channels = 1,
                     .classes = CLASSES,
                     .count = SAMPLES,
                     .scale = 1.0f / 255,
                     .split_count = {8, 2, 2},
                     .split_index = {numbers, numbers + 8, numbers + 10},
                     .labels = labels,
                     .samples = pixels,
                     .class_names = names};
}

static settings small_settings(void)
{
    settings s;
    memset(&s, 0, sizeof s);
    s.batch = 4;
    s.shards = 2;
    s.segment_steps = 0;
    s.warmup = (phase_settings){
        .epochs = 3, .learning_rate = 1e-2, .learning_rate_decay = 0.9, .patience = 2, .first_candidate_epoch = 0};
    s.search_phase = s.finetune = s.warmup;
    return s;
}

static void make_state(world *w)
{
    trainer *t;
    segment_end end;
    span spans[MOST_SPANS];
    const ranks_view alone = ranks_alone();
    fuzz_must(trainer_open(&t, &w->inputs));
    fuzz_must(trainer_segment(t, &alone, &end));
    int count = trainer_spans(t, spans, MOST_SPANS);
    const checkpoint_machine machine = {.kernels = "portable"};
    fuzz_must(checkpoint_write(fuzz_path("base.h5"), "key", &machine, spans, count, NULL));
    fuzz_h5_take(&w->state, fuzz_path("base.h5"));
    trainer_close(t);
}

static const world *make_world(void)
{
    static world w;
    if (w.state.count > 0) return &w;
    network_file file;
    fuzz_must(network_file_parse(&file, network_text, "network"));
    fuzz_must(graph_build(&w.graph, &file));
    network_file_free(&file);
    w.data = small_data();
    w.settings = small_settings();
    w.task = (task){.id = 1, .kind = "warmup", .entry = -1, .seed = 3, .strategy = "warmup", .cost_model = "none"};
    w.inputs = (trainer_inputs){.settings = &w.settings,
                                .graph = &w.graph,
                                .data = &w.data,
                                .kernels = kernels_choose("portable"),
                                .cost_models = cost_models(),
                                .task = &w.task,
                                .kind = strategies_task_kind("warmup")};
    make_state(&w);
    return &w;
}

/* To its end, or to the first failure. */
static void go_on(trainer *t)
{
    const ranks_view alone = ranks_alone();
    segment_end end = SEGMENT_MORE;
    record rec;
    for (int i = 0; end == SEGMENT_MORE; i++) {
        if (i == 100) abort(); /* a task of three epochs */
        if (failed(trainer_segment(t, &alone, &end))) return;
    }
    (void)trainer_report(t);
    if (!failed(trainer_record(&rec, t))) record_free(&rec);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const world *w = make_world();
    fuzz_input in = {bytes, size};
    const char *path = fuzz_path("c.h5");
    trainer *t;
    span spans[MOST_SPANS];
    bool found;
    char warning[256];
    checkpoint_machine machine = {.kernels = "portable"};
    fuzz_h5_write(path, &w->state, &in);
    fuzz_must(seal_append(path));
    fuzz_must(trainer_open(&t, &w->inputs));
    int count = trainer_spans(t, spans, MOST_SPANS);
    if (!failed(checkpoint_read(&found, warning, path, "key", &machine, spans, count)) && found &&
        !failed(trainer_restored(t)))
        go_on(t);
    trainer_close(t);
    return 0;
}
