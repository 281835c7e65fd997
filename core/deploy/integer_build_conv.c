/* Layers with weights: codes, biases, multipliers, and the proof that their sums fit. */
#include <math.h>
#include <stdlib.h>

#include "core/deploy/integer_build_internal.h"
#include "core/deploy/integer_pack.h"
#include "core/deploy/integer_scale.h"
#include "core/net/graph/allocation.h"
#include "core/net/model/producer.h"

/* How far from a whole number a weight may lie, in steps: rounding of floats. */
static const double OFF_GRID = 1e-2;

/* Where the inputs of an output channel stand in the float weights, one after the other as in int_kernels.h. */
typedef struct {
    int taps, read;       /* kernel positions (times those of a flattened image), and channels of each */
    int full;             /* channels of each in the float network */
    const int *from, *to; /* order of the input's and of the output's group */
    int outputs;          /* of the float network */
} weight_order;

static weight_order order_of(const integer_builder *b, int index)
{
    const graph *g = b->m->graph;
    const layer_spec *s = &g->layers[index];
    const int from = g->layers[s->inputs[0]].group, channels = g->groups[from].channels;
    weight_order o = {.taps = s->kernel_h * s->kernel_w,
                      .read = b->order_count[from],
                      .full = channels,
                      .from = b->order[from],
                      .to = b->order[s->group],
                      .outputs = s->out_channels};
    if (s->kind == LAYER_DEPTHWISE)
        o.read = o.full = 1;
    else
        o.taps = (int)(b->m->nodes[index].rows / (size_t)channels);
    return o;
}

static status take_weights(integer_builder *b, integer_layer *l, int index)
{
    const layer_spec *s = &b->m->graph->layers[index];
    const model_node *node = &b->m->nodes[index];
    const weight_order o = order_of(b, index);
    const int8_t *bits = allocation_of_group(&b->bits, s->group);
    for (int k = 0; k < l->run.conv.out_channels; k++) {
        const int c = o.to[k];
        const double step = (double)node->step[c];
        const int lowest = bits[c] > 0 ? -(1 << bits[c]) / 2 : 0, highest = bits[c] == 1 ? 1 : -lowest - 1;
        l->weight_bits[k] = bits[c];
        l->weight_step[k] = bits[c] > 0 ? step : 0;
        if (bits[c] == 0 || l->rows == 0) continue;
        for (int i = 0; i < o.taps * o.read; i++) {
            const int tap = i / o.read, channel = s->kind == LAYER_DEPTHWISE ? 0 : o.from[i % o.read];
            const size_t row = (size_t)tap * (size_t)o.full + (size_t)channel;
            const double exact = (double)node->effective_weight[row * (size_t)o.outputs + (size_t)c] / step;
            const double code = rint(exact);
            if (!(fabs(exact - code) < OFF_GRID) || code < lowest || code > highest)
                return status_fail(STATUS_CONFIG, "layer %s: weight %d of channel %d is %g steps, no code of %d bit",
                                   s->name, i, c, exact, bits[c]);
            l->codes[(size_t)k * l->rows + (size_t)i] = (int8_t)code;
        }
    }
    return status_ok();
}

/* Channels of the same carrier lie side by side. */
static status pack_blocks(integer_builder *b, integer_layer *l)
{
    int_conv *run = &l->run.conv;
    size_t bytes = 0;
    for (int c = 0; c < run->out_channels; c++) {
        const int carrier = l->rows > 0 ? allocation_carrier(l->weight_bits[c]) : 0;
        if (run->block_count > 0 && l->blocks[run->block_count - 1].bits == carrier) {
            l->blocks[run->block_count - 1].count++;
            continue;
        }
        l->blocks[run->block_count++] = (int_block){.bits = carrier, .first = c, .count = 1};
    }
    for (int k = 0; k < run->block_count; k++)
        bytes += integer_pack_bytes((size_t)l->blocks[k].count * l->rows, l->blocks[k].bits);
    l->packed = malloc(bytes + 1); /* of nothing but a channel of zeros: no weights */
    if (l->packed == NULL) return integer_no_memory(b);
    l->packed_bytes = bytes;
    uint8_t *next = l->packed;
    for (int k = 0; k < run->block_count; k++) {
        int_block *block = &l->blocks[k];
        const size_t count = (size_t)block->count * l->rows;
        block->weights = next;
        if (block->bits == 0) continue;
        integer_pack(next, l->codes + (size_t)block->first * l->rows, count, block->bits);
        next += integer_pack_bytes(count, block->bits);
    }
    return status_ok();
}

/* Bias with the input's zero point, and the bound of a channel's sums. Every order of summing stays within the sum of
 * magnitudes. */
static status take_bias(integer_builder *b, integer_layer *l, int index)
{
    const layer_spec *s = &b->m->graph->layers[index];
    const model_node *node = &b->m->nodes[index];
    const integer_tensor *in = &b->n->tensors[l->inputs[0]];
    const double grid = (double)b->m->quantizers[node->input_quantizer].step;
    const int64_t input = -(int64_t)in->low > in->high ? -(int64_t)in->low : in->high;
    for (int k = 0; k < l->run.conv.out_channels; k++) {
        const int c = b->order[s->group][k];
        const double bias_step = grid * l->weight_step[k];
        const double code = bias_step > 0 ? rint((double)node->effective_bias[c] / bias_step) : 0;
        const double bias = rint(code * (grid / in->step));
        int64_t weights = 0, magnitudes = 0;
        for (size_t i = 0; i < l->rows; i++) {
            const int code_of_weight = l->codes[(size_t)k * l->rows + i];
            weights += code_of_weight;
            magnitudes += abs(code_of_weight);
        }
        const double whole = bias - (double)in->zero * (double)weights;
        const double bound = (double)magnitudes * (double)input + fabs(whole);
        if (!(bound <= INT32_MAX))
            return status_fail(
                STATUS_CONFIG,
                "layer %s, channel %d: its sums may reach %.0f, which 32 bit do not hold; a smaller clip "
                "of its input or fewer bits would",
                s->name, c, bound);
        l->bias[k] = (int32_t)whole;
        if ((int64_t)bound > l->largest_sum) l->largest_sum = (int64_t)bound;
    }
    return status_ok();
}

/* Sums become codes of the quantiser behind the layer, or stay sums in front of the output. */
static status take_scaling(integer_builder *b, integer_layer *l, integer_tensor *t, int index)
{
    const model_node *node = &b->m->nodes[index];
    int_conv *run = &l->run.conv;
    if (node->quantizer < 0) {
        t->low = (int32_t)-l->largest_sum;
        t->high = (int32_t)l->largest_sum;
        t->type = run->out_type = INT_S32;
        return status_ok();
    }
    const model_quantizer *quantizer = &b->m->quantizers[node->quantizer];
    const pact *q = node->is_signed ? &quantizer->before_add : &quantizer->behind_layer;
    int_scaling *scaling = &run->scaling;
    l->multiplier = malloc((size_t)run->out_channels * sizeof *l->multiplier);
    double *factor = malloc((size_t)run->out_channels * sizeof *factor);
    if (l->multiplier == NULL || factor == NULL) {
        free(factor);
        return integer_no_memory(b);
    }
    const double input_step = b->n->tensors[l->inputs[0]].step;
    for (int k = 0; k < run->out_channels; k++) factor[k] = input_step * l->weight_step[k] * (double)q->scale[0];
    status s = integer_scale_fit(l->multiplier, &scaling->shift, factor, run->out_channels, INTEGER_MOST_SHIFT);
    free(factor);
    TRY(status_in(s, "layer %s", l->name));
    scaling->multiplier = l->multiplier;
    scaling->offset = q->snap > 0 ? integer_scale_half(scaling->shift) : 0;
    integer_grid_range(q, &scaling->low, &scaling->high);
    t->low = scaling->low;
    t->high = scaling->high;
    t->is_signed = node->is_signed;
    t->type = run->out_type = integer_type_of(t->low, t->high);
    t->step = integer_grid_step(q);
    return status_ok();
}

static int_conv shape_of(const integer_builder *b, const layer_spec *s, const integer_tensor *in)
{
    int_conv run = {.in_height = in->height,
                    .in_width = in->width,
                    .in_channels = in->channels,
                    .out_height = s->out_height,
                    .out_width = s->out_width,
                    .out_channels = b->order_count[s->group],
                    .kernel_h = s->kernel_h,
                    .kernel_w = s->kernel_w,
                    .stride_h = s->stride_h,
                    .stride_w = s->stride_w,
                    .pad_h = s->pad_h,
                    .pad_w = s->pad_w,
                    .depthwise = s->kind == LAYER_DEPTHWISE,
                    .zero = in->zero,
                    .in_type = in->type};
    if (s->kind != LAYER_LINEAR) return run;
    run.in_channels = in->height * in->width * in->channels; /* of a flattened image: all of it */
    run.in_height = run.in_width = run.out_height = run.out_width = 1;
    run.kernel_h = run.kernel_w = run.stride_h = run.stride_w = 1;
    run.pad_h = run.pad_w = 0;
    return run;
}

/* Is the input a sharing group that is pruned as a whole, so that nothing is left of the layer but its bias? */
static bool reads_nothing(const integer_builder *b, const layer_spec *s)
{
    const int from = b->m->graph->layers[s->inputs[0]].group;
    return s->kind != LAYER_DEPTHWISE && b->m->groups[from].precisions > 0 && b->order_count[from] == 1 &&
           allocation_of_group(&b->bits, from)[b->order[from][0]] == 0;
}

status integer_build_conv(integer_builder *b, int index)
{
    const layer_spec *s = &b->m->graph->layers[index];
    integer_layer *l = integer_add_layer(b, index, INTEGER_CONV);
    const integer_tensor *in = &b->n->tensors[l->inputs[0]];
    if (in->step == 0)
        return status_fail(STATUS_CONFIG, "layer %s reads %s, whose values are not quantised", s->name, in->name);
    l->run.conv = shape_of(b, s, in);
    int_conv *run = &l->run.conv;
    const size_t channels = (size_t)run->out_channels;
    if (!reads_nothing(b, s))
        l->rows = (size_t)run->kernel_h * (size_t)run->kernel_w * (size_t)(run->depthwise ? 1 : run->in_channels);
    l->blocks = calloc(INTEGER_BLOCKS, sizeof *l->blocks);
    l->codes = calloc(channels * l->rows + 1, sizeof *l->codes);
    l->weight_bits = calloc(channels, sizeof *l->weight_bits);
    l->weight_step = calloc(channels, sizeof *l->weight_step);
    l->bias = calloc(channels, sizeof *l->bias);
    if (l->blocks == NULL || l->codes == NULL || l->weight_bits == NULL || l->weight_step == NULL || l->bias == NULL)
        return integer_no_memory(b);
    TRY(take_weights(b, l, index));
    TRY(pack_blocks(b, l));
    TRY(take_bias(b, l, index));
    run->blocks = l->blocks;
    run->bias = l->bias;
    return take_scaling(b, l, integer_add_tensor(b, index), index);
}
