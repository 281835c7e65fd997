#include "core/deploy/export_c.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "core/deploy/export_kernels.h"
#include "core/deploy/integer_engine.h"
#include "core/deploy/predict.h"

enum { IDENTIFIER = LAYER_NAME + 8 };

/* "l03_b1_c1": what is called so in C. */
static const char *identifier(char out[IDENTIFIER], const integer_network *n, int layer)
{
    int used = snprintf(out, IDENTIFIER, "l%02d_%s", layer, n->layers[layer].name);
    for (int i = 0; i < used && i < IDENTIFIER; i++)
        if (!isalnum((unsigned char)out[i]) && out[i] != '\0') out[i] = '_';
    return out;
}

/* ---- arrays ---- */

static void separate(FILE *out, size_t i, size_t in_line)
{
    fputs(i == 0 ? "\n    " : i % in_line == 0 ? ",\n    " : ", ", out);
}

static void write_bytes(FILE *out, const uint8_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        separate(out, i, 24);
        fprintf(out, "%u", (unsigned)values[i]);
    }
}

/* INT32_MIN cannot be written as a number: C reads its digits without the sign. */
static void write_numbers(FILE *out, const int32_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        separate(out, i, 10);
        if (values[i] == INT32_MIN)
            fputs("INT32_MIN", out);
        else
            fprintf(out, "%" PRId32, values[i]);
    }
}

static void write_order(FILE *out, const uint16_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        separate(out, i, 20);
        fprintf(out, "%u", (unsigned)values[i]);
    }
}

static void write_layer_arrays(FILE *out, const integer_network *n, int index)
{
    const integer_layer *l = &n->layers[index];
    char name[IDENTIFIER];
    identifier(name, n, index);
    const size_t channels = l->kind == INTEGER_CONV     ? (size_t)l->run.conv.out_channels
                            : l->kind == INTEGER_OUTPUT ? (size_t)l->run.output.channels
                                                        : 0;
    if (l->kind == INTEGER_INPUT) {
        fprintf(out, "static const uint8_t %s_table[256] = {", name);
        write_bytes(out, n->table, INTEGER_SAMPLES);
        fputs("};\n\n", out);
    }
    if (l->order != NULL) {
        const size_t count = l->kind == INTEGER_INPUT ? (size_t)l->run.input.channels : (size_t)l->run.output.count;
        fprintf(out, "static const uint16_t %s_order[%zu] = {", name, count);
        write_order(out, l->order, count);
        fputs("};\n\n", out);
    }
    for (int b = 0; l->kind == INTEGER_CONV && b < l->run.conv.block_count; b++) {
        const int_block *block = &l->blocks[b];
        const size_t bytes = (l->rows * (size_t)block->count * (size_t)block->bits + 7) / 8;
        if (bytes == 0) continue;
        fprintf(out, "/* %s: %d channels of %d bit, %zu weights each */\nstatic const uint8_t %s_weights_%d[%zu] = {",
                l->name, block->count, block->bits, l->rows, name, b, bytes);
        write_bytes(out, block->weights, bytes);
        fputs("};\n\n", out);
    }
    if (l->bias != NULL) {
        fprintf(out, "static const int32_t %s_bias[%zu] = {", name, channels);
        write_numbers(out, l->bias, channels);
        fputs("};\n\n", out);
    }
    if (l->multiplier != NULL) {
        fprintf(out, "static const int32_t %s_multiplier[%zu] = {", name, channels);
        write_numbers(out, l->multiplier, channels);
        fputs("};\n\n", out);
    }
}

static status write_weights(export_folder *to, const export_inputs *in)
{
    export_text t;
    TRY(export_text_open(&t));
    fprintf(
        t.out,
        "/* Weights, biases, multipliers and tables of %s: see net.h and int_kernels.h. */\n#include <stdint.h>\n\n",
        in->network->name);
    for (int i = 0; i < in->network->layer_count; i++) write_layer_arrays(t.out, in->network, i);
    TRY(export_text_close(&t));
    status s = export_folder_text(to, "weights.h", t.text);
    free(t.text);
    return s;
}

/* ---- net.h and net.c ---- */

static size_t flash_bytes(const integer_sizes *s)
{
    return s->weight_bytes + s->bias_bytes + s->multiplier_bytes + s->table_bytes;
}

static status write_header(export_folder *to, const export_inputs *in)
{
    const integer_network *n = in->network;
    const integer_sizes s = integer_network_sizes(n);
    export_text t;
    TRY(export_text_open(&t));
    fprintf(
        t.out,
        "/* Network %s, %s, as integers.\n"
        " *\n"
        " * An image is %d x %d x %d samples (height, width, channels), row-major, each %s; its real values were\n"
        " * sample * %.9g in training. The class is the position of the largest logit; real logits are\n"
        " * logit * 2^NET_LOGIT_EXPONENT.\n"
        " *\n"
        " * Constants in flash: %zu bytes of weights (%zu bits at their precisions%s), %zu of biases, %zu of\n"
        " * multipliers, %zu of tables; code comes on top. Memory: NET_RAM_BYTES for activations, reserved in net.c,\n"
        " * beside what the caller holds and a stack of less than 3000 bytes. */\n"
        "#ifndef NET_H\n#define NET_H\n\n#include <stdint.h>\n\n"
        "#define NET_HEIGHT %d\n#define NET_WIDTH %d\n#define NET_CHANNELS %d\n"
        "#define NET_SAMPLES (NET_HEIGHT * NET_WIDTH * NET_CHANNELS)\n#define NET_CLASSES %d\n"
        "#define NET_LOGIT_EXPONENT (%d)\n#define NET_WEIGHT_BYTES %zu\n#define NET_FLASH_BYTES %zu\n"
        "#define NET_RAM_BYTES %zu\n\n"
        "/* samples[NET_SAMPLES], bytes of the data set as they are; logits[NET_CLASSES]. Not for two at a time. */\n"
        "void net_run(const void *samples, int32_t *logits);\n\n"
        "/* The class alone. */\nint net_class(const void *samples);\n\n#endif\n",
        n->name, in->title, n->height, n->width, n->channels, n->samples_signed ? "int8" : "uint8", n->sample_scale,
        s.weight_bytes, s.weight_bits, s.padding_bits > 0 ? ", blocks filled up to whole bytes" : "", s.bias_bytes,
        s.multiplier_bytes, s.table_bytes, n->height, n->width, n->channels, n->classes, ilogb(n->logit_step),
        s.weight_bytes, flash_bytes(&s), s.arena_bytes);
    TRY(export_text_close(&t));
    status done = export_folder_text(to, "net.h", t.text);
    free(t.text);
    return done;
}

static const char *type_constant(int_type type)
{
    static const char *const names[] = {"INT_U8", "INT_S8", "INT_S16", "INT_S32"};
    return names[type];
}

static void write_offset(FILE *out, int64_t offset)
{
    fprintf(out, "INT64_C(%" PRId64 ")", offset);
}

static void write_conv(FILE *out, const integer_layer *l, const char *name)
{
    const int_conv *r = &l->run.conv;
    fprintf(out, "static const int_block %s_blocks[%d] = {\n", name, r->block_count);
    for (int b = 0; b < r->block_count; b++) {
        const int_block *block = &r->blocks[b];
        fprintf(out, "    {%d, %d, %d, ", block->bits, block->first, block->count);
        if (block->bits > 0)
            fprintf(out, "%s_weights_%d},\n", name, b);
        else
            fputs("NULL},\n", out);
    }
    fprintf(out,
            "};\nstatic const int_conv %s = {\n"
            "    .in_height = %d, .in_width = %d, .in_channels = %d,\n"
            "    .out_height = %d, .out_width = %d, .out_channels = %d,\n"
            "    .kernel_h = %d, .kernel_w = %d, .stride_h = %d, .stride_w = %d, .pad_h = %d, .pad_w = %d,\n"
            "    .depthwise = %d, .zero = %" PRId32 ", .in_type = %s, .out_type = %s,\n"
            "    .block_count = %d, .blocks = %s_blocks, .bias = %s_bias,\n",
            name, r->in_height, r->in_width, r->in_channels, r->out_height, r->out_width, r->out_channels, r->kernel_h,
            r->kernel_w, r->stride_h, r->stride_w, r->pad_h, r->pad_w, r->depthwise, r->zero, type_constant(r->in_type),
            type_constant(r->out_type), r->block_count, name, name);
    if (r->scaling.multiplier != NULL) {
        fprintf(out, "    .scaling = {.multiplier = %s_multiplier, .offset = ", name);
        write_offset(out, r->scaling.offset);
        fprintf(out, ", .shift = %d, .low = %" PRId32 ", .high = %" PRId32 "},\n", r->scaling.shift, r->scaling.low,
                r->scaling.high);
    } else {
        fputs("    .scaling = {.multiplier = NULL, .offset = 0, .shift = 0, .low = 0, .high = 0},\n", out);
    }
    fputs("};\n\n", out);
}

static void write_add(FILE *out, const int_add *r, const char *name)
{
    fprintf(out,
            "static const int_add %s = {\n    .count = %zu, .in_type = {%s, %s}, .out_type = %s,\n"
            "    .zero = {%" PRId32 ", %" PRId32 "}, .factor = {%" PRId32 ", %" PRId32 "}, .offset = ",
            name, r->count, type_constant(r->in_type[0]), type_constant(r->in_type[1]), type_constant(r->out_type),
            r->zero[0], r->zero[1], r->factor[0], r->factor[1]);
    write_offset(out, r->offset);
    fprintf(out, ", .shift = %d, .low = %" PRId32 ", .high = %" PRId32 ",\n};\n\n", r->shift, r->low, r->high);
}

static void write_description(FILE *out, const integer_network *n, int index)
{
    const integer_layer *l = &n->layers[index];
    char name[IDENTIFIER];
    identifier(name, n, index);
    switch (l->kind) {
    case INTEGER_INPUT: {
        const int_input *r = &l->run.input;
        fprintf(out, "static const int_input %s = {.pixels = %zu, .channels = %d, .table = %s_table, .order = ", name,
                r->pixels, r->channels, name);
        fprintf(out, r->order != NULL ? "%s_order};\n\n" : "NULL};\n\n", name);
        break;
    }
    case INTEGER_CONV:
        write_conv(out, l, name);
        break;
    case INTEGER_ADD:
        write_add(out, &l->run.add, name);
        break;
    case INTEGER_POOL: {
        const int_pool *r = &l->run.pool;
        fprintf(out,
                "static const int_pool %s = {\n    .in_height = %d, .in_width = %d, .channels = %d, .out_height = %d, "
                ".out_width = %d,\n    .kernel_h = %d, .kernel_w = %d, .stride_h = %d, .stride_w = %d, .largest = %d,\n"
                "    .in_type = %s, .out_type = %s,\n};\n\n",
                name, r->in_height, r->in_width, r->channels, r->out_height, r->out_width, r->kernel_h, r->kernel_w,
                r->stride_h, r->stride_w, r->largest, type_constant(r->in_type), type_constant(r->out_type));
        break;
    }
    case INTEGER_OUTPUT: {
        const int_output *r = &l->run.output;
        fprintf(
            out,
            "static const int_output %s = {\n    .count = %d, .channels = %d, .multiplier = %s_multiplier, .offset = ",
            name, r->count, r->channels, name);
        write_offset(out, r->offset);
        fprintf(out, ",\n    .shift = %d, .order = %s_order,\n};\n\n", r->shift, name);
        break;
    }
    }
}

static void write_call(FILE *out, const integer_network *n, int index)
{
    const integer_layer *l = &n->layers[index];
    const integer_tensor *t = n->tensors;
    char name[IDENTIFIER];
    identifier(name, n, index);
    const size_t to = l->output >= 0 ? t[l->output].offset : 0, from = l->inputs[0] >= 0 ? t[l->inputs[0]].offset : 0;
    switch (l->kind) {
    case INTEGER_INPUT:
        fprintf(out, "    int_input_run(&%s, memory.bytes + %zu, samples);\n", name, to);
        break;
    case INTEGER_CONV:
        fprintf(out, "    int_conv_run(&%s, memory.bytes + %zu, memory.bytes + %zu);\n", name, to, from);
        break;
    case INTEGER_ADD:
        fprintf(out, "    int_add_run(&%s, memory.bytes + %zu, memory.bytes + %zu, memory.bytes + %zu);\n", name, to,
                from, t[l->inputs[1]].offset);
        break;
    case INTEGER_POOL:
        fprintf(out, "    int_pool_run(&%s, memory.bytes + %zu, memory.bytes + %zu);\n", name, to, from);
        break;
    case INTEGER_OUTPUT:
        fprintf(out, "    int_output_run(&%s, logits, memory.bytes + %zu);\n", name, from);
        break;
    }
}

static status write_program(export_folder *to, const export_inputs *in)
{
    const integer_network *n = in->network;
    export_text t;
    TRY(export_text_open(&t));
    fprintf(t.out,
            "/* Network %s, %s: see net.h. */\n#include \"net.h\"\n\n#include <stddef.h>\n\n"
            "#include \"int_kernels.h\"\n#include \"weights.h\"\n\n",
            n->name, in->title);
    for (int i = 0; i < n->layer_count; i++) write_description(t.out, n, i);
    fputs("/* All activations: layers that are never needed at the same time share it. */\n"
          "static union {\n    int32_t aligned;\n    uint8_t bytes[NET_RAM_BYTES];\n} memory;\n\n"
          "void net_run(const void *samples, int32_t *logits)\n{\n",
          t.out);
    for (int i = 0; i < n->layer_count; i++) write_call(t.out, n, i);
    fputs("}\n\nint net_class(const void *samples)\n{\n    int32_t logits[NET_CLASSES];\n    int best = 0, c;\n"
          "    net_run(samples, logits);\n    for (c = 1; c < NET_CLASSES; c++)\n"
          "        if (logits[c] > logits[best]) best = c;\n    return best;\n}\n",
          t.out);
    TRY(export_text_close(&t));
    status s = export_folder_text(to, "net.c", t.text);
    free(t.text);
    return s;
}

/* ---- the self-test ---- */

static const char selftest_end[] =
    "int main(void)\n{\n    int32_t logits[NET_CLASSES];\n    int wrong = 0, i, c;\n"
    "    for (i = 0; i < IMAGES; i++) {\n        int same = 1;\n        net_run(images[i], logits);\n"
    "        for (c = 0; c < NET_CLASSES; c++) same = same && logits[c] == expected[i][c];\n        wrong += !same;\n  "
    "  }\n"
    "#ifndef SILENT\n    printf(\"%d of %d images have the logits that were expected\\n\", IMAGES - wrong, "
    "IMAGES);\n#endif\n"
    "    return wrong != 0;\n}\n";

static void write_images(FILE *out, const export_inputs *in, integer_engine *e)
{
    const integer_network *n = in->network;
    const size_t size = (size_t)n->height * (size_t)n->width * (size_t)n->channels;
    const int32_t *index = in->data->split_index[SPLIT_TEST];
    int32_t logits[DATASET_MAX_CLASSES];
    fprintf(
        out,
        "/* The first %d test images of %s through the network: are the logits, bit by bit, those that the program\n"
        " * computed which exported it? Exit code 0: yes. Compile with -DSILENT where there is no printf. */\n"
        "#ifndef SILENT\n#include <stdio.h>\n#endif\n\n#include \"net.h\"\n\n#define IMAGES %d\n\n"
        "static const uint8_t images[IMAGES][NET_SAMPLES] = {\n",
        in->images, in->data->name, in->images);
    for (int i = 0; i < in->images; i++) {
        fputs("{", out);
        write_bytes(out, predict_samples(in->data, index[i]), size);
        fputs("},\n", out);
    }
    fputs("};\n\nstatic const int32_t expected[IMAGES][NET_CLASSES] = {\n", out);
    for (int i = 0; i < in->images; i++) {
        integer_engine_run(e, logits, predict_samples(in->data, index[i]));
        fputs("{", out);
        write_numbers(out, logits, (size_t)n->classes);
        fputs("},\n", out);
    }
    fputs("};\n\n", out);
    fputs(selftest_end, out);
}

static status write_selftest(export_folder *to, const export_inputs *in)
{
    integer_engine *e;
    TRY(integer_engine_open(&e, in->network, int_table_choose(NULL), false));
    export_text t;
    status s = export_text_open(&t);
    if (!failed(s)) {
        write_images(t.out, in, e);
        s = export_text_close(&t);
    }
    integer_engine_close(e);
    TRY(s);
    s = export_folder_text(to, "selftest.c", t.text);
    free(t.text);
    return s;
}

static const char makefile[] = "CC = cc\nCFLAGS = -std=c99 -O2 -Wall -Wextra -pedantic\n\n"
                               "selftest: selftest.c net.c int_kernels.c net.h weights.h int_kernels.h\n"
                               "\t$(CC) $(CFLAGS) -o $@ selftest.c net.c int_kernels.c\n\n"
                               "check: selftest\n\t./selftest\n\nclean:\n\trm -f selftest\n\n.PHONY: check clean\n";

static status write_all(export_folder *to, const export_inputs *in)
{
    TRY(write_header(to, in));
    TRY(write_program(to, in));
    TRY(write_weights(to, in));
    TRY(export_folder_text(to, "int_kernels.h", export_kernels_h));
    TRY(export_folder_text(to, "int_kernels.c", export_kernels_c));
    TRY(write_selftest(to, in));
    return export_folder_text(to, "Makefile", makefile);
}

const exporter exporter_c = {.name = "c",
                             .help = "C99 without dependencies, floating point and dynamic memory, with a self-test",
                             .write = write_all};
