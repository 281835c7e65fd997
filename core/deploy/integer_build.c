#include "core/deploy/integer_build.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/deploy/integer_arena.h"
#include "core/deploy/integer_build_internal.h"
#include "core/deploy/integer_scale.h"
#include "core/net/graph/allocation.h"
#include "core/net/model/model_allocation.h"

enum { MOST_ADD_SHIFT = 20 }; /* exact (integer_build.h), and sums stay within 32 bit */

status integer_no_memory(const integer_builder *b)
{
    return status_fail(STATUS_MEMORY, "no memory for the integer network %s", b->m->graph->name);
}

/* ---- channels ---- */

/* The channels of a group in their new order: highest carrier first. Without weights in any channel the first one stays
 * and is 0. */
static void order_group(integer_builder *b, int group)
{
    const int8_t *bits = allocation_of_group(&b->bits, group);
    const bool weighted = b->m->groups[group].precisions > 0;
    int *order = b->order[group], count = 0;
    const int channels = b->m->graph->groups[group].channels;
    for (int carrier = 8; carrier >= 2 && weighted; carrier /= 2)
        for (int c = 0; c < channels; c++)
            if (allocation_carrier(bits[c]) == carrier) order[count++] = c;
    for (int c = 0; c < channels && !weighted; c++) order[count++] = c;
    if (count == 0) order[count++] = 0;
    b->order_count[group] = count;
}

static status open_builder(integer_builder *b, integer_network *n, const model *m)
{
    const graph *g = m->graph;
    *b = (integer_builder){.n = n, .m = m};
    TRY(allocation_new(&b->bits, g));
    model_allocation_read(&b->bits, m);
    size_t channels = 0;
    for (int i = 0; i < g->group_count; i++) channels += (size_t)g->groups[i].channels;
    b->order_memory = malloc(channels * sizeof *b->order_memory);
    b->order = malloc((size_t)g->group_count * sizeof *b->order);
    b->order_count = malloc((size_t)g->group_count * sizeof *b->order_count);
    n->tensors = calloc((size_t)g->layer_count, sizeof *n->tensors);
    n->layers = calloc((size_t)g->layer_count + 1, sizeof *n->layers);
    if (b->order_memory == NULL || b->order == NULL || b->order_count == NULL || n->tensors == NULL ||
        n->layers == NULL)
        return integer_no_memory(b);
    int *next = b->order_memory;
    for (int i = 0; i < g->group_count; i++) {
        b->order[i] = next;
        next += g->groups[i].channels;
        order_group(b, i);
    }
    return status_ok();
}

static void close_builder(integer_builder *b)
{
    free(b->order_count);
    free(b->order);
    free(b->order_memory);
    allocation_free(&b->bits);
}

/* ---- tensors and layers ---- */

integer_layer *integer_add_layer(integer_builder *b, int index, integer_kind kind)
{
    const layer_spec *l = &b->m->graph->layers[index];
    integer_layer *out = &b->n->layers[b->n->layer_count++];
    *out = (integer_layer){.source = l->kind, .kind = kind, .inputs = {-1, -1}, .output = -1};
    memcpy(out->name, l->name, sizeof out->name);
    for (int k = 0; k < l->input_count; k++) {
        out->inputs[k] = b->tensor_of[l->inputs[k]];
        b->n->tensors[out->inputs[k]].last = b->n->layer_count - 1;
    }
    return out;
}

integer_tensor *integer_add_tensor(integer_builder *b, int index)
{
    const layer_spec *l = &b->m->graph->layers[index];
    integer_tensor *out = &b->n->tensors[b->n->tensor_count];
    integer_layer *by = &b->n->layers[b->n->layer_count - 1];
    *out = (integer_tensor){.height = l->out_height,
                            .width = l->out_width,
                            .channels = b->order_count[l->group],
                            .window = 1,
                            .first = b->n->layer_count - 1,
                            .last = b->n->layer_count - 1};
    memcpy(out->name, l->name, sizeof out->name);
    by->output = b->tensor_of[index] = b->n->tensor_count++;
    return out;
}

int32_t integer_code_of_value(const pact *q, real x)
{
    real clamped = x < q->low ? q->low : x;
    clamped = clamped > q->high[0] ? q->high[0] : clamped;
    const real code = real_floor(q->scale[0] * clamped + q->snap) - q->back;
    return (int32_t)(code > q->top[0] ? q->top[0] : code);
}

double integer_grid_step(const pact *q)
{
    return q->reference ? 1 / (double)q->scale[0] : (double)q->step[0];
}

void integer_grid_range(const pact *q, int32_t *low, int32_t *high)
{
    *low = integer_code_of_value(q, q->low);
    *high = q->reference ? integer_code_of_value(q, q->clip[0]) : (int32_t)q->top[0];
}

/* The image: a table, with the float network's arithmetic. */
static status build_input(integer_builder *b, integer_samples samples)
{
    const graph *g = b->m->graph;
    const pact *q = &b->m->quantizers[g->group_count].behind_layer;
    integer_layer *l = integer_add_layer(b, 0, INTEGER_INPUT);
    integer_tensor *t = integer_add_tensor(b, 0);
    int32_t low, high;
    integer_grid_range(q, &low, &high);
    if ((int64_t)high - low > UINT8_MAX)
        return status_fail(STATUS_CONFIG, "the image has codes from %d to %d: more than 8 bit", (int)low, (int)high);
    if (low > 0 || high < 0)
        return status_fail(STATUS_CONFIG, "the clips of the image leave out 0, with which its border is filled");
    t->zero = -low;
    t->high = high - low;
    t->type = INT_U8;
    t->step = integer_grid_step(q);
    for (int i = 0; i < INTEGER_SAMPLES; i++) {
        const real x = (real)(samples.is_signed && i > INT8_MAX ? i - INTEGER_SAMPLES : i) * (real)samples.scale;
        b->n->table[i] = (uint8_t)(integer_code_of_value(q, x) - low);
    }
    b->n->samples_signed = samples.is_signed;
    b->n->sample_scale = (double)samples.scale;
    l->run.input = (int_input){.pixels = (size_t)t->height * (size_t)t->width, .channels = t->channels};
    if (b->m->groups[g->layers[0].group].precisions == 0) return status_ok(); /* in their own order */
    l->order = malloc((size_t)t->channels * sizeof *l->order);
    if (l->order == NULL) return integer_no_memory(b);
    for (int c = 0; c < t->channels; c++) l->order[c] = (uint16_t)b->order[g->layers[0].group][c];
    return status_ok();
}

static status build_pool(integer_builder *b, int index)
{
    const layer_spec *s = &b->m->graph->layers[index];
    const bool largest = s->kind == LAYER_MAX_POOL;
    integer_layer *l = integer_add_layer(b, index, INTEGER_POOL);
    const int from = l->inputs[0];
    integer_tensor *t = integer_add_tensor(b, index);
    const integer_tensor *in = &b->n->tensors[from];
    const int64_t window = largest ? 1 : (int64_t)s->kernel_h * s->kernel_w;
    const int64_t low = in->low * window, high = in->high * window;
    if (low < INT32_MIN || high > INT32_MAX || window * in->window > INT32_MAX)
        return status_fail(STATUS_CONFIG, "layer %s: sums over %lld values of up to %d do not fit 32 bit", s->name,
                           (long long)window, (int)in->high);
    t->low = (int32_t)low;
    t->high = (int32_t)high;
    t->zero = (int32_t)(in->zero * window);
    t->type = in->step == 0 ? INT_S32 : integer_type_of(low, high);
    t->step = in->step / (double)window;
    t->window = (int)window * in->window;
    l->largest_sum = -low > high ? -low : high;
    l->run.pool = (int_pool){.in_height = in->height,
                             .in_width = in->width,
                             .channels = t->channels,
                             .out_height = t->height,
                             .out_width = t->width,
                             .kernel_h = s->kernel_h,
                             .kernel_w = s->kernel_w,
                             .stride_h = s->stride_h,
                             .stride_w = s->stride_w,
                             .largest = largest,
                             .in_type = in->type,
                             .out_type = t->type};
    return status_ok();
}

/* Is this operand, as it is, a code of the sum's quantiser? */
static bool on_grid(const integer_builder *b, const layer_spec *s, int k, int quantizer)
{
    const integer_tensor *t = &b->n->tensors[b->tensor_of[s->inputs[k]]];
    const int node = b->node_of_tensor[b->tensor_of[s->inputs[k]]];
    return b->m->nodes[node].quantizer == quantizer && !t->is_signed && t->window == 1;
}

static status build_add(integer_builder *b, int index)
{
    const layer_spec *s = &b->m->graph->layers[index];
    const model_node *node = &b->m->nodes[index];
    if (node->quantizer < 0)
        return status_fail(STATUS_CONFIG,
                           "layer %s adds values in front of the output, which have no common grid of integers",
                           s->name);
    const pact *q = &b->m->quantizers[node->quantizer].behind_add;
    integer_layer *l = integer_add_layer(b, index, INTEGER_ADD);
    int_add *run = &l->run.add;
    double factor[2];
    const bool common = on_grid(b, s, 0, node->quantizer) && on_grid(b, s, 1, node->quantizer);
    for (int k = 0; k < 2; k++) {
        const integer_tensor *in = &b->n->tensors[l->inputs[k]];
        if (in->step == 0)
            return status_fail(STATUS_CONFIG, "layer %s adds %s, which is not quantised", s->name, in->name);
        run->in_type[k] = in->type;
        run->zero[k] = in->zero;
        factor[k] = on_grid(b, s, k, node->quantizer) ? 1 : in->step * (double)q->scale[0];
    }
    integer_tensor *t = integer_add_tensor(b, index);
    TRY(status_in(integer_scale_fit(run->factor, &run->shift, factor, 2, common ? 0 : MOST_ADD_SHIFT), "layer %s",
                  s->name));
    run->offset = (int64_t)ldexp((double)pact_border(q), run->shift);
    run->count = integer_tensor_count(t);
    integer_grid_range(q, &run->low, &run->high);
    t->low = run->low;
    t->high = run->high;
    t->type = run->out_type = integer_type_of(t->low, t->high);
    t->step = integer_grid_step(q);
    for (int k = 0; k < 2; k++) {
        const integer_tensor *in = &b->n->tensors[l->inputs[k]];
        const int64_t below = (int64_t)in->zero - in->low, above = (int64_t)in->high - in->zero;
        l->largest_sum += (below > above ? below : above) * run->factor[k] + (k == 0 ? run->offset : 0);
    }
    return status_ok();
}

/* Sums of each channel become logits of one step. */
static status build_output(integer_builder *b)
{
    const graph *g = b->m->graph;
    const int last = g->layer_count - 1, from = b->tensor_of[last], group = g->layers[last].group;
    integer_network *n = b->n;
    integer_tensor *in = &n->tensors[from];
    if (in->step != 0 || b->sums_of[from] < 0)
        return status_fail(STATUS_CONFIG, "layer %s: the output comes from no layer with weights",
                           g->layers[last].name);
    const integer_layer *source = &n->layers[b->sums_of[from]];
    integer_layer *l = &n->layers[n->layer_count++];
    *l = (integer_layer){.source = LAYER_FLATTEN, .kind = INTEGER_OUTPUT, .inputs = {from, -1}, .output = -1};
    memcpy(l->name, INTEGER_LOGITS, sizeof INTEGER_LOGITS);
    in->last = n->layer_count - 1;
    const int count = (int)integer_tensor_count(in), channels = in->channels;
    l->multiplier = malloc((size_t)channels * sizeof *l->multiplier);
    l->order = malloc((size_t)count * sizeof *l->order);
    double *factor = malloc((size_t)channels * sizeof *factor), largest = 0;
    if (l->multiplier == NULL || l->order == NULL || factor == NULL) {
        free(factor);
        return integer_no_memory(b);
    }
    const double input_step = n->tensors[source->inputs[0]].step / in->window;
    for (int c = 0; c < channels; c++) {
        factor[c] = input_step * source->weight_step[c];
        largest = factor[c] > largest ? factor[c] : largest;
    }
    const int64_t bound = -(int64_t)in->low > in->high ? -(int64_t)in->low : in->high;
    int exponent = 0;
    frexp((double)(bound > 0 ? bound : 1) * largest, &exponent);
    n->logit_step = largest > 0 ? ldexp(1, exponent - 30) : 1;
    for (int c = 0; c < channels; c++) factor[c] /= n->logit_step;
    status s = integer_scale_fit(l->multiplier, &l->run.output.shift, factor, channels, INTEGER_MOST_SHIFT);
    free(factor);
    TRY(status_in(s, "the logits"));
    for (int i = 0; i < count; i++) l->order[i] = (uint16_t)(i / channels * channels + b->order[group][i % channels]);
    l->run.output.count = count;
    l->run.output.channels = channels;
    l->run.output.offset = integer_scale_half(l->run.output.shift);
    l->largest_sum = bound;
    n->classes = count;
    return status_ok();
}

static status build_node(integer_builder *b, int index, integer_samples samples)
{
    const layer_spec *s = &b->m->graph->layers[index];
    const int tensors = b->n->tensor_count;
    status done = status_ok();
    switch (s->kind) {
    case LAYER_IMAGE:
        done = build_input(b, samples);
        break;
    case LAYER_CONV:
    case LAYER_DEPTHWISE:
    case LAYER_LINEAR:
        done = integer_build_conv(b, index);
        break;
    case LAYER_ADD:
        done = build_add(b, index);
        break;
    case LAYER_AVERAGE_POOL:
    case LAYER_GLOBAL_POOL:
    case LAYER_MAX_POOL:
        done = build_pool(b, index);
        break;
    case LAYER_FLATTEN:
    case LAYER_DROPOUT: /* the same codes in the same order */
        b->tensor_of[index] = b->tensor_of[s->inputs[0]];
        return status_ok();
    }
    TRY(done);
    b->node_of_tensor[tensors] = index;
    const bool sums = layer_has_weights(s), passes = s->kind != LAYER_IMAGE && s->kind != LAYER_ADD && !sums;
    b->sums_of[tensors] = sums     ? b->n->layer_count - 1
                          : passes ? b->sums_of[b->n->layers[b->n->layer_count - 1].inputs[0]]
                                   : -1;
    return status_ok();
}

static status take_orders(integer_builder *b)
{
    for (int k = 0; k < b->n->tensor_count; k++) {
        integer_tensor *t = &b->n->tensors[k];
        const int *order = b->order[b->m->graph->layers[b->node_of_tensor[k]].group];
        t->order = malloc((size_t)t->channels * sizeof *t->order);
        if (t->order == NULL) return integer_no_memory(b);
        for (int c = 0; c < t->channels; c++) t->order[c] = (uint16_t)order[c];
    }
    return status_ok();
}

/* The descriptions point to what the layers own, now that it does not move any more. */
static void connect(integer_network *n)
{
    for (int i = 0; i < n->layer_count; i++) {
        integer_layer *l = &n->layers[i];
        if (l->kind == INTEGER_INPUT) {
            l->run.input.table = n->table;
            l->run.input.order = l->order;
        } else if (l->kind == INTEGER_OUTPUT) {
            l->run.output.multiplier = l->multiplier;
            l->run.output.order = l->order;
        }
    }
}

static status build(integer_builder *b, integer_samples samples)
{
    const graph *g = b->m->graph;
    const layer_spec *image = &g->layers[0];
    memcpy(b->n->name, g->name, sizeof b->n->name);
    b->n->height = image->out_height;
    b->n->width = image->out_width;
    b->n->channels = image->out_channels;
    for (int i = 0; i < g->layer_count; i++) TRY(build_node(b, i, samples));
    TRY(take_orders(b));
    return build_output(b);
}

status integer_build(integer_network *out, const model *m, integer_samples samples)
{
    if (!m->options.quantized || m->mode != MODEL_EVAL_HARD)
        return status_fail(STATUS_CONFIG, "network %s is in float: there are no integers to run it with",
                           m->graph->name);
    integer_builder b;
    integer_network n = {0};
    status s = open_builder(&b, &n, m);
    if (!failed(s)) s = build(&b, samples);
    close_builder(&b);
    if (failed(s)) {
        integer_network_free(&n);
        return status_in(s, "network %s", m->graph->name);
    }
    integer_arena_plan(&n);
    *out = n;
    connect(out);
    return status_ok();
}
