/* integer_network: a network that was searched, as what an integer processor runs: codes, sums of codes, one
 * multiplication and one shift. Built once from the discrete network in float (integer_build.h), then run
 * (integer_engine.h) or written for others (export_*.h). Nothing in here computes in floating point when it runs.
 *
 * Tensors are what layers put out. The real value behind code k of a tensor is (k - zero) * step; sums of the layers in
 * front of the output have a step for each channel instead, and become logits of one common step at the end. Channels
 * without weights are gone; the others of a sharing group are ordered by precision, 8 bit first, in all tensors of the
 * group alike. Weights of 1 to 8 bit are held in the next of 2, 4, 8 bit, which is called their carrier.
 *
 * What is proved of every layer when it is built, for all inputs that exist: no partial sum, in any order, leaves 32
 * bit; every multiplier has at most 31 bit and every product with a sum at most 62; every code fits the type of its
 * tensor. A network of which that is not true, or with something that integers cannot express, is refused by name. */
#ifndef CORE_DEPLOY_INTEGER_NETWORK_H
#define CORE_DEPLOY_INTEGER_NETWORK_H

#include "core/base/status.h"
#include "core/deploy/target/int_kernels.h"
#include "core/net/graph/graph.h"

/* INTEGER_ALIGNMENT: bytes, of tensors in memory: enough for every type of code. */
enum { INTEGER_BLOCKS = 4, INTEGER_SAMPLES = 256, INTEGER_ALIGNMENT = 4 };

typedef struct {
    char name[LAYER_NAME]; /* of the layer that puts it out */
    int height, width, channels;
    int_type type;
    int32_t low, high; /* of its codes; 0 lies between */
    int32_t zero;      /* code of the real value 0 */
    double step;       /* 0: each channel has its own */
    int window;        /* values that are summed up in a code, behind average pooling; else 1 */
    int first, last;   /* layers that write it, and read it last */
    size_t offset;     /* in the memory of activations, bytes */
    bool is_signed;    /* of a residual branch in front of its add */
    uint16_t *order;   /* (channels) which channel of the float network's layer each one is; owned */
} integer_tensor;

typedef enum { INTEGER_INPUT, INTEGER_CONV, INTEGER_ADD, INTEGER_POOL, INTEGER_OUTPUT } integer_kind;

/* One step of the network; the arrays that the descriptions point to belong to it. */
typedef struct {
    char name[LAYER_NAME];
    layer_kind source; /* of the graph; LAYER_IMAGE for the input, LAYER_FLATTEN for the output */
    integer_kind kind;
    int inputs[2], output; /* tensors; -1: none, the samples, the logits */
    union {
        int_input input;
        int_conv conv;
        int_add add;
        int_pool pool;
        int_output output;
    } run;
    int64_t largest_sum; /* proved: no sum is larger in magnitude */

    /* conv only */
    int_block *blocks;   /* (run.conv.block_count), owned; their weights in `packed` */
    size_t rows;         /* weights of an output channel; 0: it reads only what is pruned */
    int8_t *codes;       /* (out_channels, rows) as in int_kernels.h, not packed; owned */
    int8_t *weight_bits; /* (out_channels) 0 ... 8, as they were chosen; owned */
    double *weight_step; /* (out_channels) real weight = code * step, batch-norm included; owned */
    uint8_t *packed;     /* all blocks, each from a byte on; owned */
    size_t packed_bytes;
    int32_t *bias; /* (out_channels), owned */

    int32_t *multiplier; /* of conv and output; owned */
    uint16_t *order;     /* of input and output; owned */
} integer_layer;

typedef struct {
    char name[LAYER_NAME];
    int height, width, channels; /* of the image */
    int classes;
    bool samples_signed;            /* samples of an image are int8, else uint8 */
    double sample_scale;            /* real value of a sample divided by the sample */
    double logit_step;              /* real logit = integer * logit_step, a power of 2 */
    uint8_t table[INTEGER_SAMPLES]; /* code of a sample, by its byte */

    int tensor_count, layer_count;
    integer_tensor *tensors; /* owned */
    integer_layer *layers;   /* owned; layer 0 is the input, the last one the output */
    size_t arena_bytes;      /* that tensors need, at their offsets */
} integer_network;

void integer_network_free(integer_network *n);

/* Bytes of one code. */
size_t integer_type_bytes(int_type type);
/* The smallest type that holds [low, high]. */
int_type integer_type_of(int64_t low, int64_t high);
const char *integer_type_name(int_type type); /* "uint8", ... */

/* What the last step is called: no name of a layer. */
#define INTEGER_LOGITS "@logits"

static inline size_t integer_tensor_count(const integer_tensor *t)
{
    return (size_t)t->height * (size_t)t->width * (size_t)t->channels;
}

/* What it takes in the memory of a target. */
typedef struct {
    size_t weight_bits;  /* of the precisions that were chosen: what the cost model `size` counts */
    size_t weight_bytes; /* packed */
    size_t carrier_bits; /* of weights of other precisions in the next carrier, beyond weight_bits */
    size_t padding_bits; /* blocks end with a byte */
    size_t bias_bytes, multiplier_bytes, table_bytes;
    size_t arena_bytes;
} integer_sizes;
integer_sizes integer_network_sizes(const integer_network *n);

#endif
