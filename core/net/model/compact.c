#include "core/net/model/compact.h"

#include <stdlib.h>
#include <string.h>

static bool is_removed(const model *full, int group, int channel)
{
    const model_weight_group *choice = &full->groups[group];
    if (!model_mode_is_discrete(full->mode) || full->options.rules.pruned_channels_stay || choice->precisions == 0)
        return false;
    int column = choice->columns == 1 ? 0 : channel;
    return choice->bits[0] == 0 && choice->probability[column] > 0;
}

static void choose_channels(compact *c)
{
    const graph *full = c->full->graph;
    for (int i = 0; i < full->group_count; i++) {
        int count = 0;
        for (int channel = 0; channel < full->groups[i].channels; channel++)
            if (!is_removed(c->full, i, channel)) c->group_kept[i][count++] = channel;
        if (count == 0) c->group_kept[i][count++] = 0;
        c->graph.groups[i].channels = count;
    }
}

/* Features of a tensor for each channel of its group: more than 1 behind a flatten. */
static int features_per_channel(const graph *full, int layer)
{
    return full->layers[layer].out_channels / full->groups[full->layers[layer].group].channels;
}

static void narrow_layers(compact *c)
{
    for (int i = 0; i < c->graph.layer_count; i++) {
        layer_spec *l = &c->graph.layers[i];
        l->out_channels = features_per_channel(c->full->graph, i) * c->graph.groups[l->group].channels;
        if (l->input_count > 0) l->in_channels = c->graph.layers[l->inputs[0]].out_channels;
    }
}

static compact_map map_vector(const compact *c, int group)
{
    return (compact_map){.blocks = 1,
                         .full_rows = 1,
                         .rows = 1,
                         .full_columns = c->full->graph->groups[group].channels,
                         .columns = c->graph.groups[group].channels,
                         .kept_columns = c->group_kept[group]};
}

static compact_map map_weight(const compact *c, int index)
{
    const layer_spec *l = &c->graph.layers[index];
    compact_map map = map_vector(c, l->group);
    map.blocks = (size_t)l->kernel_h * (size_t)l->kernel_w;
    if (l->kind == LAYER_DEPTHWISE) return map;
    int from = l->inputs[0], group = c->graph.layers[from].group;
    map.blocks *= (size_t)features_per_channel(c->full->graph, from);
    map.full_rows = c->full->graph->groups[group].channels;
    map.rows = c->graph.groups[group].channels;
    map.kept_rows = c->group_kept[group];
    return map;
}

static void map_tensors(compact *c)
{
    for (int t = 0; t < c->model.layout.tensor_count; t++) {
        int count = (int)c->model.layout.tensors[t].count;
        c->maps[t] = (compact_map){.blocks = 1, .full_rows = 1, .rows = 1, .full_columns = count, .columns = count};
    }
    for (int i = 0; i < c->graph.layer_count; i++) {
        const model_node *node = &c->model.nodes[i];
        if (node->weight < 0) continue;
        c->maps[node->weight] = map_weight(c, i);
        const int vectors[] = {node->bias, node->gamma, node->beta, node->mean, node->variance, node->log_step};
        for (size_t v = 0; v < sizeof vectors / sizeof *vectors; v++)
            if (vectors[v] >= 0) c->maps[vectors[v]] = map_vector(c, c->graph.layers[i].group);
    }
    for (int i = 0; i < c->graph.group_count; i++) {
        const model_weight_group *choice = &c->full->groups[i];
        if (choice->precisions == 0 || choice->columns == 1) continue; /* one choice for all: never pruned */
        c->maps[choice->logits] = map_vector(c, i);
        c->maps[choice->logits].full_rows = c->maps[choice->logits].rows = choice->precisions;
    }
}

static status open_parts(compact *c)
{
    const graph *full = c->full->graph;
    size_t channels = 0;
    for (int i = 0; i < full->group_count; i++) channels += (size_t)full->groups[i].channels;
    c->graph = *full;
    c->graph.layers = malloc((size_t)full->layer_count * sizeof *full->layers);
    c->graph.groups = malloc((size_t)full->group_count * sizeof *full->groups);
    c->kept = malloc(channels * sizeof *c->kept);
    c->group_kept = malloc((size_t)full->group_count * sizeof *c->group_kept);
    c->maps = malloc((size_t)c->full->layout.tensor_count * sizeof *c->maps);
    if (c->graph.layers == NULL || c->graph.groups == NULL || c->kept == NULL || c->group_kept == NULL ||
        c->maps == NULL)
        return status_fail(STATUS_MEMORY, "no memory for the pruned network %s", full->name);
    memcpy(c->graph.layers, full->layers, (size_t)full->layer_count * sizeof *full->layers);
    memcpy(c->graph.groups, full->groups, (size_t)full->group_count * sizeof *full->groups);
    int *next = c->kept;
    for (int i = 0; i < full->group_count; i++) {
        c->group_kept[i] = next;
        next += full->groups[i].channels;
    }
    return model_open_beside(&c->model, &c->graph, c->full);
}

status compact_open(compact *c, const model *full)
{
    *c = (compact){.full = full};
    status s = open_parts(c);
    if (failed(s)) compact_close(c);
    return s;
}

void compact_close(compact *c)
{
    model_close(&c->model);
    graph_free(&c->graph);
    free(c->maps);
    free(c->group_kept);
    free(c->kept);
    *c = (compact){0};
}

status compact_choose(compact *c, model_use use)
{
    choose_channels(c);
    narrow_layers(c);
    TRY(model_arrange(&c->model, use));
    map_tensors(c);
    return status_ok();
}

static int position(const int *kept, int i)
{
    return kept == NULL ? i : kept[i];
}

void compact_gather(const compact *c, real *small, const real *full)
{
    memset(small, 0, c->model.layout.total * sizeof *small);
    for (int t = 0; t < c->model.layout.tensor_count; t++) {
        const compact_map *map = &c->maps[t];
        real *to = small + c->model.layout.tensors[t].offset;
        const real *from = full + c->full->layout.tensors[t].offset;
        for (size_t b = 0; b < map->blocks; b++)
            for (int r = 0; r < map->rows; r++) {
                const real *row = from + (b * (size_t)map->full_rows + (size_t)position(map->kept_rows, r)) *
                                             (size_t)map->full_columns;
                for (int k = 0; k < map->columns; k++) *to++ = row[position(map->kept_columns, k)];
            }
    }
}

void compact_scatter(const compact *c, real *full, const real *small)
{
    for (int t = 0; t < c->model.layout.tensor_count; t++) {
        const compact_map *map = &c->maps[t];
        const real *from = small + c->model.layout.tensors[t].offset;
        real *to = full + c->full->layout.tensors[t].offset;
        for (size_t b = 0; b < map->blocks; b++)
            for (int r = 0; r < map->rows; r++) {
                real *row =
                    to + (b * (size_t)map->full_rows + (size_t)position(map->kept_rows, r)) * (size_t)map->full_columns;
                for (int k = 0; k < map->columns; k++) row[position(map->kept_columns, k)] = *from++;
            }
    }
}

static void clear_layer(const model *m, real *values, int index)
{
    const layer_spec *l = &m->graph->layers[index];
    const model_node *node = &m->nodes[index];
    real *weight = values + m->layout.tensors[node->weight].offset;
    real *bias = values + m->layout.tensors[node->bias >= 0 ? node->bias : node->beta].offset;
    const int from = m->graph->layers[l->inputs[0]].group, inputs = m->graph->groups[from].channels;
    const int outputs = l->out_channels;
    for (size_t row = 0; row < node->rows; row++) {
        bool reads_removed = l->kind != LAYER_DEPTHWISE && is_removed(m, from, (int)(row % (size_t)inputs));
        for (int c = 0; c < outputs; c++)
            if (reads_removed || is_removed(m, l->group, c)) weight[row * (size_t)outputs + (size_t)c] = 0;
    }
    for (int c = 0; c < outputs; c++)
        if (is_removed(m, l->group, c)) bias[c] = 0;
}

void compact_clear_removed(const model *full, real *values)
{
    if (!model_mode_is_discrete(full->mode)) return;
    for (int i = 0; i < full->graph->layer_count; i++)
        if (layer_has_weights(&full->graph->layers[i])) clear_layer(full, values, i);
}
