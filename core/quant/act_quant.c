#include "core/quant/act_quant.h"

/* Width, in steps, of the border region that is counted to the code above. Sums of two on-grid values miss their code
 * by a few rounding errors, at most 510 * 2^-22; a thousandth of a step covers that and moves nothing else that
 * matters. */
static const real SNAP = (real)(1.0 / 1024.0);
static const real REFERENCE_EPSILON = (real)0.001; /* method.md 2.2 */

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

real act_quant_step(int count, const int *bits, const real *clip, real low, const real *probability)
{
    real step = 0;
    for (int j = 0; j < count; j++) step += probability[j] * ((clip[j] - low) / (real)((1 << bits[j]) - 1));
    return step;
}
