/* network_file: configs/networks/NAME.cfg as it is written: layers in the order of the file, inputs still by name,
 * every value checked alone. */
#ifndef CORE_NET_GRAPH_NETWORK_FILE_H
#define CORE_NET_GRAPH_NETWORK_FILE_H

#include "core/base/status.h"
#include "core/net/graph/graph.h"

enum { NETWORK_PATH = 1024 };

typedef struct {
    layer_spec spec; /* name, kind, line, kernel, stride, padding, flags, rate; out_channels of conv and linear */
    int input_count;
    char inputs[LAYER_MAX_INPUTS][LAYER_NAME]; /* "image", or the name of a layer */
} file_layer;

typedef struct {
    char path[NETWORK_PATH];
    char name[LAYER_NAME];
    int classes;
    int channels, height, width; /* of the image */
    bool input_signed;
    float clip_low, clip_high;
    float bn_momentum, reference_bn_momentum;
    int init; /* INIT_HE_NORMAL or INIT_UNIFORM */
    int layer_count;
    file_layer *layers; /* owns */
} network_file;

MUST_CHECK status network_file_read(network_file *out, const char *path);

/* The same from a text; origin: what messages call it. */
MUST_CHECK status network_file_parse(network_file *out, const char *text, const char *origin);
void network_file_free(network_file *file);

#endif
