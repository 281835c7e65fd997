/* weight_midrise: the quantiser of the authors' program of impq (Gonugondla and Shanbhag, ICASSP 2022): 2^b levels
 * between the extreme weights of a channel, half a level off zero. With M = max |w| and the distance D = 2 M / 2^b:
 *
 *   value = D (clamp(rne(w / D - 1/2), -2^(b-1), 2^(b-1) - 1) + 1/2) = odd code * step,  step = D / 2
 *
 * so there is no zero, the largest weight is never met, and 1 bit gives -M/2 and M/2. Odd codes of b bit lie in
 * -(2^b - 1) ... 2^b - 1: those above 1 bit are none of the integer network, which holds whole codes of b bit. A
 * channel of zeros stays zero. Straight through. */
#include "core/quant/round.h"
#include "core/quant/weight_quantizer.h"

static void grid(weight_grid *out, const real *largest, const real *steps)
{
    (void)steps;
    out->factor = (real)(1 << out->bits);
    out->low = -out->factor / 2;
    out->high = out->factor / 2 - 1;
    for (int c = 0; c < out->count; c++) {
        out->divisor[c] = 2 * largest[c];
        out->step[c] = (largest[c] > 0 ? largest[c] : 1) / out->factor;
    }
}

static void quantize(real *out, const real *row, const weight_grid *g)
{
    const real factor = g->factor, low = g->low, high = g->high;
    for (int c = 0; c < g->count; c++) {
        const bool zeros = g->divisor[c] == 0;
        const real place = row[c] / (zeros ? 1 : g->divisor[c]) * factor;
        const real odd = 2 * round_clamped(place - (real)0.5, low, high) + 1;
        out[c] = zeros ? 0 : odd * g->step[c];
    }
}

extern const weight_quantizer weight_quantizer_midrise;
const weight_quantizer weight_quantizer_midrise = {.grid = grid, .quantize = quantize, .odd_codes = true};
