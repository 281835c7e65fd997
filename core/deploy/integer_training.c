#include "core/deploy/integer_training.h"

#include <stdlib.h>
#include <string.h>

#include "core/deploy/integer_build.h"
#include "core/deploy/integer_engine.h"
#include "core/deploy/predict.h"

struct integer_path {
    integer_network network;
    integer_engine *engine; /* NULL: nothing was taken yet */
    bool every_layer;
    uint8_t *codes; /* of the input, (capacity of the model, codes of an image) */
};

static void drop(integer_path *p)
{
    integer_engine_close(p->engine);
    integer_network_free(&p->network);
    free(p->codes);
    *p = (integer_path){.engine = NULL};
}

static status open_path(integer_path **out)
{
    *out = calloc(1, sizeof **out);
    return *out != NULL ? status_ok() : status_fail(STATUS_MEMORY, "no memory for an integer network");
}

static void close_path(integer_path *p)
{
    if (p == NULL) return;
    drop(p);
    free(p);
}

static status take(integer_path *p, const model *m, const dataset *d, bool every_layer)
{
    drop(p);
    TRY(integer_build(&p->network, m, (integer_samples){.is_signed = d->is_signed != 0, .scale = d->scale}));
    status s = integer_engine_open(&p->engine, &p->network, int_table_choose(NULL), every_layer);
    p->codes = malloc((size_t)m->options.capacity * integer_tensor_count(&p->network.tensors[0]));
    p->every_layer = every_layer;
    if (!failed(s) && p->codes == NULL) s = status_fail(STATUS_MEMORY, "no memory for the codes of an image");
    if (failed(s)) drop(p);
    return s;
}

/* ---- one image, in the places of the float network ---- */

/* The codes of the images in front of the model. */
static void read_codes(integer_path *p, const model *m, int images)
{
    const integer_tensor *t = &p->network.tensors[0];
    const pact *grid = &m->quantizers[m->graph->group_count].behind_layer;
    const size_t pixels = (size_t)images * (size_t)t->height * (size_t)t->width;
    const int channels = m->graph->layers[0].out_channels;
    const real *values = model_input(m);
    for (size_t at = 0; at < pixels; at++)
        for (int c = 0; c < t->channels; c++)
            p->codes[at * (size_t)t->channels + (size_t)c] =
                (uint8_t)(integer_code_of_value(grid, values[at * (size_t)channels + t->order[c]]) + t->zero);
}

/* What tensor k holds becomes what its layer put out. Sums in front of the output stay: no gradient asks for them. */
static void write_values(const integer_path *p, model *m, int k, int image)
{
    const integer_tensor *t = &p->network.tensors[k];
    const void *codes = integer_engine_tensor(p->engine, k);
    const int node = graph_find(m->graph, t->name), channels = m->graph->layers[node].out_channels;
    const size_t pixels = (size_t)t->height * (size_t)t->width;
    real *values = m->nodes[node].out + (size_t)image * pixels * (size_t)channels;
    if (t->step == 0) return;
    for (size_t at = 0; at < pixels; at++)
        for (int c = 0; c < t->channels; c++)
            values[at * (size_t)channels + t->order[c]] =
                (real)((integer_code_at(codes, t->type, at * (size_t)t->channels + (size_t)c) - t->zero) * t->step);
}

static void write_logits(const integer_path *p, model *m, const int32_t *logits, int image)
{
    const int classes = p->network.classes;
    real *to = m->nodes[m->graph->layer_count - 1].out + (size_t)image * (size_t)classes;
    for (int c = 0; c < classes; c++) to[c] = (real)(logits[c] * p->network.logit_step);
}

/* Layers that only pass on what they read. */
static void pass_on(model *m, int images)
{
    for (int i = 0; i < m->graph->layer_count - 1; i++) {
        const layer_spec *l = &m->graph->layers[i];
        if (l->kind != LAYER_FLATTEN && l->kind != LAYER_DROPOUT) continue;
        const size_t count = (size_t)l->out_height * (size_t)l->out_width * (size_t)l->out_channels;
        memcpy(m->nodes[i].out, m->nodes[l->inputs[0]].out, (size_t)images * count * sizeof(real));
    }
}

static void forward(integer_path *p, model *m, int images)
{
    const size_t size = integer_tensor_count(&p->network.tensors[0]);
    int32_t logits[DATASET_MAX_CLASSES];
    read_codes(p, m, images); /* of all: a model for evaluation has its logits in the memory of its input */
    for (int image = 0; image < images; image++) {
        integer_engine_run_codes(p->engine, logits, p->codes + (size_t)image * size);
        for (int k = 1; k < p->network.tensor_count && p->every_layer; k++) write_values(p, m, k, image);
        write_logits(p, m, logits, image);
    }
    if (p->every_layer) pass_on(m, images);
}

static int classify(integer_path *p, model *m, const dataset *d, const int32_t *sample, const int32_t *labels,
                    int images)
{
    int32_t logits[DATASET_MAX_CLASSES];
    int correct = 0;
    for (int image = 0; image < images; image++) {
        integer_engine_run(p->engine, logits, predict_samples(d, sample[image]));
        write_logits(p, m, logits, image);
        correct += predict_first_largest(logits, p->network.classes) == labels[image];
    }
    return correct;
}

const integer_ops integer_training = {
    .open = open_path, .close = close_path, .take = take, .forward = forward, .classify = classify};
