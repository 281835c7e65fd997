#include "core/deploy/export_arrays.h"

#include <stdlib.h>
#include <string.h>

#include "core/deploy/integer_engine.h"
#include "core/deploy/predict.h"

typedef struct {
    export_array_sink add;
    void *ctx;
} sink;

static status add_vector(const sink *to, const char *group, const char *name, h5_type type, size_t count,
                         const void *data, h5_about about)
{
    return to->add(
        to->ctx,
        &(export_array){
            .group = group, .name = name, .type = type, .rank = 1, .dims = {count}, .data = data, .about = about});
}

static status add_order(const sink *to, const char *group, const uint16_t *order, size_t count, const char *meaning)
{
    int32_t *wide = malloc(count * sizeof *wide);
    if (wide == NULL) return status_fail(STATUS_MEMORY, "no memory for an order of %zu channels", count);
    for (size_t i = 0; i < count; i++) wide[i] = order[i];
    status s = add_vector(to, group, "order", H5_I32, count, wide, (h5_about){"1", meaning});
    free(wide);
    return s;
}

static status add_conv(const sink *to, const integer_layer *l)
{
    const int_conv *r = &l->run.conv;
    const size_t channels = (size_t)r->out_channels;
    export_array codes = {.group = l->name,
                          .name = "codes",
                          .type = H5_I8,
                          .rank = r->depthwise ? 3 : 4,
                          .dims = {channels, (size_t)r->kernel_h, (size_t)r->kernel_w, (size_t)r->in_channels},
                          .data = l->codes,
                          .about = {"1", "weights as integers, output channel first"}};
    if (l->rows > 0) {
        TRY(to->add(to->ctx, &codes));
        TRY(add_vector(to, l->name, "packed", H5_U8, l->packed_bytes, l->packed,
                       (h5_about){"byte", "the same packed at 8, 4 and 2 bit, block behind block, low bits first"}));
    }
    TRY(add_vector(to, l->name, "weight_bits", H5_I8, channels, l->weight_bits,
                   (h5_about){"bit", "precision of each output channel as it was chosen"}));
    TRY(add_vector(to, l->name, "weight_step", H5_F64, channels, l->weight_step,
                   (h5_about){"1", "real weight divided by its code, batch-norm included"}));
    TRY(add_vector(to, l->name, "bias", H5_I32, channels, l->bias, (h5_about){"1", "in the unit of the sums"}));
    if (l->multiplier == NULL) return status_ok();
    return add_vector(to, l->name, "multiplier", H5_I32, channels, l->multiplier,
                      (h5_about){"1", "code = (sum * multiplier + offset) >> shift, clamped"});
}

static status add_layer(const sink *to, const integer_network *n, const integer_layer *l)
{
    if (l->kind == INTEGER_CONV) return add_conv(to, l);
    if (l->kind == INTEGER_INPUT) {
        TRY(add_vector(to, l->name, "table", H5_U8, INTEGER_SAMPLES, n->table,
                       (h5_about){"1", "code of a sample, by its byte"}));
        if (l->order == NULL) return status_ok();
        return add_order(to, l->name, l->order, (size_t)l->run.input.channels, "channel of the image of each channel");
    }
    if (l->kind != INTEGER_OUTPUT) return status_ok();
    TRY(add_order(to, l->name, l->order, (size_t)l->run.output.count, "class of each sum"));
    return add_vector(to, l->name, "multiplier", H5_I32, (size_t)l->run.output.channels, l->multiplier,
                      (h5_about){"1", "logit = (sum * multiplier + offset) >> shift"});
}

/* The images of the self-test and their logits. */
static status add_test(const sink *to, const export_inputs *in)
{
    const integer_network *n = in->network;
    const size_t size = (size_t)n->height * (size_t)n->width * (size_t)n->channels, count = (size_t)in->images;
    uint8_t *images = malloc(count * size);
    int32_t *logits = malloc(count * (size_t)n->classes * sizeof *logits);
    integer_engine *e = NULL;
    status s = images == NULL || logits == NULL ? status_fail(STATUS_MEMORY, "no memory for %zu test images", count)
                                                : integer_engine_open(&e, n, int_table_choose(NULL), false);
    for (size_t i = 0; i < count && !failed(s); i++) {
        memcpy(images + i * size, predict_samples(in->data, in->data->split_index[SPLIT_TEST][i]), size);
        integer_engine_run(e, logits + i * (size_t)n->classes, images + i * size);
    }
    export_array a = {.group = "@test",
                      .name = "images",
                      .type = H5_U8,
                      .rank = 4,
                      .dims = {count, (size_t)n->height, (size_t)n->width, (size_t)n->channels},
                      .data = images,
                      .about = {"1", "samples of test images, as bytes"}};
    if (!failed(s)) s = to->add(to->ctx, &a);
    a = (export_array){.group = "@test",
                       .name = "logits",
                       .type = H5_I32,
                       .rank = 2,
                       .dims = {count, (size_t)n->classes},
                       .data = logits,
                       .about = {"1", "what the network gives for them"}};
    if (!failed(s)) s = to->add(to->ctx, &a);
    integer_engine_close(e);
    free(logits);
    free(images);
    return s;
}

status export_arrays(const export_inputs *in, export_array_sink add, void *ctx)
{
    const sink to = {.add = add, .ctx = ctx};
    for (int i = 0; i < in->network->layer_count; i++) TRY(add_layer(&to, in->network, &in->network->layers[i]));
    return add_test(&to, in);
}
