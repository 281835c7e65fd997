/* noise_world: a small network, a data set of noise, a warm-up of one epoch, and tasks that start from it, for tests of
 * what stages compute. Link core_strategy and hw_models. */
#ifndef TESTS_SUPPORT_NOISE_WORLD_H
#define TESTS_SUPPORT_NOISE_WORLD_H

#include <stdio.h>
#include <string.h>

#include "core/config/settings_load.h"
#include "core/net/graph/graph_build.h"
#include "core/strategy/strategies.h"
#include "core/train/trainer.h"
#include "core/train/trainer_state.h"
#include "hw_models/registry.h"
#include "tests/support/check_status.h"

enum { NOISE_TRAIN = 64, NOISE_OTHER = 16, NOISE_SAMPLES = NOISE_TRAIN + 2 * NOISE_OTHER };

typedef struct {
    graph graph;
    dataset data;
    settings settings;
    task warmup, task;
    record start; /* of the warm-up */
    uint8_t pixels[NOISE_SAMPLES * 32 * 32 * 3];
    int32_t labels[NOISE_SAMPLES], numbers[NOISE_SAMPLES];
    char class_names[16 * DATASET_NAME];
} noise_world;

static inline void noise_world_data(noise_world *w)
{
    const layer_spec *image = &w->graph.layers[0];
    for (size_t i = 0; i < sizeof w->pixels; i++) w->pixels[i] = (uint8_t)((i * 2654435761u ^ i >> 7) >> 13);
    for (int i = 0; i < NOISE_SAMPLES; i++) {
        w->labels[i] = i % w->graph.classes;
        w->numbers[i] = i;
    }
    w->data = (dataset){.name = "noise",
                        .height = image->out_height,
                        .width = image->out_width,
                        .channels = image->out_channels,
                        .classes = w->graph.classes,
                        .count = NOISE_SAMPLES,
                        .is_signed = w->graph.input_signed,
                        .scale = 1.0f / 255,
                        .split_count = {NOISE_TRAIN, NOISE_OTHER, NOISE_OTHER},
                        .split_index = {w->numbers, w->numbers + NOISE_TRAIN, w->numbers + NOISE_TRAIN + NOISE_OTHER},
                        .labels = w->labels,
                        .samples = w->pixels,
                        .class_names = w->class_names};
}

static inline void noise_world_settings(settings *s)
{
    memset(s, 0, sizeof *s);
    const phase_settings phase = {.epochs = 1, .learning_rate = 1e-3, .learning_rate_decay = 1};
    s->batch = 16;
    s->shards = 4;
    s->warmup = s->search_phase = s->trunk = s->finetune = phase;
    s->search = (search_settings){.activation_count = 1,
                                  .activation_bits = {8},
                                  .input_count = 1,
                                  .input_bits = {8},
                                  .logit_learning_rate = 1e-2,
                                  .temperature = 1,
                                  .temperature_factor = 1,
                                  .keep_alive = true};
    s->entry_count = 1;
}

/* A trainer of w->task, of this kind, at its start. */
static inline trainer *noise_world_open(noise_world *w, const char *kind)
{
    const record *const parents[] = {&w->start};
    w->task.kind = kind;
    const trainer_inputs in = {.settings = &w->settings,
                               .graph = &w->graph,
                               .data = &w->data,
                               .kernels = kernels_choose(NULL),
                               .cost_models = cost_models(),
                               .task = &w->task,
                               .kind = strategies_task_kind(kind),
                               .parents = parents,
                               .parent_count = 1};
    trainer *t = NULL;
    check_ok(trainer_open(&t, &in));
    return t;
}

static inline void noise_world_train(trainer *t)
{
    const ranks_view alone = ranks_alone();
    for (segment_end end = SEGMENT_MORE; end == SEGMENT_MORE;) check_ok(trainer_segment(t, &alone, &end));
}

/* To be closed. The world stays where it is, with a graph for images of at most 32 x 32 and 16 classes. */
static inline void noise_world_make_of(noise_world *w, graph g)
{
    w->graph = g;
    noise_world_data(w);
    noise_world_settings(&w->settings);
    w->task = (task){.id = 1, .entry = -1, .seed = 1, .strategy = "warmup", .cost_model = "none"};
    trainer *t = noise_world_open(w, "warmup");
    noise_world_train(t);
    check_ok(trainer_record(&w->start, t));
    trainer_close(t);
    w->task = (task){.id = 2, .point = true, .entry = 0, .seed = 1, .strategy = "test", .cost_model = "size"};
}

static inline void noise_world_make(noise_world *w, const char *network)
{
    graph g;
    check_ok(graph_load(&g, network));
    noise_world_make_of(w, g);
}

/* Entry 0 of the settings from the text of its keys. */
static inline void noise_world_use_entry(noise_world *w, const char *keys)
{
    char text[800];
    static settings read;
    snprintf(text, sizeof text, "network = \"n.cfg\"; data = \"d.h5\"; seeds = [1];\nsweep = ( { %s } );\n", keys);
    memset(&read, 0, sizeof read);
    check_ok(settings_parse(&read, text, "x.cfg", strategies_entry_kinds()));
    w->settings.entries[0] = read.entries[0];
}

static inline void noise_world_free(noise_world *w)
{
    record_free(&w->start);
    graph_free(&w->graph);
}

/* Fixtures of cmocka: the world of a group of tests. */
static noise_world world;

static inline int make_world(void **state)
{
    (void)state;
    noise_world_make(&world, "tests/e2e/small_network.cfg");
    return 0;
}

static inline int free_world(void **state)
{
    (void)state;
    noise_world_free(&world);
    return 0;
}

#endif
