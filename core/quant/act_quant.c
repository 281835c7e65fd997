#include "core/quant/act_quant.h"

#include "core/quant/round.h"

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

void act_quant_open_levels(pact *q, const int *bits)
{
    for (int j = 0; j < q->count; j++) {
        const real levels = (real)(1 << bits[j]), range = q->clip[j] - q->low;
        q->step[j] = range / levels;
        q->scale[j] = levels / range;
        q->top[j] = real_floor(q->low * q->scale[j]) + levels - 1;
    }
}

void act_quant_round_to_nearest(pact *q)
{
    q->snap = (real)0.5;
}

void act_quant_round_to_even(pact *q)
{
    q->snap = q->back = ROUND_OFFSET;
}

void act_quant_pass_through(pact *q)
{
    const real step = (real)0x1p-60;
    *q = (pact){.count = 1, .low = q->low < 0 ? -REAL_MAX : 0};
    q->clip[0] = q->high[0] = q->top[0] = REAL_MAX;
    q->scale[0] = 1 / step;
    q->step[0] = step;
    q->probability[0] = 1;
}

enum { SIGNED_LOWEST = -128, SIGNED_HIGHEST = 127 };

/* Steps from 0 to the clip at 8 bit. */
static real unsigned_steps(levels_rule levels)
{
    return levels == LEVELS_OPEN ? 256 : 255;
}

void act_quant_prepare_signed(pact *out, real clip, levels_rule levels)
{
    const real step = 2 * clip / unsigned_steps(levels);
    *out = (pact){.count = 1, .low = SIGNED_LOWEST * step};
    out->clip[0] = SIGNED_HIGHEST * step;
    out->scale[0] = 1 / step;
    out->step[0] = step;
    out->high[0] = REAL_MAX;
    out->top[0] = SIGNED_HIGHEST;
    out->probability[0] = 1;
    act_quant_round_to_nearest(out);
}

real act_quant_signed_slope(real dclip, real dlow, levels_rule levels)
{
    const real steps = unsigned_steps(levels);
    return dclip * ((real)(2 * SIGNED_HIGHEST) / steps) + dlow * ((real)(2 * SIGNED_LOWEST) / steps);
}

real act_quant_step(const pact *q)
{
    real step = 0;
    for (int j = 0; j < q->count; j++) step += q->probability[j] * q->step[j];
    return step;
}
