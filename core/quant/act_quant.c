#include "core/quant/act_quant.h"

/* Width, in steps, of the border region that is counted to the code above. Sums of two on-grid values miss their code
 * by a few rounding errors, at most 510 * 2^-22; a thousandth of a step covers that and moves nothing else that
 * matters. */
static const real SNAP = (real)(1.0 / 1024.0);
static const real REFERENCE_EPSILON = (real)0.001; /* METHOD.md 2.2 */

void act_quant_prepare(pact *out, int count, const int *bits, const real *clip, real low, const real *probability,
                       act_place place, const arithmetic_rules *rules)
{
    *out = (pact){.count = count, .low = low, .reference = rules->pact_epsilon};
    out->snap = place == ACT_BEHIND_ADD && !rules->add_plain_floor ? SNAP : 0;
    for (int j = 0; j < count; j++) {
        real levels = (real)((1 << bits[j]) - 1), range = clip[j] - low;
        out->clip[j] = clip[j];
        out->probability[j] = probability[j];
        out->step[j] = range / levels;
        if (rules->pact_epsilon) {
            out->scale[j] = (1 / (range + REFERENCE_EPSILON)) * levels;
            out->high[j] = clip[j];
            out->top[j] = REAL_MAX;
        } else {
            out->scale[j] = levels / range;
            out->high[j] = REAL_MAX;
            out->top[j] = low < 0 ? real_floor(low * out->scale[j]) + levels : levels;
        }
    }
}

void act_quant_round_to_nearest(pact *q)
{
    q->snap = (real)0.5;
}

enum { SIGNED_LOWEST = -128, SIGNED_HIGHEST = 127, UNSIGNED_LEVELS = 255 };

void act_quant_prepare_signed(pact *out, real clip)
{
    const real step = 2 * clip / UNSIGNED_LEVELS;
    *out = (pact){.count = 1, .low = SIGNED_LOWEST * step};
    out->clip[0] = SIGNED_HIGHEST * step;
    out->scale[0] = 1 / step;
    out->step[0] = step;
    out->high[0] = REAL_MAX;
    out->top[0] = SIGNED_HIGHEST;
    out->probability[0] = 1;
    act_quant_round_to_nearest(out);
}

real act_quant_signed_slope(real dclip, real dlow)
{
    return dclip * ((real)(2 * SIGNED_HIGHEST) / UNSIGNED_LEVELS) +
           dlow * ((real)(2 * SIGNED_LOWEST) / UNSIGNED_LEVELS);
}

real act_quant_step(int count, const int *bits, const real *clip, real low, const real *probability)
{
    real step = 0;
    for (int j = 0; j < count; j++) step += probability[j] * ((clip[j] - low) / (real)((1 << bits[j]) - 1));
    return step;
}
