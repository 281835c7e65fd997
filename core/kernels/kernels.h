/* kernels: the arithmetic of the engine as plain functions on arrays that cannot fail and never allocate, compiled once
 * per instruction set; one table of function pointers, chosen at run time and passed as a value.
 *
 * Layout: activations (N, H, W, C), weights (KH, KW, C, O), depthwise weights (KH, KW, C), linear (C, O), all row-major
 * `real`: the (output) channel is the vector lane. Arrays need only natural alignment.
 * Order: every sum has a fixed order that depends on shapes and instruction set only, never on pointers or thread.
 * Gradients: backward_weight overwrites dweight and dbias (a shard's gradient is computed once; dbias may be NULL);
 * backward to the input adds when `accumulate` (the sums start from what din holds), else overwrites.
 * Not a number passes through quantisers, add and ReLU, so that it reaches the loss and is noticed. */
#ifndef CORE_KERNELS_KERNELS_H
#define CORE_KERNELS_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/real.h"

typedef struct {
    int batch;                               /* N */
    int in_height, in_width, in_channels;    /* H, W, C */
    int out_height, out_width, out_channels; /* Ho, Wo, O; depthwise: O == C */
    int kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w;
} conv_shape;

enum { PACT_MAX = 3 }; /* candidate activation precisions */

/* One activation quantiser: y = sum_j probability[j] * level_j(x), with code_j = min(floor(scale[j] * clamp(x, low,
 * high[j]) + snap) - back, top[j]) and level_j = reference ? code_j / scale[j] : code_j * step[j]  (METHOD.md 2.2-2.4).
 * exact: scale = (2^b-1)/clip, step = clip/(2^b-1), high = REAL_MAX, top = 2^b-1, low = 0, snap = 0 behind a layer and
 * 2^-10 behind an add (sums of on-grid values stay on their code), 1/2 to round to nearest. reference: scale =
 * 1/(clip+0.001)*(2^b-1), high = clip, top = REAL_MAX, snap = 0. back = 0, but to round half a step to the even code:
 * snap = back is then so large that the sum has no fraction bits. */
typedef struct {
    int count;
    real clip[PACT_MAX], scale[PACT_MAX], step[PACT_MAX], high[PACT_MAX], top[PACT_MAX], probability[PACT_MAX];
    real low; /* 0 when unsigned */
    real snap, back;
    bool reference;
    bool mask_zero_output; /* reference, where a ReLU follows: dx = 0 where y == 0 (METHOD.md 2.2) */
} pact;

/* How much of a step below a code is counted to it. */
static inline real pact_border(const pact *q)
{
    return q->back > 0 ? (real)0.5 : q->snap;
}

/* Sums over elements that the gradients of a quantiser's own parameters are made of: g * level_j(x), g [x >= clip[j]],
 * g [x <= low]. */
typedef struct {
    double probability[PACT_MAX], pass[PACT_MAX], below;
} pact_sums;

/* Sums of quantisers and of batch-norm are taken in blocks of so many elements, or rows. A sum that is taken in several
 * calls, each of whole blocks but the last, is that of one call, bit for bit. */
enum { PACT_BLOCK = 4096, BATCHNORM_BLOCK = 512 };

/* Rows [first, end) of the `all` rows (N*H*W) of an array. Where they are summed, first is a multiple of
 * BATCHNORM_BLOCK, and so is end, if it is not `all`. */
typedef struct {
    size_t first, end, all;
} row_range;

static inline size_t batchnorm_blocks(size_t rows)
{
    return (rows + BATCHNORM_BLOCK - 1) / BATCHNORM_BLOCK;
}

/* Blocks of batchnorm_pact_backward_sum: for each group of columns, whose number depends on the instruction set. */
static inline size_t batchnorm_pact_blocks(size_t rows, int channels)
{
    enum { FEWEST_COLUMNS = 8 }; /* of a group, but for the last two */
    return batchnorm_blocks(rows) * ((size_t)channels / FEWEST_COLUMNS + 2);
}

/* A batch-norm: channels each; mean and biased variance are those of the rows in hand. */
typedef struct {
    const real *mean, *variance, *gamma, *beta;
    real eps;
} batchnorm;

/* Which values of one image a dropout keeps: value i if word i % 4 of the Philox block with the third counter
 * counter[2] + i / 4, as a uniform number (core/base/rng.h), is at least rate. */
typedef struct {
    uint32_t counter[4], key[2];
    float rate; /* 0 <= rate < 1 */
} dropout_draw;

typedef struct {
    const char *name; /* "avx512", "avx2", "portable" */

    /* out[n,y,x,o] = bias[o] + sum over i,j,c of weight[i,j,c,o] * in[n, y*stride_h+i-pad_h, x*stride_w+j-pad_w, c].
     * bias may be NULL. scratch: conv_scratch_reals(shape). */
    void (*conv_forward)(real *out, const real *in, const real *weight, const real *bias, const conv_shape *s,
                         real *scratch);
    void (*conv_backward_data)(real *din, const real *dout, const real *weight, const conv_shape *s, bool accumulate,
                               real *scratch);
    void (*conv_backward_weight)(real *dweight, real *dbias, const real *dout, const real *in, const conv_shape *s,
                                 real *scratch);

    void (*depthwise_forward)(real *out, const real *in, const real *weight, const real *bias, const conv_shape *s,
                              real *scratch);
    void (*depthwise_backward_data)(real *din, const real *dout, const real *weight, const conv_shape *s,
                                    bool accumulate, real *scratch);
    void (*depthwise_backward_weight)(real *dweight, real *dbias, const real *dout, const real *in, const conv_shape *s,
                                      real *scratch);

    /* Batch-norm over the rows of (rows, channels) arrays, with the statistics of these rows; each array is given from
     * its first row on. In order: sum over all rows, statistics, forward; sum of the gradients over all rows, backward.
     *
     * sum: of the rows so far, of each channel; overwritten by the first. */
    void (*batchnorm_sum)(real *sum, const real *in, row_range rows, int channels);
    /* mean: of all rows, from their sum; variance: the mean of squared distances from it, so that nothing cancels. */
    void (*batchnorm_statistics)(real *mean, real *variance, const real *in, size_t rows, int channels);
    /* out = gamma * (in - mean) / sqrt(variance + eps) + beta, then max(., 0) if relu. */
    void (*batchnorm_forward)(real *out, const real *in, const batchnorm *b, bool relu, row_range rows, int channels);
    /* Sums so far that become dgamma and dbeta with the last row; overwritten by the first. out: the forward pass's,
     * for the ReLU's mask. */
    void (*batchnorm_backward_sum)(real *dgamma, real *dbeta, const real *dout, const real *in, const real *out,
                                   const batchnorm *b, bool relu, row_range rows, int channels);
    /* din may be dout. */
    void (*batchnorm_backward)(real *din, const real *dgamma, const real *dbeta, const real *dout, const real *in,
                               const real *out, const batchnorm *b, bool relu, row_range rows, int channels);

    /* out = max(a + b, 0) or a + b; count elements. b may be NULL (then plain ReLU or copy). */
    void (*add_forward)(real *out, const real *a, const real *b, bool relu, size_t count);
    /* dx = dout where out > 0 (or everywhere if !relu); adds or overwrites. */
    void (*relu_backward)(real *dx, const real *dout, const real *out, bool relu, bool accumulate, size_t count);

    /* Mixed activation quantiser. x and y may be the same array only in forward. */
    void (*pact_forward)(real *y, const real *x, const pact *q, size_t count);
    /* dx = g * sum_j probability[j] * [low < x < clip[j]] (and the mask); adds to total what the elements, in whole
     * blocks but the last, are summed up to. dx may be NULL, dx may be g. */
    void (*pact_backward)(real *dx, pact_sums *total, const real *g, const real *x, const pact *q, size_t count);

    /* out = in / (1 - rate) where kept, else 0; adds or overwrites. out may be in unless accumulate. */
    void (*dropout)(real *out, const real *in, const dropout_draw *d, size_t count, bool accumulate);

    /* The same behind a residual add, x + b in place of x. Backward gives the gradient to both inputs, adding where
     * add_x, add_b; dx and db are different arrays, neither is g. */
    void (*pact_add_forward)(real *y, const real *x, const real *b, const pact *q, size_t count);
    void (*pact_add_backward)(real *dx, bool add_x, real *db, bool add_b, pact_sums *total, const real *g,
                              const real *x, const real *b, const pact *q, size_t count);

    /* batchnorm_forward without ReLU and then pact_forward with an exact q, without storing what lies between. */
    void (*batchnorm_pact_forward)(real *out, const real *in, const batchnorm *b, const pact *q, row_range rows,
                                   int channels);
    /* The sums of both backward passes. blocks: batchnorm_pact_blocks(rows.all, channels), of the rows so far; total is
     * overwritten with the last row. With one candidate the sum of its probability is 0: that cannot change. */
    void (*batchnorm_pact_backward_sum)(real *dgamma, real *dbeta, pact_sums *total, pact_sums *blocks,
                                        const real *dout, const real *in, const batchnorm *b, const pact *q,
                                        row_range rows, int channels);
    /* din may be dout. */
    void (*batchnorm_pact_backward)(real *din, const real *dgamma, const real *dbeta, const real *dout, const real *in,
                                    const batchnorm *b, const pact *q, row_range rows, int channels);

    /* Pooling windows never include padding in the average (padding is not allowed for pooling: pad = 0). */
    void (*average_pool_forward)(real *out, const real *in, const conv_shape *s);
    void (*average_pool_backward)(real *din, const real *dout, const conv_shape *s, bool accumulate);
    void (*max_pool_forward)(real *out, const real *in, const conv_shape *s);
    /* The first largest element of a window takes the gradient. */
    void (*max_pool_backward)(real *din, const real *dout, const real *in, const conv_shape *s, bool accumulate);

    /* Softmax cross-entropy of n rows of `classes` logits. Returns sum_i weight_i * loss_i with weight_i =
     * class_weight[label_i] (NULL: 1). dlogits (may be NULL) = scale * weight_i * (softmax - onehot).
     * *correct counts rows whose first largest logit is the label. */
    double (*softmax_cross_entropy)(real *dlogits, int *correct, const real *logits, const int32_t *labels,
                                    const real *class_weight, real scale, int n, int classes);
} kernel_table;

/* Gradients of a quantiser's clips, probabilities and low: dclip[j] = probability[j] * sum g [x >= clip[j]], dlow =
 * sum_j probability[j] * sum g [x <= low], dprobability[j] = sum g * level_j(x). dlow may be NULL. */
void pact_gradients(real dclip[PACT_MAX], real dprobability[PACT_MAX], real *dlow, const pact_sums *total,
                    const pact *q);

/* Scratch elements the convolution calls of this shape need (the largest of forward and both backwards). */
size_t conv_scratch_reals(const conv_shape *s);
/* The same with enough for any number of channels up to those of the shape. */
size_t conv_scratch_most(const conv_shape *s);

/* Linear layers are convolutions with H = W = 1. */
static inline conv_shape linear_shape(int batch, int in_features, int out_features)
{
    return (conv_shape){batch, 1, 1, in_features, 1, 1, out_features, 1, 1, 1, 1, 0, 0};
}

/* The table for this processor; `name` ("avx512", "avx2", "portable") asks for one, NULL takes the environment variable
 * BITFRONT_ISA or else the best. Returns NULL if the processor lacks it or the name is unknown. */
const kernel_table *kernels_choose(const char *name);

#endif
