/* gains: how much noise on a weight or an activation moves the decisions of a quantised network (Sakr, Kim, Shanbhag,
 * ICML 2017; Gonugondla and Shanbhag, ICASSP 2022). With logits z, the decision y = argmax z, gaps d_k = z_k - z_y to
 * the runners-up k and everything differentiated on the discrete network as it is exported:
 *
 *   weight j            E_j = mean over images of sum_k (dd_k/dw_j)^2 / max(|d_k|, d_min)^2
 *   quantiser q         E_q = the same, of sum over elements h of its outputs of (dd_k/dA_h)^2
 *   channel c           G_c = the same, of (sum over elements h of A_h dd_k/dA_h)^2: what removing it does, to first
 * order. All layers of its sharing group that make it count, depthwise ones excepted, which only pass it on
 *
 * d_min is a percentile of the gap between the two largest logits over the same images; without it a few images with
 * nearly equal logits would own every sum.
 *
 * Exact: a backward pass for each image and runner-up. By signs: for each piece of a batch one pass of the sum over
 * images and runners-up of e_k d_k / max(|d_k|, d_min) with random signs e; products of different terms vanish in
 * expectation, so that the square is an unbiased estimate; `repeats` of them are averaged.
 *
 * Sums over images run through the same tree over shards as gradients do, so that every number of ranks gives the same
 * bits. */
#ifndef CORE_TRAIN_GAINS_H
#define CORE_TRAIN_GAINS_H

#include "core/train/trainer_state.h"

typedef struct {
    int images;        /* of the training split, without augmentation; whole batches, at most an epoch */
    int runners_up;    /* classes behind the decision, by logit; at most all others */
    bool exact;        /* else by signs */
    int repeats;       /* of the signs */
    double percentile; /* of d_min */
} gains_rules;

typedef struct {
    real *memory;           /* owned */
    const real *weights;    /* block of the network's layout: E in the place of weights, other places unspecified */
    const real *channels;   /* (channels of all sharing groups, as in an allocation): G */
    const real *quantizers; /* (group_count + 1): E */
    double smallest_gap;    /* d_min */
} gains;

/* Measures at t->values, on the images of the running epoch's first batches. Collective on g. */
MUST_CHECK status gains_measure(gains *out, trainer *t, const ranks_view *g, const gains_rules *rules);
void gains_free(gains *out);

/* The class of the largest of logits[classes]; of equal ones the first. */
int gains_decision(const real *logits, int classes);

/* Slopes of the logits of one image, dlogits[classes] = sum over its runners_up largest k besides y of sign[k] * w_k
 * (1 at k, -1 at y), w_k = 1 / max(|d_k|, smallest_gap). sign[classes]: 1, -1, or 0 to leave a class out. */
void gains_seed(real *dlogits, const real *logits, const real *sign, int classes, int runners_up, double smallest_gap);

#endif
