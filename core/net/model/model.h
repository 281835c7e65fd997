/* model: a graph with numbers: its tensors, and forward and backward of a shard of images, as the float network of the
 * warm-up or as the quantised network of search, fine-tuning and evaluation.
 *
 * All values of a network lie in one block of `layout.total` reals, in four sections: weights and biases (and
 * batch-norm scales) | clips and learned steps | choices | running statistics. A gradient is a block of the same
 * layout: in the place of a tensor stands its gradient, in the place of running statistics stand the statistics of this
 * batch. So summing gradients over shards, updating, saving and comparing are each one pass over one block.
 *
 * One step:
 *   model_prepare(values, mode)                    once: probabilities, effective weights
 *   for each shard: fill model_input; model_forward; dlogits -> model_output_gradient; model_backward -> gradient block
 *   [sum of the gradient blocks over shards]
 *   model_finish_gradients(...)                    once: from effective weights to choices
 *
 * Nothing is allocated after model_open. A model is used by one thread. */
#ifndef CORE_NET_MODEL_MODEL_H
#define CORE_NET_MODEL_MODEL_H

#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/arithmetic.h"
#include "core/base/quantizer_rules.h"
#include "core/base/status.h"
#include "core/config/settings.h"
#include "core/kernels/kernels.h"
#include "core/net/graph/graph.h"
#include "core/quant/weight_quant.h"

enum { MODEL_NAME = 64 };

/* Kept batch-norm has a scale of at least this: its quantiser needs a positive one (model_weights.h). */
#define MODEL_SMALLEST_GAMMA ((real)1e-3)

/* What a tensor is to the optimiser. */
typedef enum {
    ROLE_WEIGHT,
    ROLE_BIAS,
    ROLE_NORM, /* scale and shift of batch-norm */
    ROLE_CLIP,
    ROLE_STEP, /* logarithm of a learned weight step */
    ROLE_CHOICE,
    ROLE_RUNNING
} model_role;

typedef struct {
    model_role role;
    char name[MODEL_NAME]; /* "b1.c1.weight": of the layer, or of the first layer of a group for clips and choices */
    int rank;
    size_t dims[4];
    size_t offset, count; /* in the block */
} model_tensor;

typedef struct {
    int tensor_count;
    model_tensor *tensors; /* owned */
    size_t decayed;        /* [0, decayed): weights, biases, batch-norm scale and shift: weight decay applies */
    size_t clips;          /* [decayed, clips): activation clips, logarithms of learned weight steps */
    size_t choices;        /* [clips, choices): weight and activation logits */
    size_t total;          /* [choices, total): running mean and variance */
} model_layout;

/* What the memory of activations is planned for. */
typedef enum {
    MODEL_FOR_TRAINING,
    MODEL_FOR_EVALUATION /* forward only: an activation that nobody reads any more gives its memory to later ones */
} model_use;

typedef struct {
    bool quantized;                                   /* false: the float network with batch-norm */
    arithmetic_rules rules;                           /* zero: exact */
    quantizer_rules quantizer;                        /* zero: the published ones */
    bool per_layer;                                   /* one weight precision for a whole group */
    int weight_count, weight_bits[WEIGHT_PRECISIONS]; /* candidates, ascending; 0 is left out where it may not be */
    int activation_count, activation_bits[PACT_MAX];
    int input_count, input_bits[PACT_MAX];
    bool keep_alive;         /* a channel is revived where all of a group would be pruned; one-hot probabilities only */
    bool pruning_decided;    /* what is pruned stands at the start: no weight gives way to 0 bit */
    sampling_kind sampling;  /* how MODEL_SOFT draws probabilities */
    bool activation_numbers; /* with SAMPLING_BITS: activations, too, have a real number of bits */
    real start_temperature;  /* of the search: weights are compensated for the probabilities at this temperature */
    int capacity;            /* images of one forward pass */
    model_use use;           /* what the memory is planned for at first */
    uint64_t seed;           /* of dropout and Gumbel noise */
} model_options;

typedef enum {
    MODEL_TRAIN_FLOAT, /* batch-norm with the statistics of the shard */
    MODEL_EVAL_FLOAT,  /* batch-norm folded with running statistics */
    MODEL_SOFT,        /* probabilities of the search, drawn at a temperature as options.sampling says */
    MODEL_HARD,        /* one-hot probabilities: the discrete network, in training */
    MODEL_EVAL_HARD    /* the same as it is exported: kept batch-norm folded with running statistics */
} model_mode;

/* Modes of quantised networks whose probabilities are 0 and 1. */
static inline bool model_mode_is_discrete(model_mode mode)
{
    return mode == MODEL_HARD || mode == MODEL_EVAL_HARD;
}

/* The weight choice of one sharing group. */
typedef struct {
    int precisions, bits[WEIGHT_PRECISIONS], columns; /* columns: channels, or 1 per layer; precisions 0: no weights */
    int logits;                                       /* tensor, (precisions, columns); numbers of bits in row 0 with
                                                       * SAMPLING_BITS */
    real *probability, *dprobability;                 /* (precisions, columns) each, in model.memory */
    real *soft; /* the same: what the gradient of the logits goes through; == probability unless hard; SAMPLING_BITS:
                 * dprobability / dbits */
} model_weight_group;

/* One activation quantiser: of a group, or (the last one) of the network input. */
typedef struct {
    bool used;
    int precisions, bits[PACT_MAX];
    int logits, clips, low; /* tensors: (precisions), (precisions), (1) or -1; logits as in model_weight_group */
    real probability[PACT_MAX], soft[PACT_MAX]; /* soft as in model_weight_group */
    int chosen;                                 /* discrete modes: the one precision in use, else -1 */
    pact behind_layer, behind_add, before_add;  /* before_add: signed, for residual branches */
    real step;                                  /* for the bias grid */
} model_quantizer;

typedef struct {
    int weight, bias, gamma, beta, mean,
        variance;        /* tensors, or -1; a quantised layer has gamma if it keeps batch-norm */
    int log_step;        /* tensor (C), or -1: weight steps are not learned */
    bool is_signed;      /* the output goes through quantizers[quantizer].before_add */
    int quantizer;       /* of the output: index, or -1 = not quantised */
    int input_quantizer; /* of the input, for the bias grid; -1: none */
    conv_shape shape;    /* batch is set for each pass */
    size_t rows;         /* of the weight matrix (rows, out_channels) */
    real *effective_weight, *effective_bias,
        *step;             /* what the kernels multiply with; (C) steps. NULL without weights */
    real *steps;           /* (precisions, C): of weight quantisers with steps */
    int8_t *gradient_bits; /* (C): MODEL_HARD: precision of channels with a gradient of their own, or 0 */
    real *effective_gamma, *effective_beta; /* (C) of kept batch-norm: times the probability of not being pruned */
    real *raw;                              /* before quantiser or batch-norm; == out where there is none */
    real *out;
    real *dout;
    real *shard_mean, *shard_variance; /* (C), batch-norm statistics of the shard in hand */
    pact_sums sums;                    /* of the quantiser, over the images so far of a backward pass */
    bool has_gradient;                 /* a backward pass comes by its output */
    bool adds[LAYER_MAX_INPUTS];       /* its gradient is added to what a later reader of the input left there */
} model_node;

typedef struct {
    const graph *graph;          /* borrowed */
    const kernel_table *kernels; /* borrowed */
    model_options options;
    model_layout layout;
    model_mode mode;
    real temperature;
    bool steps_learned; /* the caller's: discrete modes take learned steps from the values, else the best ones */
    model_node *nodes;  /* (layer_count), owned */
    model_weight_group *groups;  /* (group_count), owned */
    model_quantizer *quantizers; /* (group_count + 1), owned; the last is the input's */
    arena memory;                /* effective weights, probabilities */
    arena activations;           /* activations, their gradients, scratch, norm_blocks */
    bool activations_lent;       /* they belong to another model */
    real *scratch;
    pact_sums *norm_blocks; /* batchnorm_pact_blocks of the largest layer, for training */
} model;

/* Is the precision of a quantiser a real number of bits? */
static inline bool model_counts_bits(const model *m, const model_quantizer *q)
{
    return m->options.activation_numbers && q->precisions > 1;
}

/* What dropout depends on. */
typedef struct {
    bool training;
    uint32_t step;  /* counted over the whole task */
    uint32_t first; /* position of the shard's first image in the global batch */
} model_pass;

MUST_CHECK status model_open(model *out, const graph *g, const kernel_table *kernels, const model_options *options);
void model_close(model *m);

/* A second model with the lender's kernels and options over `g`, a graph of the same layers with at most the channels
 * of the lender's. It computes in the lender's memory of activations, so that at any time only one of both is between
 * model_forward and the last use of what that left. The lender outlives it. */
MUST_CHECK status model_open_beside(model *out, const graph *g, const model *lender);

/* Plans shapes, layout and memory anew, for `use` and after a change of the graph's channel counts; none may be larger
 * than at model_open. Allocates nothing: MEMORY when what was reserved is too small. Tensors keep their numbers, but
 * not their place in a block. model_prepare comes next. */
MUST_CHECK status model_arrange(model *m, model_use use);

/* Index of a tensor by name, or -1. */
int model_find(const model_layout *layout, const char *name);

/* Fresh float values: weights and biases by the graph's rule, batch-norm 1, 0, running 0, 1. */
void model_initialize(const model *m, real *values, uint64_t seed);

/* The quantised network from the float one: clips and choices at their initial values (METHOD.md 1.2, 2.2); batch-norm
 * folded with running statistics (3.1) and weights compensated (1.7), or, where batch-norm is kept, as it is, with the
 * layer's bias in the running mean and gamma made positive: weights, gamma and mean of a channel change their sign
 * together, which changes nothing else. */
void model_convert(const model *quantized, real *values, const model *float_model, const real *float_values);

/* Learned weight steps start at what is best for the weights of the moment at the precisions that are chosen. */
void model_start_steps(model *m, real *values);

/* Sets the mode and computes probabilities and effective weights from `values`. Once per step, or once per evaluation.
 * `step`, counted over the task, makes the Gumbel noise of MODEL_SOFT: one draw for each group, whatever the rank. */
void model_prepare(model *m, const real *values, model_mode mode, real temperature, uint32_t step);

/* After model_prepare in MODEL_HARD: in layers number first ... end - 1, of those with weights in order, every
 * effective weight is, with this probability, the weight itself moved by noise (core/quant/weight_noise.h), anew for
 * each `step`, counted over the task. */
void model_add_weight_noise(model *m, const real *values, int first, int end, double probability, uint32_t step);

/* After model_prepare in MODEL_HARD: layers from number `end` on, of those with weights in order, compute in float
 * until the next model_prepare: weights and biases as they are, their own or batch-norm's, straight through; pruned
 * channels stay 0. Activations are quantised where all layers that share the quantiser are below `end`; others are
 * rectified where their quantiser does that. The image stays quantised. Exact arithmetic (arithmetic.h). */
void model_leave_float(model *m, const real *values, int end);

real *model_input(const model *m);           /* (capacity, H, W, C): the caller writes images here */
const real *model_logits(const model *m);    /* (n, classes), after model_forward */
real *model_output_gradient(const model *m); /* (n, classes), the caller writes dlogits here */

void model_forward(model *m, const real *values, int images, model_pass pass);

/* Whom a backward pass tells, from the last layer to the first: after each layer with weights, that gradients
 * [first, layout.decayed) are complete, where the last call has first == 0; and that the gradient by a layer's output
 * is complete in nodes[layer].dout, before it is overwritten. Either may be NULL. */
typedef struct {
    void (*completed)(void *ctx, size_t first);
    void (*reached)(void *ctx, int layer);
    void *ctx;
} model_listener;

/* Overwrites the whole gradient block with this shard's gradients; running statistics are weighted by images /
 * batch_images. Choices hold dL/dprobability of the activation quantisers; weight choices are left 0 (see finish).
 * Without images all are 0. listener: NULL for none. */
void model_backward(model *m, const real *values, real *gradients, int images, int batch_images, model_pass pass,
                    const model_listener *listener);

/* After the sum over shards: dL/dprobability of the weight choices, from the gradients of the effective weights and of
 * kept batch-norm's effective scales; gradients of the latter and of learned steps become those of the values. The
 * caller may then add the slope of a cost (cost_choice_add_slope), ... */
void model_choice_gradients(model *m, const real *values, real *gradients);

/* ... and model_finish_gradients turns dL/dprobability into gradients of the logits (soft mode), or clears them (hard
 * mode). */
void model_finish_gradients(model *m, real *gradients);

/* Adds weight times the statistics of the last forward pass, over `images` images, to a block of the running section
 * alone: mean and unbiased variance of each batch-norm. Modes with batch statistics. */
void model_add_statistics(const model *m, real *running, int images, double weight);

/* running = (1 - momentum) * running + momentum * batch statistics (in the gradient block). */
void model_update_running(const model *m, real *values, const real *gradients);

#endif
