/* act_quant: sets up the kernel's activation quantiser (PACT, METHOD.md 2.2-2.4) from clips and probabilities. */
#ifndef CORE_QUANT_ACT_QUANT_H
#define CORE_QUANT_ACT_QUANT_H

#include "core/base/arithmetic.h"
#include "core/base/quantizer_rules.h"
#include "core/base/real.h"
#include "core/kernels/kernels.h"

/* What the values going in are. */
typedef enum {
    ACT_BEHIND_LAYER,
    ACT_BEHIND_ADD /* sums of values that are on the grid already: codes add exactly */
} act_place;

/* bits[count], clip[count], probability[count]; low: the lower clip of a signed quantiser, 0 when unsigned. */
void act_quant_prepare(pact *out, int count, const int *bits, const real *clip, real low, const real *probability,
                       act_place place, const arithmetic_rules *rules);

/* Levels that leave out the clip itself, of an exact quantiser: steps of (clip - low) / 2^bits, so that the last level
 * is one below the clip (the activations of impq; core/strategy/README.md). */
void act_quant_open_levels(pact *q, const int *bits);

/* Codes by rounding to nearest instead of down: an exact quantiser with borders half a step lower. Half a step goes up,
 * or to the even code. */
void act_quant_round_to_nearest(pact *q);
void act_quant_round_to_even(pact *q);

/* In place of a quantiser in training: what is not below its lower end goes through as it is (moved by less than 2^-60,
 * which floats of 2^-36 and more do not notice), gradients likewise. */
void act_quant_pass_through(pact *q);

/* What a residual branch without ReLU goes through before the add: 8 bit, signed, on a grid of its own group, so that
 * an integer target adds codes. With clip c of the group's unsigned quantiser: step = 2 c / 255 (open levels: 256),
 * codes -128 ... 127 rounded to nearest; every unsigned code of 2, 4 or 8 bit is a whole number of half steps, too. */
void act_quant_prepare_signed(pact *out, real clip, levels_rule levels);

/* dL/dc of it, from what the kernel gives for its two ends. */
real act_quant_signed_slope(real dclip, real dlow, levels_rule levels);

/* sum_j probability_j step_j: the step that the bias grid is tied to (METHOD.md 2.5). */
real act_quant_step(const pact *q);

#endif
