#include "core/net/graph/graph_build.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/net/graph/graph_groups.h"

enum { IMAGE = 0, NOT_PLACED = -1, NOT_FOUND = -2, MAX_FLATTENED = 1 << 24 };

static status fail_layer(const network_file *file, const layer_spec *l, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static status fail_layer(const network_file *file, const layer_spec *l, const char *format, ...)
{
    char text[300];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return status_fail(STATUS_CONFIG, "%.120s:%d: layer \"%s\" %s", file->path, l->line, l->name, text);
}

/* ---- order ---- */

/* Position in the file of the layer called `name`. The image has no position: it is always there. */
static int file_position(const network_file *file, const char *name)
{
    for (int i = 0; i < file->layer_count; i++)
        if (strcmp(file->layers[i].spec.name, name) == 0) return i;
    return NOT_FOUND;
}

static status check_inputs_exist(const network_file *file)
{
    for (int i = 0; i < file->layer_count; i++) {
        const file_layer *l = &file->layers[i];
        for (int j = 0; j < l->input_count; j++)
            if (strcmp(l->inputs[j], "image") != 0 && file_position(file, l->inputs[j]) == NOT_FOUND)
                return fail_layer(file, &l->spec, "has the input \"%s\", but there is no such layer", l->inputs[j]);
    }
    return status_ok();
}

/* Node of an input, or NOT_PLACED. `node_of` maps positions in the file to nodes. */
static int input_node(const network_file *file, const int *node_of, const char *name)
{
    return strcmp(name, "image") == 0 ? IMAGE : node_of[file_position(file, name)];
}

static bool ready(const network_file *file, const int *node_of, const file_layer *l)
{
    for (int j = 0; j < l->input_count; j++)
        if (input_node(file, node_of, l->inputs[j]) == NOT_PLACED) return false;
    return true;
}

/* Names the layers of a cycle, found by following unplaced inputs. */
static status fail_cycle(const network_file *file, const int *node_of)
{
    int at = 0, first_seen[GRAPH_MAX_LAYERS], path[GRAPH_MAX_LAYERS + 1], length = 0;
    for (int i = 0; i < file->layer_count; i++) first_seen[i] = -1;
    while (node_of[at] != NOT_PLACED) at++;
    while (first_seen[at] < 0) { /* every unplaced layer has an unplaced input, so this comes back */
        first_seen[at] = length;
        path[length++] = at;
        const file_layer *l = &file->layers[at];
        int j = 0;
        while (input_node(file, node_of, l->inputs[j]) != NOT_PLACED) j++;
        at = file_position(file, l->inputs[j]);
    }
    char names[200] = "";
    for (int i = first_seen[at]; i < length; i++) {
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s <- ", file->layers[path[i]].spec.name);
    }
    return fail_layer(file, &file->layers[at].spec, "is its own input: %s%s", names, file->layers[at].spec.name);
}

/* Node 0 is the image; then, again and again, the first layer of the file whose inputs are all there. */
static status place_layers(graph *g, const network_file *file)
{
    int node_of[GRAPH_MAX_LAYERS];
    for (int i = 0; i < file->layer_count; i++) node_of[i] = NOT_PLACED;
    g->layers[IMAGE] = (layer_spec){.name = "image",
                                    .kind = LAYER_IMAGE,
                                    .out_height = file->height,
                                    .out_width = file->width,
                                    .out_channels = file->channels};
    g->layer_count = 1;
    while (g->layer_count <= file->layer_count) {
        int i = 0;
        while (i < file->layer_count && (node_of[i] != NOT_PLACED || !ready(file, node_of, &file->layers[i]))) i++;
        if (i == file->layer_count) return fail_cycle(file, node_of);
        layer_spec *l = &g->layers[g->layer_count];
        *l = file->layers[i].spec;
        l->input_count = file->layers[i].input_count;
        for (int j = 0; j < l->input_count; j++) l->inputs[j] = input_node(file, node_of, file->layers[i].inputs[j]);
        node_of[i] = g->layer_count++;
    }
    return status_ok();
}

/* ---- shapes ---- */

static status infer_window(const network_file *file, layer_spec *l)
{
    int room_h = l->in_height + 2 * l->pad_h, room_w = l->in_width + 2 * l->pad_w;
    if (l->kernel_h > room_h || l->kernel_w > room_w)
        return fail_layer(file, l, "has a %dx%d kernel, larger than its input of %dx%d with padding", l->kernel_h,
                          l->kernel_w, room_h, room_w);
    if (l->pad_h >= l->kernel_h || l->pad_w >= l->kernel_w)
        return fail_layer(file, l, "has padding %dx%d; it must be smaller than the %dx%d kernel", l->pad_h, l->pad_w,
                          l->kernel_h, l->kernel_w);
    l->out_height = (room_h - l->kernel_h) / l->stride_h + 1;
    l->out_width = (room_w - l->kernel_w) / l->stride_w + 1;
    return status_ok();
}

/* Behind a flatten of more than one pixel the channels are no longer those of the sharing group. */
static bool is_flattened_map(const graph *g, int node)
{
    const layer_spec *l = &g->layers[node];
    while (l->kind == LAYER_DROPOUT || (l->kind == LAYER_FLATTEN && l->in_height * l->in_width == 1))
        l = &g->layers[l->inputs[0]];
    return l->kind == LAYER_FLATTEN;
}

static status check_behind_flatten(const graph *g, const network_file *file, const layer_spec *l)
{
    if (l->kind == LAYER_LINEAR || l->kind == LAYER_DROPOUT || l->kind == LAYER_FLATTEN) return status_ok();
    for (int j = 0; j < l->input_count; j++)
        if (is_flattened_map(g, l->inputs[j]))
            return fail_layer(file, l,
                              "has the flattened input \"%s\"; behind a flatten of more than one pixel only linear "
                              "and dropout are possible",
                              g->layers[l->inputs[j]].name);
    return status_ok();
}

static status infer_shape(graph *g, const network_file *file, layer_spec *l)
{
    const layer_spec *in = &g->layers[l->inputs[0]];
    l->in_height = l->out_height = in->out_height;
    l->in_width = l->out_width = in->out_width;
    l->in_channels = in->out_channels;
    TRY(check_behind_flatten(g, file, l));
    if (l->kind != LAYER_CONV && l->kind != LAYER_LINEAR) l->out_channels = in->out_channels;

    switch (l->kind) {
    case LAYER_CONV:
    case LAYER_DEPTHWISE:
    case LAYER_AVERAGE_POOL:
    case LAYER_MAX_POOL:
        return infer_window(file, l);
    case LAYER_GLOBAL_POOL:
        l->kernel_h = l->stride_h = in->out_height;
        l->kernel_w = l->stride_w = in->out_width;
        l->out_height = l->out_width = 1;
        return status_ok();
    case LAYER_FLATTEN:
        if ((double)in->out_height * in->out_width * in->out_channels > MAX_FLATTENED)
            return fail_layer(file, l, "flattens %dx%dx%d values; at most %d are possible", in->out_height,
                              in->out_width, in->out_channels, MAX_FLATTENED);
        l->out_channels = in->out_height * in->out_width * in->out_channels;
        l->out_height = l->out_width = 1;
        return status_ok();
    case LAYER_LINEAR:
        if (in->out_height * in->out_width > 1)
            return fail_layer(file, l,
                              "has the input \"%s\" of %dx%dx%d; put a global_pool or a flatten in front of it",
                              in->name, in->out_height, in->out_width, in->out_channels);
        return status_ok();
    case LAYER_ADD: {
        const layer_spec *other = &g->layers[l->inputs[1]];
        if (other->out_height != in->out_height || other->out_width != in->out_width ||
            other->out_channels != in->out_channels)
            return fail_layer(file, l, "adds \"%s\" of %dx%dx%d and \"%s\" of %dx%dx%d; the shapes must be equal",
                              in->name, in->out_height, in->out_width, in->out_channels, other->name, other->out_height,
                              other->out_width, other->out_channels);
        return status_ok();
    }
    case LAYER_DROPOUT:
    case LAYER_IMAGE:
        return status_ok();
    }
    return status_ok();
}

/* ---- output ---- */

/* Exactly one layer feeds no other. It is the last node, because all others come before the layer they feed. */
static status check_output(const graph *g, const network_file *file)
{
    bool used[GRAPH_MAX_LAYERS] = {false};
    for (int i = 1; i < g->layer_count; i++)
        for (int j = 0; j < g->layers[i].input_count; j++) used[g->layers[i].inputs[j]] = true;
    const layer_spec *output = &g->layers[g->layer_count - 1];
    char dangling[200] = "";
    for (int i = 1; i < g->layer_count - 1; i++) {
        if (used[i]) continue;
        size_t used_text = strlen(dangling);
        snprintf(dangling + used_text, sizeof dangling - used_text, "%s\"%s\" (line %d)", used_text == 0 ? "" : ", ",
                 g->layers[i].name, g->layers[i].line);
    }
    if (dangling[0] != '\0')
        return fail_layer(file, output, "is an output, but so is %s: nothing uses it. A network has one output",
                          dangling);
    if (output->out_height * output->out_width != 1)
        return fail_layer(file, output, "is the output, but has %dx%d pixels; a network ends with one value per class",
                          output->out_height, output->out_width);
    if (output->out_channels != file->classes)
        return fail_layer(file, output, "is the output and has %d channels, but classes = %d", output->out_channels,
                          file->classes);
    return status_ok();
}

static status build(graph *g, const network_file *file)
{
    TRY(check_inputs_exist(file));
    TRY(place_layers(g, file));
    for (int i = 1; i < g->layer_count; i++) TRY(infer_shape(g, file, &g->layers[i]));
    TRY(check_output(g, file));
    return graph_derive_groups(g);
}

status graph_build(graph *out, const network_file *file)
{
    graph g = {.classes = file->classes,
               .input_signed = file->input_signed,
               .input_clip_low = file->clip_low,
               .input_clip_high = file->clip_high,
               .bn_momentum = file->bn_momentum,
               .reference_bn_momentum = file->reference_bn_momentum,
               .init = file->init};
    strcpy(g.name, file->name);
    g.layers = calloc((size_t)file->layer_count + 1, sizeof *g.layers);
    status s = g.layers == NULL ? status_fail(STATUS_MEMORY, "no memory for network %s", file->path) : build(&g, file);
    if (failed(s))
        graph_free(&g);
    else
        *out = g;
    return s;
}

status graph_load(graph *out, const char *path)
{
    network_file file;
    TRY(network_file_read(&file, path));
    status s = graph_build(out, &file);
    network_file_free(&file);
    return s;
}
