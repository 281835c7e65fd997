/* The layer table for people. */
#include <string.h>

#include "core/net/graph/graph.h"

enum { CELL = 2 * LAYER_NAME + 8 };

static void inputs_text(char out[CELL], const graph *g, const layer_spec *l)
{
    out[0] = '\0';
    for (int j = 0; j < l->input_count; j++) {
        size_t used = strlen(out);
        snprintf(out + used, CELL - used, "%s%s", j == 0 ? "" : " + ", g->layers[l->inputs[j]].name);
    }
}

/* "3x3 /2" for stride 2, "10x4 /2", "3x3 /2x1" */
static void kernel_text(char out[CELL], const layer_spec *l)
{
    bool windowed = l->kind == LAYER_CONV || l->kind == LAYER_DEPTHWISE || l->kind == LAYER_AVERAGE_POOL ||
                    l->kind == LAYER_MAX_POOL || l->kind == LAYER_GLOBAL_POOL;
    out[0] = '\0';
    if (!windowed) return;
    int used = snprintf(out, CELL, "%dx%d", l->kernel_h, l->kernel_w);
    if (l->kind == LAYER_GLOBAL_POOL || (l->stride_h == 1 && l->stride_w == 1)) return;
    if (l->stride_h == l->stride_w)
        snprintf(out + used, CELL - used, " /%d", l->stride_h);
    else
        snprintf(out + used, CELL - used, " /%dx%d", l->stride_h, l->stride_w);
}

static void kind_text(char out[CELL], const layer_spec *l)
{
    snprintf(out, CELL, "%s%s%s", layer_kind_name(l->kind), l->batchnorm ? " bn" : "", l->relu ? " relu" : "");
}

static void shape_text(char out[CELL], const layer_spec *l)
{
    snprintf(out, CELL, "%dx%dx%d", l->out_height, l->out_width, l->out_channels);
}

/* Biases that the folded network has: batch-norm leaves one per channel. */
static int folded_biases(const layer_spec *l)
{
    return layer_has_weights(l) && (l->bias || l->batchnorm) ? l->out_channels : 0;
}

static int wider(int width, const char *text)
{
    int length = (int)strlen(text);
    return length > width ? length : width;
}

void graph_print(FILE *out, const graph *g)
{
    char kind[CELL], inputs[CELL], kernel[CELL], shape[CELL];
    int name_width = 5, kind_width = 4, input_width = 5, kernel_width = 6, shape_width = 6;
    for (int i = 0; i < g->layer_count; i++) {
        const layer_spec *l = &g->layers[i];
        kind_text(kind, l);
        inputs_text(inputs, g, l);
        kernel_text(kernel, l);
        shape_text(shape, l);
        name_width = wider(name_width, l->name);
        kind_width = wider(kind_width, kind);
        input_width = wider(input_width, inputs);
        kernel_width = wider(kernel_width, kernel);
        shape_width = wider(shape_width, shape);
    }

    fprintf(out, "network %s: %d classes, %d sharing groups\n", g->name, g->classes, g->group_count);
    fprintf(out, "%-*s  %-*s  %-*s  %-*s  %*s %10s %7s %12s %6s\n", name_width, "layer", kind_width, "kind",
            input_width, "input", kernel_width, "kernel", shape_width, "output", "weights", "biases", "MACs", "group");
    size_t weights = 0;
    int biases = 0;
    double macs = 0;
    for (int i = 0; i < g->layer_count; i++) {
        const layer_spec *l = &g->layers[i];
        kind_text(kind, l);
        inputs_text(inputs, g, l);
        kernel_text(kernel, l);
        shape_text(shape, l);
        fprintf(out, "%-*s  %-*s  %-*s  %-*s  %*s ", name_width, l->name, kind_width, kind, input_width, inputs,
                kernel_width, kernel, shape_width, shape);
        if (layer_has_weights(l))
            fprintf(out, "%10zu %7d %12.0f %6d\n", layer_weight_count(l), folded_biases(l), layer_macs(l), l->group);
        else
            fprintf(out, "%10s %7s %12s %6d\n", "-", "-", "-", l->group);
        weights += layer_weight_count(l);
        biases += folded_biases(l);
        macs += layer_macs(l);
    }
    int before_numbers = name_width + kind_width + input_width + kernel_width + shape_width + 8;
    fprintf(out, "%-*s %10zu %7d %12.0f\n", before_numbers, "total", weights, biases, macs);
}
