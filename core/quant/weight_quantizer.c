#include "core/quant/weight_quantizer.h"

#define WEIGHT_QUANTIZER_DECLARATION(constant, name, help) extern const weight_quantizer weight_quantizer_##name;
WEIGHT_QUANTIZER_LIST(WEIGHT_QUANTIZER_DECLARATION)

#define WEIGHT_QUANTIZER_PLACE(constant, name, help) [WEIGHT_STEP_##constant] = &weight_quantizer_##name,
static const weight_quantizer *const table[] = {WEIGHT_QUANTIZER_LIST(WEIGHT_QUANTIZER_PLACE)};

const weight_quantizer *weight_quantizer_of(const quantizer_rules *rules, bool tie_by_division, int bits)
{
    const weight_quantizer *q = table[quantizer_weight_step(rules, bits)];
    return tie_by_division && q->by_division != NULL ? q->by_division : q;
}

bool weight_quantizer_learns(const quantizer_rules *rules)
{
    return table[rules->weight_step_2]->learns_steps || table[rules->weight_step_4]->learns_steps ||
           table[rules->weight_step_8]->learns_steps;
}

void weight_grid_of_steps(weight_grid *out, const real *largest, const real *steps)
{
    (void)largest;
    out->factor = 1;
    out->high = (real)((1 << out->bits) / 2 - 1);
    out->low = -(real)((1 << out->bits) / 2);
    for (int c = 0; c < out->count; c++) out->divisor[c] = out->step[c] = steps[c];
}

weight_block weight_block_at(const real *w, size_t rows, int channels, int first)
{
    return (weight_block){.w = w + first,
                          .rows = rows,
                          .channels = (size_t)channels,
                          .count = channels - first < WEIGHT_BLOCK ? channels - first : WEIGHT_BLOCK};
}

void weight_quantizer_steps(const weight_quantizer *q, real *steps, const real *w, size_t rows, int channels, int bits)
{
    for (int first = 0; first < channels; first += WEIGHT_BLOCK) {
        const weight_block b = weight_block_at(w, rows, channels, first);
        q->steps(steps + first, &b, bits);
    }
}

static bool came_before(const weight_quantizer *const by_bits[WEIGHT_PRECISIONS], int bits)
{
    for (int k = 1; k < bits; k++)
        if (by_bits[k] == by_bits[bits]) return true;
    return false;
}

/* The channels of the block whose quantiser is q. */
static bool own_channels(int8_t own[WEIGHT_BLOCK], const weight_quantizer *q,
                         const weight_quantizer *const by_bits[WEIGHT_PRECISIONS], const int8_t *bits, int count)
{
    bool any = false;
    for (int c = 0; c < count; c++) {
        own[c] = bits[c] > 0 && by_bits[bits[c]] == q ? bits[c] : 0;
        any = any || own[c] > 0;
    }
    return any;
}

void weight_quantizer_gradient(const weight_quantizer *const by_bits[WEIGHT_PRECISIONS], real *dw, real *dlog_step,
                               const real *w, const real *steps, const int8_t *bits, size_t rows, int channels)
{
    for (int first = 0; first < channels; first += WEIGHT_BLOCK) {
        const weight_block b = weight_block_at(w, rows, channels, first);
        for (int k = 1; k < WEIGHT_PRECISIONS; k++) {
            const weight_quantizer *q = by_bits[k];
            int8_t own[WEIGHT_BLOCK];
            if (q->gradient == NULL || came_before(by_bits, k)) continue;
            if (own_channels(own, q, by_bits, bits + first, b.count))
                q->gradient(dw + first, dlog_step != NULL ? dlog_step + first : NULL, &b, steps + first, own);
        }
    }
}
