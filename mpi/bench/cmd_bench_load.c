#include "mpi/bench/cmd_bench_load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/config/settings_load.h"
#include "core/net/graph/graph_build.h"
#include "core/strategy/strategies.h"
#include "core/base/file.h"
#include "core/base/share.h"
#include "core/base/rng.h"

enum { SAMPLE_BYTES = 4 << 20, FEWEST_SAMPLES = 256, MOST_SAMPLES = 4096, WORDS_PER_DRAW = 4 };

status bench_network(graph *out, const char *name)
{
    char path[SHARE_PATH];
    share_find(path, name, "networks");
    if (file_exists(path)) return graph_load(out, path);
    return status_fail(STATUS_CONFIG, "bench: there is no network file %s, nor one of that name in configs/networks%s",
                       name, share_nearest(name, "networks").text);
}

double bench_operations(const graph *g, bool training)
{
    double total = 0;
    for (int i = 0; i < g->layer_count; i++) {
        const layer_spec *l = &g->layers[i];
        if (!layer_has_weights(l)) continue;
        bool first = g->layers[l->inputs[0]].kind == LAYER_IMAGE;
        total += 2 * layer_macs(l) * (!training ? 1 : first ? 2 : 3);
    }
    return total;
}

status bench_settings(settings *out, const bench_choice *c)
{
    char text[1024], shards[32] = "";
    if (c->shards > 0) snprintf(shards, sizeof shards, "shards = %d;", c->shards);
    snprintf(text, sizeof text,
             "network = \"none\"; data = \"none\"; batch = %d; %s segment_steps = 1; augment = { %s };\n"
             "warmup = { epochs = 1000; patience = 0; };\n"
             "search = { epochs = %d; patience = 0; activation_bits = [%.32s]; };\n"
             "finetune = { epochs = 1000; patience = 0; };\n"
             "quantizer = { %.300s };\n"
             "sweep = ({ strategy = \"joint\"; cost_model = \"%.63s\"; strengths = [1.0]; });\n",
             c->batch, shards, c->augment ? "rotate_degrees = 15.0; shift_fraction = 0.1; flip = true;" : "",
             c->search_epochs, c->activations, c->quantizer != NULL ? c->quantizer : "", c->cost);
    memset(out, 0, sizeof *out);
    return settings_parse(out, text, "bench: options as a configuration", strategies_entry_kinds());
}

/* Entry i of every split is sample i modulo the number of samples. */
static void fill_view(bench_images *out, const graph *g, int count)
{
    const layer_spec *image = &g->layers[0];
    dataset *d = &out->view;
    *d = (dataset){.name = "random images",
                   .height = image->out_height,
                   .width = image->out_width,
                   .channels = image->out_channels,
                   .classes = g->classes,
                   .count = count,
                   .is_signed = g->input_signed,
                   .scale = g->input_signed ? g->input_clip_high / 127 : g->input_clip_high / 255,
                   .labels = out->labels,
                   .samples = out->samples,
                   .class_names = ""};
    for (int i = 0; i < BENCH_TRAIN_IMAGES; i++) out->index[i] = i % count;
    for (int s = 0; s < SPLIT_COUNT; s++) {
        d->split_index[s] = out->index;
        d->split_count[s] = s == SPLIT_TRAIN ? BENCH_TRAIN_IMAGES : BENCH_VALIDATION_IMAGES;
    }
}

status bench_images_make(bench_images *out, const graph *g)
{
    const layer_spec *image = &g->layers[0];
    size_t size = (size_t)image->out_height * (size_t)image->out_width * (size_t)image->out_channels;
    size_t fit = SAMPLE_BYTES / size;
    int count = fit < FEWEST_SAMPLES ? FEWEST_SAMPLES : fit > MOST_SAMPLES ? MOST_SAMPLES : (int)fit;
    out->samples = malloc((size_t)count * size);
    out->labels = malloc((size_t)count * sizeof *out->labels);
    out->index = malloc(BENCH_TRAIN_IMAGES * sizeof *out->index);
    if (out->samples == NULL || out->labels == NULL || out->index == NULL) {
        bench_images_free(out);
        return status_fail(STATUS_MEMORY, "no memory for %d images", count);
    }
    for (size_t i = 0; i < (size_t)count * size; i++) {
        uint32_t word = (uint32_t)(i / WORDS_PER_DRAW);
        out->samples[i] = (unsigned char)rng_draw(1, RNG_SYNTHETIC, word, 0, 0).word[i % WORDS_PER_DRAW];
    }
    for (int i = 0; i < count; i++) out->labels[i] = i % g->classes;
    fill_view(out, g, count);
    return status_ok();
}

void bench_images_free(bench_images *images)
{
    free(images->samples);
    free(images->labels);
    free(images->index);
    memset(images, 0, sizeof *images);
}
