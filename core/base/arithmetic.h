/* arithmetic: the one list of differences between what the published implementation computes ("reference") and what
 * this program computes by default ("exact"). The engine asks for the rule it is about to follow by name, never for the
 * name of the arithmetic. METHOD.md 11 has the list as a table. */
#ifndef CORE_BASE_ARITHMETIC_H
#define CORE_BASE_ARITHMETIC_H

#include <stdbool.h>

typedef enum { ARITHMETIC_EXACT, ARITHMETIC_REFERENCE } arithmetic; /* "exact" | "reference" */

/* Each rule: true as published, false as corrected. In brackets the section of METHOD.md. */
typedef struct {
    /* Activation levels are floor(s x)/s with s = (2^b-1)/(clip + 0.001), so that the top code is never reached.
     * Corrected: codes 0 ... 2^b-1 times clip/(2^b-1). (2.2) */
    bool pact_epsilon;
    /* Sums of values that are on the grid are cut to the grid again by a plain floor, which rounding moves down by a
     * code here and there. Corrected: a value within 2^-10 steps below a code has that code. (2.2) */
    bool add_plain_floor;
    /* The ReLU behind a quantiser stops gradients where the output is 0, also of inputs inside the first step.
     * Corrected: the quantiser's own range decides. (2.2) */
    bool relu_masks_first_step;
    /* Weight codes are rne(w / step) with an upper clamp only: the extreme weights of a channel lie on a rounding tie
     * that the last bit of the division decides. Corrected: rne(w / M * (2^b-1)/2) clamped on both sides. (2.1) */
    bool weight_tie_by_division;
    /* Pruned channels stay in fine-tuning and evaluation: weights that read them widen the range of the channel they
     * belong to, until weight decay has shrunk them. Corrected: a pruned channel is removed from the discrete network
     * together with all weights that read it, which become 0 when the search ends. (3.3) */
    bool pruned_channels_stay;
    /* The gradient of a bias is multiplied by its step, and the bias passes gradients on to the choices. Corrected: the
     * bias gets its gradient as it is, the choices none. (2.5) */
    bool bias_gradient_scaled;
    /* Clips may become zero or negative. Corrected: at least 0.001 in magnitude after every step. (2.2) */
    bool clips_unguarded;
    /* The clips of a signed input start at the constants of the network file. Corrected: at the range of the training
     * split, if search.calibrate_input. (2.3) */
    bool input_clips_constant;
    /* Running statistics take reference_batchnorm_momentum of the network file (0.99 for DS-CNN). Corrected:
     * batchnorm_momentum (0.01). (3.1) */
    bool published_batchnorm_momentum;
    /* Weights are compensated with the probabilities at temperature 1. Corrected: at search.temperature. (1.7) */
    bool compensation_at_temperature_one;
    /* Costs contain the published stabilisers; pruning a depthwise channel costs size; the steps of NE16 pass gradients
     * unscaled. Corrected: plain formulas and the slopes that fit them. (4.2, 4.4-4.7; hw_models/README.md) */
    bool published_costs;
} arithmetic_rules;

arithmetic_rules arithmetic_rules_of(arithmetic which);

/* Their names, in the order above; NULL-terminated. */
extern const char *const arithmetic_rule_names[];

/* The rule with this name becomes as published. False: there is none. */
bool arithmetic_rules_publish(arithmetic_rules *rules, const char *name);

#endif
