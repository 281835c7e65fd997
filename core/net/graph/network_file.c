#include "core/net/graph/network_file.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/faults.h"
#include "core/base/spelling.h"
#include "core/config/config.h"

enum { MAX_SIDE = 16384, MAX_CHANNELS = 65536, MAX_KERNEL = 1024 };

/* ---- values with ranges ---- */

static status integer_in(int *out, const config_node *node, int low, int high)
{
    int64_t value;
    TRY(config_integer(&value, node));
    if (value < low || value > high) return config_fail(node, "must be in %d ... %d, not %" PRId64, low, high, value);
    *out = (int)value;
    return status_ok();
}

/* A key that must be there. */
static status integer_needed(int *out, config_node *section, const char *key, int low, int high)
{
    config_node *node = config_find(section, key);
    if (node == NULL) return config_fail(section, "needs %s", key);
    return integer_in(out, node, low, high);
}

static status text_needed(const char **out, config_node *section, const char *key)
{
    config_node *node = config_find(section, key);
    if (node == NULL) return config_fail(section, "needs %s", key);
    return config_text(out, node);
}

/* An absent key leaves *out as it is. */
static status switch_if_given(bool *out, config_node *section, const char *key)
{
    config_node *node = config_find(section, key);
    return node == NULL ? status_ok() : config_switch(out, node);
}

/* 3, or [10, 4]: height, width. */
static status pair_in(int *h, int *w, config_node *node, int low, int high)
{
    if (!config_is_list(node)) {
        TRY(integer_in(h, node, low, high));
        *w = *h;
        return status_ok();
    }
    if (config_count(node) != 2) return config_fail(node, "must be one number, or two: [height, width]");
    TRY(integer_in(h, config_item(node, 0), low, high));
    return integer_in(w, config_item(node, 1), low, high);
}

/* Asks for all keys of a section, so that a misspelled one is reported as such and not as missing. */
static status check_keys(config_node *section, const char *const *keys)
{
    for (int i = 0; keys[i] != NULL; i++) (void)config_find(section, keys[i]);
    return config_check_read(section);
}

/* ---- one layer ---- */

enum { MAX_KEYS = 12 };
static const char *const layer_keys[][MAX_KEYS] = {
    [LAYER_CONV] = {"name", "type", "input", "out", "kernel", "stride", "padding", "bias", "batchnorm", "relu"},
    [LAYER_DEPTHWISE] = {"name", "type", "input", "kernel", "stride", "padding", "bias", "batchnorm", "relu"},
    [LAYER_LINEAR] = {"name", "type", "input", "out", "bias", "batchnorm", "relu"},
    [LAYER_ADD] = {"name", "type", "inputs", "relu"},
    [LAYER_AVERAGE_POOL] = {"name", "type", "input", "kernel", "stride",
                            "padding"}, /* padding: refused with a reason */
    [LAYER_MAX_POOL] = {"name", "type", "input", "kernel", "stride", "padding"},
    [LAYER_GLOBAL_POOL] = {"name", "type", "input"},
    [LAYER_FLATTEN] = {"name", "type", "input"},
    [LAYER_DROPOUT] = {"name", "type", "input", "rate"},
};

static status read_layer_name(char out[LAYER_NAME], config_node *layer)
{
    const char *name;
    TRY(text_needed(&name, layer, "name"));
    if (name[0] == '\0' || strlen(name) >= LAYER_NAME)
        return config_fail(layer, "needs a name of 1 to %d characters", LAYER_NAME - 1);
    for (const char *p = name; *p != '\0'; p++)
        if (!isalnum((unsigned char)*p) && strchr("._-", *p) == NULL)
            return config_fail(layer, "may have letters, digits and . _ - in its name only");
    if (strcmp(name, "image") == 0) return config_fail(layer, "may not be called image: that is the network input");
    strcpy(out, name);
    return status_ok();
}

static status read_kind(layer_kind *out, config_node *layer)
{
    const char *type;
    TRY(text_needed(&type, layer, "type"));
    char known[160] = "";
    const char *near = NULL;
    for (int kind = LAYER_CONV; kind <= LAYER_DROPOUT; kind++) {
        const char *name = layer_kind_name((layer_kind)kind);
        if (strcmp(type, name) == 0) {
            *out = (layer_kind)kind;
            return status_ok();
        }
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", used == 0 ? "" : ", ", name);
        near = spelling_nearer(near, name, type);
    }
    for (int kind = LAYER_CONV; kind <= LAYER_DROPOUT; kind++) /* of no known kind no key is unknown */
        for (int i = 0; layer_keys[kind][i] != NULL; i++) (void)config_find(layer, layer_keys[kind][i]);
    return config_fail(config_find(layer, "type"), "\"%.40s\" is not a layer type%s%s%s; there are %s", type,
                       near != NULL ? " (did you mean \"" : "", near != NULL ? near : "", near != NULL ? "\"?)" : "",
                       known);
}

static status read_input_name(char out[LAYER_NAME], const config_node *node)
{
    const char *name;
    TRY(config_text(&name, node));
    if (strlen(name) >= LAYER_NAME) return config_fail(node, "is longer than %d characters", LAYER_NAME - 1);
    strcpy(out, name);
    return status_ok();
}

/* add: inputs = ["a", "b"]. Others: input = "a", or the layer before in the file. */
static status read_inputs(file_layer *out, config_node *layer, const file_layer *before)
{
    if (out->spec.kind == LAYER_ADD) {
        config_node *inputs = config_find(layer, "inputs");
        if (inputs == NULL || config_count(inputs) != 2)
            return config_fail(inputs == NULL ? layer : inputs, "needs two inputs: inputs = [\"a\", \"b\"]");
        for (int i = 0; i < 2; i++) TRY(read_input_name(out->inputs[i], config_item(inputs, i)));
        if (strcmp(out->inputs[0], out->inputs[1]) == 0)
            return config_fail(inputs, "names \"%s\" twice; a layer cannot be added to itself", out->inputs[0]);
        out->input_count = 2;
        return status_ok();
    }
    out->input_count = 1;
    config_node *input = config_find(layer, "input");
    if (input != NULL) return read_input_name(out->inputs[0], input);
    strcpy(out->inputs[0], before == NULL ? "image" : before->spec.name);
    return status_ok();
}

/* Window of conv, depthwise and pooling. The stride defaults to 1, or to the kernel for pooling. */
static status read_window(layer_spec *spec, config_node *layer)
{
    bool pooling = spec->kind == LAYER_AVERAGE_POOL || spec->kind == LAYER_MAX_POOL;
    config_node *kernel = config_find(layer, "kernel"), *stride = config_find(layer, "stride"),
                *padding = config_find(layer, "padding");
    if (kernel == NULL) return config_fail(layer, "needs kernel, for example kernel = 3 or kernel = [10, 4]");
    TRY(pair_in(&spec->kernel_h, &spec->kernel_w, kernel, 1, MAX_KERNEL));
    spec->stride_h = pooling ? spec->kernel_h : 1;
    spec->stride_w = pooling ? spec->kernel_w : 1;
    if (stride != NULL) TRY(pair_in(&spec->stride_h, &spec->stride_w, stride, 1, MAX_KERNEL));
    if (padding == NULL) return status_ok();
    if (pooling) return config_fail(padding, "is not possible for pooling: windows lie inside the input; remove it");
    return pair_in(&spec->pad_h, &spec->pad_w, padding, 0, MAX_KERNEL - 1);
}

static status read_geometry(layer_spec *spec, config_node *layer)
{
    spec->kernel_h = spec->kernel_w = spec->stride_h = spec->stride_w = 1;
    if (spec->kind == LAYER_CONV || spec->kind == LAYER_LINEAR)
        TRY(integer_needed(&spec->out_channels, layer, "out", 1, MAX_CHANNELS));
    if (spec->kind == LAYER_CONV || spec->kind == LAYER_DEPTHWISE || spec->kind == LAYER_AVERAGE_POOL ||
        spec->kind == LAYER_MAX_POOL)
        TRY(read_window(spec, layer));
    if (spec->kind == LAYER_DROPOUT) {
        config_node *node = config_find(layer, "rate");
        double rate;
        if (node == NULL) return config_fail(layer, "needs rate, the fraction of values that are dropped");
        TRY(config_number(&rate, node));
        if (rate < 0 || rate >= 1) return config_fail(node, "must be at least 0 and below 1, not %g", rate);
        spec->rate = (float)rate;
    }
    return status_ok();
}

static status read_layer(file_layer *out, config_node *layer, const file_layer *before)
{
    if (!config_is_section(layer)) return config_fail(layer, "must be a section { name = ...; type = ...; }");
    layer_spec *spec = &out->spec;
    spec->line = config_line(layer);
    TRY(read_kind(&spec->kind, layer));
    TRY(check_keys(layer, layer_keys[spec->kind]));
    TRY(read_layer_name(spec->name, layer));
    TRY(read_inputs(out, layer, before));
    TRY(read_geometry(spec, layer));
    if (layer_has_weights(spec)) {
        spec->bias = true;
        TRY(switch_if_given(&spec->bias, layer, "bias"));
        TRY(switch_if_given(&spec->batchnorm, layer, "batchnorm"));
    }
    if (layer_has_weights(spec) || spec->kind == LAYER_ADD) TRY(switch_if_given(&spec->relu, layer, "relu"));
    return status_ok();
}

static status read_layers(network_file *out, config_node *layers)
{
    if (!config_is_list(layers)) return config_fail(layers, "must be a list of sections: ( { ... }, { ... } )");
    int count = config_count(layers);
    if (count == 0) return config_fail(layers, "is empty");
    if (count > GRAPH_MAX_LAYERS - 1)
        return config_fail(layers, "has %d layers; at most %d are possible", count, GRAPH_MAX_LAYERS - 1);
    out->layers = calloc((size_t)count, sizeof *out->layers);
    if (out->layers == NULL) return status_fail(STATUS_MEMORY, "no memory for the layers of %.200s", out->path);
    faults found = {.untold = 0};
    for (int i = 0; i < count; i++) {
        config_node *layer = config_item(layers, i);
        const char *name = out->layers[i].spec.name;
        faults_add(&found, read_layer(&out->layers[i], layer, i == 0 ? NULL : &out->layers[i - 1]));
        for (int j = 0; j < i; j++)
            if (name[0] != '\0' && strcmp(out->layers[j].spec.name, name) == 0)
                faults_add(&found,
                           config_fail(layer, "has the name of the layer in line %d", out->layers[j].spec.line));
        out->layer_count = i + 1;
    }
    return faults_end(&found);
}

/* ---- the network input and the rest ---- */

/* clip = 6.0 means 0 ... 6, or -6 ... 6 when signed; clip_low and clip_high give an asymmetric signed range. */
static status read_clips(network_file *out, config_node *input)
{
    config_node *clip = config_find(input, "clip"), *low = config_find(input, "clip_low"),
                *high = config_find(input, "clip_high");
    double low_value = 0, high_value = 1;
    if (clip != NULL) {
        if (low != NULL || high != NULL)
            return config_fail(clip, "excludes clip_low and clip_high; give one or the other");
        TRY(config_number(&high_value, clip));
        low_value = out->input_signed ? -high_value : 0;
    } else if (low != NULL || high != NULL) {
        if (!out->input_signed)
            return config_fail(low != NULL ? low : high, "is for signed = true; an unsigned input has clip only");
        if (low == NULL || high == NULL) return config_fail(input, "needs both clip_low and clip_high");
        TRY(config_number(&low_value, low));
        TRY(config_number(&high_value, high));
    } else if (out->input_signed) {
        return config_fail(input, "needs clip (or clip_low and clip_high): the range of a signed input");
    }
    if (high_value < 1e-3) return config_fail(clip != NULL ? clip : high, "must be at least 0.001, not %g", high_value);
    if (out->input_signed && low_value > -1e-3)
        return config_fail(low != NULL ? low : clip, "must be at most -0.001, not %g", low_value);
    out->clip_low = (float)low_value;
    out->clip_high = (float)high_value;
    return status_ok();
}

static status read_image(network_file *out, config_node *input)
{
    if (!config_is_section(input)) return config_fail(input, "must be a section { channels; height; width; }");
    static const char *const keys[] = {"channels", "height", "width", "signed", "clip", "clip_low", "clip_high", NULL};
    TRY(check_keys(input, keys));
    TRY(integer_needed(&out->channels, input, "channels", 1, MAX_CHANNELS));
    TRY(integer_needed(&out->height, input, "height", 1, MAX_SIDE));
    TRY(integer_needed(&out->width, input, "width", 1, MAX_SIDE));
    TRY(switch_if_given(&out->input_signed, input, "signed"));
    return read_clips(out, input);
}

static status momentum_if_given(float *out, config_node *root, const char *key)
{
    config_node *momentum = config_find(root, key);
    if (momentum == NULL) return status_ok();
    double value;
    TRY(config_number(&value, momentum));
    if (value <= 0 || value > 1) return config_fail(momentum, "must be above 0 and at most 1, not %g", value);
    *out = (float)value;
    return status_ok();
}

static status read_training_values(network_file *out, config_node *root)
{
    config_node *init = config_find(root, "init");
    (void)config_find(root, "reference_batchnorm_momentum"); /* known, also when the other one is wrong */
    out->bn_momentum = 0.1f;
    TRY(momentum_if_given(&out->bn_momentum, root, "batchnorm_momentum"));
    out->reference_bn_momentum = out->bn_momentum;
    TRY(momentum_if_given(&out->reference_bn_momentum, root, "reference_batchnorm_momentum"));
    out->init = INIT_HE_NORMAL;
    if (init == NULL) return status_ok();
    const char *text;
    TRY(config_text(&text, init));
    if (strcmp(text, "uniform") == 0)
        out->init = INIT_UNIFORM;
    else if (strcmp(text, "he_normal") != 0)
        return config_fail(init, "must be \"he_normal\" or \"uniform\", not \"%.40s\"", text);
    return status_ok();
}

static status read_network(network_file *out, config *c)
{
    config_node *root = config_root(c), *name = config_find(root, "name"), *classes = config_find(root, "classes"),
                *input = config_find(root, "input"), *layers = config_find(root, "layers");
    faults found = {.untold = 0};
    faults_add(&found, read_training_values(out, root));
    if (input != NULL) faults_add(&found, read_image(out, input));
    if (layers != NULL) faults_add(&found, read_layers(out, layers));
    faults_add(&found, config_check_read(root));
    TRY(faults_end(&found));

    if (name == NULL) return status_fail(STATUS_CONFIG, "%.200s: name is missing", out->path);
    if (classes == NULL) return status_fail(STATUS_CONFIG, "%.200s: classes is missing", out->path);
    if (input == NULL)
        return status_fail(STATUS_CONFIG,
                           "%.200s: input is missing: input = { channels = 3; "
                           "height = 32; width = 32; };",
                           out->path);
    if (layers == NULL)
        return status_fail(STATUS_CONFIG, "%.200s: layers is missing: layers = ( { ... }, { ... } );", out->path);
    const char *text;
    TRY(config_text(&text, name));
    if (text[0] == '\0' || strlen(text) >= LAYER_NAME)
        return config_fail(name, "must have 1 to %d characters", LAYER_NAME - 1);
    strcpy(out->name, text);
    return integer_in(&out->classes, classes, 2, MAX_CHANNELS);
}

/* Takes an opened file, and closes it. */
static status read_opened(network_file *out, config *c, const char *origin)
{
    network_file file = {0};
    strcpy(file.path, origin);
    status s = read_network(&file, c);
    config_close(c);
    if (failed(s))
        network_file_free(&file);
    else
        *out = file;
    return s;
}

status network_file_read(network_file *out, const char *path)
{
    config *c;
    if (strlen(path) >= NETWORK_PATH) return status_fail(STATUS_CONFIG, "path is too long: %.100s...", path);
    TRY(config_open(&c, path));
    return read_opened(out, c, path);
}

status network_file_parse(network_file *out, const char *text, const char *origin)
{
    config *c;
    if (strlen(origin) >= NETWORK_PATH) return status_fail(STATUS_CONFIG, "path is too long: %.100s...", origin);
    TRY(config_open_text(&c, text, origin, true));
    return read_opened(out, c, origin);
}

void network_file_free(network_file *file)
{
    free(file->layers);
    file->layers = NULL;
    file->layer_count = 0;
}
