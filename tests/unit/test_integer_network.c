/* links: core_deploy */
/* The integer network against the fake-quantised one: every code of every layer is what the float definition gives for
 * the codes that the layer read, but where the real value lies on a border between two codes; and end to end both tell
 * the same. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/deploy/integer_engine.h"
#include "core/deploy/integer_pack.h"
#include "core/deploy/integer_scale.h"
#include "core/net/graph/allocation.h"
#include "core/net/model/model_allocation.h"
#include "tests/support/random_case.h"

/* How near to a border rounding of the float network's constants may decide, in codes: 24 bit of a code below 2^8, and
 * of sums of some hundred terms. */
static const double BORDER = 2e-3;

static const int usual_bits[] = {0, 2, 4, 8, -1}, all_bits[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, -1}, full_bits[] = {8, -1};
static const quantizer_rules published = {.clip_percentile = 99.9},
                             kept = {.weight_step_2 = WEIGHT_STEP_MSE,
                                     .weight_step_4 = WEIGHT_STEP_MSE,
                                     .batchnorm = BATCHNORM_KEPT,
                                     .before_add = BEFORE_ADD_SIGNED,
                                     .rounding = ROUNDING_NEAREST},
                             even_open = {.weight_step_2 = WEIGHT_STEP_DEVIATION,
                                          .weight_step_4 = WEIGHT_STEP_DEVIATION,
                                          .weight_step_8 = WEIGHT_STEP_DEVIATION,
                                          .batchnorm = BATCHNORM_KEPT,
                                          .before_add = BEFORE_ADD_SIGNED,
                                          .rounding = ROUNDING_EVEN,
                                          .levels = LEVELS_OPEN},
                             kept_floor = {.batchnorm = BATCHNORM_KEPT, .before_add = BEFORE_ADD_SIGNED};

/* Windows of more than 25 taps, and an add on one grid whose sums are clipped. */
static const char wide_windows[] =
    "name = \"wide\";\nclasses = 3;\ninput = { channels = 2; height = 11; width = 9; signed = true; clip_low = -5.0; "
    "clip_high = 4.0; };\ninit = \"he_normal\";\nlayers = (\n"
    "    { name = \"stem\"; type = \"conv\"; input = \"image\"; out = 21; kernel = [5, 4]; padding = [2, 2]; relu = "
    "true; "
    "},\n    { name = \"wide\"; type = \"depthwise\"; kernel = [6, 5]; padding = [3, 2]; relu = true; },\n"
    "    { name = \"wider\"; type = \"depthwise\"; kernel = 7; padding = 3; stride = [2, 1]; relu = true; },\n"
    "    { name = \"left\"; type = \"conv\"; input = \"wider\"; out = 21; kernel = 3; padding = 1; relu = true; },\n"
    "    { name = \"sum\"; type = \"add\"; inputs = [\"left\", \"wider\"]; relu = true; },\n"
    "    { name = \"pool\"; type = \"global_pool\"; },\n    { name = \"end\"; type = \"linear\"; out = 3; }\n);\n";

static const integer_case_options cases[] = {
    {"tests/support/networks/every_layer.cfg", usual_bits, 8, ARITHMETIC_EXACT, &published, 1, false, NULL},
    {"tests/support/networks/every_layer.cfg", usual_bits, 8, ARITHMETIC_EXACT, &kept, 2, false, NULL},
    {"tests/support/networks/every_layer.cfg", all_bits, 8, ARITHMETIC_EXACT, &kept_floor, 3, false, NULL},
    {"tests/support/networks/every_layer.cfg", all_bits, 4, ARITHMETIC_EXACT, &kept, 4, false, NULL},
    {"tests/support/networks/every_layer.cfg", usual_bits, 2, ARITHMETIC_EXACT, &kept, 5, false, NULL},
    {"tests/support/networks/every_layer.cfg", usual_bits, 8, ARITHMETIC_REFERENCE, &published, 6, false, NULL},
    {"configs/networks/resnet8.cfg", usual_bits, 8, ARITHMETIC_EXACT, &kept, 7, false, NULL},
    {"configs/networks/digits8.cfg", full_bits, 8, ARITHMETIC_EXACT, &published, 8, false, NULL},
    {"configs/networks/dscnn.cfg", usual_bits, 8, ARITHMETIC_EXACT, &kept, 9, false, NULL},
    {"configs/networks/dscnn.cfg", usual_bits, 8, ARITHMETIC_REFERENCE, &published, 10, false, NULL},
    {"tests/support/networks/every_layer.cfg", usual_bits, 8, ARITHMETIC_EXACT, &kept, 11, true, NULL},
    {"configs/networks/digits8.cfg", usual_bits, 8, ARITHMETIC_EXACT, &published, 12, true, NULL},
    {"tests/support/networks/every_layer.cfg", usual_bits, 8, ARITHMETIC_EXACT, &even_open, 13, false, NULL},
    {"tests/support/networks/every_layer.cfg", all_bits, 4, ARITHMETIC_EXACT, &even_open, 14, false, NULL},
    {"wide windows", usual_bits, 8, ARITHMETIC_EXACT, &kept, 15, false, wide_windows},
    {"wide windows", full_bits, 4, ARITHMETIC_EXACT, &published, 16, false, wide_windows},
};
static const char *const tables[] = {"portable", "avx2", "vnni"};
enum { CASES = sizeof cases / sizeof *cases, TABLES = sizeof tables / sizeof *tables, RANDOM_NETWORKS = 60 };

/* ---- the float definition of one layer, on real values in the order of the integer network ---- */

static double value_at(const integer_network *n, const integer_engine *e, int t, size_t i)
{
    const integer_tensor *tensor = &n->tensors[t];
    return (integer_code_at(integer_engine_tensor(e, t), tensor->type, i) - tensor->zero) * tensor->step;
}

/* Channels of a group as the integer network orders them. */
static int order_of_group(int order[GRAPH_MAX_LAYERS * 4], const integer_case *c, const allocation *a, int group)
{
    const int8_t *bits = allocation_of_group(a, group);
    const int channels = c->pruned.graph.groups[group].channels;
    int count = 0;
    if (c->pruned.model.groups[group].precisions == 0) {
        for (int k = 0; k < channels; k++) order[count++] = k;
        return count;
    }
    for (int carrier = 8; carrier > 0; carrier -= carrier > 4 ? 4 : 2)
        for (int k = 0; k < channels; k++)
            if (allocation_carrier(bits[k]) == carrier) order[count++] = k;
    if (count == 0) order[count++] = 0;
    return count;
}

typedef struct {
    integer_case net;
    allocation bits;
    integer_engine *e;
    long codes, others; /* compared, and how many are not the same as those of the float network */
} comparison;

/* Sum of output channel `to` (of the float network) at window (y, x) of a conv, depthwise or linear layer. */
static double float_sum(const comparison *t, int node, const integer_layer *l, const int *from, int reads, int to,
                        int y, int x)
{
    const layer_spec *s = &t->net.pruned.graph.layers[node];
    const model_node *m = &t->net.pruned.model.nodes[node];
    const integer_tensor *in = &t->net.network.tensors[l->inputs[0]];
    const int inputs = t->net.pruned.graph.groups[t->net.pruned.graph.layers[s->inputs[0]].group].channels;
    double sum = (double)m->effective_bias[to];
    if (s->kind == LAYER_LINEAR) {
        for (size_t i = 0; i < integer_tensor_count(in); i++) {
            const size_t row = i / (size_t)reads * (size_t)inputs + (size_t)from[i % (size_t)reads];
            sum += value_at(&t->net.network, t->e, l->inputs[0], i) *
                   (double)m->effective_weight[row * (size_t)s->out_channels + (size_t)to];
        }
        return sum;
    }
    const bool depthwise = s->kind == LAYER_DEPTHWISE;
    for (int i = 0; i < s->kernel_h; i++)
        for (int j = 0; j < s->kernel_w; j++) {
            const int at_y = y * s->stride_h + i - s->pad_h, at_x = x * s->stride_w + j - s->pad_w;
            if (at_y < 0 || at_y >= in->height || at_x < 0 || at_x >= in->width) continue;
            for (int k = 0; k < reads; k++) {
                if (depthwise && from[k] != to) continue;
                const size_t tap = (size_t)(i * s->kernel_w + j);
                const size_t row = depthwise ? tap : tap * (size_t)inputs + (size_t)from[k];
                const size_t pixel = (size_t)(at_y * in->width + at_x) * (size_t)reads + (size_t)k;
                sum += value_at(&t->net.network, t->e, l->inputs[0], pixel) *
                       (double)m->effective_weight[row * (size_t)s->out_channels + (size_t)to];
            }
        }
    return sum;
}

/* Is `code` what quantising x gives, or next to it where x is this near to a border? */
static bool is_code(double code, double x, const pact *q, double border)
{
    double clamped = x < (double)q->low ? (double)q->low : x;
    if (q->reference && clamped > (double)q->clip[0]) clamped = (double)q->clip[0];
    const double exact = (double)q->scale[0] * clamped + (double)pact_border(q);
    const double below = fmin(floor(exact - border), (double)q->top[0]),
                 above = fmin(floor(exact + border), (double)q->top[0]);
    return code >= below && code <= above;
}

static const pact *grid_of(const comparison *t, int node)
{
    const model_node *m = &t->net.pruned.model.nodes[node];
    if (m->quantizer < 0) return NULL;
    const model_quantizer *q = &t->net.pruned.model.quantizers[m->quantizer];
    return t->net.pruned.graph.layers[node].kind == LAYER_ADD ? &q->behind_add
           : m->is_signed                                     ? &q->before_add
                                                              : &q->behind_layer;
}

/* In units of the sum: biases of the published arithmetic lie on a grid that is not that of the sums. */
static double bias_error(const comparison *t)
{
    return t->net.options.arithmetic == ARITHMETIC_REFERENCE ? 0.5 : 0;
}

static void check_weights_layer(comparison *t, int node, const integer_layer *l)
{
    const layer_spec *s = &t->net.pruned.graph.layers[node];
    const integer_tensor *out = &t->net.network.tensors[l->output];
    int from[GRAPH_MAX_LAYERS * 4], to[GRAPH_MAX_LAYERS * 4];
    const int reads = order_of_group(from, &t->net, &t->bits, t->net.pruned.graph.layers[s->inputs[0]].group);
    assert_int_equal(order_of_group(to, &t->net, &t->bits, s->group), out->channels);
    const double input_step = t->net.network.tensors[l->inputs[0]].step;
    const pact *q = grid_of(t, node);
    const double unit = bias_error(t) * input_step;
    for (size_t i = 0; i < integer_tensor_count(out); i++) {
        const size_t pixel = i / (size_t)out->channels, k = i % (size_t)out->channels;
        const double x = float_sum(t, node, l, from, reads, to[k], (int)(pixel / (size_t)out->width),
                                   (int)(pixel % (size_t)out->width));
        const double code = integer_code_at(integer_engine_tensor(t->e, l->output), out->type, i);
        if (q != NULL && !is_code(code, x, q, BORDER + unit * l->weight_step[k] * (double)q->scale[0]))
            fail_msg("layer %s, value %zu is code %g, but quantises %g steps", l->name, i, code,
                     x * (double)q->scale[0]);
        if (q == NULL &&
            fabs(code * input_step * l->weight_step[k] - x) > 1e-5 * (1 + fabs(x)) + unit * l->weight_step[k])
            fail_msg("layer %s, value %zu: sum %g is not %g", l->name, i, code * input_step * l->weight_step[k], x);
    }
}

static void check_add_layer(comparison *t, int node, const integer_layer *l)
{
    const integer_tensor *out = &t->net.network.tensors[l->output];
    for (size_t i = 0; i < integer_tensor_count(out); i++) {
        const double x =
            value_at(&t->net.network, t->e, l->inputs[0], i) + value_at(&t->net.network, t->e, l->inputs[1], i);
        const double code = integer_code_at(integer_engine_tensor(t->e, l->output), out->type, i);
        if (!is_code(code, x, grid_of(t, node), BORDER)) fail_msg("layer %s, value %zu is code %g", l->name, i, code);
    }
}

static void check_pool_layer(comparison *t, const integer_layer *l)
{
    if (t->net.network.tensors[l->output].step == 0) return; /* sums of sums: the logits tell */
    const int_pool *p = &l->run.pool;
    const integer_tensor *out = &t->net.network.tensors[l->output];
    for (size_t i = 0; i < integer_tensor_count(out); i++) {
        const int channel = (int)(i % (size_t)p->channels), pixel = (int)(i / (size_t)p->channels);
        double sum = 0, largest = -INFINITY;
        for (int w = 0; w < p->kernel_h * p->kernel_w; w++) {
            const int y = pixel / p->out_width * p->stride_h + w / p->kernel_w;
            const int x = pixel % p->out_width * p->stride_w + w % p->kernel_w;
            const double v =
                value_at(&t->net.network, t->e, l->inputs[0], (size_t)((y * p->in_width + x) * p->channels + channel));
            sum += v;
            largest = fmax(largest, v);
        }
        const double expected = p->largest ? largest : sum / (p->kernel_h * p->kernel_w);
        assert_true(fabs(value_at(&t->net.network, t->e, l->output, i) - expected) <= 1e-6 * fabs(expected));
    }
}

/* How many codes are not those of the float network that ran on its own codes all the way. */
static void count_others(comparison *t, int node, const integer_layer *l, int image)
{
    const integer_tensor *out = &t->net.network.tensors[l->output];
    int to[GRAPH_MAX_LAYERS * 4];
    const int count = order_of_group(to, &t->net, &t->bits, t->net.pruned.graph.layers[node].group);
    const int full = t->net.pruned.graph.groups[t->net.pruned.graph.layers[node].group].channels;
    if (out->step == 0) return;
    for (size_t i = 0; i < integer_tensor_count(out); i++) {
        const size_t pixel = i / (size_t)count + (size_t)image * (size_t)(out->height * out->width);
        const double x =
            (double)t->net.pruned.model.nodes[node].out[pixel * (size_t)full + (size_t)to[i % (size_t)count]];
        t->codes++;
        t->others += fabs(value_at(&t->net.network, t->e, l->output, i) - x) > 0.5 * out->step;
    }
}

static void check_image(comparison *t, const uint8_t *samples, int image)
{
    const graph *g = &t->net.pruned.graph;
    int32_t logits[64];
    integer_engine_run(t->e, logits, samples + (size_t)image * case_image_size(&t->net));
    for (int i = 0; i < t->net.network.layer_count - 1; i++) {
        const integer_layer *l = &t->net.network.layers[i];
        const int node = graph_find(g, l->name);
        if (l->kind == INTEGER_CONV) check_weights_layer(t, node, l);
        if (l->kind == INTEGER_ADD) check_add_layer(t, node, l);
        if (l->kind == INTEGER_POOL) check_pool_layer(t, l);
        count_others(t, node < 0 ? 0 : node, l, image);
    }
    const integer_layer *output = &t->net.network.layers[t->net.network.layer_count - 1];
    const integer_layer *last = output; /* with weights: behind it there may be pooling */
    do last = &t->net.network.layers[t->net.network.tensors[last->inputs[0]].first];
    while (last->kind != INTEGER_CONV);
    const integer_tensor *pooled = &t->net.network.tensors[output->inputs[0]];
    const int32_t *sums = integer_engine_tensor(t->e, output->inputs[0]);
    for (int k = 0; k < t->net.network.classes; k++) {
        const double step = t->net.network.tensors[last->inputs[0]].step * last->weight_step[k % pooled->channels];
        const double real_sum = sums[k] * step / pooled->window;
        const int class = output->order[k];
        assert_true(fabs(logits[class] * t->net.network.logit_step - real_sum) <= t->net.network.logit_step);
    }
}

/* What the random networks are made of: layers, and channels. */
typedef struct {
    long layers[LAYER_FLATTEN + 1], blocks[INTEGER_BLOCKS + 1], bits[9], pruned, odd, signed_inputs, signed_codes, wide,
        borders, of_no_weights;
} coverage;

static void cover(coverage *c, const integer_case *net)
{
    const integer_network *n = &net->network;
    c->signed_inputs += n->tensors[0].zero != 0;
    for (int g = 0; g < net->graph.group_count; g++)
        c->pruned += net->graph.groups[g].channels - net->pruned.graph.groups[g].channels;
    for (int i = 0; i < n->layer_count; i++) {
        const integer_layer *l = &n->layers[i];
        c->layers[l->source]++;
        if (l->kind == INTEGER_ADD)
            c->signed_codes += n->tensors[l->inputs[0]].is_signed || n->tensors[l->inputs[1]].is_signed;
        if (l->kind != INTEGER_CONV) continue;
        c->odd += l->run.conv.out_channels % 2;
        c->wide += l->run.conv.in_type != INT_U8;
        c->borders += l->run.conv.pad_h + l->run.conv.pad_w > 0 && l->run.conv.zero != 0;
        c->of_no_weights += l->rows == 0;
        c->blocks[l->run.conv.block_count]++;
        for (int k = 0; k < l->run.conv.out_channels && l->rows > 0; k++) c->bits[l->weight_bits[k]]++;
    }
}

static void check_coverage(const coverage *c)
{
    static const layer_kind kinds[] = {LAYER_CONV,        LAYER_DEPTHWISE, LAYER_LINEAR,      LAYER_ADD,
                                       LAYER_GLOBAL_POOL, LAYER_MAX_POOL,  LAYER_AVERAGE_POOL};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) assert_true(c->layers[kinds[k]] > 0);
    for (int bits = 1; bits <= 8; bits++) assert_true(c->bits[bits] > 0);
    for (int blocks = 1; blocks <= 3; blocks++) assert_true(c->blocks[blocks] > 0);
    assert_true(c->pruned > 0 && c->odd > 0 && c->signed_inputs > 0 && c->signed_codes > 0 && c->wide > 0 &&
                c->borders > 0 && c->of_no_weights > 0);
    printf(
        "layers with weights: %ld convolutions, %ld depthwise, %ld linear; %ld adds (%ld of signed codes), %ld pools; "
        "%ld read more than 8 bit, %ld a border that is not 0, %ld have an odd number of channels, %ld no weights "
        "left\nchannels of 0 ... 8 bit: %ld",
        c->layers[LAYER_CONV], c->layers[LAYER_DEPTHWISE], c->layers[LAYER_LINEAR], c->layers[LAYER_ADD],
        c->signed_codes, c->layers[LAYER_GLOBAL_POOL] + c->layers[LAYER_MAX_POOL] + c->layers[LAYER_AVERAGE_POOL],
        c->wide, c->borders, c->odd, c->of_no_weights, c->pruned);
    for (int bits = 1; bits <= 8; bits++) printf(" %ld", c->bits[bits]);
    printf("; %ld signed inputs\n", c->signed_inputs);
}

/* All images of a network, layer by layer. */
static void compare(comparison *t, coverage *covered, const integer_case_options *options)
{
    integer_case_open(&t->net, options);
    check_ok(allocation_new(&t->bits, &t->net.pruned.graph));
    model_allocation_read(&t->bits, &t->net.pruned.model);
    check_ok(integer_engine_open(&t->e, &t->net.network, NULL, true));
    cover(covered, &t->net);
    uint8_t *samples = case_samples(&t->net);
    case_run_float(&t->net, samples);
    for (int image = 0; image < CASE_IMAGES; image++) check_image(t, samples, image);
    free(samples);
    integer_engine_close(t->e);
    allocation_free(&t->bits);
    integer_case_close(&t->net);
}

static void test_every_code_is_what_the_float_network_defines(void **state)
{
    (void)state;
    for (int k = 0; k < CASES; k++) {
        comparison t = {.codes = 0};
        coverage covered = {.pruned = 0};
        compare(&t, &covered, &cases[k]);
        printf("%-40s %ld of %ld codes differ from those of the float network\n", cases[k].path, t.others, t.codes);
        /* published: sums of codes fall to the code below by rounding of floats, and biases lie on another grid */
        const bool even = cases[k].quantizer->rounding == ROUNDING_EVEN; /* integers round half a step up */
        const double most = cases[k].arithmetic == ARITHMETIC_REFERENCE ? 0.1 : even ? 0.02 : 0.002;
        assert_true((double)t.others <= most * (double)t.codes);
    }
}

/* BITFRONT_RANDOM_NETWORKS: how many, instead of the usual. */
static int random_networks(void)
{
    const char *asked = getenv("BITFRONT_RANDOM_NETWORKS");
    return asked != NULL ? atoi(asked) : RANDOM_NETWORKS;
}

static void test_random_networks_are_what_the_float_network_defines(void **state)
{
    (void)state;
    long codes = 0, others = 0;
    coverage covered = {.pruned = 0};
    for (int k = 0; k < random_networks(); k++) {
        char text[RANDOM_NETWORK_TEXT];
        comparison t = {.codes = 0};
        const integer_case_options options = random_case(text, (uint32_t)k);
        compare(&t, &covered, &options);
        codes += t.codes;
        others += t.others;
    }
    printf("%d random networks: %ld of %ld codes differ from those of the float network\n", random_networks(), others,
           codes);
    check_coverage(&covered);
    assert_true((double)others <= 0.01 * (double)codes);
}

/* ---- engines ---- */

static void compare_tables(const integer_case_options *options)
{
    integer_case c;
    integer_case_open(&c, options);
    uint8_t *samples = case_samples(&c);
    integer_engine *reference;
    int32_t logits[64], others[64];
    check_ok(integer_engine_open(&reference, &c.network, NULL, true));
    integer_engine_run(reference, logits, samples);
    for (size_t t = 0; t < TABLES; t++) {
        integer_engine *e;
        if (int_table_choose(tables[t]) == NULL) continue;
        check_ok(integer_engine_open(&e, &c.network, int_table_choose(tables[t]), true));
        integer_engine_run(e, others, samples);
        for (int i = 0; i < c.network.tensor_count; i++) {
            const integer_tensor *tensor = &c.network.tensors[i];
            assert_memory_equal(integer_engine_tensor(e, i), integer_engine_tensor(reference, i),
                                integer_tensor_count(tensor) * integer_type_bytes(tensor->type));
        }
        assert_memory_equal(logits, others, (size_t)c.network.classes * sizeof *logits);
        integer_engine_close(e);
    }
    integer_engine_close(reference);
    free(samples);
    integer_case_close(&c);
}

static void test_all_tables_give_the_same_bits(void **state)
{
    (void)state;
    for (size_t t = 0; t < TABLES; t++)
        if (int_table_choose(tables[t]) == NULL) printf("skipped: this processor has no %s\n", tables[t]);
    for (int k = 0; k < CASES; k++) compare_tables(&cases[k]);
    for (int k = 0; k < random_networks(); k++) {
        char text[RANDOM_NETWORK_TEXT];
        const integer_case_options options = random_case(text, (uint32_t)k);
        compare_tables(&options);
    }
}

/* ---- sizes and places ---- */

/* As the cost model counts: weights of kept channels that read kept channels. */
static size_t bits_of_model(const integer_case *c)
{
    size_t bits = 0;
    for (int i = 0; i < c->graph.layer_count; i++) {
        const layer_spec *l = &c->graph.layers[i];
        if (!layer_has_weights(l)) continue;
        for (size_t k = 0; k < layer_weight_count(l); k++) {
            const model_weight_group *out = &c->full.groups[l->group];
            const int from = c->graph.layers[l->inputs[0]].group, channel = (int)(k % (size_t)l->out_channels);
            const int input = (int)(k / (size_t)l->out_channels) % c->graph.groups[from].channels;
            const model_weight_group *in = &c->full.groups[from];
            const bool depthwise = l->kind == LAYER_DEPTHWISE;
            if (!depthwise && in->precisions > 0 && in->bits[0] == 0 && in->probability[input] > 0) continue;
            for (int p = 0; p < out->precisions; p++)
                if (out->probability[p * out->columns + channel] > 0) bits += (size_t)out->bits[p];
        }
    }
    return bits;
}

static void test_weights_take_the_bits_that_the_size_model_counts(void **state)
{
    (void)state;
    for (int k = 0; k < CASES; k++) {
        if (cases[k].arithmetic == ARITHMETIC_REFERENCE) continue; /* pruned channels stay there */
        integer_case c;
        integer_case_open(&c, &cases[k]);
        const integer_sizes s = integer_network_sizes(&c.network);
        assert_int_equal(s.weight_bits, bits_of_model(&c));
        assert_int_equal(8 * s.weight_bytes, s.weight_bits + s.carrier_bits + s.padding_bits);
        assert_true((s.carrier_bits > 0) == (cases[k].weight_bits == all_bits));
        integer_case_close(&c);
    }
}

static void test_tensors_that_are_needed_together_do_not_overlap(void **state)
{
    (void)state;
    integer_case c;
    integer_case_open(&c, &cases[6]);
    const integer_network *n = &c.network;
    for (int a = 0; a < n->tensor_count; a++)
        for (int b = 0; b < a; b++) {
            const integer_tensor *x = &n->tensors[a], *y = &n->tensors[b];
            const size_t end_x = x->offset + integer_tensor_count(x) * integer_type_bytes(x->type);
            const size_t end_y = y->offset + integer_tensor_count(y) * integer_type_bytes(y->type);
            assert_true(end_x <= n->arena_bytes && x->offset % INTEGER_ALIGNMENT == 0);
            if (x->first > y->last || y->first > x->last) continue;
            assert_true(end_x <= y->offset || end_y <= x->offset);
        }
    uint8_t *samples = case_samples(&c);
    integer_engine *sharing, *keeping;
    int32_t one[64], other[64];
    check_ok(integer_engine_open(&sharing, n, NULL, false));
    check_ok(integer_engine_open(&keeping, n, NULL, true));
    integer_engine_run(sharing, one, samples);
    integer_engine_run(keeping, other, samples);
    assert_memory_equal(one, other, (size_t)n->classes * sizeof *one);
    integer_engine_close(sharing);
    integer_engine_close(keeping);
    free(samples);
    integer_case_close(&c);
}

/* ---- parts ---- */

static void test_codes_are_packed_from_the_lowest_bits_on(void **state)
{
    (void)state;
    const int8_t codes[] = {-2, 1, 0, -1, 1};
    uint8_t two[2], four[3];
    assert_int_equal(integer_pack_bytes(5, 2), 2);
    assert_int_equal(integer_pack_bytes(5, 4), 3);
    integer_pack(two, codes, 5, 2);
    integer_pack(four, codes, 5, 4);
    assert_int_equal(two[0], 0xC6); /* 10, 01, 00, 11 from the right */
    assert_int_equal(two[1], 0x01);
    assert_int_equal(four[0], 0x1E);
    assert_int_equal(four[1], 0xF0);
    assert_int_equal(four[2], 0x01);
}

static void test_scales_use_all_31_bits_and_say_what_does_not_fit(void **state)
{
    (void)state;
    int32_t m[2];
    int shift;
    check_ok(integer_scale_fit(m, &shift, (double[]){0.75, 0.001}, 2, INTEGER_MOST_SHIFT));
    assert_int_equal(shift, 31);
    assert_int_equal(m[0], 1610612736);
    assert_int_equal(m[1], 2147484);
    check_ok(integer_scale_fit(m, &shift, (double[]){1e9, 0}, 2, INTEGER_MOST_SHIFT));
    assert_int_equal(shift, 1);
    check_says(integer_scale_fit(m, &shift, (double[]){1, 3e9}, 2, INTEGER_MOST_SHIFT), "channel 1");
    check_says(integer_scale_fit(m, &shift, (double[]){NAN, 1}, 2, INTEGER_MOST_SHIFT), "channel 0");
}

static void test_what_integers_cannot_express_is_refused_by_name(void **state)
{
    (void)state;
    integer_case c;
    integer_network n;
    const integer_samples samples = {.is_signed = false, .scale = 1.0f / 255};
    integer_case_open(&c, &cases[0]);
    c.pruned.model.mode = MODEL_EVAL_FLOAT;
    check_says(integer_build(&n, &c.pruned.model, samples), "is in float");
    c.pruned.model.mode = MODEL_EVAL_HARD;
    model_node *hidden = &c.pruned.model.nodes[graph_find(&c.pruned.graph, "hidden")];
    const real bias = hidden->effective_bias[0];
    for (int k = 0; k < c.pruned.graph.layers[graph_find(&c.pruned.graph, "hidden")].out_channels; k++)
        hidden->effective_bias[k] = 1e9f;
    check_says(integer_build(&n, &c.pruned.model, samples), "layer hidden, channel");
    for (int k = 0; k < c.pruned.graph.layers[graph_find(&c.pruned.graph, "hidden")].out_channels; k++)
        hidden->effective_bias[k] = bias;
    model_node *stem = &c.pruned.model.nodes[graph_find(&c.pruned.graph, "stem")];
    for (int k = 0; k < c.pruned.graph.layers[graph_find(&c.pruned.graph, "stem")].out_channels; k++)
        stem->effective_weight[k] += stem->step[k] / 3;
    check_says(integer_build(&n, &c.pruned.model, samples), "layer stem: weight");
    integer_case_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_code_is_what_the_float_network_defines),
        cmocka_unit_test(test_random_networks_are_what_the_float_network_defines),
        cmocka_unit_test(test_all_tables_give_the_same_bits),
        cmocka_unit_test(test_weights_take_the_bits_that_the_size_model_counts),
        cmocka_unit_test(test_tensors_that_are_needed_together_do_not_overlap),
        cmocka_unit_test(test_codes_are_packed_from_the_lowest_bits_on),
        cmocka_unit_test(test_scales_use_all_31_bits_and_say_what_does_not_fit),
        cmocka_unit_test(test_what_integers_cannot_express_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
