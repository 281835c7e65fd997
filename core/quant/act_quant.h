/* act_quant: sets up the kernel's activation quantiser (PACT, method.md 2.2-2.4) from clips and probabilities. */
#ifndef CORE_QUANT_ACT_QUANT_H
#define CORE_QUANT_ACT_QUANT_H

#include "core/base/arithmetic.h"
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

/* sum_j share_j (clip_j - low) / (2^bits_j - 1): the step that the bias grid is tied to (method.md 2.5). */
real act_quant_step(int count, const int *bits, const real *clip, real low, const real *probability);

#endif
