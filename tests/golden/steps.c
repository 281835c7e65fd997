#include "tests/golden/steps.h"
#include "core/net/graph/graph_build.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const step_subject step_subjects[STEP_SUBJECTS] = {
    {.file = "resnet8_step.h5",
     .network = "configs/networks/resnet8.cfg",
     .layers = {{"input", "inputblock.conv1", "inputblock.bn"},
                {"b1.c1", "convblock1.conv1", "convblock1.bn"},
                {"b1.c2", "conv1", "bn1"},
                {"b2.c1", "convblock2.conv1", "convblock2.bn"},
                {"b2.c2", "conv2y", "bn2"},
                {"b2.sc", "conv2x", NULL},
                {"b3.c1", "convblock3.conv1", "convblock3.bn"},
                {"b3.c2", "conv3y", "bn3"},
                {"b3.sc", "conv3x", NULL},
                {"fc", "out", NULL}},
     .searched_input = true,
     .traced = "search_a8"},
    {.file = "dscnn_step.h5",
     .network = "configs/networks/dscnn.cfg",
     .layers = {{"input", "inputlayer", "bn"},
                {"dw1", "depthwise1", "bn11"},
                {"pw1", "pointwise1", "bn12"},
                {"dw2", "depthwise2", "bn21"},
                {"pw2", "pointwise2", "bn22"},
                {"dw3", "depthwise3", "bn31"},
                {"pw3", "pointwise3", "bn32"},
                {"dw4", "depthwise4", "bn41"},
                {"pw4", "pointwise4", "bn42"},
                {"fc", "out", NULL}},
     .class_weights = true,
     .traced = "search_a248"},
};

void step_must(status s)
{
    if (!failed(s)) return;
    printf("%s\n", s.message);
    exit(1);
}

/* How many images the vectors have, and their labels. */
static void read_batch(step_fixture *f)
{
    enum { MOST_IMAGES = 4096 };
    size_t count, dims[4];
    step_must(h5_dims(f->file, "y", 1, &count));
    step_must(h5_dims(f->file, "x", 4, dims));
    if (count < 1 || count > MOST_IMAGES || dims[0] != count)
        step_must(status_fail(STATUS_DATA, "%s: x has %zu images and y %zu labels; 1 to %d of both are wanted",
                              f->s->file, dims[0], count, MOST_IMAGES));
    f->images = (int)count;
    f->weight = f->images;
    f->labels = malloc(count * sizeof *f->labels);
    step_must(h5_read(f->file, "y", H5_I32, count, f->labels));
}

static void check_labels(const step_fixture *f)
{
    for (int i = 0; i < f->images; i++)
        if (f->labels[i] < 0 || f->labels[i] >= f->g.classes)
            step_must(status_fail(STATUS_DATA, "%s: label %d of image %d; %s has %d classes", f->s->file, f->labels[i],
                                  i, f->s->network, f->g.classes));
}

void step_open(step_fixture *f, const step_subject *s)
{
    *f = (step_fixture){.s = s, .file = golden_open(s->file)};
    read_batch(f);
    step_must(graph_load(&f->g, s->network));
    model_options options = {.rules = arithmetic_rules_of(ARITHMETIC_REFERENCE), .capacity = f->images};
    step_must(model_open(&f->float_model, &f->g, kernels_choose(NULL), &options));
    f->float_values = calloc(f->float_model.layout.total, sizeof *f->float_values);
    f->gradients = calloc(f->float_model.layout.total, sizeof *f->gradients);
    check_labels(f);
    if (!s->class_weights) return;
    golden_tensor w = golden_read(f->file, "class_weights");
    f->weight = 0;
    for (size_t i = 0; i < w.count; i++) f->class_weight[i] = (real)w.data[i];
    for (int i = 0; i < f->images; i++) f->weight += w.data[f->labels[i]];
    free(w.data);
}

void step_close(step_fixture *f)
{
    free(f->labels);
    free(f->gradients);
    free(f->float_values);
    model_close(&f->float_model);
    graph_free(&f->g);
    step_must(h5_close(f->file));
}

void step_open_search(step_fixture *f, bool searched_activations)
{
    model_options o = {.quantized = true,
                       .rules = arithmetic_rules_of(ARITHMETIC_REFERENCE),
                       .start_temperature = 1,
                       .weight_count = 4,
                       .weight_bits = {0, 2, 4, 8},
                       .activation_count = 1,
                       .activation_bits = {8},
                       .input_count = 1,
                       .input_bits = {8},
                       .capacity = f->images};
    static const int all[PACT_MAX] = {2, 4, 8};
    if (searched_activations) {
        o.activation_count = PACT_MAX;
        memcpy(o.activation_bits, all, sizeof all);
    }
    if (searched_activations && f->s->searched_input) {
        o.input_count = PACT_MAX;
        memcpy(o.input_bits, all, sizeof all);
    }
    step_must(model_open(&f->search_model, &f->g, kernels_choose(NULL), &o));
    const size_t total = f->search_model.layout.total;
    f->values = calloc(total, sizeof *f->values);
    f->gradients = realloc(f->gradients, total * sizeof *f->gradients);
    model_convert(&f->search_model, f->values, &f->float_model, f->float_values);
}

void step_close_search(step_fixture *f)
{
    model_close(&f->search_model);
    free(f->values);
}

int step_layer_index(const step_fixture *f, int i)
{
    int index = graph_find(&f->g, f->s->layers[i].ours);
    if (index < 0) step_must(status_fail(STATUS_CONFIG, "%s has no layer %s", f->s->network, f->s->layers[i].ours));
    return index;
}

bool step_is_depthwise(const step_fixture *f, int layer)
{
    return f->g.layers[layer].kind == LAYER_DEPTHWISE;
}

golden_tensor step_read_weight(const step_fixture *f, int i, const char *format, ...)
{
    char path[192];
    va_list args;
    va_start(args, format);
    vsnprintf(path, sizeof path, format, args);
    va_end(args);
    golden_tensor t = golden_read(f->file, "%s", path);
    golden_weight_order(&t, step_is_depthwise(f, step_layer_index(f, i)));
    return t;
}

void step_put(real *block, const model *m, int tensor, golden_tensor t)
{
    const model_tensor *to = &m->layout.tensors[tensor];
    if (to->count != t.count) step_must(status_fail(STATUS_DATA, "%s has another size in the vectors", to->name));
    for (size_t i = 0; i < t.count; i++) block[to->offset + i] = (real)t.data[i];
    free(t.data);
}

void step_check(step_fixture *f, const model *m, const real *block, int tensor, golden_tensor wanted, double tolerance,
                const char *what)
{
    char name[192];
    snprintf(name, sizeof name, "%s %s %s", f->s->file, what, m->layout.tensors[tensor].name);
    f->failures += golden_compare(name, block + m->layout.tensors[tensor].offset, &wanted, tolerance);
    free(wanted.data);
}

void step_load_warmup(step_fixture *f)
{
    const model *m = &f->float_model;
    memset(f->float_values, 0, m->layout.total * sizeof(real));
    for (int i = 0; i < STEP_LAYERS; i++) {
        const step_layer *n = &f->s->layers[i];
        const model_node *node = &m->nodes[step_layer_index(f, i)];
        step_put(f->float_values, m, node->weight, step_read_weight(f, i, "warmup/param/%s.weight", n->conv));
        if (node->bias >= 0)
            step_put(f->float_values, m, node->bias, golden_read(f->file, "warmup/param/%s.bias", n->conv));
        if (n->bn == NULL) continue;
        step_put(f->float_values, m, node->gamma, golden_read(f->file, "warmup/param/%s.weight", n->bn));
        step_put(f->float_values, m, node->beta, golden_read(f->file, "warmup/param/%s.bias", n->bn));
        step_put(f->float_values, m, node->mean, golden_read(f->file, "warmup/running_before/%s.running_mean", n->bn));
        step_put(f->float_values, m, node->variance,
                 golden_read(f->file, "warmup/running_before/%s.running_var", n->bn));
    }
}

/* Weights and biases from below `path`. */
static void load_layers(step_fixture *f, real *block, const char *path)
{
    const model *m = &f->search_model;
    for (int i = 0; i < STEP_LAYERS; i++) {
        const char *conv = f->s->layers[i].conv;
        const model_node *node = &m->nodes[step_layer_index(f, i)];
        step_put(block, m, node->weight, step_read_weight(f, i, "%s/layers/%s/weight", path, conv));
        step_put(block, m, node->bias, golden_read(f->file, "%s/layers/%s/bias", path, conv));
    }
}

typedef struct {
    real *block;
    const char *path;
} destination;

static void load_choice(step_fixture *f, int tensor, const char *place, void *context)
{
    const destination *to = context;
    step_put(to->block, &f->search_model, tensor, golden_read(f->file, "%s/%s", to->path, place));
}

void step_load_search(step_fixture *f, const char *stage)
{
    char path[64];
    snprintf(path, sizeof path, "%s/init", stage);
    destination to = {f->values, path};
    load_layers(f, f->values, "converted");
    step_visit_choices(f, load_choice, &to);
}

void step_load_block(step_fixture *f, real *block, const char *path)
{
    destination to = {block, path};
    memset(block, 0, f->search_model.layout.total * sizeof *block);
    load_layers(f, block, path);
    step_visit_choices(f, load_choice, &to);
}

void step_load_images(step_fixture *f, model *m)
{
    golden_tensor x = golden_read(f->file, "x");
    const layer_spec *image = &f->g.layers[0];
    if (x.rank != 4 || x.dims[1] != (size_t)image->out_channels || x.dims[2] != (size_t)image->out_height ||
        x.dims[3] != (size_t)image->out_width)
        step_must(status_fail(STATUS_DATA, "%s: its images are not those of %s", f->s->file, f->s->network));
    golden_activation_order(&x);
    for (size_t i = 0; i < x.count; i++) model_input(m)[i] = (real)x.data[i];
    free(x.data);
}

/* Name of the first layer that owns a group's choices and clips. */
static const char *owner_of(const step_fixture *f, int group)
{
    for (int i = 0; i < STEP_LAYERS; i++)
        if (f->g.layers[step_layer_index(f, i)].group == group) return f->s->layers[i].conv;
    return "input";
}

void step_visit_choices(step_fixture *f, step_visitor visit, void *context)
{
    const model *m = &f->search_model;
    char place[96];
    for (int group = 0; group <= f->g.group_count; group++) {
        const char *owner = group == f->g.group_count ? "input" : owner_of(f, group);
        const model_quantizer *q = &m->quantizers[group];
        if (group < f->g.group_count && m->groups[group].precisions > 0) {
            snprintf(place, sizeof place, "wq/%s/alpha", owner);
            visit(f, m->groups[group].logits, place, context);
        }
        if (!q->used) continue;
        snprintf(place, sizeof place, "aq/%s/alpha", owner);
        visit(f, q->logits, place, context);
        snprintf(place, sizeof place, q->low >= 0 ? "aq/%s/clip_sup" : "aq/%s/clip", owner);
        visit(f, q->clips, place, context);
        if (q->low < 0) continue;
        snprintf(place, sizeof place, "aq/%s/clip_inf", owner);
        visit(f, q->low, place, context);
    }
}
