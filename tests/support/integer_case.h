/* integer_case: a quantised network with random weights, batch-norm, biases and precisions, pruned channels removed,
 * and the integer network that is built from it. Include after <cmocka.h>; the test links core_deploy. */
#ifndef TESTS_SUPPORT_INTEGER_CASE_H
#define TESTS_SUPPORT_INTEGER_CASE_H

#include <stdlib.h>

#include "core/base/rng.h"
#include "core/deploy/integer_build.h"
#include "core/net/graph/graph_build.h"
#include "core/net/graph/network_file.h"
#include "core/net/model/compact.h"
#include "tests/support/check_status.h"

enum { CASE_IMAGES = 4, CASE_CANDIDATES = 9 };

/* Precisions that channels draw from, ended by -1. */
typedef struct {
    const char *path; /* of the network file, or what `text` is called */
    const int *weight_bits;
    int activation_bits;
    arithmetic arithmetic;
    const quantizer_rules *quantizer;
    uint32_t seed;
    bool all_pruned;  /* whatever can be */
    const char *text; /* of a network file, instead of one */
} integer_case_options;

typedef struct {
    integer_case_options options;
    graph graph;
    model full;
    compact pruned;
    real *values, *small;
    integer_network network;
    bool samples_signed;
} integer_case;

static inline double case_uniform(const integer_case *c, uint32_t i, uint32_t salt)
{
    return (double)rng_uniform(rng_draw(c->options.seed, RNG_SYNTHETIC, i, salt, 0).word[0]);
}

static inline void case_randomize_float(const integer_case *c, const model *fine, real *start)
{
    for (int t = 0; t < fine->layout.tensor_count; t++) {
        const model_tensor *tensor = &fine->layout.tensors[t];
        if (tensor->role == ROLE_WEIGHT) continue;
        const bool mean = strstr(tensor->name, "bn_mean") != NULL;
        for (size_t k = 0; k < tensor->count; k++) {
            const double u = case_uniform(c, (uint32_t)k, 1000 + (uint32_t)t);
            start[tensor->offset + k] = (real)(tensor->role == ROLE_BIAS || mean ? 0.6 * u - 0.3 : 0.5 + u);
        }
    }
}

static inline void case_choose_bits(const integer_case *c)
{
    for (int g = 0; g < c->graph.group_count; g++) {
        const model_weight_group *group = &c->full.groups[g];
        if (group->precisions == 0) continue;
        real *logits = c->values + c->full.layout.tensors[group->logits].offset;
        for (int k = 0; k < group->columns; k++) {
            const int drawn = (int)(case_uniform(c, (uint32_t)k, (uint32_t)g) * group->precisions);
            const int chosen = c->options.all_pruned && group->bits[0] == 0 ? 0 : drawn;
            for (int p = 0; p < group->precisions; p++) logits[p * group->columns + k] = p == chosen ? 1 : 0;
        }
    }
}

static inline void integer_case_open(integer_case *c, const integer_case_options *options)
{
    *c = (integer_case){.options = *options};
    if (options->text != NULL) {
        network_file file;
        check_ok(network_file_parse(&file, options->text, options->path));
        check_ok(graph_build(&c->graph, &file));
        network_file_free(&file);
    } else {
        check_ok(graph_load(&c->graph, options->path));
    }
    model_options o = {.quantized = true,
                       .rules = arithmetic_rules_of(options->arithmetic),
                       .quantizer = *options->quantizer,
                       .activation_count = 1,
                       .activation_bits = {options->activation_bits},
                       .input_count = 1,
                       .input_bits = {8},
                       .keep_alive = !options->all_pruned,
                       .start_temperature = 1,
                       .capacity = CASE_IMAGES,
                       .seed = 9};
    while (options->weight_bits[o.weight_count] >= 0) {
        o.weight_bits[o.weight_count] = options->weight_bits[o.weight_count];
        o.weight_count++;
    }
    model fine;
    check_ok(model_open(&c->full, &c->graph, kernels_choose(NULL), &o));
    check_ok(model_open(&fine, &c->graph, kernels_choose(NULL), &(model_options){.capacity = 1}));
    check_ok(compact_open(&c->pruned, &c->full));
    c->values = calloc(c->full.layout.total, sizeof(real));
    c->small = calloc(c->full.layout.total, sizeof(real));
    real *start = calloc(fine.layout.total, sizeof *start);
    model_initialize(&fine, start, options->seed);
    case_randomize_float(c, &fine, start);
    model_convert(&c->full, c->values, &fine, start);
    free(start);
    model_close(&fine);
    case_choose_bits(c);
    model_prepare(&c->full, c->values, MODEL_EVAL_HARD, 1, 0);
    check_ok(compact_choose(&c->pruned, MODEL_FOR_TRAINING)); /* every layer's output stays */
    compact_gather(&c->pruned, c->small, c->values);
    model_prepare(&c->pruned.model, c->small, MODEL_EVAL_HARD, 1, 0);
    c->samples_signed = c->graph.input_signed;
    check_ok(integer_build(
        &c->network, &c->pruned.model,
        (integer_samples){.is_signed = c->samples_signed, .scale = 1.0f / (c->samples_signed ? 16 : 255)}));
}

static inline void integer_case_close(integer_case *c)
{
    integer_network_free(&c->network);
    free(c->values);
    free(c->small);
    compact_close(&c->pruned);
    model_close(&c->full);
    graph_free(&c->graph);
}

static inline size_t case_image_size(const integer_case *c)
{
    return (size_t)c->network.height * (size_t)c->network.width * (size_t)c->network.channels;
}

/* CASE_IMAGES random images as bytes; the caller frees. */
static inline uint8_t *case_samples(const integer_case *c)
{
    const size_t count = case_image_size(c) * CASE_IMAGES;
    uint8_t *samples = malloc(count);
    for (size_t i = 0; i < count; i++) samples[i] = (uint8_t)(256 * case_uniform(c, (uint32_t)i, 77));
    return samples;
}

/* The float network on them; what each layer puts out is in nodes[].out afterwards. */
static inline void case_run_float(integer_case *c, const uint8_t *samples)
{
    real *in = model_input(&c->pruned.model);
    for (size_t i = 0; i < case_image_size(c) * CASE_IMAGES; i++)
        in[i] = (real)(c->samples_signed && samples[i] > 127 ? samples[i] - 256 : samples[i]) *
                (real)(float)c->network.sample_scale;
    model_forward(&c->pruned.model, c->small, CASE_IMAGES, (model_pass){.training = false});
}

#endif
