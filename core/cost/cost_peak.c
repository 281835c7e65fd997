#include "core/cost/cost_peak.h"

#include <string.h>

enum { LOGIT_BITS = 32 };

/* The node that wrote the tensor which node `index` puts out. */
static int writer_of(const graph *g, int index)
{
    while (g->layers[index].kind == LAYER_DROPOUT || g->layers[index].kind == LAYER_FLATTEN)
        index = g->layers[index].inputs[0];
    return index;
}

/* Does the tensor written by node `tensor` live while node `step` runs? */
static bool is_alive(const graph *g, int tensor, int step)
{
    if (writer_of(g, tensor) != tensor || tensor > step) return false;
    if (tensor == step) return true;
    for (int reader = step; reader < g->layer_count; reader++)
        for (int i = 0; i < g->layers[reader].input_count; i++)
            if (writer_of(g, g->layers[reader].inputs[i]) == tensor) return true;
    return false;
}

static int activations_of(const graph *g, int tensor)
{
    return g->layers[tensor].kind == LAYER_IMAGE ? g->group_count : g->layers[tensor].group;
}

static double pixels_of(const layer_spec *l)
{
    return (double)l->out_height * l->out_width;
}

static double kept_of(const graph *g, int tensor, const group_choice *groups)
{
    const int group = g->layers[tensor].group;
    return g->groups[group].channels - groups[group].channels[0];
}

static double precision_of(const graph *g, int tensor, const group_choice *groups)
{
    const bool image = g->layers[tensor].kind == LAYER_IMAGE;
    if (!image && g->groups[g->layers[tensor].group].holds_output) return LOGIT_BITS;
    const double *probability = groups[activations_of(g, tensor)].activation;
    double bits = 0;
    for (int a = 0; a < COST_ACTIVATION_BITS; a++) bits += a * probability[a];
    return bits;
}

double cost_live_bits(const graph *g, int index, const group_choice *groups)
{
    double bits = 0;
    for (int t = 0; t <= index; t++)
        if (is_alive(g, t, index))
            bits += pixels_of(&g->layers[t]) * kept_of(g, t, groups) * precision_of(g, t, groups);
    return bits;
}

static void add_slope(group_choice *slope, const graph *g, int tensor, const group_choice *groups, double factor)
{
    const double pixels = factor * pixels_of(&g->layers[tensor]);
    slope[g->layers[tensor].group].channels[0] -= pixels * precision_of(g, tensor, groups);
    if (g->layers[tensor].kind != LAYER_IMAGE && g->groups[g->layers[tensor].group].holds_output) return;
    for (int a = 0; a < COST_ACTIVATION_BITS; a++)
        slope[activations_of(g, tensor)].activation[a] += pixels * kept_of(g, tensor, groups) * a;
}

double cost_peak(const cost_model *model, const graph *g, const group_choice *groups, group_choice *slope)
{
    double most = -1;
    int at = 0;
    for (int i = 0; i < g->layer_count; i++) {
        const double bits = cost_live_bits(g, i, groups);
        if (bits > most) at = i;
        if (bits > most) most = bits;
    }
    if (slope != NULL) {
        memset(slope, 0, (size_t)(g->group_count + 1) * sizeof *slope);
        for (int t = 0; t <= at; t++)
            if (is_alive(g, t, at)) add_slope(slope, g, t, groups, model->per_live_bit);
    }
    return most * model->per_live_bit;
}
