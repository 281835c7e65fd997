#include "core/deploy/integer_engine.h"

#include <stdlib.h>
#include <string.h>

enum { ENGINE_SLACK = INT_DEPTH }; /* bytes behind images that may be read, and mean nothing */

/* What a layer with weights of 8-bit inputs has besides, for the vectors of this processor. */
typedef struct {
    void *weights;     /* packed by the table; NULL: the layer runs as target/int_kernels.c has it */
    int8_t *taps;      /* depthwise: (taps, channels) */
    int32_t *bias;     /* with room for INT_LANES */
    uint8_t *bordered; /* room for the image with its border, which stands there for good; NULL: it needs none */
} fast_layer;

struct integer_engine {
    const integer_network *n;
    const int_table *table; /* NULL: the reference */
    unsigned char *memory;
    size_t *offset;   /* (tensor_count) in memory */
    fast_layer *fast; /* (layer_count) */
    int32_t *sums;    /* of a line */
};

/* ---- memory ---- */

static bool is_fast(const integer_layer *l)
{
    return l->kind == INTEGER_CONV && l->run.conv.in_type == INT_U8 && l->rows > 0;
}

static bool prepare_depthwise(fast_layer *f, const integer_layer *l)
{
    const size_t channels = (size_t)l->run.conv.out_channels;
    f->taps = malloc(l->rows * channels);
    if (f->taps == NULL) return false;
    for (size_t c = 0; c < channels; c++)
        for (size_t k = 0; k < l->rows; k++) f->taps[k * channels + c] = l->codes[c * l->rows + k];
    return true;
}

static bool prepare_conv(fast_layer *f, const integer_layer *l, const int_table *table)
{
    const int_conv *run = &l->run.conv;
    const int piece = run->kernel_w * run->in_channels;
    f->weights = malloc(table->pack_bytes(run->out_channels, run->kernel_h, piece));
    if (f->weights == NULL) return false;
    table->pack(f->weights, l->codes, run->out_channels, run->kernel_h, piece);
    return true;
}

/* The bias, and the border. */
static bool prepare_rest(fast_layer *f, const integer_layer *l)
{
    const int_conv *run = &l->run.conv;
    f->bias = calloc((size_t)int_table_round(run->out_channels, INT_LANES), sizeof *f->bias);
    if (f->bias == NULL) return false;
    memcpy(f->bias, l->bias, (size_t)run->out_channels * sizeof *f->bias);
    if (run->pad_h + run->pad_w == 0) return true;
    const size_t pixels = (size_t)(run->in_height + 2 * run->pad_h) * (size_t)(run->in_width + 2 * run->pad_w);
    const size_t bytes = pixels * (size_t)run->in_channels + ENGINE_SLACK;
    f->bordered = malloc(bytes);
    if (f->bordered != NULL) memset(f->bordered, run->zero, bytes);
    return f->bordered != NULL;
}

static bool prepare_layers(integer_engine *e)
{
    size_t sums = 1;
    for (int i = 0; i < e->n->layer_count; i++) {
        const integer_layer *l = &e->n->layers[i];
        if (l->kind == INTEGER_POOL && (size_t)l->run.pool.channels > sums) sums = (size_t)l->run.pool.channels;
        if (!is_fast(l)) continue;
        const int_conv *run = &l->run.conv;
        const size_t line = (size_t)run->out_width * (size_t)int_table_round(run->out_channels, INT_LANES);
        if (!(run->depthwise ? prepare_depthwise(&e->fast[i], l) : prepare_conv(&e->fast[i], l, e->table)) ||
            !prepare_rest(&e->fast[i], l))
            return false;
        sums = line > sums ? line : sums;
    }
    e->sums = malloc(sums * sizeof *e->sums);
    return e->sums != NULL;
}

static bool place_tensors(integer_engine *e, bool keep)
{
    size_t bytes = 0;
    e->offset = malloc((size_t)e->n->tensor_count * sizeof *e->offset);
    if (e->offset == NULL) return false;
    for (int t = 0; t < e->n->tensor_count; t++) {
        const integer_tensor *tensor = &e->n->tensors[t];
        e->offset[t] = keep ? bytes : tensor->offset;
        const size_t own = integer_tensor_count(tensor) * integer_type_bytes(tensor->type);
        bytes += (own + INTEGER_ALIGNMENT - 1) / INTEGER_ALIGNMENT * INTEGER_ALIGNMENT;
    }
    e->memory = malloc((keep ? bytes : e->n->arena_bytes) + ENGINE_SLACK);
    return e->memory != NULL;
}

status integer_engine_open(integer_engine **out, const integer_network *n, const int_table *table, bool keep)
{
    integer_engine *e = calloc(1, sizeof *e);
    if (e == NULL) return status_fail(STATUS_MEMORY, "no memory for the integer engine");
    e->n = n;
    e->table = table;
    e->fast = calloc((size_t)n->layer_count, sizeof *e->fast);
    if (e->fast == NULL || !place_tensors(e, keep) || (table != NULL && !prepare_layers(e))) {
        integer_engine_close(e);
        return status_fail(STATUS_MEMORY, "no memory to run the integer network %s", n->name);
    }
    *out = e;
    return status_ok();
}

void integer_engine_close(integer_engine *e)
{
    if (e == NULL) return;
    for (int i = 0; i < e->n->layer_count && e->fast != NULL; i++) {
        free(e->fast[i].weights);
        free(e->fast[i].taps);
        free(e->fast[i].bias);
        free(e->fast[i].bordered);
    }
    free(e->fast);
    free(e->sums);
    free(e->memory);
    free(e->offset);
    free(e);
}

static void *tensor(const integer_engine *e, int t)
{
    return t < 0 ? NULL : e->memory + e->offset[t];
}

const void *integer_engine_tensor(const integer_engine *e, int t)
{
    return tensor(e, t);
}

/* ---- convolutions, a line of output pixels at a time ---- */

/* The image into its border. */
static void fill_border(uint8_t *to, const int_conv *l, const uint8_t *in)
{
    const size_t line = (size_t)l->in_width * (size_t)l->in_channels, side = (size_t)l->pad_w * (size_t)l->in_channels;
    to += (size_t)l->pad_h * (line + 2 * side) + side;
    for (int y = 0; y < l->in_height; y++, to += line + 2 * side) memcpy(to, in + (size_t)y * line, line);
}

/* Line y of the output pixels, in an image with border. */
static int_rows rows_of(const int_conv *l, const uint8_t *image, int y)
{
    const size_t pixel = (size_t)l->in_channels, line = (size_t)(l->in_width + 2 * l->pad_w) * pixel;
    return (int_rows){.first = image + (size_t)(y * l->stride_h) * line,
                      .count = l->out_width,
                      .pieces = l->kernel_h,
                      .piece_bytes = l->kernel_w * l->in_channels,
                      .row_step = (size_t)l->stride_w * pixel,
                      .piece_step = line};
}

static void run_conv(const integer_engine *e, int index, void *out, const void *in)
{
    const integer_layer *l = &e->n->layers[index];
    const int_conv *run = &l->run.conv;
    const fast_layer *f = &e->fast[index];
    if (f->weights == NULL && f->taps == NULL) {
        int_conv_run(run, out, in);
        return;
    }
    const size_t line = (size_t)run->out_width * (size_t)run->out_channels * integer_type_bytes(run->out_type);
    if (f->bordered != NULL) fill_border(f->bordered, run, in);
    for (int y = 0; y < run->out_height; y++) {
        const int_rows rows = rows_of(run, f->bordered != NULL ? f->bordered : in, y);
        if (run->depthwise)
            e->table->depthwise(e->sums, &rows, f->taps, f->bias, run->out_channels);
        else
            e->table->multiply(e->sums, &rows, f->weights, f->bias, run->out_channels);
        e->table->scale((unsigned char *)out + (size_t)y * line, run->out_type, e->sums, &run->scaling, run->out_width,
                        run->out_channels);
    }
}

static void run_input(const integer_engine *e, const integer_layer *l, uint8_t *out, const uint8_t *samples)
{
    const int_input *run = &l->run.input;
    const size_t count = run->pixels * (size_t)run->channels;
    if (e->table == NULL || run->order != NULL)
        int_input_run(run, out, samples);
    else
        for (size_t i = 0; i < count; i++) out[i] = run->table[samples[i]];
}

/* Sums of windows of codes of 8 bit, a line of channels at a time. */
static void run_pool(const integer_engine *e, const int_pool *run, void *out, const void *in)
{
    if (e->table == NULL || run->largest || run->in_type != INT_U8 || run->out_type == INT_U8) {
        int_pool_run(run, out, in);
        return;
    }
    const int channels = run->channels, pixels = run->out_height * run->out_width;
    for (int p = 0; p < pixels; p++) {
        const int top = p / run->out_width * run->stride_h, left = p % run->out_width * run->stride_w;
        memset(e->sums, 0, (size_t)channels * sizeof *e->sums);
        for (int w = 0; w < run->kernel_h * run->kernel_w; w++) {
            const int pixel = (top + w / run->kernel_w) * run->in_width + left + w % run->kernel_w;
            const uint8_t *codes = (const uint8_t *)in + (size_t)pixel * (size_t)channels;
            for (int c = 0; c < channels; c++) e->sums[c] += codes[c];
        }
        for (int c = 0; c < channels && run->out_type == INT_S16; c++)
            ((int16_t *)out)[(size_t)p * (size_t)channels + (size_t)c] = (int16_t)e->sums[c];
        if (run->out_type == INT_S32)
            memcpy((int32_t *)out + (size_t)p * (size_t)channels, e->sums, (size_t)channels * sizeof *e->sums);
    }
}

static void run_add(const integer_engine *e, const integer_layer *l, void *out, const void *a, const void *b)
{
    const int_add *run = &l->run.add;
    const bool bytes = integer_type_bytes(run->in_type[0]) == 1 && integer_type_bytes(run->in_type[1]) == 1 &&
                       integer_type_bytes(run->out_type) == 1;
    if (e->table != NULL && bytes && l->largest_sum <= INT32_MAX)
        e->table->add(run, out, a, b);
    else
        int_add_run(run, out, a, b);
}

/* Layers from `first` on. */
static void run_layers(integer_engine *e, int first, int32_t *logits, const void *samples)
{
    for (int i = first; i < e->n->layer_count; i++) {
        const integer_layer *l = &e->n->layers[i];
        void *out = tensor(e, l->output);
        const void *in = tensor(e, l->inputs[0]), *other = tensor(e, l->inputs[1]);
        switch (l->kind) {
        case INTEGER_INPUT:
            run_input(e, l, out, samples);
            break;
        case INTEGER_CONV:
            run_conv(e, i, out, in);
            break;
        case INTEGER_ADD:
            run_add(e, l, out, in, other);
            break;
        case INTEGER_POOL:
            run_pool(e, &l->run.pool, out, in);
            break;
        case INTEGER_OUTPUT:
            int_output_run(&l->run.output, logits, in);
            break;
        }
    }
}

void integer_engine_run(integer_engine *e, int32_t *logits, const void *samples)
{
    run_layers(e, 0, logits, samples);
}

void integer_engine_run_codes(integer_engine *e, int32_t *logits, const uint8_t *codes)
{
    memcpy(tensor(e, 0), codes, integer_tensor_count(&e->n->tensors[0]));
    run_layers(e, 1, logits, NULL);
}
