#include "core/net/graph/graph_groups.h"

#include <stdlib.h>

/* Union-find over nodes; the root of a set is its smallest node. */
static int root_of(int *parent, int node)
{
    while (parent[node] != node) {
        parent[node] = parent[parent[node]];
        node = parent[node];
    }
    return node;
}

static void join(int *parent, int a, int b)
{
    a = root_of(parent, a);
    b = root_of(parent, b);
    if (a < b)
        parent[b] = a;
    else
        parent[a] = b;
}

/* conv and linear make new features; everything else keeps those of its inputs. */
static bool opens_group(const layer_spec *l)
{
    return l->kind == LAYER_IMAGE || l->kind == LAYER_CONV || l->kind == LAYER_LINEAR;
}

status graph_derive_groups(graph *g)
{
    int parent[GRAPH_MAX_LAYERS], group_of_root[GRAPH_MAX_LAYERS];
    for (int i = 0; i < g->layer_count; i++) parent[i] = i;
    for (int i = 0; i < g->layer_count; i++) {
        const layer_spec *l = &g->layers[i];
        for (int j = 0; !opens_group(l) && j < l->input_count; j++) join(parent, i, l->inputs[j]);
    }

    g->groups = calloc(GRAPH_MAX_LAYERS, sizeof *g->groups);
    if (g->groups == NULL) return status_fail(STATUS_MEMORY, "no memory for the sharing groups of %s", g->name);
    for (int i = 0; i < g->layer_count; i++) {
        int root = root_of(parent, i);
        if (root == i) {
            /* The root is the first node of its group and, as only flatten changes channels, never behind a flatten. */
            g->groups[g->group_count].channels = g->layers[i].out_channels;
            group_of_root[i] = g->group_count++;
        }
        g->layers[i].group = group_of_root[root];
    }
    g->groups[g->layers[0].group].holds_image = true;
    g->groups[g->layers[g->layer_count - 1].group].holds_output = true;
    return status_ok();
}
