/* The integer network in ONNX's way of saying it: codes become real numbers (DequantizeLinear), are convolved as such,
 * and become codes again (QuantizeLinear). One chain for each block of channels of one precision, whose outputs are
 * joined. Runtimes that know integers make integers of it again; others compute the same in float, up to rounding.
 *
 * Tensors are (images, C, H, W). The input are the samples themselves, (images, H, W, C) as bytes, that become codes by
 * a table (Gather). Fully connected layers are convolutions whose kernel is the whole image. Weights of 2 and 4 bit are
 * held in int8 with their true range; codes of fewer than 8 bit are clipped before they are quantised.
 *
 * QuantizeLinear rounds to nearest. Where codes round down, half a step (less what a sum is lifted by) is taken off
 * before: floor(x) is round(x - 1/2), but where x is a whole number. */
#include "core/deploy/export_onnx.h"

#include <math.h>
#include <stdlib.h>

#include "core/deploy/export_arrays.h"
#include "core/deploy/onnx/onnx_graph.h"

/* What is known while the graph grows. */
typedef struct {
    onnx_graph *g;
    const integer_network *n;
    const char *values[GRAPH_MAX_LAYERS]; /* of each tensor: the name of its real values */
} onnx_state;

static const char *node1(onnx_state *s, const char *op, const char *output, const char *input)
{
    return onnx_node(s->g, op, output, (const char *const[]){input, NULL}, 0, NULL);
}

static const char *node2(onnx_state *s, const char *op, const char *output, const char *a, const char *b)
{
    return onnx_node(s->g, op, output, (const char *const[]){a, b, NULL}, 0, NULL);
}

static const char *number(onnx_state *s, const char *name, double value)
{
    const float single = (float)value;
    return onnx_constant(s->g, name, ONNX_FLOAT, 0, NULL, &single);
}

static onnx_type code_type(const integer_tensor *t)
{
    return t->type == INT_S8 ? ONNX_INT8 : ONNX_UINT8;
}

/* Scale and zero point of a tensor with codes of 8 bit. */
static void grid(onnx_state *s, const integer_tensor *t, const char **scale, const char **zero)
{
    const uint8_t byte = (uint8_t)t->zero;
    *scale = number(s, onnx_text(s->g, "%s.scale", t->name), t->step);
    *zero = onnx_constant(s->g, onnx_text(s->g, "%s.zero", t->name), code_type(t), 0, NULL, &byte);
}

static const char *dequantise(onnx_state *s, const integer_tensor *t, const char *codes, const char *scale,
                              const char *zero)
{
    return onnx_node(s->g, "DequantizeLinear", onnx_text(s->g, "%s.values", t->name),
                     (const char *const[]){codes, scale, zero, NULL}, 0, NULL);
}

/* Real values in front of a quantiser become values on its grid. shift: in steps. */
static const char *quantise(onnx_state *s, const integer_tensor *t, const char *values, double shift)
{
    const char *scale, *zero;
    grid(s, t, &scale, &zero);
    if (shift != 0)
        values = node2(s, "Add", onnx_text(s->g, "%s.shifted", t->name), values,
                       number(s, onnx_text(s->g, "%s.shift", t->name), shift * t->step));
    const int lowest = t->type == INT_S8 ? INT8_MIN : 0, highest = t->type == INT_S8 ? INT8_MAX : UINT8_MAX;
    if (t->low != lowest || t->high != highest)
        values =
            onnx_node(s->g, "Clip", onnx_text(s->g, "%s.clipped", t->name),
                      (const char *const[]){values, number(s, onnx_text(s->g, "%s.low", t->name), t->low * t->step),
                                            number(s, onnx_text(s->g, "%s.high", t->name), t->high * t->step), NULL},
                      0, NULL);
    const char *codes = onnx_node(s->g, "QuantizeLinear", onnx_text(s->g, "%s.codes", t->name),
                                  (const char *const[]){values, scale, zero, NULL}, 0, NULL);
    return dequantise(s, t, codes, scale, zero);
}

static status write_input(onnx_state *s, const integer_layer *l)
{
    const integer_tensor *t = &s->n->tensors[l->output];
    const int64_t table[] = {INTEGER_SAMPLES}, image[] = {1, s->n->height, s->n->width, s->n->channels};
    const char *scale, *zero;
    onnx_input(s->g, "samples", ONNX_UINT8, 4, image);
    const char *indices = onnx_node(s->g, "Cast", "samples.indices", (const char *const[]){"samples", NULL}, 1,
                                    (const onnx_attribute[]){{"to", 0, {ONNX_INT32}}});
    const char *codes = node2(s, "Gather", "samples.codes",
                              onnx_constant(s->g, "samples.table", ONNX_UINT8, 1, table, s->n->table), indices);
    if (l->order != NULL) {
        int64_t *order = malloc((size_t)t->channels * sizeof *order);
        if (order == NULL) return status_fail(STATUS_MEMORY, "no memory for the order of the image's channels");
        for (int c = 0; c < t->channels; c++) order[c] = l->order[c];
        codes = onnx_node(s->g, "Gather", "samples.ordered",
                          (const char *const[]){codes,
                                                onnx_constant(s->g, "samples.order", ONNX_INT64, 1,
                                                              (const int64_t[]){t->channels}, order),
                                                NULL},
                          1, (const onnx_attribute[]){{"axis", 0, {3}}});
        free(order);
    }
    codes = onnx_node(s->g, "Transpose", "image.codes", (const char *const[]){codes, NULL}, 1,
                      (const onnx_attribute[]){{"perm", 4, {0, 3, 1, 2}}});
    grid(s, t, &scale, &zero);
    s->values[l->output] = dequantise(s, t, codes, scale, zero);
    return status_ok();
}

/* Weights of channels first ... first + count - 1 as (O, C, KH, KW), from (O, KH, KW, C). */
static void transpose_codes(int8_t *out, const integer_layer *l, const int_block *b, int taps, int read)
{
    for (int o = 0; o < b->count && l->rows > 0; o++)
        for (int tap = 0; tap < taps; tap++)
            for (int c = 0; c < read; c++)
                out[((size_t)o * (size_t)read + (size_t)c) * (size_t)taps + (size_t)tap] =
                    l->codes[(size_t)(b->first + o) * l->rows + (size_t)(tap * read + c)];
}

/* Steps of weights and sums, and the bias without the input's zero point, of a block. */
static status block_numbers(float *weight_step, float *sum_step, int32_t *bias, const integer_layer *l,
                            const integer_tensor *in, const int_block *b)
{
    for (int o = 0; o < b->count; o++) {
        const int c = b->first + o;
        int64_t whole = l->bias[c];
        for (size_t k = 0; k < l->rows; k++) whole += (int64_t)in->zero * l->codes[(size_t)c * l->rows + k];
        if (whole < INT32_MIN || whole > INT32_MAX)
            return status_fail(STATUS_CONFIG, "layer %s: onnx would need a bias of more than 32 bit", l->name);
        bias[o] = (int32_t)whole;
        /* a channel of nothing has no step, and ONNX wants one above 0 */
        weight_step[o] = l->weight_step[c] > 0 ? (float)l->weight_step[c] : 1;
        sum_step[o] = (float)(in->step * (l->weight_step[c] > 0 ? l->weight_step[c] : 1));
    }
    return status_ok();
}

/* Shape of the kernel, in the image that is convolved: a fully connected layer's is all of it. */
typedef struct {
    int height, width, read; /* read: channels that an output channel reads */
} kernel_shape;

static kernel_shape kernel_of(const integer_layer *l, const integer_tensor *in)
{
    const int_conv *r = &l->run.conv;
    if (l->source == LAYER_LINEAR) return (kernel_shape){in->height, in->width, in->channels};
    return (kernel_shape){r->kernel_h, r->kernel_w, r->depthwise ? 1 : r->in_channels};
}

static const char *dequantise_constant(onnx_state *s, const char *name, const char *codes, const char *scale)
{
    return onnx_node(s->g, "DequantizeLinear", name, (const char *const[]){codes, scale, NULL}, 1,
                     (const onnx_attribute[]){{"axis", 0, {0}}});
}

/* What a block of a depthwise layer reads. */
static const char *slice(onnx_state *s, const char *name, const char *from, const int_block *b)
{
    const int64_t one[] = {1}, first = b->first, end = b->first + b->count, axis = 1;
    return onnx_node(
        s->g, "Slice", name,
        (const char *const[]){from, onnx_constant(s->g, onnx_text(s->g, "%s.first", name), ONNX_INT64, 1, one, &first),
                              onnx_constant(s->g, onnx_text(s->g, "%s.end", name), ONNX_INT64, 1, one, &end),
                              onnx_constant(s->g, onnx_text(s->g, "%s.axis", name), ONNX_INT64, 1, one, &axis), NULL},
        0, NULL);
}

static const char *write_block_nodes(onnx_state *s, const integer_layer *l, const int_block *b, kernel_shape k,
                                     const char *name, const int8_t *codes, const float *weight_step,
                                     const float *sum_step, const int32_t *bias)
{
    const int_conv *r = &l->run.conv;
    const int64_t channels[] = {b->count}, dims[] = {b->count, k.read, k.height, k.width};
    const char *x = s->values[l->inputs[0]];
    if (r->depthwise && r->block_count > 1) x = slice(s, onnx_text(s->g, "%s.input", name), x, b);
    const char *w = dequantise_constant(
        s, onnx_text(s->g, "%s.weight.values", name),
        onnx_constant(s->g, onnx_text(s->g, "%s.weight", name), ONNX_INT8, 4, dims, codes),
        onnx_constant(s->g, onnx_text(s->g, "%s.weight.scale", name), ONNX_FLOAT, 1, channels, weight_step));
    const char *added = dequantise_constant(
        s, onnx_text(s->g, "%s.bias.values", name),
        onnx_constant(s->g, onnx_text(s->g, "%s.bias", name), ONNX_INT32, 1, channels, bias),
        onnx_constant(s->g, onnx_text(s->g, "%s.bias.scale", name), ONNX_FLOAT, 1, channels, sum_step));
    const onnx_attribute attributes[] = {{"kernel_shape", 2, {k.height, k.width}},
                                         {"strides", 2, {r->stride_h, r->stride_w}},
                                         {"pads", 4, {r->pad_h, r->pad_w, r->pad_h, r->pad_w}},
                                         {"group", 0, {r->depthwise ? b->count : 1}}};
    return onnx_node(s->g, "Conv", onnx_text(s->g, "%s.sums", name), (const char *const[]){x, w, added, NULL}, 4,
                     attributes);
}

static status write_block(onnx_state *s, const integer_layer *l, int index, const char **sums)
{
    const int_block *b = &l->blocks[index];
    const integer_tensor *in = &s->n->tensors[l->inputs[0]];
    const kernel_shape k = kernel_of(l, in);
    const size_t count = (size_t)b->count;
    int8_t *codes = calloc(count * (size_t)k.height * (size_t)k.width * (size_t)k.read, 1);
    float *steps = malloc(2 * count * sizeof *steps);
    int32_t *bias = malloc(count * sizeof *bias);
    status done = codes == NULL || steps == NULL || bias == NULL
                      ? status_fail(STATUS_MEMORY, "no memory for the weights of %s", l->name)
                      : block_numbers(steps, steps + count, bias, l, in, b);
    if (!failed(done)) {
        transpose_codes(codes, l, b, k.height * k.width, k.read);
        const char *name = onnx_text(s->g, "%s.w%d", l->name, b->bits);
        *sums = write_block_nodes(s, l, b, k, name, codes, steps, steps + count, bias);
    }
    free(bias);
    free(steps);
    free(codes);
    return done;
}

/* In steps: how much lower than nearest codes round. */
static double rounding_shift(int64_t offset, int shift)
{
    return shift > 0 ? ldexp((double)offset, -shift) - 0.5 : 0;
}

static status write_conv(onnx_state *s, const integer_layer *l)
{
    const integer_tensor *t = &s->n->tensors[l->output];
    const char *sums[INTEGER_BLOCKS + 1] = {NULL};
    for (int b = 0; b < l->run.conv.block_count; b++) TRY(write_block(s, l, b, &sums[b]));
    const char *joined = sums[0];
    if (l->run.conv.block_count > 1)
        joined = onnx_node(s->g, "Concat", onnx_text(s->g, "%s.sums", l->name), sums, 1,
                           (const onnx_attribute[]){{"axis", 0, {1}}});
    const int_scaling *scaling = &l->run.conv.scaling;
    s->values[l->output] = joined;
    if (scaling->multiplier != NULL)
        s->values[l->output] = quantise(s, t, joined, rounding_shift(scaling->offset, scaling->shift));
    return status_ok();
}

static void write_add(onnx_state *s, const integer_layer *l)
{
    const int_add *r = &l->run.add;
    const char *sum =
        node2(s, "Add", onnx_text(s->g, "%s.sums", l->name), s->values[l->inputs[0]], s->values[l->inputs[1]]);
    s->values[l->output] = quantise(s, &s->n->tensors[l->output], sum, rounding_shift(r->offset, r->shift));
}

static void write_pool(onnx_state *s, const integer_layer *l)
{
    const int_pool *r = &l->run.pool;
    const onnx_attribute attributes[] = {{"kernel_shape", 2, {r->kernel_h, r->kernel_w}},
                                         {"strides", 2, {r->stride_h, r->stride_w}}};
    s->values[l->output] =
        onnx_node(s->g, r->largest ? "MaxPool" : "AveragePool", onnx_text(s->g, "%s.values", l->name),
                  (const char *const[]){s->values[l->inputs[0]], NULL}, 2, attributes);
}

/* Sums in the order of the classes: logits as real numbers. */
static status write_output(onnx_state *s, const integer_layer *l)
{
    const int count = l->run.output.count;
    int64_t *from = malloc((size_t)count * sizeof *from);
    if (from == NULL) return status_fail(STATUS_MEMORY, "no memory for the order of %d logits", count);
    for (int i = 0; i < count; i++) from[l->order[i]] = i;
    const char *last = onnx_node(s->g, "Transpose", "logits.last", (const char *const[]){s->values[l->inputs[0]], NULL},
                                 1, (const onnx_attribute[]){{"perm", 4, {0, 2, 3, 1}}});
    const char *flat = node1(s, "Flatten", "logits.flat", last); /* from axis 1 on, by default */
    const char *order = onnx_constant(s->g, "logits.order", ONNX_INT64, 1, (const int64_t[]){count}, from);
    onnx_node(s->g, "Gather", "logits", (const char *const[]){flat, order, NULL}, 1,
              (const onnx_attribute[]){{"axis", 0, {1}}});
    onnx_output(s->g, "logits", ONNX_FLOAT, 2, (const int64_t[]){1, count});
    free(from);
    return status_ok();
}

static status write_layer(onnx_state *s, const integer_layer *l)
{
    if (l->output >= 0 && l->kind != INTEGER_POOL) {
        const integer_tensor *t = &s->n->tensors[l->output];
        if (t->step != 0 && t->type != INT_U8 && t->type != INT_S8)
            return status_fail(STATUS_CONFIG, "layer %s puts out codes of more than 8 bit, which onnx cannot quantise",
                               l->name);
    }
    switch (l->kind) {
    case INTEGER_INPUT:
        return write_input(s, l);
    case INTEGER_CONV:
        return write_conv(s, l);
    case INTEGER_ADD:
        write_add(s, l);
        return status_ok();
    case INTEGER_POOL:
        write_pool(s, l);
        return status_ok();
    case INTEGER_OUTPUT:
        break;
    }
    return write_output(s, l);
}

static status write_model(export_folder *to, const export_inputs *in, onnx_state *s)
{
    char *json;
    uint8_t *bytes;
    size_t count;
    for (int i = 0; i < in->network->layer_count; i++) TRY(write_layer(s, &in->network->layers[i]));
    TRY(export_graph_json(&json, in));
    onnx_metadata(s->g, "bitfront", json);
    free(json);
    TRY(onnx_graph_bytes(&bytes, &count, s->g, in->network->name, in->title));
    status written = export_folder_bytes(to, "network.onnx", bytes, count);
    free(bytes);
    return written;
}

static status write_onnx(export_folder *to, const export_inputs *in)
{
    onnx_state s = {.n = in->network};
    TRY(onnx_graph_new(&s.g));
    status done = write_model(to, in, &s);
    onnx_graph_free(s.g);
    return done;
}

const exporter exporter_onnx = {.name = "onnx",
                                .help = "QuantizeLinear and DequantizeLinear, one convolution for each precision",
                                .write = write_onnx};
