#include "core/net/graph/network_variant.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { CHANNEL_MULTIPLE = 4, MOST_CHANNELS = 65536 };

static int find_layer(const network_file *file, const char *name)
{
    for (int i = 0; i < file->layer_count; i++)
        if (strcmp(file->layers[i].spec.name, name) == 0) return i;
    return -1;
}

static bool is_used(const network_file *file, int layer)
{
    for (int i = 0; i < file->layer_count; i++)
        for (int k = 0; k < file->layers[i].input_count; k++)
            if (strcmp(file->layers[i].inputs[k], file->layers[layer].spec.name) == 0) return true;
    return false;
}

static bool has_own_channels(const file_layer *l)
{
    return l->spec.kind == LAYER_CONV || l->spec.kind == LAYER_LINEAR;
}

/* Marks the layers that decide how many channels layer `at` has: itself, or those it passes on. The number of steps is
 * bounded, for a file may hold a circle (graph_load refuses it later). */
static void mark_sources(bool *marked, const network_file *file, int at, int steps)
{
    if (at < 0 || steps == 0 || marked[at]) return;
    marked[at] = true;
    const file_layer *l = &file->layers[at];
    if (has_own_channels(l)) return;
    for (int k = 0; k < l->input_count; k++) mark_sources(marked, file, find_layer(file, l->inputs[k]), steps - 1);
}

static void mark_output(bool *marked, const network_file *file)
{
    for (int i = 0; i < file->layer_count; i++)
        if (!is_used(file, i)) mark_sources(marked, file, i, file->layer_count);
}

static int scaled(int channels, double width)
{
    const double steps = round(channels * width / CHANNEL_MULTIPLE);
    return CHANNEL_MULTIPLE * (int)fmin(fmax(steps, 1), MOST_CHANNELS / CHANNEL_MULTIPLE + 1);
}

static status widen(network_file *file, const bool *output, double width)
{
    for (int i = 0; i < file->layer_count; i++) {
        layer_spec *l = &file->layers[i].spec;
        if (!has_own_channels(&file->layers[i]) || output[i]) continue;
        const int channels = scaled(l->out_channels, width);
        if (channels > MOST_CHANNELS)
            return status_fail(STATUS_CONFIG, "%.200s:%d: layer %s has %d channels; %g times as many are too many",
                               file->path, l->line, l->name, l->out_channels, width);
        l->out_channels = channels;
    }
    char name[LAYER_NAME + 24];
    snprintf(name, sizeof name, "%s-x%.4g", file->name, width);
    if (strlen(name) >= LAYER_NAME)
        return status_fail(STATUS_CONFIG, "%.200s: the name %s has no room for its width behind it: at most %d letters",
                           file->path, file->name, LAYER_NAME - 8);
    strcpy(file->name, name);
    return status_ok();
}

status network_variant_apply(network_file *file, const network_variant *v)
{
    bool output[GRAPH_MAX_LAYERS] = {false};
    mark_output(output, file);
    if (v->classes > 0) {
        file->classes = v->classes;
        for (int i = 0; i < file->layer_count; i++)
            if (output[i] && has_own_channels(&file->layers[i])) file->layers[i].spec.out_channels = v->classes;
    }
    if (v->height > 0) file->height = v->height;
    if (v->width_pixels > 0) file->width = v->width_pixels;
    if (v->channels > 0) file->channels = v->channels;
    return v->width != 1 ? widen(file, output, v->width) : status_ok();
}
