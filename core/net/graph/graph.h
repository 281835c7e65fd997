/* graph: a network as data. Layers read from configs/networks/NAME.cfg, put in execution order, with shapes inferred
 * and the sharing groups derived (METHOD.md 1.5). No parameters here: see model.h.
 *
 * A layer is a node with one output tensor (H, W, C). `batchnorm` and `relu` belong to the conv, depthwise, linear or
 * add they follow, because they are executed in one pass and, after conversion, batch-norm is folded away.
 *
 * Sharing groups: the output of every node belongs to one group. conv, linear and the network input open a group of
 * their own; depthwise, pooling, dropout and flatten pass their input's group on; add joins the groups of its inputs.
 * All conv, depthwise and linear layers of a group share the weight-precision choice of each channel, and all their
 * outputs (and the sum) share one activation quantiser. */
#ifndef CORE_NET_GRAPH_GRAPH_H
#define CORE_NET_GRAPH_GRAPH_H

#include <stdbool.h>
#include <stdio.h>

#include "core/base/status.h"

enum { LAYER_NAME = 44, LAYER_MAX_INPUTS = 2, GRAPH_MAX_LAYERS = 256 };

typedef enum {
    LAYER_IMAGE, /* the network input, always node 0 */
    LAYER_CONV,
    LAYER_DEPTHWISE,
    LAYER_LINEAR,
    LAYER_ADD,
    LAYER_AVERAGE_POOL,
    LAYER_MAX_POOL,
    LAYER_GLOBAL_POOL,
    LAYER_FLATTEN,
    LAYER_DROPOUT
} layer_kind;

const char *layer_kind_name(layer_kind kind);

typedef struct {
    char name[LAYER_NAME];
    layer_kind kind;
    int line; /* in the network file, for messages; 0 for the image */

    int input_count;
    int inputs[LAYER_MAX_INPUTS]; /* node indices, smaller than this node's */

    /* shapes, inferred */
    int in_height, in_width, in_channels; /* of input 0 */
    int out_height, out_width, out_channels;

    /* conv, depthwise, pooling */
    int kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w;

    bool bias;      /* conv, depthwise, linear: has its own bias in the float network */
    bool batchnorm; /* conv, depthwise, linear: followed by batch-norm in the float network */
    bool relu;      /* conv, depthwise, linear, add: followed by ReLU */
    float rate;     /* dropout */

    int group; /* sharing group of the output */
} layer_spec;

/* True for conv, depthwise and linear: layers with weights. */
bool layer_has_weights(const layer_spec *l);
/* Elements of the weight tensor: (kernel_h, kernel_w, C, O) for conv, (kernel_h, kernel_w, C) for depthwise, (C, O) for
 * linear. */
size_t layer_weight_count(const layer_spec *l);
/* Multiply-accumulates per image; 0 without weights. */
double layer_macs(const layer_spec *l);

typedef struct {
    int channels;      /* of every member tensor (before flatten) */
    bool holds_output; /* the network output is in this group: never pruned, activations not quantised */
    bool holds_image;  /* the network input is in this group: never pruned */
} sharing_group;

typedef struct {
    char name[LAYER_NAME];
    int layer_count;
    layer_spec *layers; /* owns; node 0 is the image, in execution order; the last node is the output */
    int group_count;
    sharing_group *groups;                 /* owns */
    int classes;                           /* out_channels of the output */
    bool input_signed;                     /* the input quantiser is signed */
    float input_clip_low, input_clip_high; /* initial clips of the input quantiser; low = 0 when unsigned */
    float bn_momentum;           /* weight of the new batch in the running statistics, torch convention; default 0.1 */
    float reference_bn_momentum; /* the same of the published implementation (arithmetic.h); default bn_momentum */
    enum { INIT_HE_NORMAL, INIT_UNIFORM } init; /* METHOD.md 5.2: normal sqrt(2/fan_in); 5.3: uniform 1/sqrt(fan_in) */
} graph;

void graph_free(graph *g);

/* The layer table: name, kind, shapes, parameters (weights, biases after folding), MACs, group; and totals. */
void graph_print(FILE *out, const graph *g);

/* How many layers with weights it has. */
int graph_weight_layers(const graph *g);

/* Index of the layer called `name`, or -1. */
int graph_find(const graph *g, const char *name);

#endif
